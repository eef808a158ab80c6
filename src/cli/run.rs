//! `qrpayd run`: the service with real parts.

use super::assemble;
use super::exit::{CONFIG, IO_ERROR, UNAVAILABLE, fail};
use super::reload::{Refilter, Reload};
use super::serve::{Signals, bind, serve};
use crate::api::ApiSettings;
use crate::config::Config;
use crate::service::{self, StartError};
use std::path::PathBuf;

/// Starts, says ready last, and serves until a signal. `path` is where the
/// configuration was read, and is read again at a SIGHUP.
pub(super) async fn run(config: Config, path: PathBuf) -> u8 {
    let refilter = log_to_stderr(&config.telemetry.log);
    let watched = Signals::new().and_then(|signals| {
        let reload = Reload::new(path, config.clone(), refilter)?;
        Ok((signals, reload))
    });
    let (mut signals, reload) = match watched {
        Ok(watched) => watched,
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
    tokio::spawn(reload.watch());
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

/// One line an event on stderr, which the service manager stores with its time. Returns
/// what changes the filter later.
pub(super) fn log_to_stderr(filter: &str) -> Refilter {
    let filter = tracing_subscriber::EnvFilter::try_new(filter)
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let under_manager = std::env::var_os("JOURNAL_STREAM").is_some();
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(false)
        .with_writer(std::io::stderr);
    // A second call, in a test, changes nothing.
    if under_manager {
        let lines = lines.without_time().with_filter_reloading();
        let handle = lines.reload_handle();
        let _ = lines.try_init();
        Box::new(move |filter| handle.reload(filter).map_err(|error| error.to_string()))
    } else {
        let lines = lines.with_filter_reloading();
        let handle = lines.reload_handle();
        let _ = lines.try_init();
        Box::new(move |filter| handle.reload(filter).map_err(|error| error.to_string()))
    }
}
