//! Payment orders: placing, asking, cancelling, revoking.

use super::PayBy;
use super::place::{PlaceOrder, Scene};
use super::refusal;
use super::request::{self, Key, Request};
use super::words::Status;
use crate::simulator::book::{Book, Subject};
use crate::simulator::fault::Fault;
use crate::simulator::gateway::{Gateway, Kind, Pen, Refusal};
use crate::simulator::json::Rng;
use crate::simulator::order::{Order, Shown};
use crate::simulator::plan::{Plan, Then, Wait};

/// The furthest that `updateExpiredTime` goes: 15 days.
const EXPIRY_MILLIS_MAX: u64 = 15 * 24 * 3_600_000;

/// Finds the order a call is about.
pub(crate) fn find(book: &Book, key: &Key) -> Result<String, Refusal> {
    match key {
        Key::Merchant(number) if book.order(number).is_some() => Ok(number.clone()),
        Key::Merchant(_) => Err(refusal::code("62004")),
        Key::PayBy(order_no) => match book.subject(order_no) {
            Some(Subject::Order(number)) => Ok(number.clone()),
            _ => Err(refusal::code("62035")),
        },
    }
}

/// The code that an order no longer waiting answers with.
fn closed_code(order: &Order) -> Option<&'static str> {
    match Status::of(order) {
        Status::Created => None,
        Status::PaidSuccess => Some("62001"),
        Status::Failure => Some("62002"),
        Status::Settled => Some("62003"),
    }
}

impl PayBy {
    /// `placeOrder`: makes the order and submits its payment code in one.
    pub(crate) fn place(
        &self,
        book: &mut Book,
        request: &Request,
        fault: Option<&Fault>,
        pen: &mut Pen<'_>,
    ) -> Result<String, Refusal> {
        let number = request::number(&request.content, "merchantOrderNo")?;
        if let Some(order) = book.order(&number) {
            // The first request's time stays the order's time; this one's is
            // not looked at.
            if order.content != request.content {
                return Err(refusal::code("62016"));
            }
            match closed_code(order) {
                Some(code) if self.settings.repeat_refused || code == "62002" => {
                    return Err(refusal::code(code));
                }
                None if self.settings.token_renewed && order.shown.is_some() => {
                    book.show(&number, &token_url(pen.now, pen.rng));
                }
                _ => {}
            }
            return Ok(number);
        }
        request.check_time(pen.now)?;
        let (place, _) = PlaceOrder::read(request, &self.settings.partner_id)?;
        if let Scene::Customer { auth_code } = &place.scene {
            self.check_code(book, auth_code)?;
        }
        if book.is_full() {
            return Err(refusal::code("404"));
        }
        let plan = self.choose(book, &place);
        if let Then::Refused(code) = &plan.then {
            return Err(refusal::code(code));
        }
        let shown = match &place.scene {
            Scene::Merchant { binds } => Some(*binds),
            // The product page says that there is one.
            Scene::Customer { .. } => (fault == Some(&Fault::TokenUrl)).then_some(true),
        };
        let shown = shown.map(|binds| Shown {
            urls: vec![token_url(pen.now, pen.rng)],
            until: pen.now + self.settings.token_millis,
            binds,
            payer: None,
        });
        if let Scene::Customer { auth_code } = place.scene {
            book.codes_used.insert(auth_code);
        }
        let order = Order {
            currency: super::money::CURRENCY.into(),
            request_time: request.request_time,
            expires: place.expires,
            settle_after: self.settings.settle_millis,
            shown,
            ..Order::new(&number, request.content.clone(), place.total, pen.now, plan)
        };
        book.enter(order, |made| order_no("13", pen.now, made), pen.now);
        Ok(number)
    }

    // A code is good once, in one order, and not after the app replaced it.
    fn check_code(&self, book: &Book, code: &str) -> Result<(), Refusal> {
        let printable = code.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let marked = |marker: &str| !marker.is_empty() && code.ends_with(marker);
        let settings = &self.settings;
        let useless = marked(&settings.stale_marker) || marked(&settings.foreign_marker);
        // The QR symbol's own text holds the code; it is not the code.
        let symbol = !self.settings.accept_cpm_text && code.starts_with("hQVDUFY");
        if !printable
            || !(8..=512).contains(&code.len())
            || useless
            || symbol
            || book.codes_stale.contains(code)
            || book.codes_used.contains(code)
        {
            return Err(refusal::code("62021"));
        }
        Ok(())
    }

    fn choose(&self, book: &mut Book, place: &PlaceOrder) -> Plan {
        let basics = self.basics();
        let settings = &self.settings;
        let (kind, default) = match place.scene {
            Scene::Customer { .. } if place.total < settings.password_from => {
                (Kind::Pay, Plan::paid())
            }
            Scene::Customer { .. } => {
                let wait = Wait::Millis(basics.scaled(settings.password_millis));
                (Kind::Pay, Plan::after(wait, Then::Paid))
            }
            Scene::Merchant { .. } => {
                let comes = settings.display_millis.map(|millis| basics.scaled(millis));
                let plan = comes.map_or_else(Plan::never, Plan::paid_after_millis);
                (Kind::Display, plan)
            }
        };
        let by_amount = self.magic_plan(place.total, kind);
        book.choose(by_amount, default)
    }

    /// `getOrder`.
    pub(crate) fn get(&self, book: &mut Book, key: &Key, now: u64) -> Result<String, Refusal> {
        let number = find(book, key)?;
        book.enquired(&number, now);
        Ok(number)
    }

    /// `cancelOrder`: only while `CREATED`.
    pub(crate) fn cancel(&self, book: &mut Book, key: &Key, now: u64) -> Result<String, Refusal> {
        let number = find(book, key)?;
        let refused = book.change(&number, |order| {
            order.cancels += 1;
            let closed = closed_code(order);
            if closed.is_none() {
                order.fail(now, "ORDER_CANCELLED", "the merchant cancelled the order");
            }
            closed
        });
        match refused.flatten() {
            Some(code) => Err(refusal::code(code)),
            None => Ok(number),
        }
    }

    /// `revokeOrder`: closes an unpaid order, gives a paid one's money back.
    pub(crate) fn revoke(&self, book: &mut Book, key: &Key, now: u64) -> Result<String, Refusal> {
        let number = find(book, key)?;
        let refunded = book
            .order(&number)
            .is_some_and(|order| !order.reversed && book.refundable(order) < order.captured);
        let when_unpaid = self.settings.revoked_when_unpaid;
        book.change(&number, |order| {
            order.reversals += 1;
            if refunded {
                return;
            }
            let unpaid = Status::of(order) == Status::Created;
            order.reverse(now);
            order.reversed |= unpaid && when_unpaid;
        });
        if refunded {
            return Err(refusal::code("62041"));
        }
        Ok(number)
    }

    /// `updateExpiredTime`: at most 15 days ahead, of a waiting order.
    pub(crate) fn update_expiry(
        &self,
        book: &mut Book,
        request: &Request,
        now: u64,
    ) -> Result<String, Refusal> {
        let number = find(book, &Key::read(&request.content)?)?;
        let expires = request.content["expiredTime"]
            .as_u64()
            .ok_or_else(|| refusal::field("expiredTime is not Unix milliseconds"))?;
        if expires <= now || expires > now + EXPIRY_MILLIS_MAX {
            return Err(refusal::code("62089"));
        }
        let refused = book.change(&number, |order| {
            let closed = closed_code(order);
            if closed.is_none() {
                order.expires = expires;
            }
            closed
        });
        match refused.flatten() {
            Some(code) => Err(refusal::code(code)),
            None => Ok(number),
        }
    }
}

// Type, the time, three digits: the shape seen, 18 digits. After a thousand in
// one instant the next one's are taken.
pub(crate) fn order_no(kind: &str, now: u64, made: u64) -> String {
    format!("{kind}{:013}{:03}", now + made / 1000, made % 1000)
}

// The observed form on a host that is nobody's; clients must not parse it.
fn token_url(now: u64, rng: &mut Rng) -> String {
    let token: String = (0..32)
        .map(|_| char::from_digit(rng.below(16) as u32, 16).unwrap_or('0'))
        .collect();
    format!("https://qr.payby.invalid?BIZ_TYPE=202&ft={token}&t={now}")
}
