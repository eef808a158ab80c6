//! The two keys of a gateway: ours to sign with, theirs to verify with.
//!
//! A key may come as PEM, as DER, or as the bare Base64 that portals like to
//! hand out. Reading is done with `rsa`, which tells us exactly what is wrong
//! and verifies; signing is done with `aws-lc-rs`, whose private-key operation
//! takes constant time (RUSTSEC-2023-0071 concerns the one of `rsa`). No error
//! of this file shows any part of a key.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::signature::Verifier as _;
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, RsaPrivateKey, RsaPublicKey, pkcs1, pkcs8};
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

/// Smallest key in bits (PayBy integration guide: "at least 2048 bit").
const BITS_MIN: usize = 2048;
/// Largest key in bits: what `rsa` verifies with. Larger ones only cost time.
const BITS_MAX: usize = 4096;

/// What is wrong with a key, and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyError {
    /// Nothing there.
    Empty,
    /// The private key is protected by a password.
    Encrypted,
    /// A public key where the private one is wanted.
    Public,
    /// A private key where the gateway's public one is wanted.
    Private,
    /// A certificate.
    Certificate,
    /// A key of another algorithm.
    NotRsa,
    /// PEM armour without its end, or around something else.
    Pem,
    /// Neither PEM nor DER nor Base64.
    Base64,
    /// Base64 or DER of something that is no usable RSA key.
    Der,
    /// A key of this many bits.
    Size(usize),
    /// The parts of the private key do not belong together.
    Inconsistent,
    /// The gateway's key is our own public key.
    OwnPublicKey,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the key is empty",
            Self::Encrypted => {
                "the private key is protected by a password; \
                 remove it with `openssl pkcs8 -topk8 -nocrypt`"
            }
            Self::Public => "this is a public key; the merchant's private key is wanted here",
            Self::Private => "this is a private key; the gateway's public key is wanted here",
            Self::Certificate => {
                "this is a certificate; take the key out with `openssl x509 -pubkey -noout`"
            }
            Self::NotRsa => "this is not an RSA key",
            Self::Pem => {
                "the PEM text is damaged: one block with a BEGIN and an END line is wanted"
            }
            Self::Base64 => "the key is neither PEM nor DER nor Base64",
            Self::Der => "the key does not decode as an RSA key",
            Self::Size(bits) => {
                return write!(
                    f,
                    "the key has {bits} bits; {BITS_MIN} to {BITS_MAX} are wanted"
                );
            }
            Self::Inconsistent => "the parts of the private key do not belong together",
            Self::OwnPublicKey => {
                "this is the merchant's own public key; \
                 download the gateway's public key from its portal"
            }
        })
    }
}

impl std::error::Error for KeyError {}

/// The merchant's private key.
pub struct PrivateKey {
    pair: RsaKeyPair,
    public: RsaPublicKey,
}

/// The gateway's public key.
#[derive(Clone)]
pub struct PublicKey(VerifyingKey<Sha256>);

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(..)")
    }
}

impl PrivateKey {
    /// Reads a private RSA key: PKCS#8 or PKCS#1, as PEM, DER or bare Base64.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn read(bytes: &[u8]) -> Result<Self, KeyError> {
        let (label, der) = unwrap(bytes)?;
        match label {
            None | Some("PRIVATE KEY" | "RSA PRIVATE KEY") => {}
            Some("ENCRYPTED PRIVATE KEY") => return Err(KeyError::Encrypted),
            Some("PUBLIC KEY" | "RSA PUBLIC KEY") => return Err(KeyError::Public),
            Some("CERTIFICATE") => return Err(KeyError::Certificate),
            Some(label) if label.ends_with("PRIVATE KEY") => return Err(KeyError::NotRsa),
            Some(_) => return Err(KeyError::Pem),
        }
        // The label is not relied on: files with the wrong one are common.
        let pkcs1 = match pkcs8::PrivateKeyInfo::try_from(der.as_slice()) {
            Ok(info) if info.algorithm.oid != pkcs1::ALGORITHM_OID => return Err(KeyError::NotRsa),
            Ok(info) => info.private_key,
            Err(_) if public_from_der(&der).is_ok() => return Err(KeyError::Public),
            Err(_) => der.as_slice(),
        };
        let parts = pkcs1::RsaPrivateKey::try_from(pkcs1).map_err(|_| KeyError::Der)?;
        check_size(parts.modulus.as_bytes())?;
        let number = |part: pkcs1::UintRef<'_>| BigUint::from_bytes_be(part.as_bytes());
        let private = RsaPrivateKey::from_components(
            number(parts.modulus),
            number(parts.public_exponent),
            number(parts.private_exponent),
            vec![number(parts.prime1), number(parts.prime2)],
        )
        .map_err(|_| KeyError::Inconsistent)?;
        private.validate().map_err(|_| KeyError::Inconsistent)?;
        Ok(Self {
            public: private.to_public_key(),
            pair: RsaKeyPair::from_der(pkcs1).map_err(|_| KeyError::Inconsistent)?,
        })
    }

    /// Signs with RSASSA-PKCS1-v1_5 and SHA-256; the result is standard Base64.
    /// None when the cryptographic library fails, which only a lack of memory explains.
    pub fn sign(&self, message: &[u8]) -> Option<String> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .ok()?;
        Some(STANDARD.encode(signature))
    }
}

impl PublicKey {
    /// Reads a public RSA key: SubjectPublicKeyInfo or PKCS#1, as PEM, DER or bare Base64.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn read(bytes: &[u8]) -> Result<Self, KeyError> {
        let (label, der) = unwrap(bytes)?;
        match label {
            None | Some("PUBLIC KEY" | "RSA PUBLIC KEY") => {}
            Some("CERTIFICATE") => return Err(KeyError::Certificate),
            Some(label) if label.ends_with("PRIVATE KEY") => return Err(KeyError::Private),
            Some(_) => return Err(KeyError::Pem),
        }
        let private = pkcs8::PrivateKeyInfo::try_from(der.as_slice()).is_ok()
            || pkcs1::RsaPrivateKey::try_from(der.as_slice()).is_ok();
        if private {
            return Err(KeyError::Private);
        }
        public_from_der(&der).map(|key| Self(VerifyingKey::new(key)))
    }

    /// Whether `signature` (standard Base64) is this key's signature of `message`.
    pub fn verifies(&self, message: &[u8], signature: &str) -> bool {
        STANDARD
            .decode(signature.trim())
            .ok()
            .and_then(|bytes| Signature::try_from(bytes.as_slice()).ok())
            .is_some_and(|signature| self.0.verify(message, &signature).is_ok())
    }
}

/// Checks that a private key signs what its public half verifies, and that the
/// gateway's key is not that public half: a merchant who uploads a key and
/// "downloads" the same one would verify nothing but itself.
///
/// # Errors
/// [`KeyError::Inconsistent`] or [`KeyError::OwnPublicKey`].
pub fn pair_check(own: &PrivateKey, gateway: &PublicKey) -> Result<(), KeyError> {
    let message = b"pair check";
    let own_public = PublicKey(VerifyingKey::new(own.public.clone()));
    match own.sign(message) {
        Some(signature) if own_public.verifies(message, &signature) => {}
        _ => return Err(KeyError::Inconsistent),
    }
    let gateway: &RsaPublicKey = gateway.0.as_ref();
    if gateway.n() == own.public.n() {
        return Err(KeyError::OwnPublicKey);
    }
    Ok(())
}

fn public_from_der(der: &[u8]) -> Result<RsaPublicKey, KeyError> {
    let pkcs1 = match pkcs8::SubjectPublicKeyInfoRef::try_from(der) {
        Ok(info) if info.algorithm.oid != pkcs1::ALGORITHM_OID => return Err(KeyError::NotRsa),
        Ok(info) => info.subject_public_key.as_bytes().ok_or(KeyError::Der)?,
        Err(_) => der,
    };
    let parts = pkcs1::RsaPublicKey::try_from(pkcs1).map_err(|_| KeyError::Der)?;
    check_size(parts.modulus.as_bytes())?;
    let number = |part: pkcs1::UintRef<'_>| BigUint::from_bytes_be(part.as_bytes());
    RsaPublicKey::new(number(parts.modulus), number(parts.public_exponent))
        .map_err(|_| KeyError::Der)
}

fn check_size(modulus: &[u8]) -> Result<(), KeyError> {
    match BigUint::from_bytes_be(modulus).bits() {
        BITS_MIN..=BITS_MAX => Ok(()),
        bits => Err(KeyError::Size(bits)),
    }
}

/// Takes the armour off: the PEM label, if there was one, and the DER.
fn unwrap(bytes: &[u8]) -> Result<(Option<&str>, Zeroizing<Vec<u8>>), KeyError> {
    // A DER sequence of this size has a length of several bytes, so that its
    // second byte is no ASCII: it is never mistaken for text that begins with `0`.
    if let [0x30, 0x80..=0xff, ..] = bytes {
        return Ok((None, Zeroizing::new(bytes.to_vec())));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| KeyError::Base64)?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err(KeyError::Empty);
    }
    let Some(begin) = text.find("-----BEGIN ") else {
        return Ok((None, decode(text)?));
    };
    let block = &text[begin + "-----BEGIN ".len()..];
    let (label, block) = block.split_once("-----").ok_or(KeyError::Pem)?;
    let (inside, rest) = block.split_once("-----END ").ok_or(KeyError::Pem)?;
    let closed = rest
        .strip_prefix(label)
        .and_then(|rest| rest.strip_prefix("-----"));
    if closed.is_none_or(|rest| rest.contains("-----BEGIN ")) {
        return Err(KeyError::Pem);
    }
    if inside.contains("ENCRYPTED") {
        return Err(KeyError::Encrypted); // `Proc-Type: 4,ENCRYPTED` (RFC 1421)
    }
    Ok((Some(label), decode(inside).map_err(|_| KeyError::Pem)?))
}

fn decode(text: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let mut compact = Zeroizing::new(Vec::with_capacity(text.len()));
    compact.extend(text.bytes().filter(|b| !b.is_ascii_whitespace()));
    STANDARD
        .decode(compact.as_slice())
        .map(Zeroizing::new)
        .map_err(|_| KeyError::Base64)
}

#[cfg(test)]
pub(crate) mod tests;
