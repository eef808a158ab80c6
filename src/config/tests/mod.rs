//! One good configuration, planted mistakes, and exactly what is said about each.
#![allow(clippy::unwrap_used)]

mod codepay;
mod sections;

use super::*;
use crate::domain::code::{self, Sending, TextCodes, WalletTable};
use crate::domain::{Amount, Currency, Language};
use crate::gateway::Timing;
use crate::gateway::payby::rules;
use crate::scanner::{Kind, Layout, Match, evdev};
use std::time::Duration;

const GOOD: &str = r#"
[store]
id = "dxb-12"
name = "Corner Grocery"
timezone = "Asia/Dubai"
currency = "AED"

[[lane]]
id = "1"
scanners = ["counter"]
gateways = ["payby"]
ceiling = "5000.00"

[[scanner]]
id = "counter"
kind = "evdev"
match = { vendor = "0c2e", product = "0b6a" }

[gateway.payby]
base_url = "https://api.payby.com/sgs/api"
partner_id = "200000012345"
private_key = "credential:payby.key"
gateway_public_key = "/etc/qrpayd/payby.pub"
"#;

/// The complaints about [`GOOD`] with each `from` replaced by its `to`.
fn complaints(changes: &[(&str, &str)]) -> Vec<String> {
    let mut text = GOOD.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    match parse(&text) {
        Ok(_) => Vec::new(),
        Err(complaints) => complaints.to_string().lines().map(str::to_owned).collect(),
    }
}

#[track_caller]
fn says(changes: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(complaints(changes), expected);
}

#[test]
fn fills_in_the_defaults() {
    let config = parse(GOOD).unwrap();
    assert_eq!(config.store.language, Language::English);
    assert_eq!(config.store.timezone.iana_name(), Some("Asia/Dubai"));
    let [lane] = config.lanes.as_slice() else {
        panic!()
    };
    assert_eq!(lane.terminal_id, "1");
    assert_eq!(
        lane.rules.ceiling,
        Amount::parse("5000", Currency::AED).unwrap()
    );
    assert_eq!(lane.rules.wait_code, Duration::from_secs(180));
    assert_eq!(
        config.scanners[0].kind,
        Kind::Evdev(evdev::Settings {
            matching: Match::Ids {
                vendor: 0x0c2e,
                product: 0x0b6a,
                serial: None
            },
            layout: Layout::Us,
            terminator: evdev::Terminator::Enter,
            gap: Duration::from_millis(300),
            reports: false,
            oem_page: None,
        })
    );
    let payby = config.payby.unwrap();
    assert_eq!(payby.private_key.to_string(), "credential:payby.key");
    let settings = payby.settings;
    assert_eq!(settings.rules, rules(&Timing::default()).unwrap());
    assert_eq!(settings.rules.wait, Duration::from_secs(75));
    assert_eq!(settings.store_name, "Corner Grocery");
    assert_eq!(settings.terminal_ids[&lane.id], "1");
    assert!(settings.warm_up);
    assert_eq!(payby.accepts.sending, Sending::Extract);
    assert!(!payby.accepts.unlisted_digits);
    let codes = code::Settings {
        text: Some(TextCodes::payby()),
        ..code::Settings::default()
    };
    let classifier = Classifier::new(&WalletTable::built_in(), codes).unwrap();
    assert_eq!(config.classifier, classifier);
    assert_eq!(config.journal.path, Path::new("/var/lib/qrpayd/journal.db"));
    assert_eq!(config.api.listen.to_string(), "127.0.0.1:8787");
    assert_eq!(config.api.tokens, []);
    assert_eq!(config.telemetry.log, "info");
}

#[test]
fn tells_everything_at_once() {
    says(
        &[
            ("id = \"dxb-12\"", "id = \"no blanks please\""),
            ("Asia/Dubai", "Asia/Dubay"),
            ("scanners = [\"counter\"]", "scanners = [\"countre\"]"),
            ("\"5000.00\"", "\"5000.005\""),
            ("\"evdev\"", "\"snapi\""),
            ("https://", "http://"),
            ("partner_id = \"200000012345\"", "partner_id = 200000012345"),
            ("credential:payby.key", "payby.key"),
        ],
        &[
            "store.id: a store id must be 1 to 16 letters, digits, `-`, `_` or `.`",
            "store.timezone: must be a name of the IANA list, such as \"Asia/Dubai\"",
            "lane[1].ceiling: must have at most 2 decimals, as AED has",
            "scanner[1].kind: must be \"evdev\", \"hidraw\", \"serial\" or \"replay\"",
            "gateway.payby.partner_id: must be text in quotes",
            "gateway.payby.base_url: must be https; http is for this machine alone (127.0.0.1)",
            "gateway.payby.private_key: must be the place of the key, `credential:NAME` or the \
             absolute path of a file with mode 0600, never the key itself; if a key was written \
             here, it is no longer secret: replace it",
            "lane[1].scanners: there is no [[scanner]] with id = \"countre\"",
        ],
    );
}

#[test]
fn an_empty_file_is_told_what_to_write() {
    let said = parse("").unwrap_err().to_string();
    assert_eq!(
        said,
        "store: is missing; write a section [store]\n\
         lane: is missing; write at least one section [[lane]]"
    );
}

#[test]
fn what_is_no_toml_is_told_by_line_and_column_without_its_text() {
    let secret = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC";
    let text = format!("[store]\nid = \"a\"\nname = \"{secret}\n\n[[lane]\nx = 1\n");
    let said = parse(&text).unwrap_err();
    let keys: Vec<&str> = said.iter().map(|c| c.key.as_str()).collect();
    assert_eq!(keys, ["line 3, column 41", "line 5, column 8"]);
    assert!(!said.to_string().contains("MII"), "{said}");

    let said = parse("[store]\nid = \"a\"\nid = \"b\"\n").unwrap_err();
    assert_eq!(said.to_string(), "line 3, column 1: duplicate key");
}

#[test]
fn unknown_keys_are_refused_with_the_likely_one() {
    for (change, said) in [
        (
            ("ceiling =", "ceilling ="),
            "lane[1].ceilling: unknown key; did you mean `ceiling`?",
        ),
        (
            ("kind =", "knid ="),
            "scanner[1].knid: unknown key; did you mean `kind`?",
        ),
        (
            ("vendor =", "vender ="),
            "scanner[1].match.vender: unknown key; did you mean `vendor`?",
        ),
        (
            ("[gateway.payby]", "[gateway.paybi]"),
            "gateway.paybi: unknown key; did you mean `payby`?",
        ),
        (
            ("[store]", "[stor]"),
            "stor: unknown key; did you mean `store`?",
        ),
        (
            ("[store]", "verbose = true\n[store]"),
            "verbose: unknown key; the keys here are store, lane, scanner, gateway, codes, \
             journal, api, notify, telemetry",
        ),
        (
            ("[store]", "\"new\\nline\" = 1\n[store]"),
            "new\\nline: unknown key; the keys here are store, lane, scanner, gateway, codes, \
             journal, api, notify, telemetry",
        ),
    ] {
        let all = complaints(&[change]);
        assert!(all.iter().any(|line| line == said), "{all:#?}");
    }
}

#[test]
fn wrong_types_are_told_without_the_value() {
    for (change, said) in [
        (
            ("ceiling = \"5000.00\"", "ceiling = 5000.00"),
            "lane[1].ceiling: must be text in quotes",
        ),
        (
            ("[\"counter\"]", "\"counter\""),
            "lane[1].scanners: must be a list in square brackets",
        ),
        (
            ("[\"counter\"]", "[1]"),
            "lane[1].scanners: every entry must be text in quotes",
        ),
        (
            ("[[lane]]", "[lane]"),
            "lane: must be a list: write [[lane]] with two brackets",
        ),
        (
            ("[store]", "[[store]]"),
            "store: must be there once: write [store] with single brackets",
        ),
        (
            ("\"credential:payby.key\"", "[\"MIIEvQ\"]"),
            "gateway.payby.private_key: must be text in quotes",
        ),
        (
            ("[[lane]]", "[[lane]]\nwait_code_s = \"MII, expected i64\""),
            "lane[1].wait_code_s: must be a whole number without quotes",
        ),
        (
            ("partner_id", "warm = \"MIIEvQ\"\npartner_id"),
            "gateway.payby.warm: must be true or false without quotes",
        ),
    ] {
        assert_eq!(complaints(&[change]), [said]);
    }
}

#[test]
fn a_key_is_never_a_value_and_never_repeated() {
    let pem = "\"\"\"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----\"\"\"";
    for key in [
        pem,
        "\"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\"",
    ] {
        for name in ["credential:payby.key", "/etc/qrpayd/payby.pub"] {
            let all = complaints(&[(&format!("\"{name}\""), key)]);
            assert_eq!(all.len(), 1, "{all:?}");
            assert!(all[0].contains("never the key itself"), "{all:?}");
            assert!(!all[0].contains("MII"), "{all:?}");
        }
    }
}

#[test]
fn notifications_have_a_listener_of_their_own() {
    let with = |api: &str, notify: &str| {
        complaints(&[("[store]", &format!("{api}\n[notify]\n{notify}\n[store]"))])
    };
    let api = "[api]\nlisten = \"127.0.0.1:8787\"";
    for (notify, said) in [
        ("listen = \"127.0.0.1:8788\"", ""),
        ("listen = \"127.0.0.2:8787\"", ""),
        (
            "",
            "notify.listen: is missing; write an address and a port, such as \"127.0.0.1:8788\"",
        ),
        (
            "listen = \"8788\"",
            "notify.listen: must be an address and a port, such as \"127.0.0.1:8787\"",
        ),
        (
            "listen = \"127.0.0.1:8787\"",
            "notify.listen: is where the API listens (api.listen); take another port",
        ),
        (
            "listen = \"0.0.0.0:8787\"",
            "notify.listen: is where the API listens (api.listen); take another port",
        ),
        (
            "listen = \"127.0.0.1:8788\"\ntls = true",
            "notify.tls: unknown key; the keys here are listen",
        ),
    ] {
        let expected: Vec<&str> = { [said] }.into_iter().filter(|s| !s.is_empty()).collect();
        assert_eq!(with(api, notify), expected, "{notify}");
    }
}

#[test]
fn what_is_not_supported_yet_says_so() {
    for (change, said) in [
        (
            ("[store]", "[journal]\nkeep_days = 400\n[store]"),
            "journal.keep_days: everything is kept; a limit is not supported yet; remove this key",
        ),
        (
            ("[store]", "[api]\nsocket = \"/run/qrpayd/api\"\n[store]"),
            "api.socket: a Unix socket is not supported yet; remove this key",
        ),
    ] {
        assert_eq!(complaints(&[change]), [said]);
    }
}

#[test]
fn loads_a_file_and_says_why_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("qrpayd.toml");
    let said = load(&path).unwrap_err().to_string();
    assert!(
        said.starts_with(&format!("{}: cannot be read: ", path.display())),
        "{said}"
    );
    assert!(load(directory.path()).is_err());
    std::fs::write(&path, GOOD).unwrap();
    assert_eq!(load(&path), parse(GOOD));
    std::fs::write(&path, [0x5b, 0xff]).unwrap();
    let said = load(&path).unwrap_err().to_string();
    assert!(
        said.ends_with("is not UTF-8 text; save it as UTF-8"),
        "{said}"
    );
    std::fs::write(&path, vec![b'#'; 1024 * 1024 + 1]).unwrap();
    let said = load(&path).unwrap_err().to_string();
    assert!(
        said.ends_with("is over 1 MiB; this is no configuration"),
        "{said}"
    );
}

proptest::proptest! {
    /// Whatever is written, there is an answer.
    #[test]
    fn no_text_makes_it_panic(text in "(\\[{0,2}[a-z.]{0,9}\\]{0,2}|[a-z_]{1,9} = |[\"'\\[{}#,=\n]|.|[0-9]){0,40}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_damage_to_a_good_file_makes_it_panic(at in 0usize..600, with in ".{0,3}", cut in 0usize..9) {
        let text: Vec<char> = GOOD.chars().collect();
        let at = at.min(text.len());
        let end = (at + cut).min(text.len());
        let damaged: String = text[..at].iter().copied().chain(with.chars()).chain(text[end..].iter().copied()).collect();
        if let Err(complaints) = parse(&damaged) {
            proptest::prop_assert!(!complaints.is_empty());
        }
    }
}
