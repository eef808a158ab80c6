//! What the driver is joined to here: handles on one [`World`].
//!
//! Every call through a port is a moment at which the process may be killed; after
//! that it does nothing any more, whatever it still tries.

use super::disk::DiskFault;
use super::plants::{Plant, PlantedCore};
use super::rules;
use super::world::{Wire, World};
use qrpayd::domain::code::PaymentCode;
use qrpayd::domain::{
    AttemptId, BusinessDay, Fact, GatewayId, IdempotencyKey, Operation, Order, OrderNumber,
    RefundId, RefundOperation, Remark, SaleRef, Tender, TenderId, Timestamp,
};
use qrpayd::journal::{Entry, JournalError, TenderRow};
use qrpayd::service::Trouble;
use qrpayd::service::driver::{Book, Call, Clock, Front, Hands, Moment, Ports};
use qrpayd::service::view::Notice;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// A handle on the world.
#[derive(Clone)]
pub(crate) struct Port(pub(crate) Rc<RefCell<World>>);

/// The ports of a simulated store.
pub(crate) struct Simulated;

impl Ports for Simulated {
    type Book = Port;
    type Hands = Port;
    type Clock = Port;
    type Front = Port;
    type Core = PlantedCore;
}

/// What a call asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Asked {
    Submit,
    Enquiry,
    Cancel,
    Revoke,
    Scanned,
    Refund,
    RefundEnquiry,
}

/// Which attempt or refund a call is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum About {
    Attempt(AttemptId),
    Refund(RefundId),
}

pub(crate) fn asked(call: &Call) -> (Asked, About) {
    match call {
        Call::Order {
            attempt, operation, ..
        } => {
            let asked = match operation {
                Operation::Submit => Asked::Submit,
                Operation::Enquiry => Asked::Enquiry,
                Operation::Cancel => Asked::Cancel,
                Operation::Revoke => Asked::Revoke,
                Operation::Scanned => Asked::Scanned,
                Operation::Notification => unreachable!("nobody asks for it"),
            };
            (asked, About::Attempt(attempt.clone()))
        }
        Call::Refund {
            refund, operation, ..
        } => {
            let asked = match operation {
                RefundOperation::Submit => Asked::Refund,
                RefundOperation::Enquiry => Asked::RefundEnquiry,
                RefundOperation::Notification => unreachable!("nobody asks for it"),
            };
            (asked, About::Refund(refund.clone()))
        }
    }
}

fn killed() -> JournalError {
    JournalError::Stopped
}

impl Book for Port {
    fn append(
        &mut self,
        at: Timestamp,
        facts: &[Fact],
        rows: &[TenderRow],
    ) -> Result<u64, JournalError> {
        let world = &mut *self.0.borrow_mut();
        if !world.lives_on() {
            return Err(killed());
        }
        let nth = world.disk.appends;
        world.disk.appends += 1;
        let calm = world.calm();
        let fault = world.luck.append(nth, calm, &mut world.chance);
        if let Some(fault) = fault {
            world.coverage.disk_fault(fault);
            world.tell(|| format!("disk: {fault:?}"));
        }
        match fault {
            Some(DiskFault::KillBefore) => world.die(),
            Some(DiskFault::PowerCutBefore) => world.power_cut(),
            Some(DiskFault::FullBefore) => world.disk_fills(),
            Some(DiskFault::ErrorBefore) => {
                return Err(JournalError::Io {
                    doing: "writing",
                    source: std::io::Error::other("simulated"),
                });
            }
            Some(DiskFault::UndecidedGone) => {
                return Err(JournalError::Undecided("simulated".to_owned()));
            }
            _ => {}
        }
        if world.dead {
            return Err(killed());
        }
        let begins = rules::begins(facts);
        if world.disk.full {
            if begins || world.disk.reserve == 0 {
                return Err(JournalError::DiskFull);
            }
            world.disk.reserve -= 1;
            world.coverage.saw("outcome stored on a full disk");
        }
        rules::commit(world, at, facts, rows);
        let last = world.disk.write(at, facts, rows);
        if world.plant != Some(Plant::FlushForgotten) {
            world.disk.flush();
        }
        match fault {
            Some(DiskFault::KillAfter) => world.die(),
            Some(DiskFault::PowerCutAfter) => world.power_cut(),
            Some(DiskFault::FullAfter) => world.disk_fills(),
            Some(DiskFault::UndecidedThere) => {
                return Err(JournalError::Undecided("simulated".to_owned()));
            }
            _ => {}
        }
        if world.lives_on() {
            Ok(last)
        } else {
            Err(killed())
        }
    }

    fn remark(&mut self, _: Timestamp, _: &Remark) -> Result<u64, JournalError> {
        let world = &mut *self.0.borrow_mut();
        if !world.lives_on() {
            return Err(killed());
        }
        world.coverage.saw("notification about nothing of ours");
        Ok(world.disk.entries.len() as u64)
    }

    fn open_tenders(&self) -> Result<Vec<TenderId>, JournalError> {
        Ok(self.0.borrow().disk.open_tenders())
    }

    fn facts_of(&self, tender: &TenderId) -> Result<Vec<Entry>, JournalError> {
        Ok(self.0.borrow().disk.facts_of(tender))
    }

    fn by_key(&self, key: &IdempotencyKey) -> Result<Option<TenderId>, JournalError> {
        Ok(self.0.borrow().disk.by_key(key))
    }

    fn by_sale(&self, sale: &SaleRef, day: &BusinessDay) -> Result<Vec<TenderId>, JournalError> {
        Ok(self.0.borrow().disk.by_sale(sale, day))
    }

    fn by_order(&self, order: &OrderNumber) -> Result<Option<TenderId>, JournalError> {
        Ok(self.0.borrow().disk.by_order(order))
    }
}

impl Hands for Port {
    fn prepare(&mut self, attempt: &AttemptId, _: &Order, code: Option<&PaymentCode>) {
        let world = &mut *self.0.borrow_mut();
        if world.lives_on() {
            let code = code.map(|code| String::from_utf8_lossy(code.as_bytes()).into_owned());
            world.prepared.insert(attempt.clone(), code);
        }
    }

    fn forget(&mut self, attempt: &AttemptId) {
        self.0.borrow_mut().prepared.remove(attempt);
    }

    fn start(&mut self, serial: u64, call: Call, pause: Duration) {
        let world = &mut *self.0.borrow_mut();
        if world.lives_on() {
            rules::call(world, &call);
            world.send(serial, call, pause);
        }
    }

    fn give_up(&mut self, serial: u64) {
        let world = &mut *self.0.borrow_mut();
        world.calls.remove(&(world.life, serial));
    }

    fn warm(&mut self, _: &[GatewayId]) {
        self.0.borrow_mut().lives_on();
    }

    fn clock_error(&self, gateway: &GatewayId) -> Option<Duration> {
        self.0.borrow().clock_errors.get(gateway).copied()
    }
}

impl Clock for Port {
    fn moment(&self) -> Moment {
        let world = self.0.borrow();
        let millis = match world.plant {
            Some(Plant::ClockTrusted) => {
                // A clock that somebody sets.
                let day = 86_400_000_000;
                u64::try_from(i64::try_from(world.clock).unwrap() + world.wall + day).unwrap()
            }
            _ => world.clock,
        };
        Moment(Duration::from_millis(millis))
    }

    fn wall(&self) -> Timestamp {
        self.0.borrow().wall_time()
    }

    fn random(&mut self) -> u64 {
        self.0.borrow_mut().chance.next()
    }
}

/// Who waits for an answer, and to what.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    Create(IdempotencyKey),
    Refund(IdempotencyKey),
    Request,
    /// A notification, to be sent again until it is acknowledged.
    Notification(Wire),
}

impl Front for Port {
    type Reply = Ask;

    fn answer(&mut self, reply: Ask, outcome: Result<(&Tender, bool), Trouble>) {
        let world = &mut *self.0.borrow_mut();
        if !world.lives_on() {
            return;
        }
        match outcome {
            Ok((tender, _)) => {
                rules::told(world, tender);
                match reply {
                    Ask::Create(key) => rules::same_key(world, key, tender),
                    Ask::Refund(key) => rules::same_refund(world, &key, tender),
                    Ask::Request => {}
                    Ask::Notification(wire) => rules::acknowledged(world, &wire, tender),
                }
            }
            Err(trouble) => {
                world.coverage.trouble(&trouble);
                world.tell(|| format!("   denied: {trouble:?}"));
                if let Ask::Notification(wire) = reply {
                    match trouble {
                        Trouble::Denied(_) => world.keep(&wire),
                        _ => world.not_acknowledged(wire),
                    }
                }
            }
        }
    }

    fn post(&mut self, tender: &Tender) {
        let world = &mut *self.0.borrow_mut();
        if world.lives_on() {
            rules::told(world, tender);
        }
    }

    fn durable(&mut self, last: u64) {
        let world = &mut *self.0.borrow_mut();
        if world.lives_on() {
            rules::only_what_is_there(world, last);
        }
    }

    fn notice(&mut self, notice: Notice) {
        let world = &mut *self.0.borrow_mut();
        if world.lives_on() {
            world.coverage.notice(&notice.code);
            world.tell(|| format!("   notice on {}: {}", notice.lane, notice.code));
        }
    }

    fn count(&mut self, _: &'static str, _: &str) {
        self.0.borrow_mut().lives_on();
    }

    fn unready(&mut self, _: &str) {
        self.0.borrow_mut().lives_on();
    }

    fn nobody_can_tell(&mut self) {
        let world = &mut *self.0.borrow_mut();
        if world.lives_on() {
            world.coverage.saw("nobody can tell");
        }
    }
}
