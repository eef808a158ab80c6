//! What is promised of TLS, seen from the other end of the line.

use super::*;
use std::collections::BTreeMap;

/// The oldest TLS that is offered is 1.2, and no request rides on the handshake.
#[tokio::test]
async fn tls_begins_at_1_2_and_carries_nothing_early() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let hello = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut record = [0; 5];
        stream.read_exact(&mut record).await.unwrap();
        let mut hello = vec![0; usize::from(u16::from_be_bytes([record[3], record[4]]))];
        stream.read_exact(&mut hello).await.unwrap();
        hello
    });
    let url = Url::parse(&format!("https://127.0.0.1:{port}/")).unwrap();
    let http = Http::new(&url, clock).unwrap();
    assert_eq!(post(&http, &url, LONG).await, Err(Failure::NotSent));
    let extensions = extensions(&hello.await.unwrap());
    // RFC 8446: supported_versions (43), a list of versions with its length before it.
    let (length, versions) = extensions[&43].split_first().unwrap();
    assert_eq!(usize::from(*length), versions.len());
    let versions: Vec<&[u8]> = versions.chunks(2).collect();
    assert_eq!(versions, [[3, 4], [3, 3]], "TLS 1.3 and 1.2");
    assert!(!extensions.contains_key(&42), "early_data");
}

/// The extensions of a TLS client hello (RFC 8446, section 4.1.2).
fn extensions(hello: &[u8]) -> BTreeMap<u16, Vec<u8>> {
    let short = |at: usize| u16::from_be_bytes([hello[at], hello[at + 1]]);
    // Type and length, version, random; then session, suites, compression by length.
    let mut at = 4 + 2 + 32;
    at += 1 + usize::from(hello[at]);
    at += 2 + usize::from(short(at));
    at += 1 + usize::from(hello[at]);
    at += 2;
    let mut extensions = BTreeMap::new();
    while at < hello.len() {
        let end = at + 4 + usize::from(short(at + 2));
        extensions.insert(short(at), hello[at + 4..end].to_vec());
        at = end;
    }
    extensions
}

/// A key and a certificate for `localhost` that nobody signed but itself; made for this test.
const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIm5vsqqG0wM/Kk0jXFxaSV8KRlkHuaFeJAluLrOQVZChRANCAASRrp12SBcnDEiH8HIJkxGxglWFUGXJwhXUaI1pNyO/ffkrwC8jdX2fqTCjaJw/SGq8uF+D6CUiuF8Ulq+K4iX6";
const CERTIFICATE: &str = "MIIBmDCCAT6gAwIBAgIUYhYheQVoenUkBG/hMxEb8K/AQywwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyODIxNTAwNloYDzIxMjYxMTA0MjE1MDA2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASRrp12SBcnDEiH8HIJkxGxglWFUGXJwhXUaI1pNyO/ffkrwC8jdX2fqTCjaJw/SGq8uF+D6CUiuF8Ulq+K4iX6o2wwajAdBgNVHQ4EFgQUSxo5O932Yw24lA9YMhz3VbZq7CIwHwYDVR0jBBgwFoAUSxo5O932Yw24lA9YMhz3VbZq7CIwGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMAwGA1UdEwEB/wQCMAAwCgYIKoZIzj0EAwIDSAAwRQIhAOau3aJEn3vcW9rLYK7dJhtlVCnmtGPOmQJWx2pAjmmJAiBjEJG1ENNUaTeuqKFYUGRTraOjVox4NT5exdYlhGFywA==";

/// A server that speaks TLS with this certificate, and whether a client finished its
/// handshake with it.
async fn tls_server() -> (Url, tokio::task::JoinHandle<bool>) {
    use base64::Engine as _;
    use tokio_rustls::rustls::{ServerConfig, pki_types};
    let decode = |text| {
        base64::engine::general_purpose::STANDARD
            .decode(text)
            .unwrap()
    };
    let certificate = pki_types::CertificateDer::from(decode(CERTIFICATE));
    let key = pki_types::PrivatePkcs8KeyDer::from(decode(KEY));
    let provider = tokio_rustls::rustls::crypto::aws_lc_rs::default_provider();
    let config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key.into())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let finished = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        acceptor.accept(stream).await.is_ok()
    });
    let url = Url::parse(&format!("https://localhost:{port}/")).unwrap();
    (url, finished)
}

/// There is no way to switch the checks off: a certificate that no authority signed
/// ends the call before any byte of it leaves.
#[tokio::test]
async fn a_certificate_that_nobody_signed_is_refused() {
    let (url, finished) = tls_server().await;
    let http = Http::new(&url, clock).unwrap();
    assert_eq!(post(&http, &url, LONG).await, Err(Failure::NotSent));
    assert!(!finished.await.unwrap());
}

/// The same server, to a client that knows its certificate: what was refused was the
/// certificate and nothing else.
#[tokio::test]
async fn the_same_certificate_is_good_where_it_is_trusted() {
    use base64::Engine as _;
    let (url, finished) = tls_server().await;
    let der = base64::engine::general_purpose::STANDARD.decode(CERTIFICATE);
    let trusted = reqwest::Certificate::from_der(&der.unwrap()).unwrap();
    let client = Client::builder().tls_certs_only([trusted]).no_proxy();
    let _ = client.build().unwrap().get(url).timeout(LONG).send().await;
    assert!(finished.await.unwrap());
}
