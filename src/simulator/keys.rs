//! RSA keys, signatures and their check, for the gateways' side of the wire.
//!
//! Both gateways sign with RSASSA-PKCS1-v1_5 and SHA-256, in standard Base64 on
//! one line: PayBy the exact bytes of a body (its integration guide,
//! "Signature"), CodePay a text made of the decoded values (its "Sign" page).
//! CodePay hands out keys as Base64 without PEM's lines; both forms are read.

use base64::{Engine, engine::general_purpose::STANDARD};
use rsa::pkcs1v15::{Signature, SigningKey, VerifyingKey};
use rsa::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding,
};
use rsa::rand_core::OsRng;
use rsa::signature::{SignatureEncoding, Signer, Verifier};
use rsa::{RsaPrivateKey, RsaPublicKey};
use sha2::Sha256;

/// The smallest modulus PayBy takes.
const KEY_BITS: usize = 2048;

/// One RSA key pair in PEM: PKCS#8 and SubjectPublicKeyInfo.
#[derive(Clone)]
pub struct KeyPair {
    /// `BEGIN PRIVATE KEY`.
    pub private_pem: String,
    /// `BEGIN PUBLIC KEY`.
    pub public_pem: String,
}

/// The four halves that a merchant and its gateway need to talk.
#[derive(Clone)]
pub struct KeyPairs {
    /// Held by the merchant; signs requests.
    pub merchant_private_pem: String,
    /// Given to the gateway; checks requests.
    pub merchant_public_pem: String,
    /// Held by the gateway; signs answers and notifications.
    pub gateway_private_pem: String,
    /// Given to the merchant; checks answers and notifications.
    pub gateway_public_pem: String,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyPair(..)")
    }
}

impl std::fmt::Debug for KeyPairs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyPairs(..)")
    }
}

impl KeyPair {
    /// Makes a fresh pair of 2048 bits from the operating system's randomness.
    pub fn generate() -> Result<Self, String> {
        let key = RsaPrivateKey::new(&mut OsRng, KEY_BITS)
            .map_err(|error| format!("cannot make an RSA key: {error}"))?;
        Self::of(&key)
    }

    /// Completes a pair from its private half.
    pub fn from_private_pem(pem: &str) -> Result<Self, String> {
        Self::of(&read_private(pem)?)
    }

    fn of(key: &RsaPrivateKey) -> Result<Self, String> {
        let private_pem = key
            .to_pkcs8_pem(LineEnding::LF)
            .map_err(|error| format!("cannot write the private key: {error}"))?;
        let public_pem = key
            .to_public_key()
            .to_public_key_pem(LineEnding::LF)
            .map_err(|error| format!("cannot write the public key: {error}"))?;
        Ok(Self {
            private_pem: private_pem.to_string(),
            public_pem,
        })
    }
}

/// Makes fresh keys for both sides. Takes up to a few seconds.
pub fn generate_keys() -> Result<KeyPairs, String> {
    let merchant = KeyPair::generate()?;
    let gateway = KeyPair::generate()?;
    Ok(KeyPairs {
        merchant_private_pem: merchant.private_pem,
        merchant_public_pem: merchant.public_pem,
        gateway_private_pem: gateway.private_pem,
        gateway_public_pem: gateway.public_pem,
    })
}

/// Signs what the gateway sends.
pub(crate) struct Seal(SigningKey<Sha256>);

impl Seal {
    /// Reads a PKCS#8 private key.
    pub(crate) fn from_pem(pem: &str) -> Result<Self, String> {
        Ok(Self(SigningKey::new(read_private(pem)?)))
    }

    /// Returns the signature of exactly these bytes.
    pub(crate) fn sign(&self, bytes: &[u8]) -> String {
        STANDARD.encode(self.0.sign(bytes).to_bytes())
    }
}

/// Checks what the merchant sent.
pub(crate) struct SealCheck(VerifyingKey<Sha256>);

impl SealCheck {
    /// Reads a SubjectPublicKeyInfo public key.
    pub(crate) fn from_pem(pem: &str) -> Result<Self, String> {
        let key = match bare(pem) {
            Some(der) => RsaPublicKey::from_public_key_der(&der),
            None => RsaPublicKey::from_public_key_pem(pem.trim()),
        };
        key.map(|key| Self(VerifyingKey::new(key)))
            .map_err(|error| {
                format!("not a public key in PEM (`-----BEGIN PUBLIC KEY-----`): {error}")
            })
    }

    /// Tells whether a signature belongs to exactly these bytes.
    pub(crate) fn accepts(&self, bytes: &[u8], sign: &str) -> bool {
        STANDARD
            .decode(sign)
            .ok()
            .and_then(|raw| Signature::try_from(raw.as_slice()).ok())
            .is_some_and(|signature| self.0.verify(bytes, &signature).is_ok())
    }
}

fn read_private(pem: &str) -> Result<RsaPrivateKey, String> {
    let key = match bare(pem) {
        Some(der) => RsaPrivateKey::from_pkcs8_der(&der),
        None => RsaPrivateKey::from_pkcs8_pem(pem.trim()),
    };
    key.map_err(|error| {
        format!("not a private key in PKCS#8 PEM (`-----BEGIN PRIVATE KEY-----`): {error}")
    })
}

// A key's bytes, where they stand in Base64 alone.
fn bare(text: &str) -> Option<Vec<u8>> {
    STANDARD
        .decode(text.trim())
        .ok()
        .filter(|der| !der.is_empty())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_belongs_to_its_bytes_alone() {
        let pair = KeyPair::generate().unwrap();
        let seal = Seal::from_pem(&pair.private_pem).unwrap();
        let check = SealCheck::from_pem(&pair.public_pem).unwrap();
        let sign = seal.sign(b"{\"a\":1}\r\n");
        assert_eq!(sign.len(), 344);
        assert!(check.accepts(b"{\"a\":1}\r\n", &sign));
        assert!(!check.accepts(b"{\"a\":1}", &sign));
        assert!(!check.accepts(b"{\"a\":1}\r\n", &sign[4..]));
        assert!(!check.accepts(b"{\"a\":1}\r\n", "not base64"));
        assert_eq!(seal.sign(b"{\"a\":1}\r\n"), sign, "PKCS#1 v1.5 has no salt");
    }

    #[test]
    fn a_pair_is_completed_from_its_private_half() {
        let pair = KeyPair::generate().unwrap();
        let again = KeyPair::from_private_pem(&pair.private_pem).unwrap();
        assert_eq!(again.public_pem, pair.public_pem);
        assert!(KeyPair::from_private_pem(&pair.public_pem).is_err());
        assert_eq!(format!("{pair:?}"), "KeyPair(..)");
    }
}
