//! What the cashier reads: one sentence for each reason, in the store's language.
//!
//! The cashier never sees a raw code. There are four kinds of ending: paid; not
//! paid and no money moved (proved); not paid and any charge is being returned;
//! still checking.

use crate::domain::{Denial, Language, Reason, Stage, Tender, Verdict};

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
        Reason::NeverArrived => (
            "The payment never reached the gateway.",
            "لم تصل العملية إلى بوابة الدفع.",
        ),
        Reason::NoAnswer => (
            "Still checking: the gateway has not said whether this was paid.",
            "ما زال التحقق جارياً: لم تؤكد بوابة الدفع نتيجة العملية بعد.",
        ),
        Reason::WrongAmount => ("Another amount was charged.", "تم خصم مبلغ مختلف."),
    };
    pick(language, english, arabic)
}

/// The second half of *not paid*: what became of the money.
fn tail(tender: &Tender, language: Language) -> &'static str {
    let owed = tender.attempts.iter().any(|a| a.obligation().is_some());
    let returned = tender.attempts.iter().any(|a| a.stage == Stage::Reversed);
    let (english, arabic) = if owed {
        ("Any charge is being returned.", "سيُعاد أي مبلغ تم خصمه.")
    } else if returned {
        ("Nothing is kept.", "لم يُحتفظ بأي مبلغ.")
    } else {
        ("No money moved.", "لم يُخصم أي مبلغ.")
    };
    pick(language, english, arabic)
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

/// The sentence for a scan that was damaged on its way.
pub(super) fn void_text(language: Language) -> &'static str {
    pick(
        language,
        "Bad read. Scan again.",
        "قراءة غير صحيحة. امسح مرة أخرى.",
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
