//! Each section with its limits, and the sections against each other.

use super::*;
use crate::api::{Role, Token};
use crate::domain::Wallet;
use crate::scanner::{replay, serial};

/// Puts lines at the end of the first lane, the scanner, the gateway ...
fn lane(line: &str) -> (&'static str, String) {
    let ceiling = "ceiling = \"5000.00\"";
    (ceiling, format!("{ceiling}\n{line}"))
}

fn payby(line: &str) -> (&'static str, String) {
    let key = "gateway_public_key = \"/etc/qrpayd/payby.pub\"";
    (key, format!("{key}\n{line}"))
}

const EVDEV: &str = "kind = \"evdev\"\nmatch = { vendor = \"0c2e\", product = \"0b6a\" }";

#[test]
fn lanes_and_scanners_must_fit_each_other() {
    let second_lane = |scanner: &str, more: &str| {
        format!(
            "[[lane]]\nid = \"2\"\nscanners = [\"{scanner}\"]\ngateways = [\"payby\"]\n\
             ceiling = \"10\"\n{more}\n[[scanner]]"
        )
    };
    says(
        &[("[[scanner]]", &second_lane("counter", ""))],
        &["lane[2].scanners: \"counter\" serves lane[1]; a scanner has one lane"],
    );
    says(
        &[("[[scanner]]", &second_lane("kiosk", "terminal_id = \"1\""))],
        &[
            "lane[2].scanners: there is no [[scanner]] with id = \"kiosk\"",
            "lane[2].terminal_id: lane[1] has this terminal id",
        ],
    );
    says(
        &[(
            "[[scanner]]",
            &second_lane("counter", "").replace("id = \"2\"", "id = \"1\""),
        )],
        &[
            "lane[2].id: lane[1] has this id",
            "lane[2].scanners: \"counter\" serves lane[1]; a scanner has one lane",
        ],
    );
    says(
        &[("[\"payby\"]", "[\"cash\"]")],
        &["lane[1].gateways: there is no section [gateway.cash]"],
    );
    says(
        &[("[\"payby\"]", "[]")],
        &["lane[1].gateways: must name at least one gateway, such as [\"payby\"]"],
    );
    says(
        &[("[\"counter\"]", "[\"counter\", \"counter\"]")],
        &["lane[1].scanners: names the same one twice"],
    );
    says(
        &[("\"AED\"", "\"USD\"")],
        &["lane[1].gateways: PayBy takes AED alone, and store.currency is another"],
    );
    // A mistake inside the scanner does not make it unknown to the lane.
    says(
        &[("\"evdev\"", "\"usb\"")],
        &["scanner[1].kind: must be \"evdev\", \"hidraw\", \"serial\" or \"replay\""],
    );
}

#[test]
fn two_scanners_are_two_devices() {
    let another = |device: &str| {
        format!(
            "[[scanner]]\nid = \"other\"\nkind = \"evdev\"\nmatch = {device}\n\n[gateway.payby]"
        )
    };
    let same = "scanner[2].match: scanner[1] matches the same device; tell them apart by by_path or \
                by different serials";
    let usb = "vendor = \"0C2E\", product = \"0B6A\"";
    let with = |serial: &str| format!("{{ {usb}, serial = \"{serial}\" }}");
    for (first, second, good) in [
        (format!("{{ {usb} }}"), format!("{{ {usb} }}"), false),
        (with("A"), with("B"), true),
        (with("A"), with("A"), false),
        (with("A"), format!("{{ {usb} }}"), false),
        (
            "{ by_path = \"pci-0-event-kbd\" }".to_owned(),
            "{ path = \"/dev/input/by-path/pci-0-event-kbd\" }".to_owned(),
            false,
        ),
        (
            "{ by_path = \"pci-0-event-kbd\" }".to_owned(),
            "{ by_path = \"pci-1-event-kbd\" }".to_owned(),
            true,
        ),
    ] {
        let all = complaints(&[
            ("{ vendor = \"0c2e\", product = \"0b6a\" }", &first),
            ("[gateway.payby]", &another(&second)),
        ]);
        assert_eq!(all.is_empty(), good, "{first} {second} {all:?}");
        assert!(good || all == [same], "{all:?}");
    }
}

#[test]
fn a_device_is_named_in_one_way() {
    let one_way = "scanner[1].match: must be one of path, by_id, by_path, or vendor and product";
    let number = "must be four hexadecimal digits as lsusb shows them, such as \"0c2e\"";
    for (device, said) in [
        ("{}", vec![one_way.to_owned()]),
        (
            "{ path = \"/dev/a\", by_id = \"b\" }",
            vec![one_way.to_owned()],
        ),
        (
            "{ path = \"/dev/a\", vendor = \"0c2e\", product = \"0001\" }",
            vec![one_way.to_owned()],
        ),
        (
            "{ vendor = \"0c2e\" }",
            vec!["scanner[1].match: vendor and product go together; give both".to_owned()],
        ),
        (
            "{ vendor = \"0x0c2e\", product = \"c2e\" }",
            vec![
                format!("scanner[1].match.vendor: {number}"),
                format!("scanner[1].match.product: {number}"),
            ],
        ),
        (
            "{ by_id = \"../event3\" }",
            vec![
                "scanner[1].match.by_id: must be the name of a link in /dev/input/by-id/"
                    .to_owned(),
            ],
        ),
        (
            "{ path = \"event3\" }",
            vec!["scanner[1].match.path: must be an absolute path without `..`".to_owned()],
        ),
        ("{ by_id = \"/dev/input/by-id/usb-x-event-kbd\" }", vec![]),
        ("{ by_path = \"usb-x-event-kbd\" }", vec![]),
    ] {
        let written = format!("match = {device}");
        let all = complaints(&[(
            "match = { vendor = \"0c2e\", product = \"0b6a\" }",
            &written,
        )]);
        assert_eq!(all, said, "{device}");
    }
    says(
        &[("match = { vendor = \"0c2e\", product = \"0b6a\" }", "")],
        &[
            "scanner[1].match: is missing; write match = { by_path = \"...\" }, or another way to \
           know the device",
        ],
    );
}

#[test]
fn serial_and_replay_scanners_have_their_own_keys() {
    let serial = "kind = \"serial\"\nmatch = { by_id = \"usb-x-if00\" }";
    let text = GOOD.replace(
        EVDEV,
        &format!("{serial}\nterminator = \"none\"\nbaud = 115200"),
    );
    assert_eq!(
        parse(&text).unwrap().scanners[0].kind,
        Kind::Serial(serial::Settings {
            baud: 115_200,
            terminator: serial::Terminator::None,
            gap: Duration::from_millis(100),
            ..serial::Settings::new("/dev/serial/by-id/usb-x-if00")
        })
    );
    says(
        &[(
            EVDEV,
            &format!(
                "{serial}\nterminator = \"enter\"\ndata_bits = 9\nstop_bits = 0\nlayout = \"us\"\ngap_ms = -1"
            ),
        )],
        &[
            "scanner[1].terminator: must be \"cr\" or \"lf\" or \"crlf\" or \"tab\" or \"none\" \
             or \"etx\" or \"cr_etx\" or \"etx_xor\" or \"ssi\"",
            "scanner[1].gap_ms: must be between 20 and 2000 milliseconds",
            "scanner[1].data_bits: must be between 7 and 8",
            "scanner[1].stop_bits: must be between 1 and 2",
            "scanner[1].layout: has no meaning for kind = \"serial\"; remove it",
        ],
    );
    let text = GOOD.replace(EVDEV, "kind = \"replay\"\nrecording = \"/srv/scan.rec\"");
    assert_eq!(
        parse(&text).unwrap().scanners[0].kind,
        Kind::Replay(replay::Settings {
            recording: replay::Recording::File("/srv/scan.rec".into()),
            start: replay::Start::Immediately,
            pace: replay::Pace::Recorded,
        })
    );
    says(
        &[(
            EVDEV,
            &format!("{}\npace = \"fast\"", EVDEV.replace("evdev", "replay")),
        )],
        &[
            "scanner[1].recording: is missing; write the recording's path",
            "scanner[1].pace: must be \"recorded\" or \"compressed\"",
            "scanner[1].match: has no meaning for kind = \"replay\"; remove it",
        ],
    );
}

#[test]
fn payby_timings_stay_within_its_acceptance_cases() {
    for (line, good) in [
        ("enquiry_every_s = 2", true),
        ("enquiry_every_s = 6", true),
        ("enquiry_every_s = 1", false),
        ("enquiry_every_s = 7", false),
        ("enquiry_first_s = 7", false),
        ("wait_s = 20", true),
        ("wait_s = 85", true),
        ("wait_s = 19", false),
        ("wait_s = 116", false),
        ("wait_extension_s = 40", true),
        ("wait_extension_s = 41", false),
        ("expires_s = 105", true),
        ("expires_s = 104", false),
        ("limit_submit_s = 9", false),
        ("limit_enquiry_s = 11", false),
        ("enquiry_unanswered_s = 6", false),
        ("payee_mid = \"12345678901234567890\"", true),
        ("payee_mid = \"123456789012345678901\"", false),
        ("cancel_every_s = 2", false),
        ("cancel_every_s = 10", true),
        ("wait_s = 99999999999", false),
        ("wait_s = -1", false),
        ("wait_extension_s = 9223372036854775807", false),
        ("notify_url = \"http://shop.example/\"", false),
        ("notify_url = \"https://shop.example/payby\"", true),
        ("notify_url = \"http://127.0.0.1:8790/payby\"", true),
        ("code = \"pass_through\"", true),
        ("code = \"guess\"", false),
        ("unlisted_digits = \"forward\"", true),
        ("text_patterns = []", false),
        ("partner_id_2 = \"\"", false),
    ] {
        let (from, to) = payby(line);
        let all = complaints(&[(from, &to)]);
        assert_eq!(all.is_empty(), good, "{line} {all:?}");
        let key = format!("gateway.payby.{}:", line.split(' ').next().unwrap());
        assert!(good || all[0].starts_with(&key), "{all:?}");
    }
    says(
        &[("\"200000012345\"", "\"2000000123456\"")],
        &[
            "gateway.payby.partner_id: must be 1 to 12 digits or letters, as PayBy's portal shows it",
        ],
    );
}

#[test]
fn what_payby_says_of_a_setting_is_told_with_its_key() {
    for (line, said) in [
        (
            "cancel_every_s = 11\nwait_s = 5",
            "gateway.payby.wait_s: must be between 20 and 115 seconds\n\
             gateway.payby.cancel_every_s: must be between 3 and 10 seconds",
        ),
        (
            "wait_extension_s = 41",
            "gateway.payby.wait_extension_s: with wait_s it must be at most 115 seconds",
        ),
        (
            "expires_s = 104",
            "gateway.payby.expires_s: must not be less than wait_s and wait_extension_s together",
        ),
        (
            "text_patterns = [\"99999999\", \"9999\", \"A B C D E\", \"99999999\\\\\"]",
            "gateway.payby.text_patterns[2]: the text pattern is 4 characters long; text codes \
             have 8 to 512\n\
             gateway.payby.text_patterns[3]: a text pattern has printable ASCII characters only, \
             and no space\n\
             gateway.payby.text_patterns[4]: the text pattern ends with \\; write the character \
             it stands before, or \\\\",
        ),
        (
            "text_patterns = []",
            "gateway.payby.text_patterns: must be 1 to 16 patterns",
        ),
    ] {
        let (from, to) = payby(line);
        let expected: Vec<&str> = said.lines().collect();
        says(&[(from, &to)], &expected);
    }
}

#[test]
fn amounts_and_waits_of_a_lane_have_limits() {
    for (ceiling, said) in [
        ("0", Some("the amount must be more than zero")),
        ("0.00", Some("the amount must be more than zero")),
        (
            "-5",
            Some("an amount is digits with at most one point, such as 37.50"),
        ),
        (
            "1e3",
            Some("an amount is digits with at most one point, such as 37.50"),
        ),
        ("0.01", None),
        ("99999", None),
    ] {
        let all = complaints(&[("5000.00", ceiling)]);
        let said: Vec<String> = said
            .iter()
            .map(|s| format!("lane[1].ceiling: {s}"))
            .collect();
        assert_eq!(all, said, "{ceiling}");
    }
    for (seconds, good) in [
        (9, false),
        (10, true),
        (900, true),
        (901, false),
        (-1, false),
    ] {
        let (from, to) = lane(&format!("wait_code_s = {seconds}"));
        assert_eq!(complaints(&[(from, &to)]).is_empty(), good, "{seconds}");
    }
}

#[test]
fn the_api_stays_on_this_machine_unless_callers_have_tokens() {
    let api = |lines: &str| complaints(&[("[store]", &format!("[api]\n{lines}\n[store]"))]);
    let beyond = "api.listen: reaches beyond this machine, so callers need tokens: configure \
                  api.tokens, or listen on 127.0.0.1";
    let hash = "0123456789abcdef".repeat(4);
    let token = |name: &str, sha256: &str| {
        format!("{{ name = \"{name}\", role = \"cashier\", sha256 = \"{sha256}\" }}")
    };
    for listen in ["127.0.0.1:8787", "[::1]:8787", "127.0.0.53:1"] {
        assert_eq!(api(&format!("listen = \"{listen}\"")), [] as [&str; 0]);
    }
    for listen in ["0.0.0.0:8787", "[::]:8787", "192.168.1.5:80"] {
        assert_eq!(api(&format!("listen = \"{listen}\"")), [beyond]);
        let tokens = token("till", &hash);
        let lines = format!("listen = \"{listen}\"\ntokens = [{tokens}]");
        assert_eq!(api(&lines), [] as [&str; 0]);
    }
    assert_eq!(
        api("listen = \"localhost\""),
        ["api.listen: must be an address and a port, such as \"127.0.0.1:8787\""]
    );
    let all = api(&format!(
        "tokens = [{}, {}, {}]",
        token("a", "my-secret-token"),
        token("b", &hash),
        token("b", &hash)
    ));
    assert_eq!(all.len(), 3, "{all:?}");
    assert!(all[0].starts_with("api.tokens[1].sha256: must be 64 hexadecimal digits, never"));
    assert!(!all[0].contains("my-secret"));
    assert_eq!(all[1], "api.tokens: two tokens have the name \"b\"");
    assert_eq!(all[2], "api.tokens: \"b\" has another's token");

    let text = format!(
        "{GOOD}[api]\ntokens = [{}]\nhosts = [\"Till-1.local\"]",
        token("a", &hash)
    );
    let config = parse(&text).unwrap();
    assert_eq!(config.api.hosts, ["till-1.local"]);
    assert_eq!(
        config.api.tokens,
        [Token {
            name: "a".to_owned(),
            role: Role::Cashier,
            digest: hash.parse().unwrap()
        }]
    );
    assert!(!format!("{config:?}").contains(&hash), "no hash in Debug");
    assert_eq!(api("hosts = [\"till-1.local:8787\"]"), [] as [&str; 0]);
    for host in ["a b", "", ":80", "a:", "a:b", "http://a", "a/b"] {
        assert_eq!(api(&format!("hosts = [\"{host}\"]")).len(), 1, "{host}");
    }
}

#[test]
fn codes_and_log_are_checked() {
    let with = |lines: &str| complaints(&[("[store]", &format!("{lines}\n[store]"))]);
    let config = parse(&format!(
        "{GOOD}[codes]\nprofiles = [\"core\", \"jp\", \"jp\"]"
    ));
    let japan = code::Settings {
        profiles: vec!["jp".to_owned()],
        text: Some(TextCodes::payby()),
        ..code::Settings::default()
    };
    let japan = Classifier::new(&WalletTable::built_in(), japan).unwrap();
    assert_eq!(config.unwrap().classifier, japan);
    for (lines, said) in [
        (
            "profiles = [\"us\", \"jp\", \"\"]",
            vec!["codes.profiles: every entry must be one of cn, core, jp, kr, th, tw"; 2],
        ),
        (
            "profiles = [\"payby\"]",
            vec![
                "codes.profiles: \"payby\" is on by itself where [gateway.payby] is; remove it here",
            ],
        ),
        (
            "wallets = \"w.csv\"\nprofiles = [\"ours\"]",
            vec!["codes.wallets: must be an absolute path without `..`"],
        ),
    ] {
        assert_eq!(with(&format!("[codes]\n{lines}")), said);
    }
    assert_eq!(
        with("[telemetry]\nlog = \"debug,qrpayd::scanner=trace\""),
        [] as [&str; 0]
    );
    for log in ["", "qrpayd=loud", "a=b=c"] {
        let all = with(&format!("[telemetry]\nlog = \"{log}\""));
        assert_eq!(all.len(), 1, "{log} {all:?}");
        assert!(all[0].starts_with("telemetry.log: must be a level"));
    }
}

#[test]
fn an_own_table_of_wallets_is_read_when_the_configuration_is_checked() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("w.csv");
    let path = path.to_str().unwrap();
    let with = |profiles: &str| {
        let codes = format!("[codes]\nwallets = \"{path}\"\nprofiles = [{profiles}]\n");
        parse(&format!("{GOOD}{codes}")).map_err(|complaints| complaints.to_string())
    };
    let said = with("").unwrap_err();
    let unread = format!("codes.wallets: {path}: cannot be read: ");
    assert!(said.starts_with(&unread), "{said}");

    let head = "profile,wallet,digits,prefixes\ncore,alipay,18,28\n";
    std::fs::write(path, format!("{head}ours,own,10,77\n")).unwrap();
    let classifier = with("\"ours\"").unwrap().classifier;
    let own = Some(Wallet::new("own").unwrap());
    assert_eq!(classifier.classify(b"7700000001").wallet(), own);
    let classifier = with("").unwrap().classifier;
    assert_eq!(classifier.classify(b"7700000001").wallet(), None);
    assert_eq!(
        with("\"jp\"").unwrap_err(),
        "codes.profiles: every entry must be one of core, ours"
    );

    std::fs::write(path, format!("{head}ours,own,10\n\nours,own,18,28\n")).unwrap();
    assert_eq!(
        with("\"ours\"").unwrap_err(),
        format!(
            "codes.wallets: {path}: line 3: a row has 4 fields (profile,wallet,digits,prefixes), \
             this one has 3\n\
             codes.wallets: {path}: line 5: prefix 28 with this length belongs to alipay on line 2"
        )
    );
    std::fs::write(path, vec![b'#'; 1024 * 1024 + 1]).unwrap();
    assert_eq!(
        with("").unwrap_err(),
        format!("codes.wallets: {path}: is over 1 MiB; this is no table of wallets")
    );
}
