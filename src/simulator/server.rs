//! Starting and stopping a gateway, and how its answers leave.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use tokio::task::JoinHandle;

use super::clock;
use super::control;
use super::controls::Controls;
use super::engine::Engine;
use super::fault::HOLD_MILLIS_MAX;
use super::gateway::Gateway;
use super::loopback::{Line, Lines, Switchboard};
use super::notify;
use super::outcome::{Delivery, Outcome};

/// The largest request body. An order with every field is below 16 KiB.
pub(crate) const BODY_BYTES_MAX: usize = 64 * 1024;

/// How long an answer waits for its notification to be delivered.
const NOTICE_MILLIS_MAX: u64 = 10_000;

/// A running gateway. It runs until it is dropped, and then breaks every
/// connection.
pub struct Simulator<G: Gateway> {
    controls: Arc<Controls<G>>,
    base_url: String,
    addr: SocketAddr,
    control_addr: Option<SocketAddr>,
    lines: Lines,
    tasks: Vec<JoinHandle<()>>,
}

/// Starts a gateway; `base_path` is what a client puts before every path.
pub(crate) async fn start<G: Gateway>(
    gateway: G,
    listen: SocketAddr,
    control: Option<SocketAddr>,
    base_path: &str,
) -> io::Result<Simulator<G>> {
    let engine = Arc::new(Engine::new(gateway));
    let controls = Arc::new(Controls(engine.clone()));
    let lines = Lines::default();

    let switchboard = lines.listen(listen).await?;
    let addr = axum::serve::Listener::local_addr(&switchboard)?;
    let control = match control {
        Some(control) => Some(lines.listen(control).await?),
        None => None,
    };
    let control_addr = control
        .as_ref()
        .map(axum::serve::Listener::local_addr)
        .transpose()?;

    let mut tasks = vec![serve(switchboard, G::routes(engine.clone()))];
    tasks.extend(control.map(|control| serve(control, control::routes(controls.clone()))));
    tasks.push(tokio::spawn(notify::run(engine)));
    Ok(Simulator {
        controls,
        base_url: format!("http://{addr}{base_path}"),
        addr,
        control_addr,
        lines,
        tasks,
    })
}

fn serve(switchboard: Switchboard, routes: axum::Router) -> JoinHandle<()> {
    let service = routes.into_make_service_with_connect_info::<Line>();
    tokio::spawn(async move {
        // Ends only by being dropped.
        let _ = axum::serve(switchboard, service).await;
    })
}

impl<G: Gateway> Simulator<G> {
    /// Returns where the gateway listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Returns what a client puts before every path.
    pub fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// Returns where the control endpoint listens, if it does.
    pub fn control_addr(&self) -> Option<SocketAddr> {
        self.control_addr
    }
}

impl<G: Gateway> std::ops::Deref for Simulator<G> {
    type Target = Controls<G>;

    fn deref(&self) -> &Controls<G> {
        &self.controls
    }
}

impl<G: Gateway> Drop for Simulator<G> {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        self.lines.cut();
    }
}

/// Sends an answer when and as its outcome says.
pub(crate) async fn send<G: Gateway>(
    engine: &Engine<G>,
    outcome: Outcome,
    line: &Line,
) -> Response {
    let hold = |millis| tokio::time::sleep(Duration::from_millis(millis));
    // Dropped here when the client leaves.
    match &outcome.delivery {
        Delivery::Now => {}
        Delivery::After(millis) => hold(*millis).await,
        Delivery::Never => {
            hold(HOLD_MILLIS_MAX).await;
            line.cut();
        }
        Delivery::Cut => line.cut(),
        Delivery::AfterNotice(subject) => {
            let told = engine.until(|engine| {
                let (_, state) = engine.now();
                state
                    .deliveries
                    .iter()
                    .any(|told| told.merchant_order_no == subject.number())
                    .then_some(())
            });
            // Without an address to tell, the answer comes late.
            let _ = tokio::time::timeout(Duration::from_millis(NOTICE_MILLIS_MAX), told).await;
        }
    }
    let mut response = Response::new(Body::from(outcome.letter.body));
    let status = StatusCode::from_u16(outcome.letter.status);
    *response.status_mut() = status.unwrap_or(StatusCode::BAD_GATEWAY);
    let headers = response.headers_mut();
    let date = clock::http_date(outcome.at).map(|date| (header::DATE.as_str(), date));
    for (name, value) in outcome.letter.headers.into_iter().chain(date) {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(&value),
        ) {
            headers.insert(name, value);
        }
    }
    response
}
