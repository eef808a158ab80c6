#![allow(clippy::unwrap_used)]

use super::*;
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use rsa::pkcs1::{EncodeRsaPrivateKey as _, EncodeRsaPublicKey as _};
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
use rsa::signature::{SignatureEncoding as _, Signer as _};
use std::sync::LazyLock;

/// A key of somebody, made once per test process.
pub(crate) struct TestKey(pub(crate) RsaPrivateKey);

impl TestKey {
    fn new() -> Self {
        let size = aws_lc_rs::rsa::KeySize::Rsa2048;
        let pair = aws_lc_rs::rsa::KeyPair::generate(size).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        Self(RsaPrivateKey::from_pkcs8_der(der.as_ref()).unwrap())
    }

    pub(crate) fn private_pem(&self) -> String {
        self.0.to_pkcs8_pem(LineEnding::LF).unwrap().to_string()
    }

    pub(crate) fn public_pem(&self) -> String {
        let public = self.0.to_public_key();
        public.to_public_key_pem(LineEnding::LF).unwrap()
    }

    /// A signature by `rsa`, which our own signing does not use.
    pub(crate) fn sign(&self, message: &[u8]) -> String {
        let key = SigningKey::<Sha256>::new(self.0.clone());
        STANDARD.encode(key.sign(message).to_bytes())
    }
}

pub(crate) static MERCHANT: LazyLock<TestKey> = LazyLock::new(TestKey::new);
pub(crate) static PROVIDER: LazyLock<TestKey> = LazyLock::new(TestKey::new);

#[test]
fn reads_a_private_key_in_every_form() {
    let key = &MERCHANT.0;
    let pkcs8 = key.to_pkcs8_der().unwrap();
    let pkcs1 = key.to_pkcs1_der().unwrap();
    let crlf = key.to_pkcs8_pem(LineEnding::CRLF).unwrap();
    let forms: [(&str, Vec<u8>); 8] = [
        ("pkcs8 pem", MERCHANT.private_pem().into()),
        (
            "pkcs8 pem, crlf and a mark",
            format!("\u{feff}{}", *crlf).into(),
        ),
        (
            "pkcs8 pem after a comment",
            format!("Key 1\n{}", MERCHANT.private_pem()).into(),
        ),
        ("pkcs8 der", pkcs8.as_bytes().to_vec()),
        ("pkcs8 base64", STANDARD.encode(pkcs8.as_bytes()).into()),
        (
            "pkcs1 pem",
            key.to_pkcs1_pem(LineEnding::LF).unwrap().to_string().into(),
        ),
        ("pkcs1 der", pkcs1.as_bytes().to_vec()),
        (
            "pkcs1 base64",
            format!("{}\n", STANDARD.encode(pkcs1.as_bytes())).into(),
        ),
    ];
    for (form, bytes) in forms {
        let read = PrivateKey::read(&bytes).unwrap_or_else(|error| panic!("{form}: {error}"));
        assert_eq!(read.sign(b"x").unwrap(), MERCHANT.sign(b"x"), "{form}");
    }
}

#[test]
fn reads_a_public_key_in_every_form() {
    let key = PROVIDER.0.to_public_key();
    let spki = key.to_public_key_der().unwrap();
    let forms: [(&str, Vec<u8>); 5] = [
        ("spki pem", PROVIDER.public_pem().into()),
        ("spki der", spki.as_bytes().to_vec()),
        ("spki base64", STANDARD.encode(spki.as_bytes()).into()),
        (
            "pkcs1 pem",
            key.to_pkcs1_pem(LineEnding::LF).unwrap().into(),
        ),
        ("pkcs1 der", key.to_pkcs1_der().unwrap().as_bytes().to_vec()),
    ];
    for (form, bytes) in forms {
        let read = PublicKey::read(&bytes).unwrap_or_else(|error| panic!("{form}: {error}"));
        assert!(read.verifies(b"x", &PROVIDER.sign(b"x")), "{form}");
        assert!(!read.verifies(b"y", &PROVIDER.sign(b"x")), "{form}");
        assert!(!read.verifies(b"x", &MERCHANT.sign(b"x")), "{form}");
        assert!(!read.verifies(b"x", "not base64"), "{form}");
        assert!(!read.verifies(b"x", ""), "{form}");
    }
}

/// An Ed25519 private key in PKCS#8 (RFC 8410, section 10.3).
const ED25519: &str = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";

fn pem(label: &str, inside: &str) -> Vec<u8> {
    format!("-----BEGIN {label}-----\n{inside}\n-----END {label}-----\n").into()
}

#[test]
fn says_what_is_wrong_with_a_private_key() {
    let small = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 1024).unwrap();
    // A prime of one key among the parts of another: the primes stand in the middle.
    let mut mixed = MERCHANT.0.to_pkcs1_der().unwrap().as_bytes().to_vec();
    let middle = mixed.len() / 2;
    mixed[middle..middle + 64].copy_from_slice(&[0x55; 64]);
    let forms: [(&str, Vec<u8>, KeyError); 13] = [
        ("nothing", b" \n".to_vec(), KeyError::Empty),
        (
            "pkcs8 with a password",
            pem("ENCRYPTED PRIVATE KEY", "AAAA"),
            KeyError::Encrypted,
        ),
        (
            "pkcs1 with a password",
            pem(
                "RSA PRIVATE KEY",
                "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES\n\nAAAA",
            ),
            KeyError::Encrypted,
        ),
        ("public pem", MERCHANT.public_pem().into(), KeyError::Public),
        (
            "public der",
            MERCHANT
                .0
                .to_public_key()
                .to_public_key_der()
                .unwrap()
                .into_vec(),
            KeyError::Public,
        ),
        (
            "certificate",
            pem("CERTIFICATE", "AAAA"),
            KeyError::Certificate,
        ),
        (
            "elliptic pem",
            pem("EC PRIVATE KEY", "AAAA"),
            KeyError::NotRsa,
        ),
        (
            "ed25519 pkcs8",
            pem("PRIVATE KEY", ED25519),
            KeyError::NotRsa,
        ),
        (
            "cut pem",
            MERCHANT.private_pem()[..200].into(),
            KeyError::Pem,
        ),
        ("not base64", b"@@@@".to_vec(), KeyError::Base64),
        ("base64 of something", b"aGVsbG8=".to_vec(), KeyError::Der),
        (
            "small",
            small.to_pkcs8_der().unwrap().as_bytes().to_vec(),
            KeyError::Size(1024),
        ),
        ("mixed", mixed, KeyError::Inconsistent),
    ];
    for (form, bytes, error) in forms {
        assert_eq!(PrivateKey::read(&bytes).err(), Some(error), "{form}");
    }
}

#[test]
fn says_what_is_wrong_with_a_public_key() {
    let small = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 1024).unwrap();
    let small = small
        .to_public_key()
        .to_public_key_der()
        .unwrap()
        .into_vec();
    let pkcs1 = MERCHANT.0.to_pkcs1_der().unwrap();
    let forms: [(&str, Vec<u8>, KeyError); 7] = [
        (
            "private pem",
            MERCHANT.private_pem().into(),
            KeyError::Private,
        ),
        ("private der", pkcs1.as_bytes().to_vec(), KeyError::Private),
        (
            "certificate",
            pem("CERTIFICATE", "AAAA"),
            KeyError::Certificate,
        ),
        (
            "two blocks",
            PROVIDER.public_pem().repeat(2).into(),
            KeyError::Pem,
        ),
        ("other label", pem("DH PARAMETERS", "AAAA"), KeyError::Pem),
        ("small", small, KeyError::Size(1024)),
        ("der of something", vec![0x30, 0x82, 0, 0], KeyError::Der),
    ];
    for (form, bytes, error) in forms {
        assert_eq!(PublicKey::read(&bytes).err(), Some(error), "{form}");
    }
}

#[test]
fn refuses_our_own_public_key_as_the_gateways() {
    let own = PrivateKey::read(MERCHANT.private_pem().as_bytes()).unwrap();
    let read = |key: &TestKey| PublicKey::read(key.public_pem().as_bytes()).unwrap();
    assert_eq!(pair_check(&own, &read(&PROVIDER)), Ok(()));
    assert_eq!(
        pair_check(&own, &read(&MERCHANT)),
        Err(KeyError::OwnPublicKey)
    );
}

#[test]
fn shows_no_key() {
    let own = PrivateKey::read(MERCHANT.private_pem().as_bytes()).unwrap();
    assert_eq!(format!("{own:?}"), "PrivateKey(..)");
}
