//! What a simulated CodePay is told before it opens.
//!
//! Where the documents are silent there is a switch, so that a client can be
//! tried against either reading.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

use super::words::Operation;
use crate::simulator::KeyPairs;
use crate::simulator::clock::{self, Clock, Story};

/// How a payment is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalForm {
    /// `code` 0 with `trans_status` 1; the order exists.
    Status,
    /// A `code` other than 0; no order exists.
    Code,
}

/// How the simulated gateway behaves. Amounts are the currency's smallest unit,
/// times milliseconds.
#[derive(Clone)]
pub struct CodePaySettings {
    /// Where the gateway listens; loopback only, port 0 for any.
    pub listen: SocketAddr,
    /// Where the control endpoint listens, if wanted; loopback only.
    pub control: Option<SocketAddr>,
    /// The one application it knows.
    pub app_id: String,
    /// The one merchant it knows.
    pub merchant_no: String,
    /// The key that checks requests: PEM, or Base64 alone.
    pub merchant_public_pem: String,
    /// The key that signs answers: PEM, or Base64 alone.
    pub gateway_private_pem: String,
    /// Chooses member order and which optional fields are there.
    pub seed: u64,
    /// Shortens the waits that the simulator chose itself (customers by amount
    /// or by default, notification repetitions); 60 makes a second of a minute.
    pub time_scale: f64,
    /// Whether the last two digits of an amount choose what happens.
    pub magic_amounts: bool,
    /// From this amount on the customer types a password.
    pub password_from: u64,
    /// How long that takes.
    pub password_millis: u64,
    /// How long a new order is pre-created (status 9).
    pub pre_create_millis: u64,
    /// How long after the order a customer comes, scans (at half of it) and
    /// pays a merchant-presented code; `None`: nobody comes by themselves.
    pub display_millis: Option<u64>,
    /// A payment code that ends so is no longer valid. Empty: none is.
    pub stale_marker: String,
    /// How a payment is refused.
    pub refusal: RefusalForm,
    /// Whether a declined payment ends the order or may be tried again.
    pub decline_is_final: bool,
    /// Whether an identical submit of a known number is answered with the order
    /// instead of `E04112`.
    pub repeat_answered: bool,
    /// How old an order must be to be reversed.
    pub reversal_after_millis: u64,
    /// Whether a younger one's reversal is refused.
    pub early_reversal_refused: bool,
    /// How long after it was paid an order can be reversed; `None`: until it is
    /// settled.
    pub reversal_millis_max: Option<u64>,
    /// How long a paid order that was reversed shows 0: refunding.
    pub reversal_millis: u64,
    /// Whether a paid order that was reversed goes on showing 2, with a refund
    /// beside it, instead of 3.
    pub reversal_is_refund: bool,
    /// How long a refund is on its way.
    pub refund_millis: u64,
    /// The most that one refund may be, if there is a ceiling.
    pub refund_ceiling: Option<u64>,
    /// Whether a part can be refunded.
    pub partial_refunds: bool,
    /// How many refunds one order may have.
    pub refunds_max: usize,
    /// The methods that are not enabled for the application: `E07303`.
    pub disabled: BTreeSet<Operation>,
    /// The shortest time between two queries of one order.
    pub enquiry_millis_min: u64,
    /// Whether orders that end unpaid are notified too.
    pub notify_failures: bool,
    /// Whether `data` is an object instead of a text, always.
    pub data_object: bool,
    /// The clock before the offset.
    pub clock: Clock,
    /// Who hears the story.
    pub story: Option<Story>,
}

impl CodePaySettings {
    /// Returns the defaults: any port, no control endpoint, no magic amounts,
    /// paid at once below 500.00, a password of 6 s from there on.
    pub fn new(keys: &KeyPairs) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            control: None,
            app_id: "wz00000000000000aa".into(),
            merchant_no: "300000000001".into(),
            merchant_public_pem: keys.merchant_public_pem.clone(),
            gateway_private_pem: keys.gateway_private_pem.clone(),
            seed: 1,
            time_scale: 1.0,
            magic_amounts: false,
            password_from: 50_000,
            password_millis: 6_000,
            pre_create_millis: 0,
            display_millis: None,
            stale_marker: "9999".into(),
            refusal: RefusalForm::Status,
            decline_is_final: true,
            repeat_answered: false,
            reversal_after_millis: 15_000,
            early_reversal_refused: true,
            reversal_millis_max: None,
            reversal_millis: 0,
            reversal_is_refund: false,
            refund_millis: 0,
            refund_ceiling: None,
            partial_refunds: true,
            refunds_max: 10,
            // In the sister gateway's SDK, not in CodePay's.
            disabled: BTreeSet::from([
                Operation::BillDownload,
                Operation::TransDetails,
                Operation::TransSummarize,
            ]),
            enquiry_millis_min: 2_000,
            notify_failures: false,
            data_object: false,
            clock: clock::system(),
            story: None,
        }
    }

    /// Says what is wrong with the settings.
    pub(crate) fn check(&self) -> Result<(), String> {
        clock::check_scale(self.time_scale)?;
        let fits = |text: &str| {
            (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        if !fits(&self.app_id) {
            return Err("the app id has 1 to 32 letters and digits".into());
        }
        if !fits(&self.merchant_no) {
            return Err("the merchant number has 1 to 32 letters and digits".into());
        }
        Ok(())
    }
}

impl fmt::Debug for CodePaySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodePaySettings")
            .field("listen", &self.listen)
            .field("control", &self.control)
            .field("app_id", &self.app_id)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}
