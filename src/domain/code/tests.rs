//! What holds for every scan. The single cases stand in `tests/codes/scans.txt`,
//! which the command's own test reads.

#![allow(clippy::unwrap_used)]

use super::*;
use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;

/// EMVCo CPM 1.0, annex B.1 and B.2.
const V1: &str = "hQVDUFYwMWEaTwegAAAAVVVVVw8SNFZ4kBI0WNGRIgESNF8=";
const V2: &str = "hQVDUFYwMWETTwegAAAAVVVVUAhQcm9kdWN0MWETTwegAAAAZmZmUAhQcm9kdWN0MmJJ\
    WggSNFZ4kBI0WF8gDkNBUkRIT0xERVIvRU1WXy0IcnVlc2RlZW5kIZ8QBwYBCgMAAACfJghYT9OF+iNLzJ82AgABnzcE\
    bVjvEw==";

/// Everything that can be switched on.
fn everything() -> Classifier {
    let table = WalletTable::built_in();
    let settings = Settings {
        profiles: table.profiles().iter().map(|p| (*p).to_owned()).collect(),
        text: Some(TextCodes::payby()),
        demand_pan_aids: Vec::new(),
        unlisted_digits: UnlistedDigits::Forward,
    };
    Classifier::new(&table, settings).unwrap()
}

/// Checks what must hold for any scan under any settings.
fn check(scan: &[u8]) {
    for classifier in [Classifier::core(), everything()] {
        let classified = classifier.classify(scan);
        let code = aim::payload(scan);
        match &classified {
            Classified::EmvCpm { aids, .. } => {
                assert!(code.starts_with(cpm::MARKER));
                assert!((1..=2).contains(&aids.len()));
            }
            Classified::Digits { .. } => {
                assert!(code.iter().all(u8::is_ascii_digit));
                assert!((12..=32).contains(&code.len()));
            }
            Classified::Text { .. } => {
                assert!(code.iter().all(u8::is_ascii_graphic));
                assert!((8..=512).contains(&code.len()));
            }
            Classified::Reject { reason } => assert!(RejectReason::ALL.contains(reason)),
        }
        check_mask(code, &mask(scan, &classified), &classified);
        for sending in [Sending::Extract, Sending::PassThrough] {
            let sent = code_to_send(scan, &classified, sending);
            assert_eq!(sent.is_none(), classified.kind() == "reject");
            if sending == Sending::PassThrough {
                assert!(sent.is_none_or(|sent| sent.as_bytes() == code));
            }
        }
        assert_eq!(classifier.classify(scan), classified, "the same every time");
    }
}

/// A mask is a length, or as long as the code with ten of its characters.
fn check_mask(code: &[u8], mask: &str, classified: &Classified) {
    let length = format!("(len {})", code.len());
    match classified {
        Classified::Reject { .. } => assert_eq!(mask, length),
        Classified::EmvCpm { .. } => assert_eq!(mask, format!("hQVDUFY…{length}")),
        _ if code.len() < 16 => assert_eq!(mask, length),
        _ => {
            let mask = mask.as_bytes();
            assert_eq!(mask.len(), code.len());
            let middle = &mask[6..mask.len() - 4];
            assert!(middle.iter().all(|byte| *byte == b'*'));
        }
    }
}

#[test]
fn nothing_short_is_a_payment_code() {
    let (core, everything) = (Classifier::core(), everything());
    let check_refused = |scan: &[u8]| {
        for classifier in [&core, &everything] {
            let classified = classifier.classify(scan);
            assert_eq!(classified.kind(), "reject", "{scan:02x?}");
            assert_eq!(
                mask(scan, &classified),
                mask_length(aim::payload(scan).len())
            );
        }
    };
    check_refused(&[]);
    for first in 0..=u8::MAX {
        check_refused(&[first]);
        for second in 0..=u8::MAX {
            check_refused(&[first, second]);
        }
    }
}

#[test]
fn a_cut_payload_is_refused() {
    let classifier = everything();
    for length in cpm::MARKER.len()..V2.len() {
        let classified = classifier.classify(&V2.as_bytes()[..length]);
        let Classified::Reject { reason } = classified else {
            panic!("accepted at {length}: {classified:?}");
        };
        if length % 4 != 0 {
            assert_eq!(reason, RejectReason::BadBase64, "at {length}");
        }
    }
}

#[test]
fn a_flipped_bit_is_survived() {
    let payload = STANDARD.decode(V1).unwrap();
    for bit in 0..payload.len() * 8 {
        let mut flipped = payload.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        check(STANDARD.encode(&flipped).as_bytes());
    }
    for bit in 0..V1.len() * 8 {
        let mut flipped = V1.as_bytes().to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        check(&flipped);
    }
}

#[test]
fn hundreds_of_objects_are_looked_at_together() {
    let payload = |tags: &[u8]| {
        let mut application = b"\x4f\x05\xf0\x00\x00\x00\x01\x63\x01x".to_vec();
        for tag in tags {
            application.extend([0x9f, *tag & 0x7f, 0]);
        }
        let length = u16::try_from(application.len()).unwrap().to_be_bytes();
        let template = [&[0x61, 0x82], &length[..], &application].concat();
        STANDARD.encode([b"\x85\x05CPV01".to_vec(), template].concat())
    };
    let classifier = Classifier::core();
    // 9F19 and the like are empty, so there are warnings: the payment goes on.
    let mut tags: Vec<u8> = (0..128).collect();
    assert_eq!(
        classifier.classify(payload(&tags).as_bytes()).kind(),
        "emv_cpm"
    );
    tags.push(0);
    let reason = RejectReason::DuplicateObject;
    assert_eq!(
        classifier.classify(payload(&tags).as_bytes()),
        Classified::Reject { reason }
    );
}

#[test]
fn debug_shows_no_code() {
    let classified = Classifier::core().classify(b"103456789012345678");
    let code = code_to_send(b"103456789012345678", &classified, Sending::Extract);
    let shown = format!("{classified:?} {code:?}");
    assert!(shown.contains("PaymentCode(..)"));
    assert!(!shown.contains("1034"));
}

#[test]
fn a_profile_that_the_table_lacks_is_named() {
    let settings = Settings {
        profiles: vec!["cn".to_owned(), "fr".to_owned()],
        ..Settings::default()
    };
    let error = Classifier::new(&WalletTable::built_in(), settings).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the wallet table has no profile \"fr\"; it has cn, core, jp, kr, th, tw"
    );
}

#[test]
fn text_patterns_are_a_question_of_their_own() {
    let classifier = everything();
    for (scan, is_text, matches) in [
        ("]C020001234T500012345A\r\n", true, true),
        ("20001234T500012345-", true, false),
        ("shelf-label-7", true, false),
        ("103456789012345678", false, false),
    ] {
        let kind = classifier.classify(scan.as_bytes()).kind();
        assert_eq!(kind == "text", is_text, "{scan}");
        assert_eq!(classifier.matches_text_pattern(scan.as_bytes()), matches);
    }
    assert!(!Classifier::core().matches_text_pattern(b"20001234T500012345A"));
}

/// Bytes of a payload: objects that mostly fit, in any order.
fn payloads() -> impl Strategy<Value = Vec<u8>> {
    let tag = prop_oneof![
        Just(vec![0x4f]),
        Just(vec![0x57]),
        Just(vec![0x5a]),
        Just(vec![0x61]),
        Just(vec![0x62]),
        Just(vec![0x63]),
        Just(vec![0x64]),
        Just(vec![0x9f, 0x42]),
        Just(vec![0x00]),
        prop::collection::vec(any::<u8>(), 1..4),
    ];
    let object = (tag, prop::collection::vec(any::<u8>(), 0..24));
    let objects = prop::collection::vec(object, 0..6);
    let template = (any::<bool>(), objects).prop_map(|(sound, objects)| {
        let mut bytes = Vec::new();
        for (tag, value) in objects {
            bytes.extend(tag);
            bytes.push(u8::try_from(value.len()).unwrap());
            bytes.extend(value);
        }
        let length = u8::try_from(bytes.len() + usize::from(!sound)).unwrap();
        [vec![0x61, 0x81, length], bytes].concat()
    });
    prop::collection::vec(template, 0..3)
        .prop_map(|templates| [b"\x85\x05CPV01".to_vec(), templates.concat()].concat())
}

proptest! {
    #[test]
    fn three_bytes(scan in any::<[u8; 3]>()) {
        check(&scan);
        prop_assert_eq!(everything().classify(&scan).kind(), "reject");
    }

    #[test]
    fn any_bytes(scan in prop::collection::vec(any::<u8>(), 0..4096)) {
        check(&scan);
    }

    #[test]
    fn printable_text(scan in "[!-~]{0,1100}") {
        check(scan.as_bytes());
    }

    #[test]
    fn digit_strings(scan in "(\\]C0)?[0-9]{0,40}[\\r\\n\\t]{0,2}") {
        check(scan.as_bytes());
    }

    #[test]
    fn base64_after_the_marker(tail in "[A-Za-z0-9+/]{0,1000}={0,3}") {
        check(format!("hQVDUFY{tail}").as_bytes());
    }

    #[test]
    fn built_payloads(payload in payloads()) {
        check(STANDARD.encode(payload).as_bytes());
    }
}
