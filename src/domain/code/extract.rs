//! The code to send: what a gateway is given of a scan.
//!
//! A customer's screen may show a barcode and a QR code of one and the same
//! code: the barcode as plain text, the QR as an EMV payload around it. With
//! [`Sending::Extract`] both lead to the same code to send, and so to the same
//! fingerprint: reading both symbols makes one order. Extraction comes after
//! classification and never changes it.

use super::text::TEXT_BYTES;
use super::tlv::{self, Tag};
use super::{Classified, PaymentCode, aim, cpm};
use serde::Deserialize;

/// Where a wallet puts its own code: inside 63 of the first usable application.
/// (In card applications 9F42 means something else.)
const INNER_CODE: Tag = Tag(0x9f42);

/// What a gateway is given of an EMV payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sending {
    /// The wallet's own code inside the payload if there is one, else the payload.
    Extract,
    /// The payload's text as scanned.
    #[default]
    PassThrough,
}

/// The code to send; none for a scan that was refused.
pub fn code_to_send(scan: &[u8], classified: &Classified, sending: Sending) -> Option<PaymentCode> {
    let code = aim::payload(scan);
    match (classified, sending) {
        (Classified::Reject { .. }, _) => None,
        (Classified::EmvCpm { .. }, Sending::Extract) => {
            let inner = cpm::with_transparent(code, inner_code);
            Some(inner.unwrap_or_else(|| PaymentCode::new(code)))
        }
        _ => Some(PaymentCode::new(code)),
    }
}

/// The one 9F42 of a 63, if it can be a text code.
fn inner_code(transparent: &[u8]) -> Option<PaymentCode> {
    let objects = tlv::objects(transparent)?;
    let mut found = objects.iter().filter(|object| object.tag == INNER_CODE);
    let (Some(object), None) = (found.next(), found.next()) else {
        return None;
    };
    let printable = object.value.iter().all(u8::is_ascii_graphic);
    (printable && TEXT_BYTES.contains(&object.value.len())).then(|| PaymentCode::new(object.value))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Classifier;
    use super::*;
    use base64::{Engine, engine::general_purpose::STANDARD};

    const INNER: &str = "20001234T500012345A";

    fn object(tag: &[u8], value: &[u8]) -> Vec<u8> {
        let length = u8::try_from(value.len()).unwrap();
        [tag, &[0x81, length], value].concat()
    }

    /// A payload with these objects in the 61, after its AID.
    fn payload(templates: &[Vec<u8>]) -> String {
        let mut bytes = object(&[0x85], b"CPV01");
        // The marker needs the short form of the length.
        bytes.remove(1);
        for children in templates {
            bytes.extend(object(&[0x61], children));
        }
        STANDARD.encode(bytes)
    }

    fn sent(scan: &str, sending: Sending) -> Option<String> {
        let classified = Classifier::core().classify(scan.as_bytes());
        assert_ne!(classified.kind(), "reject", "{classified:?}");
        let code = code_to_send(scan.as_bytes(), &classified, sending)?;
        Some(String::from_utf8(code.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn both_symbols_of_a_screen_give_one_code() {
        let aid = object(&[0x4f], b"00ToPAY");
        let inner = object(&[0x9f, 0x42], INNER.as_bytes());
        let qr = payload(&[[aid.clone(), object(&[0x63], &inner)].concat()]);
        assert_eq!(sent(&qr, Sending::Extract).unwrap(), INNER);
        assert_eq!(sent(&qr, Sending::PassThrough).unwrap(), qr);
        let framed = format!("]Q1{qr}\r\n");
        assert_eq!(sent(&framed, Sending::Extract).unwrap(), INNER);
        assert_eq!(sent(&framed, Sending::PassThrough).unwrap(), qr);

        let barcode = "]C020001234T500012345A\r";
        let text = Classified::Text {
            wallet: crate::domain::Wallet::new("payby").unwrap(),
        };
        for sending in [Sending::Extract, Sending::PassThrough] {
            let code = code_to_send(barcode.as_bytes(), &text, sending).unwrap();
            assert_eq!(code.as_bytes(), INNER.as_bytes());
        }
    }

    #[test]
    fn a_payload_without_one_good_inner_code_is_sent_unchanged() {
        let aid = object(&[0x4f], b"00ToPAY");
        let inner = |value: &[u8]| object(&[0x9f, 0x42], value);
        let good = inner(INNER.as_bytes());
        for (why, transparent) in [
            ("not TLV", [good.clone(), vec![0xff]].concat()),
            ("twice", [good.clone(), good.clone()].concat()),
            ("absent", object(&[0x9f, 0x26], INNER.as_bytes())),
            ("deeper", object(&[0x61], &good)),
            ("too short", inner(b"1234567")),
            ("a space", inner(b"1234 5678")),
            ("a control", inner(b"1234\x005678")),
            ("beyond ASCII", inner(b"1234\xc35678")),
        ] {
            let qr = payload(&[[aid.clone(), object(&[0x63], &transparent)].concat()]);
            assert_eq!(sent(&qr, Sending::Extract).unwrap(), qr, "{why}");
        }
        // Not in the first usable application: in the second, or only beside it.
        let card = [object(&[0x4f], b"FIRST"), object(&[0x63], b"x")].concat();
        let wallet = [aid, object(&[0x63], &good)].concat();
        let qr = payload(&[card, wallet.clone()]);
        assert_eq!(sent(&qr, Sending::Extract).unwrap(), qr);
        // A template without an AID is none.
        let qr = payload(&[object(&[0x50], b"x"), wallet]);
        assert_eq!(sent(&qr, Sending::Extract).unwrap(), INNER);
    }

    #[test]
    fn a_refused_scan_has_no_code_to_send() {
        let refused = Classifier::core().classify(b"4012345123456");
        let code = code_to_send(b"4012345123456", &refused, Sending::Extract);
        assert_eq!(code, None);
    }
}
