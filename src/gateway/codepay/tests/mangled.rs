//! No answer, however mangled, is evidence.

use super::answers::{read, read_refund};
use super::*;
use crate::domain::{RefundStatus, Unknown};
use Operation::{Enquiry, Revoke, Submit};
use proptest::prelude::*;
use serde_json::json;

/// Ways in which an answer goes wrong between CodePay and us, or is not ours.
#[derive(Debug, Clone)]
enum Mangling {
    FlipBit(usize),
    Cut(usize),
    Insert(usize, u8),
    /// A member is written twice, the first with other content.
    Twice(usize),
    /// A member is written as another type: a string as a number or as an object.
    Retype(usize),
    /// A member is cut in two at a sign that might be `&` or `=`.
    Split(usize, usize),
    DropMember(usize),
    ForeignSignature,
    OtherOrder(String),
    OtherAmount(u64),
    OtherCurrency,
}

fn manglings() -> impl Strategy<Value = Mangling> {
    use Mangling::*;
    prop_oneof![
        any::<usize>().prop_map(FlipBit),
        any::<usize>().prop_map(Cut),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Insert(at, byte)),
        (0usize..5).prop_map(Twice),
        (0usize..5).prop_map(Retype),
        (0usize..5, any::<usize>()).prop_map(|(member, at)| Split(member, at)),
        (0usize..5).prop_map(DropMember),
        Just(ForeignSignature),
        "[A-Za-z0-9_-]{1,32}".prop_map(OtherOrder),
        (0u64..99_999_999).prop_map(OtherAmount),
        Just(OtherCurrency),
    ]
}

const MEMBERS: [&str; 5] = ["code", "data", "msg", "psn", "sign"];

fn mangle(code: &str, data: Option<&str>, mangling: &Mangling) -> Vec<u8> {
    let body = signed(code, data, &PROVIDER);
    let mut bytes = body.clone().into_bytes();
    let length = bytes.len();
    let mut value: serde_json::Value = serde_json::from_str(&body).unwrap();
    let name = |member: &usize| MEMBERS[*member];
    match mangling {
        Mangling::FlipBit(at) => bytes[at / 8 % length] ^= 1 << (at % 8),
        Mangling::Cut(at) => bytes.truncate(at % length),
        Mangling::Insert(at, byte) => bytes.insert(at % length, *byte),
        Mangling::Twice(member) => {
            let first = format!(r#"{{"{}":"x","#, name(member));
            bytes = body.replacen('{', &first, 1).into_bytes();
        }
        Mangling::Retype(member) => {
            let other = json!({"a": value[name(member)].clone()});
            value[name(member)] = other;
            bytes = value.to_string().into_bytes();
        }
        Mangling::Split(member, at) => {
            let text = value[name(member)].as_str().unwrap_or_default().to_owned();
            let at = at % (text.len() + 1);
            let (head, tail) = text.split_at_checked(at).unwrap_or((&text, ""));
            value[name(member)] = head.into();
            value["zz"] = tail.into();
            bytes = value.to_string().into_bytes();
        }
        Mangling::DropMember(member) => {
            value.as_object_mut().unwrap().remove(name(member));
            bytes = value.to_string().into_bytes();
        }
        Mangling::ForeignSignature => bytes = signed(code, data, &MERCHANT).into_bytes(),
        // Genuine answers of CodePay's, but about something else.
        Mangling::OtherOrder(number) => {
            let data = data.map(|data| data.replace(ORDER, number));
            bytes = signed(code, data.as_deref(), &PROVIDER).into_bytes();
        }
        Mangling::OtherAmount(minor) => {
            let other = usd(*minor).decimal();
            let data = data.map(|data| data.replace("12.3", &other));
            bytes = signed(code, data.as_deref(), &PROVIDER).into_bytes();
        }
        Mangling::OtherCurrency => {
            let data = data.map(|data| data.replace("USD", "EUR"));
            bytes = signed(code, data.as_deref(), &PROVIDER).into_bytes();
        }
    }
    bytes
}

/// Whether what is left of a mangled answer is still the genuine one.
fn same_content(code: &str, data: Option<&str>, bytes: &[u8]) -> bool {
    // What is missing, null or empty counts as one.
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let genuine: serde_json::Value = serde_json::from_str(&signed(code, data, &PROVIDER)).unwrap();
    serde_json::from_slice::<serde_json::Value>(bytes).is_ok_and(|mangled| {
        MEMBERS
            .iter()
            .all(|member| text(&mangled[member]) == text(&genuine[member]))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn no_mangled_answer_is_evidence(
        mangling in manglings(),
        operation in prop::sample::select(vec![Submit, Enquiry, Revoke]),
        which in 0usize..6,
    ) {
        let (code, data) = [
            ("0", Some(queried(json!({"trans_status": 2})))),
            ("0", Some(queried(json!({"trans_status": 1})))),
            ("0", Some(queried(json!({"trans_status": 3})))),
            ("E04111", None),
            ("SYS011", None),
            ("0", None),
        ][which].clone();
        let bytes = mangle(code, data.as_deref(), &mangling);
        let text = String::from_utf8_lossy(&bytes);
        let genuine = matches!(
            mangling,
            Mangling::OtherOrder(_) | Mangling::OtherAmount(_) | Mangling::OtherCurrency
        ) || same_content(code, data.as_deref(), &bytes);
        match read(operation, 200, &text) {
            Answer::Unknown(_) => {}
            answer if !genuine => prop_assert!(false, "{answer:?} of {text}"),
            // Genuine, about something else: the core sees that it is.
            Answer::Report(report) => match &mangling {
                Mangling::OtherOrder(number) => {
                    prop_assert_eq!(report.order.as_str(), number.as_str());
                }
                Mangling::OtherAmount(minor) if operation == Enquiry => {
                    prop_assert_eq!(report.amount, Some(usd(*minor)));
                }
                Mangling::OtherCurrency if operation == Enquiry => {
                    prop_assert_ne!(report.amount, Some(usd(1230)));
                }
                _ if operation == Submit => prop_assert_eq!(report.amount, None),
                _ => {}
            },
            _ => {}
        }
    }

    #[test]
    fn no_mangled_answer_gives_a_refund(mangling in manglings(), status in 0u64..4) {
        let number = refund_order().number;
        let data = queried(json!({"trans_type": 3, "trans_status": status,
            "order_amount": "12.3"})).replace(ORDER, number.as_str());
        let bytes = mangle("0", Some(&data), &mangling);
        let text = String::from_utf8_lossy(&bytes);
        let genuine = matches!(
            mangling,
            Mangling::OtherOrder(_) | Mangling::OtherAmount(_) | Mangling::OtherCurrency
        ) || same_content("0", Some(&data), &bytes);
        match read_refund(RefundOperation::Enquiry, &text) {
            RefundAnswer::Unknown(_) => {}
            answer if !genuine => prop_assert!(false, "{answer:?} of {text}"),
            RefundAnswer::Report(report) => {
                prop_assert_eq!(report.status == RefundStatus::Returned, status == 2);
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn no_bytes_at_all_panic(body: Vec<u8>, status in 100u16..600) {
        let text = String::from_utf8_lossy(&body);
        let answer = read(Submit, status, &text);
        prop_assert!(matches!(answer, Answer::Unknown(_)));
        // CodePay itself may sign rubbish.
        let answer = read(Enquiry, 200, &signed("0", Some(&text), &PROVIDER));
        let unproved = matches!(answer, Answer::Unknown(Unknown::Malformed | Unknown::Unlisted));
        prop_assert!(unproved, "{answer:?}");
    }

    /// Any value of any type in any field of a signed answer: never money in, unless the
    /// fields that prove it are untouched.
    #[test]
    fn no_retyped_field_panics_or_pays(
        field in prop::sample::select(vec![
            "trans_status", "trans_type", "merchant_order_no", "price_currency",
            "order_amount", "trans_amount", "paid_amount", "trans_no", "trans_error_code",
            "merchant_no", "app_id", "qrcode_url",
        ]),
        value in prop::sample::select(vec![
            json!(null), json!(true), json!(0), json!(2), json!(-1), json!(1e300), json!(2.5),
            json!(""), json!("2"), json!("0"), json!("x"), json!([]), json!({"a": {}}),
            json!("99999999999999999999"), json!("USD"),
        ]),
    ) {
        let mut data: serde_json::Value =
            serde_json::from_str(&queried(json!({"trans_status": 1}))).unwrap();
        data[field] = value.clone();
        match read(Enquiry, 200, &signed("0", Some(&data.to_string()), &PROVIDER)) {
            Answer::Report(report) if report.status == OrderStatus::MoneyIn => {
                let two = value == json!(2) || value == json!("2");
                prop_assert!(field == "trans_status" && two);
            }
            _ => {}
        }
    }
}
