//! `qrpayd simulate`: the gateway simulators, each on its own ports.
//!
//! It makes missing keys, says what to put into the configuration, and then
//! tells one line per call until it is stopped. See `docs/simulator.md`.

mod keys;

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use crate::simulator::codepay::{self, CodePaySettings, RefusalForm};
use crate::simulator::payby::{self, PayBySettings};
use crate::simulator::{KeyPairs, Story};
use keys::KeyFiles;

/// How long after an order the customer pays what the store shows.
const DISPLAY_MILLIS: u64 = 8_000;

/// Which simulators run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Which {
    /// PayBy alone.
    Payby,
    /// CodePay alone.
    Codepay,
    /// Both.
    Both,
}

/// How CodePay refuses a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Refusing {
    /// `code` 0 and `trans_status` 1.
    Status,
    /// Another `code`.
    Code,
}

/// Arguments of `qrpayd simulate`.
#[derive(Debug, clap::Args)]
pub(super) struct SimulateArgs {
    /// Which gateways to simulate
    #[arg(long, value_enum, default_value_t = Which::Both)]
    gateway: Which,
    /// Where PayBy listens (loopback only; port 0 takes any)
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8790")]
    listen: SocketAddr,
    /// Where PayBy's control endpoint listens (loopback only; port 0 takes any)
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8791")]
    control: SocketAddr,
    /// Where CodePay listens [default: two ports after --listen]
    #[arg(long, value_name = "ADDR")]
    codepay_listen: Option<SocketAddr>,
    /// Where CodePay's control endpoint listens [default: two ports after --control]
    #[arg(long, value_name = "ADDR")]
    codepay_control: Option<SocketAddr>,
    /// Directory with the keys of both; missing ones are made
    #[arg(
        long,
        value_name = "DIR",
        required_unless_present = "merchant_public_key"
    )]
    keys: Option<PathBuf>,
    /// The merchant's public key, PEM, for both (instead of --keys)
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "keys",
        requires = "gateway_key"
    )]
    merchant_public_key: Option<PathBuf>,
    /// The gateways' private key, PEM, for both (instead of --keys)
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
    /// The application's id at CodePay
    #[arg(long, value_name = "ID", default_value = "wz00000000000000aa")]
    app_id: String,
    /// The merchant's number at CodePay
    #[arg(long, value_name = "NO", default_value = "300000000001")]
    merchant_no: String,
    /// How CodePay refuses a payment: a status or a code
    #[arg(long, value_enum, default_value_t = Refusing::Status)]
    refusals: Refusing,
    /// Chooses field order, trailing zeros and which optional fields are there
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Shortens customers' waits and notification retries by this factor
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    time_scale: f64,
    /// The customer types a password from this whole amount on
    #[arg(long, value_name = "AMOUNT", default_value_t = 500, value_parser = clap::value_parser!(u64).range(..=999_999_999_999))]
    password_from: u64,
    /// The last two digits of an amount mean nothing special
    #[arg(long)]
    no_magic_amounts: bool,
}

/// Runs the simulators until SIGINT or SIGTERM. Fails when the keys cannot be
/// read or made, and when it cannot listen.
pub(super) async fn run(args: SimulateArgs) -> Result<(), String> {
    let mut stop = signal(SignalKind::terminate())
        .map_err(|error| format!("cannot listen for SIGTERM: {error}"))?;
    let payby = match args.gateway {
        Which::Payby | Which::Both => {
            let simulator = payby::start(payby_settings(&args)?)
                .await
                .map_err(|error| cannot_start("PayBy", args.listen, &error))?;
            say(&introduce(
                "PayBy",
                &simulator.base_url(),
                simulator.control_addr(),
            ));
            Some(simulator)
        }
        Which::Codepay => None,
    };
    let codepay = match args.gateway {
        Which::Codepay | Which::Both => {
            let settings = codepay_settings(&args)?;
            let listen = settings.listen;
            let simulator = codepay::start(settings)
                .await
                .map_err(|error| cannot_start("CodePay", listen, &error))?;
            say(&introduce(
                "CodePay",
                &simulator.base_url(),
                simulator.control_addr(),
            ));
            Some(simulator)
        }
        Which::Payby => None,
    };
    if let Some(directory) = &args.keys {
        say("In the configuration:\n");
        if let Some(simulator) = &payby {
            let who = format!("partner_id = {:?}", args.partner_id);
            say(&section(
                KeyFiles::PAYBY,
                directory,
                &simulator.base_url(),
                &who,
            ));
        }
        if let Some(simulator) = &codepay {
            let who = format!(
                "app_id = {:?}\nmerchant_no = {:?}",
                args.app_id, args.merchant_no
            );
            say(&section(
                KeyFiles::CODEPAY,
                directory,
                &simulator.base_url(),
                &who,
            ));
        }
    }
    tokio::select! {
        _ = stop.recv() => {}
        done = tokio::signal::ctrl_c() => {
            done.map_err(|error| format!("cannot listen for SIGINT: {error}"))?;
        }
    }
    Ok(())
}

fn cannot_start(name: &str, listen: SocketAddr, error: &std::io::Error) -> String {
    format!("cannot start the {name} simulator on {listen}: {error}")
}

fn payby_settings(args: &SimulateArgs) -> Result<PayBySettings, String> {
    Ok(PayBySettings {
        listen: args.listen,
        control: Some(args.control),
        partner_id: args.partner_id.clone(),
        seed: args.seed,
        time_scale: args.time_scale,
        password_from: args.password_from * 100,
        magic_amounts: !args.no_magic_amounts,
        display_millis: Some(DISPLAY_MILLIS),
        story: Some(story(args, "payby")),
        ..PayBySettings::new(&key_pairs(args, KeyFiles::PAYBY)?)
    })
}

fn codepay_settings(args: &SimulateArgs) -> Result<CodePaySettings, String> {
    Ok(CodePaySettings {
        listen: args.codepay_listen.unwrap_or_else(|| beside(args.listen)),
        control: Some(args.codepay_control.unwrap_or_else(|| beside(args.control))),
        app_id: args.app_id.clone(),
        merchant_no: args.merchant_no.clone(),
        seed: args.seed,
        time_scale: args.time_scale,
        password_from: args.password_from * 100,
        magic_amounts: !args.no_magic_amounts,
        display_millis: Some(DISPLAY_MILLIS),
        refusal: match args.refusals {
            Refusing::Status => RefusalForm::Status,
            Refusing::Code => RefusalForm::Code,
        },
        story: Some(story(args, "codepay")),
        ..CodePaySettings::new(&key_pairs(args, KeyFiles::CODEPAY)?)
    })
}

// Two ports on; any stays any.
fn beside(addr: SocketAddr) -> SocketAddr {
    match addr.port() {
        0 => addr,
        port => SocketAddr::new(addr.ip(), port.wrapping_add(2)),
    }
}

// The halves that a gateway needs.
fn key_pairs(args: &SimulateArgs, files: KeyFiles) -> Result<KeyPairs, String> {
    let (merchant_public_pem, gateway_private_pem) =
        match (&args.keys, &args.merchant_public_key, &args.gateway_key) {
            (Some(directory), _, _) => files.of(directory)?,
            (None, Some(merchant), Some(gateway)) => (keys::read(merchant)?, keys::read(gateway)?),
            _ => return Err("give --keys, or --merchant-public-key and --gateway-key".into()),
        };
    Ok(KeyPairs {
        merchant_private_pem: String::new(),
        merchant_public_pem,
        gateway_private_pem,
        gateway_public_pem: String::new(),
    })
}

// A line begins with its time; between two gateways it says whose it is.
fn story(args: &SimulateArgs, name: &'static str) -> Story {
    let named = args.gateway == Which::Both;
    Arc::new(move |line: &str| match line.split_once(' ') {
        Some((time, rest)) if named => say(&format!("{time} {name:<7} {rest}")),
        _ => say(line),
    })
}

// A reader that left must not stop the gateway: no `println!`.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn introduce(name: &str, base_url: &str, control: Option<SocketAddr>) -> String {
    let mut text = format!("{name} simulator at {base_url}\n");
    if let Some(control) = control {
        text += &format!(
            "control endpoint at http://{control} (GET /orders, /refunds, /violations, /calls)\n"
        );
    }
    text
}

fn section(files: KeyFiles, directory: &Path, base_url: &str, who: &str) -> String {
    let path = |name: String| {
        let path = directory.join(name);
        std::path::absolute(&path).unwrap_or(path)
    };
    format!(
        "[gateway.{}]\nbase_url = {base_url:?}\n{who}\nprivate_key = {:?}\ngateway_public_key = {:?}\n",
        files.section(),
        path(files.merchant_private()),
        path(files.gateway_public()),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: SimulateArgs,
    }

    fn parse(line: &str) -> Result<SimulateArgs, clap::Error> {
        use clap::Parser;
        Line::try_parse_from(line.split(' ')).map(|line| line.args)
    }

    #[test]
    fn keys_come_from_one_place() {
        use clap::CommandFactory;
        Line::command().debug_assert();
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
            "simulate --keys k --gateway alipay",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn codepay_listens_beside_payby() {
        let folder = tempfile::tempdir().unwrap();
        let of = |more: &str| {
            let line = format!("simulate --keys {}{more}", folder.path().display());
            let settings = codepay_settings(&parse(&line).unwrap()).unwrap();
            format!("{} {}", settings.listen, settings.control.unwrap())
        };
        assert_eq!(of(""), "127.0.0.1:8792 127.0.0.1:8793");
        assert_eq!(
            of(" --listen 127.0.0.1:0 --control 127.0.0.1:0"),
            "127.0.0.1:0 127.0.0.1:0"
        );
        assert_eq!(
            of(" --codepay-listen 127.0.0.1:7 --control 127.0.0.1:9"),
            "127.0.0.1:7 127.0.0.1:11"
        );
    }

    #[test]
    fn the_lines_for_the_configuration_are_toml() {
        let text = section(
            KeyFiles::CODEPAY,
            Path::new("/k"),
            "http://127.0.0.1:8792",
            "app_id = \"wz1\"\nmerchant_no = \"3\"",
        );
        assert_eq!(
            text,
            "[gateway.codepay]\nbase_url = \"http://127.0.0.1:8792\"\napp_id = \"wz1\"\nmerchant_no = \"3\"\n\
             private_key = \"/k/codepay-merchant-private.pem\"\ngateway_public_key = \"/k/codepay-gateway-public.pem\"\n"
        );
        assert!(toml::from_str::<toml::Table>(&text).is_ok());
    }
}
