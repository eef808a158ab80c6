//! What the cashier reads: one sentence for each reason, in the store's language.
//!
//! The cashier never sees a raw code. There are four kinds of ending: paid; not
//! paid and no money moved (proved); not paid and any charge is being returned;
//! still checking.

use crate::domain::{
    Attempt, Denial, Discharge, GatewayId, Language, OrderStatus, Reason, Refund, RefundStage,
    Stage, Tender, Verdict,
};
use crate::scanner::VoidReason;

/// The sentence for where a tender stands, if there is anything to say.
pub(super) fn reason_text(tender: &Tender, reason: Reason, language: Language) -> String {
    let cause = cause(reason, language);
    match tender.verdict.map(|(verdict, ..)| verdict) {
        Some(Verdict::NotPaid) => {
            let tail = tail(tender, language);
            format!("{cause} {tail}")
        }
        _ => cause.to_owned(),
    }
}

fn cause(reason: Reason, language: Language) -> &'static str {
    let (english, arabic) = match reason {
        Reason::Paid => ("Paid.", "تم الدفع."),
        Reason::Cancelled => ("Cancelled.", "تم الإلغاء."),
        Reason::NoCode => (
            "No code was scanned in time.",
            "لم يُمسح أي رمز في الوقت المحدد.",
        ),
        Reason::WaitOver => (
            "The customer did not confirm in time.",
            "لم يؤكد العميل الدفع في الوقت المحدد.",
        ),
        Reason::CodeRefused => (
            "The code was refused. Ask the customer to refresh it and scan again.",
            "رُفض الرمز. اطلب من العميل تحديثه ثم امسح مرة أخرى.",
        ),
        Reason::PayerRefused => (
            "The customer's wallet refused the payment.",
            "رفضت محفظة العميل عملية الدفع.",
        ),
        Reason::RiskRefused => (
            "The payment was refused. Ask for another way to pay.",
            "رُفضت عملية الدفع. اطلب وسيلة دفع أخرى.",
        ),
        Reason::SetupRefused => (
            "The gateway refuses this store's requests. Call your support.",
            "ترفض بوابة الدفع طلبات هذا المتجر. اتصل بالدعم.",
        ),
        Reason::OrderClosed => (
            "The payment was closed by the gateway.",
            "أغلقت بوابة الدفع العملية.",
        ),
        Reason::NoConnection => (
            "No connection to the payment gateway.",
            "لا يوجد اتصال ببوابة الدفع.",
        ),
        Reason::Restarted => (
            "The service was restarted during the payment.",
            "أُعيد تشغيل الخدمة أثناء عملية الدفع.",
        ),
        Reason::NoAnswer => (
            "Still checking: the gateway has not said whether this was paid.",
            "ما زال التحقق جارياً: لم تؤكد بوابة الدفع نتيجة العملية بعد.",
        ),
        Reason::WrongAmount => ("Another amount was charged.", "تم خصم مبلغ مختلف."),
        Reason::Parked => (
            "This payment was set aside by a manager.",
            "قام المدير بتنحية هذه العملية جانباً.",
        ),
    };
    pick(language, english, arabic)
}

/// The second half of *not paid*: what became of the money.
fn tail(tender: &Tender, language: Language) -> &'static str {
    let any = |of: fn(&Attempt) -> bool| tender.attempts.iter().any(of);
    let (english, arabic) = if any(|a| a.obligation().is_some()) {
        ("Any charge is being returned.", "سيُعاد أي مبلغ تم خصمه.")
    } else if any(by_manager) {
        (
            "A manager settled this payment.",
            "قام المدير بتسوية هذه العملية.",
        )
    } else if any(came_back) {
        ("The money was returned.", "أُعيد المبلغ.")
    } else if any(|a| a.stage == Stage::Reversed) {
        ("Nothing is kept.", "لم يُحتفظ بأي مبلغ.")
    } else {
        ("No money moved.", "لم يُخصم أي مبلغ.")
    };
    pick(language, english, arabic)
}

/// The sentence for where a refund stands.
pub(super) fn refund_text(refund: &Refund, language: Language) -> &'static str {
    let (english, arabic) = match &refund.stage {
        RefundStage::Unsent => (
            "No connection to the payment gateway. The refund is sent as soon as there is one.",
            "لا يوجد اتصال ببوابة الدفع. سيُرسل رد المبلغ عند عودة الاتصال.",
        ),
        RefundStage::InFlight => ("The refund is being sent.", "جارٍ إرسال رد المبلغ."),
        RefundStage::Unknown => (
            "Still checking whether the refund was taken. It is not given twice.",
            "ما زال التحقق من قبول رد المبلغ جارياً. لن يُرد المبلغ مرتين.",
        ),
        RefundStage::Pending => (
            "The refund was accepted; the money is on its way.",
            "قُبل رد المبلغ، وهو في طريقه إلى العميل.",
        ),
        RefundStage::Returned => ("Refunded.", "تم رد المبلغ."),
        RefundStage::Failed(_) => (
            "The refund failed: no money was given back. Ask a manager.",
            "فشل رد المبلغ: لم يُرد أي مبلغ. استعن بالمدير.",
        ),
    };
    pick(language, english, arabic)
}

/// Whether money of it was in and is back.
pub(super) fn came_back(attempt: &Attempt) -> bool {
    let report = attempt.report.as_ref();
    report.is_some_and(|r| r.status == OrderStatus::Returned)
        || ended(attempt, |by| *by == Discharge::Returned)
}

fn by_manager(attempt: &Attempt) -> bool {
    ended(attempt, |by| matches!(by, Discharge::Manager { .. }))
}

/// Whether its last duty ended like this.
fn ended(attempt: &Attempt, like: fn(&Discharge) -> bool) -> bool {
    let last = attempt.obligations.last();
    let closed = last.and_then(|duty| duty.closed.as_ref());
    closed.is_some_and(|(_, by)| like(by))
}

/// The sentence for a denial, without the names that only a program needs.
pub(super) fn denial_text(denial: &Denial, language: Language) -> String {
    let arabic = match denial {
        Denial::NotArmed => "لا توجد عملية دفع بانتظار رمز على هذا الصندوق.",
        Denial::Paying(_) => "هناك عملية دفع جارية؛ لم يُستخدم الرمز الثاني.",
        Denial::CodeInProcess => "هذا الرمز قيد المعالجة بالفعل.",
        Denial::CodeUsed => "استُخدم هذا الرمز من قبل؛ اطلب من العميل تحديثه.",
        Denial::Done(..) => "انتهت هذه العملية.",
        Denial::NoGateway => "لا تقبل بوابة الدفع في هذا الصندوق هذا الرمز.",
        _ => return sentence(&denial.to_string()),
    };
    match language {
        Language::English => sentence(&denial.to_string()),
        Language::Arabic => arabic.to_owned(),
    }
}

/// The sentence for a code that no gateway of the lane takes.
pub(super) fn no_gateway_text(language: Language) -> &'static str {
    pick(
        language,
        "This wallet is not accepted here. Ask for another way to pay.",
        "هذه المحفظة غير مقبولة هنا. اطلب وسيلة دفع أخرى.",
    )
}

/// The sentence for a notification that the gateway did not sign.
pub(super) fn forged_text(gateway: &GatewayId, language: Language) -> String {
    match language {
        Language::English => format!(
            "Somebody sent a notification in the name of {gateway}. It was refused. Call your support."
        ),
        Language::Arabic => {
            format!("أرسل أحدهم إشعاراً باسم {gateway}. رُفض الإشعار. اتصل بالدعم.")
        }
    }
}

/// The sentence for a notification about nothing in this journal.
pub(super) fn kept_text(gateway: &GatewayId, language: Language) -> String {
    match language {
        Language::English => format!(
            "{gateway} tells of an order that this box does not know. It was kept. Call your support."
        ),
        Language::Arabic => {
            format!("يخبر {gateway} عن طلب لا يعرفه هذا الجهاز. حُفظ الإشعار. اتصل بالدعم.")
        }
    }
}

/// The sentence for a scan that was damaged on its way; what helps, where anything does.
pub(super) fn void_text(reason: VoidReason, language: Language) -> &'static str {
    let (english, arabic) = match reason {
        VoidReason::Gap | VoidReason::Remainder => (
            "The code was read only in part. Scan again, closer to the scanner.",
            "قُرئ جزء من الرمز فقط. امسح مرة أخرى بالقرب من القارئ.",
        ),
        VoidReason::Overflow => (
            "That code is too long to be a payment code. Scan the payment code.",
            "هذا الرمز أطول من رمز الدفع. امسح رمز الدفع.",
        ),
        VoidReason::Unplugged => (
            "The scanner was unplugged during the scan. Plug it in and scan again.",
            "فُصل القارئ أثناء المسح. أعد توصيله ثم امسح مرة أخرى.",
        ),
        VoidReason::Opening => (
            "The scanner was not ready yet. Scan again.",
            "لم يكن القارئ جاهزاً بعد. امسح مرة أخرى.",
        ),
        VoidReason::KeyUnknown
        | VoidReason::CaseUnknown
        | VoidReason::AltCode
        | VoidReason::Terminator
        | VoidReason::Report => (
            "Bad read. Scan again; if it happens every time, the scanner's settings are wrong.",
            "قراءة غير صحيحة. امسح مرة أخرى؛ إذا تكرر ذلك فإعدادات القارئ غير صحيحة.",
        ),
        VoidReason::Dropped
        | VoidReason::ClockStep
        | VoidReason::KeyLost
        | VoidReason::CheckByte
        | VoidReason::Line => ("Bad read. Scan again.", "قراءة غير صحيحة. امسح مرة أخرى."),
    };
    pick(language, english, arabic)
}

/// The sentence for a scan that should have been handed to the till's software.
pub(super) fn not_typed_text(language: Language) -> &'static str {
    pick(
        language,
        "That code could not be passed on to the till. Type it in.",
        "تعذر تمرير هذا الرمز إلى برنامج الصندوق. أدخله يدوياً.",
    )
}

/// The sentence for a scan that waited too long before it could be used.
pub(super) fn stale_scan_text(language: Language) -> &'static str {
    pick(
        language,
        "That scan came too late. Scan again.",
        "وصل المسح متأخراً. امسح مرة أخرى.",
    )
}

fn pick(language: Language, english: &'static str, arabic: &'static str) -> &'static str {
    match language {
        Language::English => english,
        Language::Arabic => arabic,
    }
}

/// Lower-case messages chain; a cashier reads sentences.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::view::tender_view;
    use crate::domain::{Fact, Language, Setup, State, StoreId, TenderId, Timestamp, apply};
    use serde_json::{Value, json};
    use std::collections::BTreeMap;
    use std::sync::Arc;

    /// What the cashier is told of a tender with these facts: the money, the sentence.
    fn told(facts: &[Value]) -> (&'static str, String) {
        let created = json!({"fact": "tender_created", "lane": "1", "key": "k", "sale": "S1",
            "day": "2026-03-01", "amount": {"minor": 3750, "currency": "AED"}, "mode": "scan",
            "part": false, "gateway": null, "note": null});
        let mut state = State {
            setup: Arc::new(Setup {
                store: StoreId::new("s1").unwrap(),
                lanes: BTreeMap::new(),
                gateways: BTreeMap::new(),
            }),
            tenders: BTreeMap::new(),
            codes: BTreeMap::new(),
        };
        for what in std::iter::once(&created).chain(facts) {
            let mut fact = what.clone();
            fact["tender"] = json!("t1");
            let fact: Fact = serde_json::from_value(fact).unwrap();
            apply(&mut state, &fact, Timestamp(0));
        }
        let tender = &state.tenders[&TenderId::new("t1").unwrap()];
        let view = tender_view(tender, Language::English);
        (view.money, view.reason.unwrap().text)
    }

    fn intended(attempt: u32) -> Value {
        json!({"fact": "attempt_intended", "attempt": attempt, "gateway": "payby",
            "order": format!("o{attempt}"), "wallet": null, "code": "28****",
            "fingerprint": "f", "requested": 0, "expires": 0})
    }

    fn report(status: &str) -> Value {
        json!({"order": "o1", "amount": {"minor": 3750, "currency": "AED"}, "status": status,
            "gateway_order": null, "trace": null})
    }

    fn verdict(verdict: &str, reason: &str) -> Value {
        json!({"fact": "verdict_given", "verdict": verdict, "reason": reason})
    }

    fn owes(attempt: u32) -> Value {
        json!({"fact": "obligation_opened", "attempt": attempt, "duty": "return"})
    }

    fn refused() -> Value {
        json!({"fact": "attempt_refused", "attempt": 1, "operation": "enquiry",
            "refusal": {"kind": "closed", "code": "returned"}, "trace": null})
    }

    fn kept(status: &str) -> Value {
        json!({"fact": "evidence_kept", "attempt": 1, "operation": "enquiry",
            "report": report(status)})
    }

    fn done(by: &str) -> Value {
        json!({"fact": "obligation_closed", "attempt": 1, "by": by,
            "name": "Amal", "reason": "cash", "reference": "7"})
    }

    #[test]
    fn what_became_of_the_money() {
        let duty = |end: &[Value]| {
            let begin = [intended(1), verdict("not_paid", "wait_over"), owes(1)];
            told(&[&begin, end].concat())
        };
        let late = "The customer did not confirm in time.";
        let returning = format!("{late} Any charge is being returned.");
        assert_eq!(duty(&[]), ("returning", returning));
        let back = format!("{late} The money was returned.");
        assert_eq!(duty(&[done("returned")]), ("returned", back));
        let nothing = format!("{late} Nothing is kept.");
        assert_eq!(duty(&[done("no_money")]), ("none", nothing));
        let settled = format!("{late} A manager settled this payment.");
        assert_eq!(duty(&[done("manager")]), ("none", settled));

        // It came and went back before the verdict.
        let went = [intended(1), kept("returned"), refused()];
        let not_paid = [verdict("not_paid", "restarted")];
        assert_eq!(
            told(&[&went[..], &not_paid[..]].concat()),
            (
                "returned",
                "The service was restarted during the payment. The money was returned.".to_owned()
            )
        );
        let closed = [intended(1), refused(), verdict("not_paid", "order_closed")];
        assert_eq!(
            told(&closed),
            (
                "none",
                "The payment was closed by the gateway. No money moved.".to_owned()
            )
        );

        // The second code paid; what turned up of the first goes back.
        let paid = json!({"fact": "attempt_paid", "attempt": 2, "operation": "submit",
            "report": report("money_in")});
        let both = [
            intended(1),
            refused(),
            intended(2),
            paid,
            verdict("paid", "paid"),
            kept("money_in"),
            owes(1),
        ];
        assert_eq!(told(&both), ("in", "Paid.".to_owned()));
    }
}
