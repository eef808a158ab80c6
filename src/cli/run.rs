//! `qrpayd run`: the service with real parts.

use super::assemble;
use super::exit::{CONFIG, IO_ERROR, UNAVAILABLE, fail};
use super::serve::{Signals, bind, serve};
use crate::api::ApiSettings;
use crate::config::Config;
use crate::service::{self, StartError};

/// Starts, says ready last, and serves until a signal.
pub(super) async fn run(config: Config) -> u8 {
    log_to_stderr(&config.telemetry.log);
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => return fail(IO_ERROR, &format!("cannot watch for signals: {error}")),
    };
    let parts = match assemble::parts(&config) {
        Ok(parts) => parts,
        Err(complaints) => return fail(CONFIG, &complaints),
    };
    let listener = match bind(config.api.listen, "api.listen").await {
        Ok(listener) => listener,
        Err(text) => return fail(UNAVAILABLE, &text),
    };
    let notifications = match &config.notify {
        None => None,
        Some(notify) => match bind(notify.listen, "notify.listen").await {
            Ok(listener) => Some(listener),
            Err(text) => return fail(UNAVAILABLE, &text),
        },
    };
    let running = match service::start(parts).await {
        Ok(running) => running,
        Err(error @ StartError::GatewayMissing { .. }) => return fail(CONFIG, &error.to_string()),
        Err(error) => return fail(IO_ERROR, &error.to_string()),
    };
    // With the port that was taken, where any was asked for.
    let settings = ApiSettings {
        listen: listener.local_addr().unwrap_or(config.api.listen),
        ..config.api
    };
    tracing::info!(listen = %settings.listen, "ready");
    // Outside a service manager there is nobody to tell.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    serve(
        running,
        listener,
        notifications,
        &settings,
        &mut signals,
        std::future::pending(),
    )
    .await
}

/// One line an event on stderr, which the service manager stores with its time.
pub(super) fn log_to_stderr(filter: &str) {
    let filter = tracing_subscriber::EnvFilter::try_new(filter)
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let under_manager = std::env::var_os("JOURNAL_STREAM").is_some();
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(false)
        .with_writer(std::io::stderr);
    // A second call, in a test, changes nothing.
    let _ = if under_manager {
        lines.without_time().try_init()
    } else {
        lines.try_init()
    };
}
