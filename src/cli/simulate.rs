//! `qrpayd simulate`: the gateway simulators, on their own ports.
//!
//! It makes missing keys, says what to put into the configuration, and then
//! tells one line per call until it is stopped. See `docs/simulator.md`.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use crate::simulator::payby::{self, PayBySettings};
use crate::simulator::{KeyPair, KeyPairs};

const MERCHANT_PRIVATE: &str = "payby-merchant-private.pem";
const MERCHANT_PUBLIC: &str = "payby-merchant-public.pem";
const GATEWAY_PRIVATE: &str = "payby-gateway-private.pem";
const GATEWAY_PUBLIC: &str = "payby-gateway-public.pem";

/// Arguments of `qrpayd simulate`.
#[derive(Debug, clap::Args)]
pub(super) struct SimulateArgs {
    /// Where the gateway listens (loopback only; port 0 takes any)
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8790")]
    listen: SocketAddr,
    /// Where the control endpoint listens (loopback only; port 0 takes any)
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8791")]
    control: SocketAddr,
    /// Directory with the keys; missing ones are made
    #[arg(
        long,
        value_name = "DIR",
        required_unless_present = "merchant_public_key"
    )]
    keys: Option<PathBuf>,
    /// The merchant's public key, PEM (instead of --keys)
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "keys",
        requires = "gateway_key"
    )]
    merchant_public_key: Option<PathBuf>,
    /// The gateway's private key, PEM (instead of --keys)
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "keys",
        requires = "merchant_public_key"
    )]
    gateway_key: Option<PathBuf>,
    /// The merchant's id at PayBy
    #[arg(long, value_name = "ID", default_value = "200000909090")]
    partner_id: String,
    /// Chooses key order, trailing zeros and unknown fields
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Shortens customers' waits and notification retries by this factor
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    time_scale: f64,
    /// The customer types a password from this many whole dirhams on
    #[arg(long, value_name = "AED", default_value_t = 500, value_parser = clap::value_parser!(u64).range(..=999_999_999_999))]
    password_from: u64,
    /// The last two digits of an amount mean nothing special
    #[arg(long)]
    no_magic_amounts: bool,
}

/// Runs the simulators until SIGINT or SIGTERM. Fails when the keys cannot be
/// read or made, and when it cannot listen.
pub(super) async fn run(args: SimulateArgs) -> Result<(), String> {
    let (merchant_public_pem, gateway_private_pem) =
        match (&args.keys, &args.merchant_public_key, &args.gateway_key) {
            (Some(directory), _, _) => keys_in(directory)?,
            (None, Some(merchant), Some(gateway)) => (read(merchant)?, read(gateway)?),
            _ => return Err("give --keys, or --merchant-public-key and --gateway-key".into()),
        };
    let settings = PayBySettings {
        listen: args.listen,
        control: Some(args.control),
        partner_id: args.partner_id.clone(),
        seed: args.seed,
        time_scale: args.time_scale,
        password_from: args.password_from * 100,
        magic_amounts: !args.no_magic_amounts,
        // A reader that left must not stop the gateway: no `println!`.
        story: Some(Arc::new(|line: &str| {
            let _ = writeln!(std::io::stdout(), "{line}");
        })),
        ..PayBySettings::new(&KeyPairs {
            merchant_private_pem: String::new(),
            merchant_public_pem,
            gateway_private_pem,
            gateway_public_pem: String::new(),
        })
    };
    let mut stop = signal(SignalKind::terminate())
        .map_err(|error| format!("cannot listen for SIGTERM: {error}"))?;
    let simulator = payby::start(settings).await.map_err(|error| {
        format!(
            "cannot start the PayBy simulator on {}: {error}",
            args.listen
        )
    })?;
    say(&introduction(&simulator, &args));
    tokio::select! {
        _ = stop.recv() => {}
        done = tokio::signal::ctrl_c() => {
            done.map_err(|error| format!("cannot listen for SIGINT: {error}"))?;
        }
    }
    Ok(())
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn introduction(simulator: &payby::PayBySimulator, args: &SimulateArgs) -> String {
    let mut text = format!("PayBy simulator at {}\n", simulator.base_url());
    if let Some(control) = simulator.control_addr() {
        text +=
            &format!("control endpoint at http://{control} (GET /orders, /violations, /calls)\n");
    }
    if let Some(directory) = &args.keys {
        let path = |name| {
            let path = directory.join(name);
            std::path::absolute(&path).unwrap_or(path)
        };
        text += &format!(
            "\nIn the configuration:\n\n[gateway.payby]\nbase_url = {:?}\npartner_id = {:?}\nprivate_key = {:?}\ngateway_public_key = {:?}\n",
            simulator.base_url(),
            args.partner_id,
            path(MERCHANT_PRIVATE),
            path(GATEWAY_PUBLIC),
        );
    }
    text
}

/// Returns the merchant's public and the gateway's private key of a directory,
/// making what is missing. A private key is never replaced.
fn keys_in(directory: &Path) -> Result<(String, String), String> {
    fs::create_dir_all(directory)
        .map_err(|error| format!("cannot make the directory {}: {error}", directory.display()))?;
    let at = |name| directory.join(name);
    let merchant = if at(MERCHANT_PUBLIC).exists() {
        // The private half may live elsewhere.
        read(&at(MERCHANT_PUBLIC))?
    } else {
        pair(&at(MERCHANT_PRIVATE), &at(MERCHANT_PUBLIC))?.public_pem
    };
    let gateway = pair(&at(GATEWAY_PRIVATE), &at(GATEWAY_PUBLIC))?.private_pem;
    Ok((merchant, gateway))
}

fn pair(private: &Path, public: &Path) -> Result<KeyPair, String> {
    if private.exists() {
        let pair = KeyPair::from_private_pem(&read(private)?)
            .map_err(|error| format!("{}: {error}", private.display()))?;
        if !public.exists() {
            write_new(public, &pair.public_pem)?;
        }
        return Ok(pair);
    }
    if public.exists() {
        let (public, private) = (public.display(), private.display());
        return Err(format!(
            "{public} is there but {private} is not; move it away to make a new pair"
        ));
    }
    let pair = KeyPair::generate()?;
    write_new(private, &pair.private_pem)?;
    write_new(public, &pair.public_pem)?;
    Ok(pair)
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn write_new(path: &Path, text: &str) -> Result<(), String> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: SimulateArgs,
    }

    #[test]
    fn keys_come_from_one_place() {
        use clap::{CommandFactory, Parser};
        Line::command().debug_assert();
        let parse = |line: &str| Line::try_parse_from(line.split(' ')).map(|line| line.args);
        let args = parse("simulate --keys k").unwrap();
        assert_eq!(args.listen.to_string(), "127.0.0.1:8790");
        assert_eq!(args.password_from, 500);
        assert!(parse("simulate --merchant-public-key a --gateway-key b").is_ok());
        for line in [
            "simulate --seed 2",
            "simulate --merchant-public-key a",
            "simulate --gateway-key b",
            "simulate --keys k --gateway-key b",
            "simulate --keys k --listen nowhere",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn missing_keys_are_made_once_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        let keys = directory.path().join("keys");
        let made = keys_in(&keys).unwrap();
        for name in [
            MERCHANT_PRIVATE,
            MERCHANT_PUBLIC,
            GATEWAY_PRIVATE,
            GATEWAY_PUBLIC,
        ] {
            let mode = fs::metadata(keys.join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        assert_eq!(keys_in(&keys).unwrap(), made);
        // The public half alone is made again; a private key never is.
        fs::remove_file(keys.join(GATEWAY_PUBLIC)).unwrap();
        assert_eq!(keys_in(&keys).unwrap(), made);
        assert!(keys.join(GATEWAY_PUBLIC).exists());
        fs::remove_file(keys.join(GATEWAY_PRIVATE)).unwrap();
        let error = keys_in(&keys).unwrap_err();
        assert!(error.contains("move it away"), "{error}");
    }
}
