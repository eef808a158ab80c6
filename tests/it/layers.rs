//! Arrows point down: which layer may know which.
//!
//! ```text
//!            cli
//!             |
//!          config
//!             |
//!            api
//!             |
//!          service
//!        /    |    \
//!  gateway scanner journal
//!        \    |    /
//!           domain             simulator: nobody, and only cli knows it
//! ```

use crate::source::paths;
use std::fs;
use std::path::Path;

/// One layer: the layers it may name beside itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("gateway", &["domain"]),
    ("scanner", &["domain"]),
    ("journal", &["domain"]),
    ("service", &["domain", "gateway", "scanner", "journal"]),
    ("api", &["domain", "service"]),
    (
        "config",
        &["domain", "gateway", "scanner", "service", "api"],
    ),
    (
        "cli",
        &[
            "domain",
            "gateway",
            "scanner",
            "journal",
            "service",
            "api",
            "config",
            "simulator",
        ],
    ),
    ("simulator", &[]),
];

/// What a layer may not name of the world outside this crate, and why.
const OUTSIDE: &[(&str, &[&str], &str)] = &[
    (
        "domain",
        &[
            "tokio",
            "reqwest",
            "rusqlite",
            "axum",
            "evdev",
            "serialport",
            "tracing",
            "std::fs",
            "std::net",
            "std::thread",
            "std::process",
            "std::env",
            "std::io",
            "std::os",
            "std::time::SystemTime",
            "std::time::Instant",
            "SystemTime",
            "Instant",
            "jiff::Timestamp::now",
            "jiff::Zoned::now",
            "Zoned::now",
            "std::*",
            "std::time::*",
        ],
        "the domain decides; it has no clock, disk, network or task",
    ),
    (
        "simulator",
        &["aws_lc_rs"],
        "the simulator's cryptography is not the gateway's, so that they share no mistake",
    ),
];

/// Everything that is wrong with one file. `module` is where it hangs.
fn wrongs(source: &str, module: &[String]) -> Vec<String> {
    let layer = module.first().map_or("", String::as_str);
    let Some((_, may)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
        return vec![format!(
            "{layer:?} is no layer; say in LAYERS what it may know"
        )];
    };
    let mut wrongs = Vec::new();
    for path in paths(source, module) {
        let name = path.segments.join("::");
        let wrong = match path.segments.as_slice() {
            [root] if root == "crate" => Some("hides which layer it means".to_owned()),
            [root, other, ..] if root == "crate" => {
                let known = LAYERS.iter().any(|(name, _)| name == other);
                if other == layer {
                    None
                } else if !known {
                    Some("is no layer".to_owned())
                } else if !may.contains(&other.as_str()) {
                    Some(format!("{layer} may not know {other}"))
                } else if path.handed_on && other != "domain" {
                    Some(format!("hands {other} on to layers that may not know it"))
                } else {
                    None
                }
            }
            [first, ..] if first == "qrpayd" => Some("is this crate by its other name".to_owned()),
            [first] if first == "include" => Some("hides source from this test".to_owned()),
            _ => OUTSIDE
                .iter()
                .filter(|(of, _, _)| *of == layer)
                .find(|(_, not, _)| not.iter().any(|not| is_in(&name, not)))
                .map(|(_, _, why)| (*why).to_owned()),
        };
        wrongs.extend(wrong.map(|wrong| format!("line {}: {name}: {wrong}", path.line)));
    }
    wrongs
}

/// Whether a path is `of`, or something inside of it. `std::time` alone, brought in as a
/// module, is found where it is used: as `time::Instant`, by its last two names.
fn is_in(path: &str, of: &str) -> bool {
    let inside = |rest: &str| rest.is_empty() || rest.starts_with("::");
    path.strip_prefix(of).is_some_and(inside)
        || (!of.contains("::") && of.starts_with(char::is_uppercase))
            && path.split("::").any(|segment| segment == of)
}

fn module_of(file: &Path) -> Vec<String> {
    let mut module: Vec<String> = file
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    module
}

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("the sources are there").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn arrows_point_down() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&sources, &mut found);
    assert!(found.len() > 20, "the sources were not found");
    let mut all = Vec::new();
    for file in found {
        let source = fs::read_to_string(&file).expect("a source is text");
        let inside = file.strip_prefix(&sources).expect("found inside of it");
        match inside.to_str() {
            // Names every layer, and may do nothing else.
            Some("lib.rs") => continue,
            // Tests may be told a seed from outside.
            Some(tests) if tests.starts_with("domain/tests/") => continue,
            // A crate of its own, which only starts a command.
            Some("main.rs") => {
                let others = paths(&source, &[]).into_iter().filter(|path| {
                    path.segments[0] == "qrpayd"
                        && path.segments.get(1).is_none_or(|layer| layer != "cli")
                });
                all.extend(
                    others
                        .map(|path| format!("src/main.rs: line {}: may know cli alone", path.line)),
                );
            }
            _ => {
                let module = module_of(inside);
                let wrongs = wrongs(&source, &module).into_iter();
                all.extend(wrongs.map(|wrong| format!("src/{}: {wrong}", inside.display())));
            }
        }
    }
    assert!(all.is_empty(), "\n{}", all.join("\n"));
}

/// The test above must see what it is there for: planted snippets, one of each kind.
#[test]
fn every_kind_of_wrong_arrow_is_seen() {
    for (module, source) in [
        ("domain", "use crate::gateway::payby;"),
        ("domain", "use crate::{domain, gateway::X};"),
        ("domain", "use crate::{domain::{Amount, Fact}, config};"),
        ("domain", "pub use crate::journal::*;"),
        ("domain", "fn f(x: &crate::service::Service) {}"),
        (
            "domain",
            "fn f() { let _ = <u8 as crate::journal::X>::y(); }",
        ),
        ("domain", "mod tests { use super::super::gateway; }"),
        ("domain::code", "use super::super::gateway::X;"),
        ("domain::code", "use super::super::{gateway, journal};"),
        ("domain::code", "fn f() { super::super::scanner::open() }"),
        ("domain", "macro_rules! m { () => { $crate::gateway::X } }"),
        ("domain", "use crate as everything;"),
        ("domain", "use super as everything;"),
        ("domain", "use crate::*;"),
        ("domain", "use tokio::time::sleep;"),
        ("domain", "fn f() { ::tokio::spawn(x) }"),
        ("domain", "tokio::select! {}"),
        ("domain", "use std::{fmt, fs};"),
        (
            "domain",
            "use std::{collections::BTreeMap, net::{IpAddr, TcpStream}};",
        ),
        ("domain", "fn f() { std::thread::sleep(x) }"),
        ("domain", "use std::time::{Duration, SystemTime};"),
        ("domain", "use std::time; fn f() { time::Instant::now(); }"),
        ("domain", "fn f() -> std::time::Instant {}"),
        ("domain", "use std::time::*;"),
        ("domain", "fn f() { jiff::Timestamp::now() }"),
        ("domain", "use reqwest::Client;"),
        ("domain", "use rusqlite as db;"),
        ("domain", "extern crate self as me; use qrpayd::gateway;"),
        ("domain", "include!(\"gateway.rs\");"),
        ("gateway::payby", "use crate::journal::Journal;"),
        ("gateway", "use crate::scanner;"),
        ("gateway", "use crate::simulator::payby;"),
        ("gateway", "use crate::config::PayBy;"),
        ("scanner", "use crate::gateway;"),
        ("scanner::evdev", "use super::super::journal::X;"),
        ("journal", "use crate::scanner;"),
        ("journal", "use crate::service::Service;"),
        ("config", "use crate::journal;"),
        ("config", "use crate::cli;"),
        ("config", "pub use crate::scanner::Settings;"),
        ("service", "use crate::api::router;"),
        ("service", "use crate::cli;"),
        ("service", "use crate::config;"),
        ("service", "use crate::simulator;"),
        ("service", "pub use crate::gateway::payby::PayBy;"),
        (
            "service",
            "pub(crate) use crate::{domain, journal::Journal};",
        ),
        ("api", "use crate::cli;"),
        ("api", "use crate::config;"),
        ("api", "use crate::gateway;"),
        ("api", "use crate::journal;"),
        ("api", "use crate::scanner;"),
        ("api", "use crate::simulator;"),
        ("simulator", "use crate::domain::Amount;"),
        ("simulator", "use crate::gateway::keys;"),
        ("simulator::payby", "use super::super::config;"),
        ("simulator", "use aws_lc_rs::signature;"),
        ("simulator", "fn f() { aws_lc_rs::rand::fill(x) }"),
        ("helpers", ""),
        ("service", "use crate::helpers::x;"),
    ] {
        let module: Vec<String> = module.split("::").map(str::to_owned).collect();
        assert!(!wrongs(source, &module).is_empty(), "{module:?} {source}");
    }
}

#[test]
fn right_arrows_are_left_alone() {
    for (module, source) in [
        (
            "domain",
            "use crate::domain::Amount; use super::domain::Fact;",
        ),
        ("domain::code", "use super::{Wallet, emv::read};"),
        (
            "domain",
            "pub(crate) fn f() {} pub(super) struct X(pub(crate) u8);",
        ),
        ("domain::code", "mod tests { use super::super::Amount; }"),
        ("domain", "// use crate::gateway;\n/* tokio::spawn */"),
        (
            "domain",
            "const X: &str = \"crate::gateway std::fs::read tokio::spawn\";",
        ),
        (
            "domain",
            "use std::time::Duration; use jiff::Timestamp; fn instant() {}",
        ),
        ("domain", "fn f<'tokio>(x: &'tokio str) {}"),
        (
            "gateway",
            "use crate::domain::{Amount, Evidence}; use aws_lc_rs::signature;",
        ),
        ("scanner", "use std::time::Instant; tokio::spawn(x);"),
        ("service", "use crate::{domain, gateway, scanner, journal};"),
        ("service", "pub use crate::domain::Denial;"),
        ("api", "use crate::service::{Service, view::TenderView};"),
        (
            "config",
            "use crate::{domain, gateway, scanner, service, api};",
        ),
        ("cli", "use crate::{api, config, simulator, service};"),
        (
            "simulator::payby",
            "use super::keys; use crate::simulator::loopback; use rsa::X;",
        ),
    ] {
        let module: Vec<String> = module.split("::").map(str::to_owned).collect();
        assert_eq!(wrongs(source, &module), [] as [String; 0], "{source}");
    }
}
