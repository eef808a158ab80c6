//! Payments: submitting, asking, reversing, settling.

use super::CodePay;
use super::request::Request;
use super::settings::RefusalForm;
use super::wallets::{self, Wallet};
use super::words::{field, noted, refused};
use crate::simulator::book::{Book, Subject};
use crate::simulator::clock;
use crate::simulator::conduct::Rule;
use crate::simulator::fault::Fault;
use crate::simulator::gateway::{Gateway, Kind, Pen, Refusal};
use crate::simulator::order::{Order, Shown, Stand};
use crate::simulator::plan::{Plan, Then, Wait};

/// How long an order can be paid when the request does not say, seconds. Not
/// documented.
const EXPIRES_DEFAULT: u64 = 60;
/// The longest that a request may ask for, seconds. Not documented.
const EXPIRES_MAX: u64 = 7 * 24 * 3600;

/// Returns the gateway's number: 23 digits, the date in front.
pub(crate) fn trans_no(now: u64, made: u64) -> String {
    format!("{}{:017}", clock::written(now, 0, "%y%m%d"), made + 1)
}

/// Finds the payment a call is about; `trans_no` wins when both are there.
pub(crate) fn find(book: &Book, request: &Request, now: u64) -> Result<String, Refusal> {
    let (number, code) = match (request.get("trans_no"), request.get("merchant_order_no")) {
        (Some(trans_no), _) => match book.subject(trans_no) {
            Some(Subject::Order(number)) => (number.as_str(), "E04110"),
            _ => return Err(refused("E04110")),
        },
        (None, Some(_)) => (request.number()?, "E04111"),
        (None, None) => return Err(field("neither merchant_order_no nor trans_no is there")),
    };
    visible(book, number, code, now)
}

/// Finds a payment that is not hidden.
pub(crate) fn visible(book: &Book, number: &str, code: &str, now: u64) -> Result<String, Refusal> {
    match book.order(number) {
        Some(order) if order.hidden_until <= now => Ok(number.to_owned()),
        _ => Err(refused(code)),
    }
}

/// Tells whether a number was used, by a payment or by a refund.
pub(crate) fn is_used(book: &Book, number: &str) -> bool {
    book.order(number).is_some() || book.refund(number).is_some()
}

impl CodePay {
    /// `bscanc.pay.submit` and `cscanb.pay.getqrcode`.
    pub(crate) fn submit(
        &self,
        book: &mut Book,
        kind: Kind,
        request: &Request,
        fault: Option<&Fault>,
        pen: &mut Pen<'_>,
    ) -> Result<String, Refusal> {
        let now = pen.now;
        let number = request.number()?;
        if is_used(book, number) {
            let same = book
                .order(number)
                .is_some_and(|order| order.content == request.content());
            return match self.settings.repeat_answered && same {
                true => Ok(number.to_owned()),
                false => Err(refused("E04112")),
            };
        }
        let (currency, amount) = request.amount()?;
        request.need("description")?;
        let method = request.need("pay_method_id")?;
        let wallet = wallets::find(method)
            .ok_or_else(|| field(format!("pay_method_id {method:.32} is no wallet")))?;
        let expires = match request.get("expires") {
            None => EXPIRES_DEFAULT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|seconds| (1..=EXPIRES_MAX).contains(seconds))
                .ok_or_else(|| field("expires is not a number of seconds"))?,
        };
        if book.is_full() {
            return Err(refused("SIM050"));
        }
        let code = match kind {
            Kind::Pay => Some(request.need("auth_code")?),
            _ => None,
        };
        let unusable = match code {
            Some(code) => self.unusable(book, code, wallet)?,
            None => None,
        };
        let plan = match unusable {
            Some(code) => self.refused_plan(code),
            None => self.choose(book, amount, kind),
        };
        if let Then::Refused(code) = &plan.then {
            return Err(refused(code));
        }
        if let Some(code) = code {
            book.codes_used.insert(code.to_owned());
        }
        let expires = now + expires * 1000;
        let shown = (kind == Kind::Display).then(|| Shown {
            urls: vec![format!(
                "https://pay.codepay.invalid/q/{:08x}{:04x}",
                now % 0xffff_ffff,
                pen.rng.below(0xffff)
            )],
            until: expires,
            binds: false,
            payer: None,
        });
        let hidden = match fault {
            Some(Fault::Invisible { millis }) => now + millis,
            _ => 0,
        };
        let order = Order {
            currency: currency.to_owned(),
            request_time: request.timestamp,
            expires,
            shown,
            hidden_until: hidden,
            asked_at: now + self.settings.pre_create_millis,
            ..Order::new(number, request.content(), amount, now, plan)
        };
        book.enter(order, |made| trans_no(now, made), now);
        Ok(number.to_owned())
    }

    // Why a code cannot pay: too old, used, another wallet's.
    fn unusable(
        &self,
        book: &Book,
        code: &str,
        wallet: &Wallet,
    ) -> Result<Option<&'static str>, Refusal> {
        let printable = code.bytes().all(|byte| (b'!'..=b'~').contains(&byte));
        if !printable || code.len() > 512 {
            return Err(field("auth_code is not 1 to 512 printable characters"));
        }
        let marker = &self.settings.stale_marker;
        let stale = !marker.is_empty() && code.ends_with(marker.as_str());
        Ok(if !(wallet.shows)(code) {
            Some("SIM022")
        } else if book.codes_used.contains(code) {
            Some("SIM021")
        } else if stale || book.codes_stale.contains(code) {
            Some("SIM020")
        } else {
            None
        })
    }

    // A refusal in the form that the settings choose.
    fn refused_plan(&self, code: &str) -> Plan {
        match self.settings.refusal {
            RefusalForm::Status => Plan::after(Wait::None, Then::Failed(code.to_owned())),
            RefusalForm::Code => Plan::refused(code),
        }
    }

    fn choose(&self, book: &mut Book, amount: u64, kind: Kind) -> Plan {
        let basics = self.basics();
        let settings = &self.settings;
        let scaled = |millis| basics.scaled(millis);
        let default = match kind {
            Kind::Display => settings.display_millis.map_or_else(Plan::never, |millis| {
                Plan::paid_after_millis(scaled(millis))
            }),
            _ if amount < settings.password_from => Plan::paid(),
            _ => Plan::paid_after_millis(scaled(settings.password_millis)),
        };
        let by_amount = self.magic_plan(amount, kind).map(|plan| match &plan.then {
            Then::Refused(code) => self.refused_plan(code),
            // There is no settling between two queries here.
            Then::Settled => Plan::after(plan.wait, Then::Paid),
            _ => plan,
        });
        let plan = book.choose(by_amount, default);
        match plan.wait {
            // While it is pre-created the wallet is not asked.
            Wait::None if settings.pre_create_millis > 0 && kind == Kind::Pay => Plan {
                wait: Wait::Millis(settings.pre_create_millis),
                ..plan
            },
            _ => plan,
        }
    }

    /// `order.query`.
    pub(crate) fn query(
        &self,
        book: &mut Book,
        request: &Request,
        now: u64,
    ) -> Result<String, Refusal> {
        let number = find(book, request, now)?;
        book.enquired(&number, now);
        Ok(number)
    }

    /// `order.revoker`: closes what is not paid, gives back what is.
    pub(crate) fn revoke(
        &self,
        book: &mut Book,
        request: &Request,
        fault: Option<&Fault>,
        now: u64,
    ) -> Result<String, Refusal> {
        let number = visible(book, request.number()?, "E04111", now)?;
        book.change(&number, |order| order.reversals += 1);
        let order = book.order(&number).ok_or_else(|| refused("E04111"))?;
        let settings = &self.settings;
        let young = now < order.created_at + settings.reversal_after_millis;
        if young && settings.early_reversal_refused {
            return Err(refused("SIM030"));
        }
        let cancels = order.content["pay_method_id"]
            .as_str()
            .and_then(wallets::find)
            .is_some_and(|wallet| wallet.cancels);
        if !cancels {
            return Err(refused("SIM031"));
        }
        let late = settings
            .reversal_millis_max
            .zip(order.paid_at)
            .is_some_and(|(max, paid_at)| now > paid_at + max);
        if order.stand == Stand::Settled && !order.reversed || late {
            return Err(refused("ET008"));
        }
        if !order.reversed && book.refundable(order) < order.captured {
            return Err(refused("SIM032"));
        }
        let late_success = match fault {
            Some(Fault::LateSuccess { millis }) if order.stand == Stand::Waiting => Some(*millis),
            _ => None,
        };
        let was_paid = order.is_paid() && !order.reversed;
        book.change(&number, |order| match late_success {
            None => order.reverse(now),
            Some(millis) => {
                let wait = now.saturating_sub(order.created_at) + millis;
                order.plan = Plan::paid_after_millis(wait);
                order.expires = order.expires.max(now + millis + 1);
            }
        });
        if was_paid && settings.reversal_is_refund {
            self.refund_of_reversal(book, &number, now);
        }
        book.evolve(now);
        Ok(number)
    }

    /// What is against the rules about a reversal, whatever becomes of it.
    pub(crate) fn reversal_notes(
        &self,
        book: &Book,
        request: &Request,
        now: u64,
    ) -> Option<Refusal> {
        let order = book.order(request.number().ok()?)?;
        let age = now.saturating_sub(order.created_at);
        if age < self.settings.reversal_after_millis {
            let why = format!("reversed {age} ms after it was made; wait 15 s");
            return Some(noted("0", Rule::ReversalEarly, why));
        }
        let method = order.content["pay_method_id"].as_str()?;
        let wallet = wallets::find(method)?;
        (!wallet.cancels).then(|| {
            let why = format!("{method} has no cancel; refund it");
            noted("0", Rule::ReversalUnsupported, why)
        })
    }

    /// `batch.close`: settles a terminal's payments.
    pub(crate) fn close_batch(
        &self,
        book: &mut Book,
        request: &Request,
        now: u64,
    ) -> Result<(), Refusal> {
        let terminal = request.need("terminal_sn")?;
        let pending: Vec<_> = book
            .orders()
            .filter(|order| order.stand == Stand::Paid && !order.reversed)
            .filter(|order| order.content["terminal_sn"] == terminal)
            .map(|order| order.number.clone())
            .collect();
        if pending.is_empty() {
            return Err(refused("ET007"));
        }
        for number in pending {
            book.change(&number, |order| order.settle(now));
        }
        Ok(())
    }
}
