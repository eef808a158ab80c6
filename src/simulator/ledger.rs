//! The ledger: what was captured and returned, for whoever compares.

use serde::Serialize;

/// One line of the ledger: what became of an order and its money. Amounts are
/// the currency's smallest unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderRecord<S> {
    /// The merchant's number.
    pub merchant_order_no: String,
    /// The gateway's number.
    pub order_no: String,
    /// Where the order stands, in the provider's word.
    pub status: S,
    /// Its currency.
    pub currency: String,
    /// What was asked.
    pub total: u64,
    /// What the payer paid.
    pub captured: u64,
    /// What the payer got back, by reversal and by refunds.
    pub returned: u64,
    /// Whether it was revoked.
    pub revoked: bool,
    /// When it was made, Unix milliseconds.
    pub created_at: u64,
    /// When it was paid.
    pub paid_at: Option<u64>,
    /// When it ended unpaid, or a reversal gave its money back.
    pub closed_at: Option<u64>,
    /// How many enquiries reached it.
    pub enquiries: u32,
    /// How many cancels reached it.
    pub cancels: u32,
    /// How many reversals reached it.
    pub revokes: u32,
}

impl<S> OrderRecord<S> {
    /// Returns what the merchant keeps of this order.
    pub fn kept(&self) -> u64 {
        self.captured.saturating_sub(self.returned)
    }
}

/// One refund in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefundRecord<S> {
    /// The merchant's number of the refund.
    pub merchant_order_no: String,
    /// The gateway's number of the refund.
    pub order_no: String,
    /// The merchant's number of the order.
    pub origin_merchant_order_no: String,
    /// Where the refund stands, in the provider's word.
    pub status: S,
    /// How much, the currency's smallest unit.
    pub amount: u64,
    /// When it was made, Unix milliseconds.
    pub created_at: u64,
    /// When it succeeded or failed.
    pub ended_at: Option<u64>,
    /// How many enquiries reached it.
    pub enquiries: u32,
}

/// One call as the simulator saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call<O> {
    /// When, Unix milliseconds of the simulator's clock.
    pub at: u64,
    /// What was asked.
    pub operation: O,
    /// About which order or refund, the merchant's number, where known.
    pub merchant_order_no: Option<String>,
    /// The code that was, or would have been, answered.
    pub code: String,
    /// What went wrong with the answer.
    pub fault: Option<super::fault::Fault>,
}

/// One attempt to deliver a notification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeliveryRecord {
    /// When, Unix milliseconds of the simulator's clock.
    pub at: u64,
    /// Of which order or refund.
    pub merchant_order_no: String,
    /// The notification's own number; the same for its repetitions.
    pub notify_id: String,
    /// 0 for the first delivery, then the number of the repetition.
    pub repetition: u32,
    /// The merchant's HTTP status; `None` when nobody answered.
    pub status: Option<u16>,
    /// Whether the merchant acknowledged.
    pub acknowledged: bool,
}
