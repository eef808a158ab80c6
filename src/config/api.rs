//! The local API: where it listens and who may call it. And where gateways bring
//! their notifications.

use super::complaints::Complaints;
use super::section::{Section, line_of_text};
use super::{places, read, written};
use crate::api::{ApiSettings, Token};
use crate::domain::Language;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use toml::Table;

const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8787);
const HOSTS_MAX: usize = 16;
const TOKENS_MAX: usize = 64;

/// `[notify]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notify {
    /// The address to take notifications at; the way to it, with TLS, is a proxy's.
    pub listen: SocketAddr,
}

/// Checks where notifications are taken. None are without the section.
pub(super) fn notify(
    table: Option<Table>,
    api: &ApiSettings,
    complaints: &mut Complaints,
) -> Option<Notify> {
    let written: written::Notify = read::section(Some(table?), "notify", complaints);
    let mut at = Section::new("notify", complaints);
    let listen = at.require(
        "listen",
        written.listen,
        "an address and a port, such as \"127.0.0.1:8788\"",
        address,
    )?;
    let same = listen.port() == api.listen.port()
        && (listen.ip() == api.listen.ip()
            || listen.ip().is_unspecified()
            || api.listen.ip().is_unspecified());
    if same && listen.port() != 0 {
        at.complain(
            "listen",
            "is where the API listens (api.listen); take another port",
        );
    }
    Some(Notify { listen })
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "must be an address and a port, such as \"127.0.0.1:8787\"")
}

/// Checks the API. Its pages speak `language`.
pub(super) fn api(
    table: Option<Table>,
    language: Language,
    complaints: &mut Complaints,
) -> ApiSettings {
    let written: written::Api = read::section(table, "api", complaints);
    let tokens = written.tokens.unwrap_or_default();
    let without_tokens = tokens.is_empty() && !complaints.about("api.tokens");
    let too_many = tokens.len() > TOKENS_MAX;
    let tokens: Vec<Token> = places("api.tokens", tokens)
        .filter_map(|(table, at)| token(table, &at, complaints))
        .collect();
    let mut at = Section::new("api", complaints);
    if too_many {
        at.complain("tokens", format!("must be at most {TOKENS_MAX}"));
    }
    for (n, token) in tokens.iter().enumerate() {
        if tokens[..n].iter().any(|earlier| earlier.name == token.name) {
            at.complain(
                "tokens",
                format!("two tokens have the name {:?}", token.name),
            );
        }
        if tokens[..n]
            .iter()
            .any(|earlier| earlier.digest == token.digest)
        {
            at.complain("tokens", format!("{:?} has another's token", token.name));
        }
    }
    let listen = at
        .check("listen", written.listen, address)
        .unwrap_or(LISTEN);
    if !listen.ip().is_loopback() && without_tokens {
        at.complain(
            "listen",
            "reaches beyond this machine, so callers need tokens: configure api.tokens, or \
             listen on 127.0.0.1",
        );
    }
    at.not_yet("socket", written.socket.as_ref(), "a Unix socket is");
    let mut hosts = Vec::new();
    let written = written.hosts.unwrap_or_default();
    if written.len() > HOSTS_MAX {
        at.complain("hosts", format!("must be at most {HOSTS_MAX} names"));
    }
    for name in written {
        hosts.extend(at.check("hosts", Some(name), host));
    }
    ApiSettings {
        listen,
        tokens,
        hosts,
        language,
    }
}

fn token(table: Table, at: &str, complaints: &mut Complaints) -> Option<Token> {
    let written: written::Token = read::section(Some(table), at, complaints);
    let mut at = Section::new(at, complaints);
    let name = at.require(
        "name",
        written.name,
        "whose token it is, such as \"till-1\"",
        line_of_text(32),
    );
    let role = at.require(
        "role",
        written.role,
        "\"cashier\", \"manager\" or \"viewer\"",
        str::parse,
    );
    let digest = at.require(
        "sha256",
        written.sha256,
        "the token's SHA-256 in hexadecimal",
        str::parse,
    );
    Some(Token {
        name: name?,
        role: role?,
        digest: digest?,
    })
}

/// A host name as it stands in `Host`, with or without a port.
fn host(text: &str) -> Result<String, &'static str> {
    let (name, port) = text.split_once(':').unwrap_or((text, "80"));
    let good = (1..=253).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
        && port.bytes().all(|b| b.is_ascii_digit())
        && port.parse::<u16>().is_ok();
    good.then(|| text.to_ascii_lowercase())
        .ok_or("must be names, with or without a port, such as \"till-1.local\"")
}
