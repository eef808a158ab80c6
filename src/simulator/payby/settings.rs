//! What a simulated PayBy is told before it opens.
//!
//! Where the documents are silent or disagree there is a switch, so that a
//! client can be tried against either reading.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::simulator::KeyPairs;

/// Tells the time, Unix milliseconds. Tests hand in their own.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Hears one line per call and per event. Lines never hold a payment code. It
/// is called while the gateway's state is held: it must not ask the gateway.
pub type Story = Arc<dyn Fn(&str) + Send + Sync>;

/// How the simulated gateway behaves. Amounts are fils, times milliseconds.
#[derive(Clone)]
pub struct PayBySettings {
    /// Where the gateway listens; loopback only, port 0 for any.
    pub listen: SocketAddr,
    /// Where the control endpoint listens, if wanted; loopback only.
    pub control: Option<SocketAddr>,
    /// The one merchant it knows.
    pub partner_id: String,
    /// The merchant's registered name, put into every answer.
    pub registered_name: String,
    /// The key that checks requests, PEM.
    pub merchant_public_pem: String,
    /// The key that signs answers, PEM.
    pub gateway_private_pem: String,
    /// Chooses key order, trailing zeros and unknown fields.
    pub seed: u64,
    /// Shortens the waits that the simulator chose itself (customers by amount
    /// or by default, notification retries); 60 makes a second of a minute.
    pub time_scale: f64,
    /// Whether the last two digits of an amount choose what happens.
    pub magic_amounts: bool,
    /// From this amount on the customer types a password, fils.
    pub password_from: u64,
    /// How long that takes, milliseconds.
    pub password_millis: u64,
    /// A payment code that ends so is stale. Empty: none is.
    pub stale_marker: String,
    /// Whether the text of the QR symbol is taken as a payment code.
    pub accept_cpm_text: bool,
    /// Whether a declined payment ends the order or may be tried again.
    pub decline_is_final: bool,
    /// Whether an identical `placeOrder` of a paid order is answered 62001 or
    /// 62003 instead of the order.
    pub repeat_refused: bool,
    /// Whether an unpaid order that was revoked says `revoked`.
    pub revoked_when_unpaid: bool,
    /// Whether gateway-level codes (400, 402, 500, ...) go unsigned.
    pub unsigned_errors: bool,
    /// Whether `FAILURE` is notified too, as the documents of 2022 say.
    pub notify_failures: bool,
    /// Whether a bare `SUCCESS` acknowledges a notification.
    pub bare_acknowledgement: bool,
    /// When a paid order becomes `SETTLED`, milliseconds after; `None`: never.
    pub settle_millis: Option<u64>,
    /// The clock before the offset.
    pub clock: Clock,
    /// Who hears the story.
    pub story: Option<Story>,
}

impl PayBySettings {
    /// Returns the defaults: any port, no control endpoint, no magic amounts,
    /// paid at once below AED 500, a password of 6 s from there on.
    pub fn new(keys: &KeyPairs) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            control: None,
            partner_id: "200000909090".into(),
            registered_name: "EXAMPLE MARKET LLC".into(),
            merchant_public_pem: keys.merchant_public_pem.clone(),
            gateway_private_pem: keys.gateway_private_pem.clone(),
            seed: 1,
            time_scale: 1.0,
            magic_amounts: false,
            password_from: 50_000,
            password_millis: 6_000,
            stale_marker: "STALE".into(),
            accept_cpm_text: false,
            decline_is_final: true,
            repeat_refused: false,
            revoked_when_unpaid: false,
            unsigned_errors: false,
            notify_failures: false,
            bare_acknowledgement: false,
            settle_millis: None,
            clock: Arc::new(system_millis),
            story: None,
        }
    }

    /// Shortens a wait of the simulator's own choosing.
    pub(crate) fn scaled(&self, millis: u64) -> u64 {
        (millis as f64 / self.time_scale) as u64
    }

    /// Says what is wrong with the settings.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !(self.time_scale.is_finite() && (0.001..=1_000_000.0).contains(&self.time_scale)) {
            return Err("the time scale is a number from 0.001 to 1000000".into());
        }
        let id = &self.partner_id;
        if id.is_empty() || id.len() > 12 || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("the partner id has 1 to 12 digits".into());
        }
        Ok(())
    }
}

impl fmt::Debug for PayBySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PayBySettings")
            .field("listen", &self.listen)
            .field("control", &self.control)
            .field("partner_id", &self.partner_id)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

fn system_millis() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}
