//! CodePay's words: its methods, its statuses, its codes.

use serde::{Deserialize, Serialize};

use crate::simulator::conduct::Rule;
use crate::simulator::fault::Fault;
use crate::simulator::gateway::{self, Kind, Refusal};

/// What a call asks for (its `method`), or what CodePay sends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Operation {
    /// Pay with the code that the customer shows.
    #[serde(rename = "bscanc.pay.submit")]
    PaySubmit,
    /// Get a code that the customer scans.
    #[serde(rename = "cscanb.pay.getqrcode")]
    GetQrCode,
    /// Ask what became of a payment.
    #[serde(rename = "order.query")]
    OrderQuery,
    /// Cancel or reverse a payment.
    #[serde(rename = "order.revoker")]
    OrderRevoker,
    /// Refund, all or part.
    #[serde(rename = "order.refund.submit")]
    RefundSubmit,
    /// Ask what became of a refund.
    #[serde(rename = "order.refund.query")]
    RefundQuery,
    /// Settle a terminal's payments.
    #[serde(rename = "batch.close")]
    BatchClose,
    /// The day's bill as a file.
    #[serde(rename = "pay.bill.download")]
    BillDownload,
    /// A paged list of transactions.
    #[serde(rename = "reconcile.trans.details")]
    TransDetails,
    /// Sums of transactions.
    #[serde(rename = "reconcile.trans.summarize")]
    TransSummarize,
    /// A notification to `notify_url`.
    #[serde(rename = "notification")]
    Notification,
    /// Any other method, or none that could be read.
    #[serde(rename = "unknown")]
    Unknown,
}

impl Operation {
    /// Every method that the gateway has.
    const METHODS: [Self; 10] = [
        Self::PaySubmit,
        Self::GetQrCode,
        Self::OrderQuery,
        Self::OrderRevoker,
        Self::RefundSubmit,
        Self::RefundQuery,
        Self::BatchClose,
        Self::BillDownload,
        Self::TransDetails,
        Self::TransSummarize,
    ];

    /// The provider's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::PaySubmit => "bscanc.pay.submit",
            Self::GetQrCode => "cscanb.pay.getqrcode",
            Self::OrderQuery => "order.query",
            Self::OrderRevoker => "order.revoker",
            Self::RefundSubmit => "order.refund.submit",
            Self::RefundQuery => "order.refund.query",
            Self::BatchClose => "batch.close",
            Self::BillDownload => "pay.bill.download",
            Self::TransDetails => "reconcile.trans.details",
            Self::TransSummarize => "reconcile.trans.summarize",
            Self::Notification => "notification",
            Self::Unknown => "unknown",
        }
    }

    /// Finds a method by its name.
    pub(crate) fn of(method: &str) -> Self {
        let named = |operation: &Self| operation.name() == method;
        let mut methods = Self::METHODS.into_iter();
        methods.find(named).unwrap_or(Self::Unknown)
    }
}

impl gateway::Operation for Operation {
    fn word(self) -> &'static str {
        self.name()
    }

    fn kind(self) -> Kind {
        match self {
            Self::PaySubmit => Kind::Pay,
            Self::GetQrCode => Kind::Display,
            Self::OrderQuery => Kind::Enquiry,
            Self::OrderRevoker => Kind::Reversal,
            Self::RefundSubmit => Kind::Refund,
            Self::RefundQuery => Kind::RefundEnquiry,
            Self::TransDetails | Self::TransSummarize => Kind::List,
            Self::Notification => Kind::Notification,
            Self::BatchClose | Self::BillDownload | Self::Unknown => Kind::Other,
        }
    }

    fn knows(self, fault: &Fault) -> bool {
        self != Self::Unknown && *fault != Fault::TokenUrl
    }
}

/// The `trans_status` of a payment or a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// 9: made, the wallet not asked yet.
    PreCreated,
    /// 0: paying or refunding.
    Processing,
    /// 1: ended without money.
    Closed,
    /// 2: paid, or refunded.
    Completed,
    /// 3: reversed.
    Cancelled,
}

impl Status {
    /// The number on the wire.
    pub fn number(self) -> u32 {
        match self {
            Self::PreCreated => 9,
            Self::Processing => 0,
            Self::Closed => 1,
            Self::Completed => 2,
            Self::Cancelled => 3,
        }
    }
}

/// Returns the text of a code. Those that begin with `SIM` are the simulator's
/// own, where no document names one: no client may grow on them.
pub(crate) fn message(code: &str) -> &'static str {
    match code {
        "0" => "success",
        "SYS001" => "System error",
        "SYS002" => "Signature verification failed",
        "SYS011" => "Protocol field is missing or invalid",
        "E07303" => "The method is not authorised for this application",
        "E04110" => "Transaction number is invalid",
        "E04111" => "Merchant order number is invalid",
        "E04112" => "Merchant order number is repeated",
        "E04126" => "The refund exceeds the refundable amount",
        "E04130" => "The refund exceeds the ceiling of one refund",
        "E04131" => "Transaction number is repeated",
        "E04132" => "Partial refunds are not allowed",
        "M009" => "Invalid application call",
        "M010" => "The original transaction was not found",
        "ET007" => "Nothing is pending",
        "ET008" => "Reversal is not allowed, the transaction is settled",
        "SIM001" => "simulated: the application is unknown",
        "SIM002" => "simulated: the timestamp is off",
        "SIM003" => "simulated: the merchant is unknown",
        "SIM010" => "simulated: a field is missing or invalid",
        "SIM020" => "simulated: the payment code is no longer valid",
        "SIM021" => "simulated: the payment code was used",
        "SIM022" => "simulated: the payment code is another wallet's",
        "SIM023" => "simulated: stopped by risk control",
        "SIM030" => "simulated: the order is too young to be reversed",
        "SIM031" => "simulated: the wallet has no cancel",
        "SIM032" => "simulated: the order was refunded",
        "SIM040" => "simulated: the order is not paid",
        "SIM041" => "simulated: too many refunds of one order",
        "SIM042" => "simulated: the order was reversed",
        "SIM043" => "simulated: the refund is refused",
        "SIM050" => "simulated: no more orders are kept",
        _ => "simulated: a code without a text",
    }
}

/// A refusal that is nobody's fault.
pub(crate) fn refused(code: &str) -> Refusal {
    Refusal {
        code: code.to_owned(),
        message: format!("[{code}]{}", message(code)),
        note: None,
    }
}

/// A refusal of what is against a rule.
pub(crate) fn noted(code: &str, rule: Rule, why: impl Into<String>) -> Refusal {
    Refusal {
        note: Some((rule, why.into())),
        ..refused(code)
    }
}

/// A refusal of a field.
pub(crate) fn field(why: impl Into<String>) -> Refusal {
    noted("SIM010", Rule::Field, why)
}
