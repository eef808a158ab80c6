//! PayBy as the common engine sees it.

use std::sync::Arc;
use std::time::Duration;

use super::answer::{self, Content};
use super::orders::find;
use super::place::PlaceOrder;
use super::refunds::{find_refund, refund_key};
use super::request::{self, Key, Request};
use super::words::{Operation, RefundStatus, Status};
use super::{PayBy, door, money, print, refusal};
use crate::simulator::book::{Book, Subject};
use crate::simulator::clock;
use crate::simulator::conduct::{Conduct, Pace};
use crate::simulator::engine::Engine;
use crate::simulator::fault::Fault;
use crate::simulator::gateway::{
    Basics, Draft, Gateway, Kind, Letter, Operation as _, Pen, Refusal,
};
use crate::simulator::json::Json;
use crate::simulator::misprint;
use crate::simulator::order::{Event, Order};
use crate::simulator::plan::{MagicCodes, Plan};
use crate::simulator::refund::Refund;

impl Gateway for PayBy {
    type Operation = Operation;
    type Status = Status;
    type RefundStatus = RefundStatus;
    type Request = Request;
    type Content = Content;

    const NOTIFICATION: Operation = Operation::Notification;
    // After 2, 10, 10, 60, 120, 360 and 900 minutes (PayBy "Payment result
    // notification").
    const REPETITIONS: &'static [u64] = &[120, 600, 600, 3600, 7200, 21_600, 54_000];
    // Not documented.
    const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(10);
    const MAGIC: MagicCodes = MagicCodes {
        stale: "62021",
        risk: "601",
        refund: "62045",
        failure: ("500", false),
    };
    const REVERSAL_CLOSES: bool = false;

    fn basics(&self) -> Basics<'_> {
        let settings = &self.settings;
        Basics {
            now: (settings.clock)(),
            seed: settings.seed,
            story: settings.story.as_ref(),
            time_scale: settings.time_scale,
            magic_amounts: settings.magic_amounts,
            decline_is_final: settings.decline_is_final,
        }
    }

    // PayBy's acceptance test: a query every 2 to 6 s, a cancel every 3 to 10 s.
    fn pace(&self) -> Pace {
        Pace {
            enquiry_min: 2_000,
            enquiry_advice: "wait 2 to 6 s",
            cancel_min: 3_000,
            reversal_asks: false,
        }
    }

    fn routes(engine: Arc<Engine<Self>>) -> axum::Router {
        door::routes(engine)
    }

    fn status(&self, order: &Order, _now: u64) -> Status {
        Status::of(order)
    }

    fn refund_status(&self, refund: &Refund) -> RefundStatus {
        RefundStatus::of(refund)
    }

    fn amount(&self, amount: u64, _currency: &str) -> String {
        money::plain(amount)
    }

    fn check_plan(&self, _plan: &Plan) -> Result<(), String> {
        Ok(())
    }

    fn about(&self, book: &Book, operation: Operation, request: &Request) -> Option<Subject> {
        let content = &request.content;
        match operation {
            Operation::PlaceOrder => request::number(content, "merchantOrderNo")
                .ok()
                .map(Subject::Order),
            Operation::RefundPlaceOrder => request::number(content, "refundMerchantOrderNo")
                .ok()
                .map(Subject::Refund),
            Operation::RefundGetOrder => match refund_key(request).ok()? {
                Key::Merchant(number) => Some(Subject::Refund(number)),
                key => find_refund(book, &key).ok().map(Subject::Refund),
            },
            Operation::GetCashierUrlInfo => {
                let order = book.order_by_url(content["tokenUrl"].as_str()?)?;
                Some(Subject::Order(order.number.clone()))
            }
            Operation::GetOrder
            | Operation::CancelOrder
            | Operation::RevokeOrder
            | Operation::GetOrderPayer
            | Operation::UpdateExpiredTime => match Key::read(content).ok()? {
                Key::Merchant(number) => Some(Subject::Order(number)),
                key => find(book, &key).ok().map(Subject::Order),
            },
            _ => None,
        }
    }

    fn asked(&self, request: &Request) -> Option<u64> {
        request
            .fils("totalAmount")
            .or_else(|| request.fils("amount"))
    }

    fn watch(
        &self,
        conduct: &mut Conduct<Operation>,
        book: &Book,
        operation: Operation,
        request: &Request,
        now: u64,
    ) {
        let subject = self.about(book, operation, request);
        let number = subject.as_ref().map(Subject::number);
        for (rule, why) in &request.notes {
            conduct.note(now, operation, number, *rule, why.as_str());
        }
        let Some(subject) = &subject else {
            return;
        };
        match operation {
            Operation::PlaceOrder => {
                conduct.placed(now, operation, subject, &request.content);
                let read = PlaceOrder::read(request, &self.settings.partner_id);
                for (rule, why) in read.map(|(_, missing)| missing).unwrap_or_default() {
                    conduct.note(now, operation, number, rule, why);
                }
            }
            Operation::RefundPlaceOrder => {
                conduct.placed(now, operation, subject, &request.content);
            }
            _ => {}
        }
    }

    fn carry_out(
        &self,
        book: &mut Book,
        operation: Operation,
        request: &Request,
        fault: Option<&Fault>,
        mut pen: Pen<'_>,
    ) -> Result<Draft<Content>, Refusal> {
        // A repeated placing is answered without a look at its time.
        let placing = matches!(
            operation,
            Operation::PlaceOrder | Operation::RefundPlaceOrder
        );
        if !placing {
            request
                .check_time(pen.now)
                .map_err(|refusal| of_lists(operation, refusal))?;
        }
        let content = &request.content;
        let body = match operation {
            Operation::PlaceOrder => {
                let number = self.place(book, request, fault, &mut pen)?;
                self.order_body(book, &number, true, fault, &mut pen)
            }
            Operation::GetOrder => {
                let number = self.get(book, &Key::read(content)?, pen.now)?;
                self.order_body(book, &number, false, fault, &mut pen)
            }
            Operation::CancelOrder => {
                let number = self.cancel(book, &Key::read(content)?, pen.now)?;
                self.order_body(book, &number, false, fault, &mut pen)
            }
            Operation::RevokeOrder => {
                let number = self.revoke(book, &Key::read(content)?, pen.now)?;
                self.order_body(book, &number, false, fault, &mut pen)
            }
            Operation::UpdateExpiredTime => {
                let number = self.update_expiry(book, request, pen.now)?;
                self.order_body(book, &number, false, fault, &mut pen)
            }
            Operation::RefundPlaceOrder => {
                let number = self.refund(book, request, pen.now)?;
                self.refund_body(book, &number, fault, &mut pen)
            }
            Operation::RefundGetOrder => {
                let number = self.get_refund(book, request, pen.now)?;
                self.refund_body(book, &number, fault, &mut pen)
            }
            Operation::GetOrderPayer => {
                let number = find(book, &Key::read(content)?)?;
                self.payer_body(book, &number)
            }
            Operation::GetCashierUrlInfo => self.scanned_body(book, content, pen.now)?,
            Operation::QueryOrderPage | Operation::QueryRefundOrderPage => {
                self.list(book, operation, request, fault, &mut pen)?
            }
            Operation::GetOrderStatement | Operation::GetFundStatement => {
                return self.statement(book, operation, request, fault, pen.now);
            }
            Operation::GetBalance => self.balance_body(book, content, &mut pen)?,
            Operation::Notification => return Err(refusal::code("403")),
        };
        Ok(answer::success(body, pen))
    }

    fn refuse(&self, refusal: &Refusal, pen: Pen<'_>) -> Draft<Content> {
        let code = refusal.code.as_str();
        // Who is not known to be the merchant gets nothing signed.
        let stranger = matches!(code, "403" | answer::UNVERIFIED);
        let bare = self.settings.unsigned_errors && answer::gateway_level(code);
        Draft {
            signed: !(stranger || bare),
            ..answer::refused(code, &refusal.message, pen)
        }
    }

    fn refusal(&self, code: &str) -> Refusal {
        refusal::code(code)
    }

    fn notice(
        &self,
        book: &Book,
        subject: &Subject,
        number: &str,
        fault: Option<&Fault>,
        pen: Pen<'_>,
    ) -> Option<Draft<Content>> {
        let Pen { rng, now, .. } = pen;
        let (name, fields) = match subject {
            Subject::Order(number) => {
                let order = misprint::order(fault, book.order(number)?.clone());
                ("acquireOrder", print::order(&order, &self.settings, rng))
            }
            Subject::Refund(number) => {
                let refund = misprint::refund(fault, book.refund(number)?.clone());
                ("refundOrder", print::refund(&refund, rng))
            }
        };
        let text = Json::object([
            ("notify_id", Json::text(number)),
            ("notify_timestamp", Json::int(now)),
            (
                "notify_time",
                Json::text(clock::written(now, 4, "%Y%m%d%H%M%S")),
            ),
            ("_input_charset", Json::text("UTF-8")),
            (name, Json::Object(fields)),
        ])
        .print(rng);
        Some(Draft {
            code: "0".into(),
            message: String::new(),
            signed: true,
            content: Content::json(text, rng.one_in(2)),
        })
    }

    fn seal(&self, draft: Draft<Content>, fault: Option<&Fault>) -> Letter {
        let body = draft.content.body;
        let mut headers = vec![("content-type", draft.content.kind.to_owned())];
        let sign = match fault {
            _ if draft.content.file_name.is_some() => None,
            Some(Fault::NoSignature) => None,
            Some(Fault::WrongSignature) => Some(self.seal.sign(b"{}")),
            _ => draft.signed.then(|| self.seal.sign(&body)),
        };
        headers.extend(sign.map(|sign| ("sign", sign)));
        if let Some(name) = draft.content.file_name {
            let value = format!("attachment; filename={name}");
            headers.push(("content-disposition", value));
        }
        Letter {
            status: 200,
            headers,
            body,
        }
    }

    // Refunds when they succeed or fail; payments that fail since 2025 no more.
    fn tells(&self, event: Event) -> bool {
        match event {
            Event::Paid | Event::Refunded | Event::RefundFailed => true,
            Event::Failed => self.settings.notify_failures,
            Event::Settled | Event::RefundTaken => false,
        }
    }

    fn acknowledged(&self, status: u16, text: &str) -> bool {
        let said = serde_json::from_str::<serde_json::Value>(text)
            .ok()
            .and_then(|value| Some(value.get("response")?.as_str()?.to_owned()));
        let said = match said {
            Some(said) => said,
            None if self.settings.bare_acknowledgement => text.trim().to_owned(),
            None => String::new(),
        };
        status == 200 && said.eq_ignore_ascii_case("SUCCESS")
    }
}

// The lists have codes of their own for a clock that is off.
fn of_lists(operation: Operation, refusal: Refusal) -> Refusal {
    let code = match (operation.kind(), refusal.message.as_str()) {
        (Kind::List, "REQUESTTIME_TOO_EARLY") => "71002",
        (Kind::List, "REQUESTTIME_TOO_LATER") => "71003",
        _ => return refusal,
    };
    Refusal {
        code: code.to_owned(),
        ..refusal
    }
}
