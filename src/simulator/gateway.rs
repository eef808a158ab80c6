//! What a provider's folder gives to the common engine.
//!
//! The engine knows orders, refunds, faults and time. A `Gateway` knows the
//! words: how a request is read, which code refuses it, how an answer is
//! printed and signed. The two meet in `Kind`, which says what a call is,
//! whatever its provider calls it.
//!
//! These traits are public because the simulators' public types are made of
//! them, but no path leads here: nobody else can implement them.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::book::{Book, Subject};
use super::clock::Story;
use super::conduct::{Conduct, Pace, Rule};
use super::engine::Engine;
use super::fault::Fault;
use super::json::Rng;
use super::order::{Event, Order};
use super::plan::{self, MagicCodes, Plan};
use super::refund::Refund;

/// What a call is, whatever its provider calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Makes an order and charges the payment code it carries.
    Pay,
    /// Makes an order whose code the merchant shows.
    Display,
    /// Asks what became of an order.
    Enquiry,
    /// Closes an order that is not paid.
    Cancel,
    /// Closes an order, or gives its money back.
    Reversal,
    /// Gives money back, all or part, under a number of its own.
    Refund,
    /// Asks what became of a refund.
    RefundEnquiry,
    /// Lists orders or refunds.
    List,
    /// Hands out a day's statement.
    Statement,
    /// Tells the merchant's notification address, unasked.
    Notification,
    /// Anything else.
    Other,
}

/// A provider's calls.
pub trait Operation:
    Copy + Eq + Ord + Debug + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The provider's word.
    fn word(self) -> &'static str;
    /// What it is.
    fn kind(self) -> Kind;
    /// Whether a fault that fits its kind is one of this provider.
    fn knows(self, fault: &Fault) -> bool;
}

/// Something the client did against a rule.
pub(crate) type Note = (Rule, String);

/// A refusal: what the client is told, and what it did wrong if anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) note: Option<Note>,
}

/// What is said to the client, before it is signed.
pub struct Draft<T> {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) signed: bool,
    pub(crate) content: T,
}

/// What leaves the wire.
pub struct Letter {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// What printing needs: chance, a serial number, the time.
pub struct Pen<'a> {
    pub(crate) rng: &'a mut Rng,
    pub(crate) serial: u64,
    pub(crate) now: u64,
}

/// What every gateway is told before it opens.
pub struct Basics<'a> {
    pub(crate) now: u64,
    pub(crate) seed: u64,
    pub(crate) story: Option<&'a Story>,
    pub(crate) time_scale: f64,
    pub(crate) magic_amounts: bool,
    pub(crate) decline_is_final: bool,
}

impl Basics<'_> {
    /// Shortens a wait of the simulator's own choosing.
    pub(crate) fn scaled(&self, millis: u64) -> u64 {
        (millis as f64 / self.time_scale) as u64
    }
}

/// One provider.
pub trait Gateway: Send + Sync + Sized + 'static {
    /// Its calls.
    type Operation: Operation;
    /// The status of its orders.
    type Status: Copy + Eq + Debug + Serialize + Send + 'static;
    /// The status of its refunds.
    type RefundStatus: Copy + Eq + Debug + Serialize + Send + 'static;
    /// A request that was let in.
    type Request: Send + 'static;
    /// An answer before it is signed.
    type Content: Send + 'static;

    /// Its unasked message.
    const NOTIFICATION: Self::Operation;
    /// Seconds from one delivery of an unacknowledged message to the next.
    const REPETITIONS: &'static [u64];
    /// How long the merchant may take to acknowledge.
    const ACKNOWLEDGED_WITHIN: Duration;
    /// Its codes for magic amounts.
    const MAGIC: MagicCodes;
    /// Whether a reversal closes an open order, as the last word to it does.
    const REVERSAL_CLOSES: bool;

    /// Returns what the engine must know of the settings.
    fn basics(&self) -> Basics<'_>;
    /// Returns the pace that its clients keep.
    fn pace(&self) -> Pace;
    /// Returns its routes.
    fn routes(engine: Arc<Engine<Self>>) -> axum::Router;
    /// Says what an order is called where it stands.
    fn status(&self, order: &Order, now: u64) -> Self::Status;
    /// Says what a refund is called where it stands.
    fn refund_status(&self, refund: &Refund) -> Self::RefundStatus;
    /// Says an amount for a story.
    fn amount(&self, amount: u64, currency: &str) -> String;
    /// Says what is wrong with a plan here.
    fn check_plan(&self, plan: &Plan) -> Result<(), String>;
    /// Returns which order or refund a call is about: the merchant's number,
    /// also where there is none of it.
    fn about(
        &self,
        book: &Book,
        operation: Self::Operation,
        request: &Self::Request,
    ) -> Option<Subject>;
    /// Returns the amount that a request names, if one.
    fn asked(&self, request: &Self::Request) -> Option<u64>;
    /// Notes what is against the rules though it may pass.
    fn watch(
        &self,
        conduct: &mut Conduct<Self::Operation>,
        book: &Book,
        operation: Self::Operation,
        request: &Self::Request,
        now: u64,
    );
    /// Does what is asked and drafts the answer.
    fn carry_out(
        &self,
        book: &mut Book,
        operation: Self::Operation,
        request: &Self::Request,
        fault: Option<&Fault>,
        pen: Pen<'_>,
    ) -> Result<Draft<Self::Content>, Refusal>;
    /// Drafts a refusal.
    fn refuse(&self, refusal: &Refusal, pen: Pen<'_>) -> Draft<Self::Content>;
    /// Returns the refusal that a bare code stands for.
    fn refusal(&self, code: &str) -> Refusal;
    /// Drafts a notification.
    fn notice(
        &self,
        book: &Book,
        subject: &Subject,
        number: &str,
        fault: Option<&Fault>,
        pen: Pen<'_>,
    ) -> Option<Draft<Self::Content>>;
    /// Signs and writes.
    fn seal(&self, draft: Draft<Self::Content>, fault: Option<&Fault>) -> Letter;
    /// Tells whether the merchant is told of an event.
    fn tells(&self, event: Event) -> bool;
    /// Tells whether the merchant took a notification.
    fn acknowledged(&self, status: u16, text: &str) -> bool;

    /// Returns the plan that a magic amount stands for, where they are on.
    fn magic_plan(&self, amount: u64, kind: Kind) -> Option<Plan> {
        let basics = self.basics();
        let scaled = |millis| basics.scaled(millis);
        basics
            .magic_amounts
            .then(|| plan::by_amount(amount, kind, &Self::MAGIC, scaled))
            .flatten()
    }

    /// Takes the plan of the next refund; without one it takes so long.
    fn refund_plan(&self, book: &mut Book, amount: u64, millis: u64) -> Plan {
        let default = match millis {
            0 => Plan::paid(),
            millis => Plan::paid_after_millis(self.basics().scaled(millis)),
        };
        let by_amount = self.magic_plan(amount, Kind::Refund);
        book.choose_refund(by_amount, default)
    }
}
