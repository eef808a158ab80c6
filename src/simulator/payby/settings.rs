//! What a simulated PayBy is told before it opens.
//!
//! Where the documents are silent or disagree there is a switch, so that a
//! client can be tried against either reading.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

use crate::simulator::KeyPairs;
use crate::simulator::clock::{self, Clock, Story};

/// Where the `tokenUrl` stands in an answer: documents disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenPlace {
    /// `body.interActionParams`, as the samples and the SDK have it.
    Beside,
    /// `body.interactionParams`, as field lists spell it.
    OtherSpelling,
    /// `body.acquireOrder.interActionParams`, as an old sample has it.
    Inside,
}

/// How a statement is written: documents disagree, and layouts changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementForm {
    /// The columns of 2026 (38 and 42) instead of the older ones (19 and 25).
    pub second_layout: bool,
    /// Every file begins and ends with `*`, as printed samples do.
    pub starred: bool,
    /// Times as the field tables say, `DD-MM-YYYY HH24:MI:SS`.
    pub table_dates: bool,
    /// The `direction` is `IN`/`OUT` instead of `CREDIT`/`DEBIT`.
    pub in_out: bool,
    /// Inner file names carry the day after the statement's.
    pub next_day_names: bool,
    /// Rows of one file; the next numbered one holds what follows.
    pub rows_max: usize,
    /// How long after the cut-off (midnight, Gulf time) it is there.
    pub ready_millis: u64,
}

impl Default for StatementForm {
    fn default() -> Self {
        Self {
            second_layout: false,
            starred: false,
            table_dates: false,
            in_out: false,
            next_day_names: false,
            rows_max: 50_000,
            ready_millis: 600_000,
        }
    }
}

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
    /// A payment code that ends so is another wallet's, which PayBy does not
    /// take. Empty: none is.
    pub foreign_marker: String,
    /// Whether the text of the QR symbol is taken as a payment code.
    pub accept_cpm_text: bool,
    /// Whether a declined payment ends the order or may be tried again.
    pub decline_is_final: bool,
    /// How long the `tokenUrl` of a DYNQR order is good. Not documented.
    pub token_millis: u64,
    /// Whether an identical `placeOrder` of a waiting DYNQR order brings a new
    /// `tokenUrl`; the one before stays good.
    pub token_renewed: bool,
    /// Where the `tokenUrl` stands in an answer.
    pub token_place: TokenPlace,
    /// How long after the order a customer comes, scans (at half of it) and
    /// pays a DYNQR order; `None`: nobody comes by themselves.
    pub display_millis: Option<u64>,
    /// How long a refund is on its way.
    pub refund_millis: u64,
    /// How the statement is written.
    pub statement: StatementForm,
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
            foreign_marker: "FOREIGN".into(),
            accept_cpm_text: false,
            decline_is_final: true,
            token_millis: 3_600_000,
            token_renewed: false,
            token_place: TokenPlace::Beside,
            display_millis: None,
            refund_millis: 0,
            statement: StatementForm::default(),
            repeat_refused: false,
            revoked_when_unpaid: false,
            unsigned_errors: false,
            notify_failures: false,
            bare_acknowledgement: false,
            settle_millis: None,
            clock: clock::system(),
            story: None,
        }
    }

    /// Says what is wrong with the settings.
    pub(crate) fn check(&self) -> Result<(), String> {
        clock::check_scale(self.time_scale)?;
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
