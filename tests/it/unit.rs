//! The files that are installed beside the binary say what the program does.
#![allow(clippy::unwrap_used)]

use qrpayd::config;
use std::fs;
use std::path::Path;

fn shipped(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The values of a directive of the unit, in order.
fn unit(directive: &str) -> Vec<String> {
    shipped("systemd/qrpayd.service")
        .lines()
        .filter_map(|line| line.strip_prefix(directive)?.strip_prefix('='))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_shipped_configuration_loads() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let mut loaded = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if let Err(complaints) = config::load(&path) {
            panic!("{}:\n{complaints}", path.display());
        }
        loaded += 1;
    }
    assert_eq!(loaded, 2);
}

#[test]
fn the_sample_names_every_key_and_shows_the_defaults() {
    let sample = shipped("config/qrpayd.toml");
    // Every key with its default, whether it stands there or in a comment.
    for line in [
        "language = \"en\"",
        "wait_code_s = 180",
        "use = \"dedicated\"",
        "layout = \"us\"",
        "terminator = \"enter\"",
        "terminator = \"cr\"",
        "gap_ms = 300",
        "baud = 9600",
        "data_bits = 8",
        "parity = \"none\"",
        "stop_bits = 1",
        "pace = \"recorded\"",
        "code = \"extract\"",
        "unlisted_digits = \"reject\"",
        "warm = true",
        "enquiry_first_s = 2",
        "enquiry_every_s = 3",
        "wait_s = 75",
        "cancel_every_s = 3",
        "enquiry_first_s = 5",
        "wait_s = 60",
        "expires_s = 90",
        "path = \"/var/lib/qrpayd/journal.db\"",
        "listen = \"127.0.0.1:8787\"",
        "log = \"info\"",
    ] {
        assert!(
            sample
                .lines()
                .any(|l| l.trim_start_matches(['#', '!', ' ']).starts_with(line)),
            "{line}"
        );
    }
    // A line that is taken out of its comment still loads with the rest.
    let plain: String = sample
        .lines()
        .map(|line| line.strip_prefix("#! ").unwrap_or(line).to_owned() + "\n")
        .collect();
    assert_ne!(plain, sample);
    // The only file that is read with the configuration.
    let wallets = concat!(env!("CARGO_MANIFEST_DIR"), "/src/domain/code/wallets.csv");
    let plain = plain.replace("/etc/qrpayd/wallets.csv", wallets);
    if let Err(complaints) = config::parse(&plain) {
        panic!("{complaints}");
    }
}

#[test]
fn the_documentation_has_every_key_of_the_sample() {
    let pages = shipped("docs/configuration.md");
    let sample = shipped("config/qrpayd.toml");
    let keys = sample.lines().filter_map(|line| {
        let line = line.strip_prefix("#! ").unwrap_or(line);
        let (key, _) = line.split_once(" = ")?;
        (!key.contains(['#', ' '])).then_some(key)
    });
    let mut seen = 0;
    for key in keys {
        assert!(pages.contains(&format!("| `{key}` |")), "{key}");
        seen += 1;
    }
    assert!(seen > 30, "{seen}");
}

#[test]
fn the_unit_says_what_the_program_does() {
    for (directive, values) in [
        ("Type", vec!["notify"]),
        (
            "ExecStart",
            vec!["/usr/bin/qrpayd run --config /etc/qrpayd/qrpayd.toml"],
        ),
        ("ExecReload", vec!["/bin/kill -HUP $MAINPID"]),
        ("WatchdogSignal", vec!["SIGKILL"]),
        ("Restart", vec!["always"]),
        ("RestartPreventExitStatus", vec!["78"]),
        ("StartLimitIntervalSec", vec!["0"]),
        ("LimitCORE", vec!["0"]),
        ("StateDirectoryMode", vec!["0700"]),
        ("UMask", vec!["0077"]),
        ("DevicePolicy", vec!["closed"]),
        (
            "DeviceAllow",
            vec![
                "char-input rw",
                "char-hidraw rw",
                "char-ttyUSB rw",
                "char-ttyACM rw",
                "/dev/uinput rw",
                "/dev/ttyS0 rw",
                "/dev/ttyS1 rw",
                "/dev/ttyS2 rw",
                "/dev/ttyS3 rw",
            ],
        ),
        (
            "RestrictAddressFamilies",
            vec!["AF_INET AF_INET6 AF_UNIX AF_NETLINK"],
        ),
        ("SupplementaryGroups", vec![]),
        ("CapabilityBoundingSet", vec![""]),
    ] {
        assert_eq!(unit(directive), values, "{directive}");
    }
    // The sample's credential is one that the unit loads, its journal in the state directory.
    let config = config::parse(&shipped("config/qrpayd.toml")).unwrap();
    let key = config.payby.unwrap().private_key.to_string();
    let name = key.strip_prefix("credential:").unwrap().to_owned();
    assert!(
        unit("LoadCredential")
            .iter()
            .any(|line| line.starts_with(&format!("{name}:")))
    );
    let state = Path::new("/var/lib").join(&unit("StateDirectory")[0]);
    assert!(config.journal.path.starts_with(state));
}

#[test]
fn every_part_of_the_unit_says_what_it_is_for() {
    // A comment stands above every line or above the group that the line belongs to.
    for part in shipped("systemd/qrpayd.service").split("\n\n") {
        let mut lines = part.lines().filter(|line| !line.starts_with('['));
        let first = lines
            .find(|line| !line.starts_with("Description") && !line.starts_with("Documentation"));
        assert!(
            first.is_none_or(|line| line.starts_with('#') || line == "WantedBy=multi-user.target"),
            "{part}"
        );
    }
}

#[test]
fn udev_gives_scanners_to_the_group_of_the_service() {
    let rules = shipped("systemd/60-qrpayd-scanners.rules");
    let group = unit("Group").remove(0);
    let given = |line: &&str| line.contains("GROUP=") && !line.starts_with('#');
    let lines: Vec<&str> = rules.lines().filter(given).collect();
    assert_eq!(lines.len(), 4);
    for line in lines {
        assert!(
            line.contains(&format!("GROUP=\"{group}\", MODE=\"0660\"")),
            "{line}"
        );
    }
    assert!(shipped("systemd/qrpayd.sysusers").contains(&format!("\nu {group} ")));
    // Hiding a device from the desktop is the owner's choice.
    let sets = |file: &str, text: &str| {
        let lines = shipped(file);
        let acts = |line: &&str| line.contains(text) && !line.starts_with('#');
        lines.lines().filter(acts).count()
    };
    let (scanners, keep_off) = (
        "systemd/60-qrpayd-scanners.rules",
        "systemd/95-qrpayd-keep-off.rules",
    );
    assert_eq!(sets(scanners, "QRPAYD_HIDE"), 0);
    assert_eq!(sets(keep_off, "LIBINPUT_IGNORE_DEVICE"), 1);
    assert_eq!(
        sets(
            keep_off,
            "QRPAYD_HIDE}==\"1\", ENV{LIBINPUT_IGNORE_DEVICE}=\"1\""
        ),
        1
    );
}

#[test]
fn the_manual_page_has_every_command_and_exit_code() {
    let page = shipped("docs/man/qrpayd.1");
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_qrpayd"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let commands = commands.lines().take_while(|line| !line.is_empty());
    let mut seen = 0;
    for command in commands.filter_map(|line| line.split_whitespace().next()) {
        if command != "help" {
            assert!(page.contains(&format!(".It Cm {command}\n")), "{command}");
            seen += 1;
        }
    }
    assert!(seen > 5, "{help}");
    let codes = shipped("src/cli/exit.rs");
    for line in codes.lines().filter(|line| line.contains(": u8 = ")) {
        let code = line.rsplit_once("= ").unwrap().1.trim_end_matches(';');
        assert!(page.contains(&format!(".It {code}\n")), "{line}");
    }
}
