//! CodePay as the common engine sees it.

use std::sync::Arc;
use std::time::Duration;

use super::print;
use super::request::Request;
use super::seal::Content;
use super::words::{self, Operation, Status, refused};
use super::{CodePay, door, money};
use crate::simulator::book::{Book, Subject};
use crate::simulator::clock;
use crate::simulator::conduct::{Conduct, Pace};
use crate::simulator::engine::Engine;
use crate::simulator::fault::Fault;
use crate::simulator::gateway::{
    self, Basics, Draft, Gateway, Kind, Letter, Operation as _, Pen, Refusal,
};
use crate::simulator::json::Json;
use crate::simulator::misprint;
use crate::simulator::order::{Event, Order, Stand};
use crate::simulator::plan::{MagicCodes, Plan, Then};
use crate::simulator::refund::Refund;

impl Gateway for CodePay {
    type Operation = Operation;
    type Status = Status;
    type RefundStatus = Status;
    type Request = Request;
    type Content = Content;

    const NOTIFICATION: Operation = Operation::Notification;
    // CodePay "CallbackNotificationNotes": 15 attempts.
    const REPETITIONS: &'static [u64] = &[
        5, 10, 15, 30, 60, 180, 600, 900, 1800, 1800, 1800, 10_800, 10_800, 10_800,
    ];
    const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(5);
    const MAGIC: MagicCodes = MagicCodes {
        stale: "SIM020",
        risk: "SIM023",
        refund: "SIM043",
        failure: ("SYS001", true),
    };
    const REVERSAL_CLOSES: bool = true;

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

    // CodePay's guide polls every 2 s, a sister's page every 5 s.
    fn pace(&self) -> Pace {
        Pace {
            enquiry_min: self.settings.enquiry_millis_min,
            enquiry_advice: "wait 5 s",
            cancel_min: 0,
            reversal_asks: true,
        }
    }

    fn routes(engine: Arc<Engine<Self>>) -> axum::Router {
        door::routes(engine)
    }

    fn status(&self, order: &Order, now: u64) -> Status {
        match order.stand {
            Stand::Waiting => {
                let unscanned = order.shown.is_some() && !order.scanned(now);
                match unscanned || now < order.asked_at {
                    true => Status::PreCreated,
                    false => Status::Processing,
                }
            }
            Stand::Closed => Status::Closed,
            Stand::Paid | Stand::Settled if !order.reversed => Status::Completed,
            Stand::Paid | Stand::Settled => {
                let since = now.saturating_sub(order.closed_at.unwrap_or_default());
                match self.settings.reversal_is_refund {
                    _ if since < self.settings.reversal_millis => Status::Processing,
                    true => Status::Completed,
                    false => Status::Cancelled,
                }
            }
        }
    }

    fn refund_status(&self, refund: &Refund) -> Status {
        print::refund_status(refund)
    }

    fn amount(&self, amount: u64, currency: &str) -> String {
        money::plain(amount, currency)
    }

    fn check_plan(&self, plan: &Plan) -> Result<(), String> {
        match plan.then {
            Then::Settled => Err("CodePay has no settled order; use paid".into()),
            _ => Ok(()),
        }
    }

    fn about(&self, book: &Book, operation: Operation, request: &Request) -> Option<Subject> {
        let number = || request.number().ok().map(str::to_owned);
        let by_trans_no = || book.subject(request.get("trans_no")?).cloned();
        match operation.kind() {
            Kind::Pay | Kind::Display | Kind::Reversal => number().map(Subject::Order),
            Kind::Enquiry => by_trans_no().or_else(|| number().map(Subject::Order)),
            Kind::Refund => number().map(Subject::Refund),
            Kind::RefundEnquiry => by_trans_no().or_else(|| number().map(Subject::Refund)),
            _ => None,
        }
    }

    fn asked(&self, request: &Request) -> Option<u64> {
        let currency = request.get("price_currency")?;
        money::parse(request.get("order_amount")?, currency).ok()
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
        let Some(number) = number else {
            return;
        };
        match operation.kind() {
            Kind::Pay | Kind::Display | Kind::Refund => {
                // Payments and refunds share their numbers.
                let shared = Subject::Order(number.to_owned());
                conduct.placed(now, operation, &shared, &request.content());
                for (rule, why) in placing_notes(operation, request) {
                    conduct.note(now, operation, Some(number), rule, why);
                }
            }
            Kind::Reversal => {
                let found = self.reversal_notes(book, request, now);
                if let Some((rule, why)) = found.and_then(|refusal| refusal.note) {
                    conduct.note(now, operation, Some(number), rule, why);
                }
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
        let now = pen.now;
        let kind = operation.kind();
        let fields = match operation {
            Operation::PaySubmit | Operation::GetQrCode => {
                let number = self.submit(book, kind, request, fault, &mut pen)?;
                let order = self.printed(book, &number, fault)?;
                match kind {
                    Kind::Display => Some(self.displayed(&order)),
                    _ => Some(self.submitted(&order, now)),
                }
            }
            Operation::OrderQuery => {
                let number = self.query(book, request, now)?;
                let order = self.printed(book, &number, fault)?;
                Some(self.queried(&order, &mut pen))
            }
            Operation::OrderRevoker => {
                self.revoke(book, request, fault, now)?;
                None
            }
            Operation::RefundSubmit => {
                let number = self.refund(book, request, now)?;
                let refund = printed_refund(book, &number, fault)?;
                Some(self.refunded(&refund, &mut pen))
            }
            Operation::RefundQuery => {
                let number = self.query_refund(book, request, now)?;
                let refund = printed_refund(book, &number, fault)?;
                let original = book.order(&refund.order);
                let original = original.map_or("", |order| order.gateway_no.as_str());
                Some(self.refund_queried(&refund, original, &mut pen))
            }
            Operation::BatchClose => {
                self.close_batch(book, request, now)?;
                None
            }
            Operation::TransDetails | Operation::TransSummarize => {
                Some(self.list(book, operation, request, fault)?)
            }
            Operation::BillDownload | Operation::Notification | Operation::Unknown => {
                return Err(refused("E07303"));
            }
        };
        let data = fields.map(|fields| Json::Object(print::misprint(fault, fields)).print(pen.rng));
        Ok(draft("0", words::message("0"), data, &pen))
    }

    fn refuse(&self, refusal: &Refusal, pen: Pen<'_>) -> Draft<Content> {
        draft(&refusal.code, &refusal.message, None, &pen)
    }

    fn refusal(&self, code: &str) -> Refusal {
        refused(code)
    }

    fn notice(
        &self,
        book: &Book,
        subject: &Subject,
        number: &str,
        fault: Option<&Fault>,
        pen: Pen<'_>,
    ) -> Option<Draft<Content>> {
        let told = match subject {
            Subject::Order(number) => {
                let order = self.printed(book, number, fault).ok()?;
                self.order_told(&order, pen.now)
            }
            Subject::Refund(number) => {
                let refund = printed_refund(book, number, fault).ok()?;
                self.refund_told(&refund, book.order(&refund.order)?)
            }
        };
        let mut fields = print::misprint(fault, told);
        let protocol = [
            ("app_id", self.settings.app_id.as_str()),
            // Not documented, and not to be looked at.
            ("method", "sim.notification"),
            ("format", "JSON"),
            ("charset", "UTF-8"),
            ("sign_type", "RSA2"),
            ("version", "1.0"),
            ("merchant_no", &self.settings.merchant_no),
            ("http_request_id", &format!("{number:0>20}")),
            ("timestamp", &pen.now.to_string()),
        ];
        fields.extend(protocol.map(|(name, text)| (name.to_owned(), Json::text(text))));
        for last in (1..fields.len()).rev() {
            fields.swap(last, pen.rng.below(last + 1));
        }
        let printed = fields
            .into_iter()
            .map(|(name, value)| (name, value.print(pen.rng)))
            .collect();
        Some(Draft {
            code: "0".into(),
            message: String::new(),
            signed: true,
            content: Content::Notice(printed),
        })
    }

    fn seal(&self, draft: Draft<Content>, fault: Option<&Fault>) -> Letter {
        self.sealed(draft, fault)
    }

    // Whether failures are told too is not documented.
    fn tells(&self, event: Event) -> bool {
        match event {
            Event::Paid | Event::Refunded => true,
            Event::Failed | Event::RefundFailed => self.settings.notify_failures,
            Event::Settled | Event::RefundTaken => false,
        }
    }

    fn acknowledged(&self, status: u16, text: &str) -> bool {
        status == 200 && text == "success"
    }
}

impl CodePay {
    fn printed(&self, book: &Book, number: &str, fault: Option<&Fault>) -> Result<Order, Refusal> {
        let order = book.order(number).ok_or_else(|| refused("SYS001"))?;
        Ok(misprint::order(fault, order.clone()))
    }
}

fn printed_refund(book: &Book, number: &str, fault: Option<&Fault>) -> Result<Refund, Refusal> {
    let refund = book.refund(number).ok_or_else(|| refused("SYS001"))?;
    Ok(misprint::refund(fault, refund.clone()))
}

// What passes at a placing, and is against the rules all the same.
fn placing_notes(operation: Operation, request: &Request) -> Vec<gateway::Note> {
    use crate::simulator::conduct::Rule;
    let mut notes = Vec::new();
    if operation.kind() != Kind::Refund && request.get("expires").is_none() {
        notes.push((Rule::Expiry, "expires is missing".to_owned()));
    }
    if request
        .get("notify_url")
        .is_some_and(|url| url.contains('?'))
    {
        let why = "notify_url has a query, which CodePay does not take".to_owned();
        notes.push((Rule::Field, why));
    }
    notes
}

fn draft(code: &str, message: &str, data: Option<String>, pen: &Pen<'_>) -> Draft<Content> {
    let time = clock::written(pen.now, 0, "%m%d%H%M%S");
    Draft {
        code: code.to_owned(),
        message: message.to_owned(),
        signed: true,
        content: Content::Answer {
            psn: format!("{time}{:010}", pen.serial),
            data,
        },
    }
}
