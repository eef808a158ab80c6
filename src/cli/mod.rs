//! The commands. Most are clients of the API; `run` and `demo` put the parts together.

mod acceptance;
mod assemble;
mod cancel;
mod check;
pub mod classify;
mod client;
mod demo;
#[cfg(test)]
mod desk;
mod duties;
mod exit;
mod park;
mod pay;
mod rebuild;
mod refund;
mod reload;
mod run;
mod scan;
mod serve;
mod show;
mod simulate;
mod table;

use crate::config::Config;
use clap::{Parser, Subcommand};
use exit::{CONFIG, IO_ERROR, OK, UNAVAILABLE, USAGE, fail};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(
    name = "qrpayd",
    version,
    about = "Turns the barcode scanner a store already owns into a payment terminal for customer-presented codes"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The service
    Run(ConfigArgs),
    /// The service with a simulated gateway and a recorded scanner: no keys, no hardware
    Demo(demo::DemoArgs),
    /// Everything wrong with a configuration, then keys, devices, disk and gateway
    Check(ConfigArgs),
    /// Says what codes on stdin are, one JSON object a line
    Classify(ClassifyArgs),
    /// Takes one payment through a running service
    Pay(pay::Pay),
    /// Asks to stop a payment, and waits for what came of it
    Cancel(cancel::Cancel),
    /// Gives money of a paid tender back, and waits for its end
    Refund(refund::Refund),
    /// Shows what is owed, and ends it by a manager's hand
    Duties(duties::Duties),
    /// Sets an attempt aside that brings the service down; the service must not run
    Park(park::Park),
    /// Begins a new journal after a lost one, and compares the gap with the gateways' lists
    Rebuild(rebuild::Rebuild),
    /// Which devices look like scanners, what one is set to, what it delivers
    Scan(scan::ScanArgs),
    /// Plays a gateway's go-live cases and prints the report
    Acceptance(acceptance::AcceptanceArgs),
    /// Shows tenders, lanes and duties of a running service
    Show(show::Show),
    /// The gateway simulators alone, each with a control endpoint
    Simulate(simulate::SimulateArgs),
}

#[derive(Debug, clap::Args)]
struct ConfigArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

#[derive(Debug, clap::Args)]
struct ClassifyArgs {
    /// Take wallet profiles and gateways from this configuration
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Lines may hold \r \n \t \0 \xHH and \\
    #[arg(long)]
    escapes: bool,
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors and go to stdout.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(USAGE));
        }
    };
    ExitCode::from(match arguments.command {
        Command::Classify(args) => classify_stdin(&args),
        Command::Run(args) => with_config(&args.config, |config| {
            blocking(run::run(config, args.config.clone()))
        }),
        Command::Check(args) => with_config(&args.config, |config| blocking(check::check(config))),
        Command::Demo(args) => blocking(demo::demo(args)),
        Command::Pay(args) => blocking(pay::run(args, &mut std::io::stdout())),
        Command::Cancel(args) => blocking(cancel::run(args, &mut std::io::stdout())),
        Command::Refund(args) => blocking(refund::run(args, &mut std::io::stdout())),
        Command::Duties(args) => blocking(duties::run(args, &mut std::io::stdout())),
        Command::Park(args) => park::run(&args, &mut std::io::stdout()),
        Command::Rebuild(args) => with_config(&args.config, |config| {
            blocking(rebuild::run(&args, config, &mut std::io::stdout()))
        }),
        Command::Scan(args) => scan::run(&args, &mut std::io::stdout()),
        Command::Acceptance(args) => blocking(acceptance::run(args, &mut std::io::stdout())),
        Command::Show(args) => blocking(show::run(args, &mut std::io::stdout())),
        Command::Simulate(args) => blocking(async {
            match simulate::run(args).await {
                Ok(()) => OK,
                Err(text) => fail(UNAVAILABLE, &text),
            }
        }),
    })
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let words: Vec<String> = causes.map(ToString::to_string).collect();
    words.join(": ")
}

/// Loads a configuration, or prints every complaint.
fn with_config(path: &Path, run: impl FnOnce(Config) -> u8) -> u8 {
    match crate::config::load(path) {
        Ok(config) => run(config),
        Err(complaints) => {
            eprintln!("qrpayd: {} is not usable:\n{complaints}", path.display());
            CONFIG
        }
    }
}

fn blocking(command: impl Future<Output = u8>) -> u8 {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => {
            let code = runtime.block_on(command);
            // A reader that hangs in a device must not hold up the end.
            runtime.shutdown_timeout(std::time::Duration::from_secs(2));
            code
        }
        Err(error) => fail(IO_ERROR, &format!("cannot start threads: {error}")),
    }
}

fn classify_stdin(args: &ClassifyArgs) -> u8 {
    let classify = |classifier: &_| {
        let (input, output) = (std::io::stdin().lock(), std::io::stdout().lock());
        let mut output = std::io::BufWriter::new(output);
        let done = classify::run(input, &mut output, classifier, args.escapes);
        match done.and_then(|()| output.flush()) {
            Ok(()) => OK,
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => OK,
            Err(error) => fail(IO_ERROR, &format!("classify: {error}")),
        }
    };
    match &args.config {
        None => classify(&crate::domain::code::Classifier::core()),
        Some(path) => with_config(path, |config| classify(&config.classifier)),
    }
}
