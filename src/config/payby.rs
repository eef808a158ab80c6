//! PayBy: where it is, who we are, and how often it is asked.
//!
//! The limits of the timings are those of PayBy's acceptance cases
//! (`test-case.mdx` of <https://github.com/PayBy/botim-money-docs>): enquiries 2 to 6 s
//! apart, the cancel 20 to 120 s after the start, repeated every 3 to 10 s.

use super::complaints::Complaints;
use super::key::KeySource;
use super::section::{Section, https_or_loopback, line_of_text};
use super::{read, written};
use crate::domain::code::{Sending, UnlistedDigits};
use std::ops::RangeInclusive;
use std::time::Duration;
use toml::Table;

/// `[gateway.payby]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayBy {
    /// Without a slash at its end; `https`, or `http` to this machine.
    pub base_url: String,
    /// The merchant's number.
    pub partner_id: String,
    /// The member that is paid, where it is not the merchant itself.
    pub payee_mid: Option<String>,
    /// The merchant's private key.
    pub private_key: KeySource,
    /// The key that PayBy's answers are verified with.
    pub gateway_public_key: KeySource,
    /// Where PayBy sends notifications.
    pub notify_url: Option<String>,
    /// The store's name in the customer's app; the store's own where none is written.
    pub store_name: Option<String>,
    /// What is sent of a CPM code.
    pub code: Sending,
    /// Which text codes are PayBy's; the built-in patterns where none are written.
    pub text_patterns: Option<Vec<String>>,
    /// What becomes of digits that no wallet of the table claims.
    pub unlisted_digits: UnlistedDigits,
    /// Whether a connection is kept open while a tender waits for its code.
    pub warm: bool,
    /// How long what takes.
    pub timing: Timing,
}

/// How long what takes, within PayBy's limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// From the submit's end to the first enquiry.
    pub enquiry_first: Duration,
    /// From one enquiry to the next.
    pub enquiry_every: Duration,
    /// From the submit to an enquiry beside it.
    pub enquiry_unanswered: Duration,
    /// How long the customer may take.
    pub wait: Duration,
    /// How much longer one extension waits.
    pub wait_extension: Duration,
    /// When PayBy stops taking the payment.
    pub expires: Duration,
    /// Limit of the submit call.
    pub limit_submit: Duration,
    /// Limit of an enquiry.
    pub limit_enquiry: Duration,
    /// From one cancel to the next.
    pub cancel_every: Duration,
}

/// A cancel is due 120 s after the submit at the latest; the enquiry before it takes
/// its part of them.
const WAIT_MAX: Duration = Duration::from_secs(115);

pub(super) fn gateways(table: Option<Table>, complaints: &mut Complaints) -> Option<PayBy> {
    let written: written::Gateways = read::section(table, "gateway", complaints);
    let mut at = Section::new("gateway", complaints);
    at.not_yet("codepay", written.codepay.as_ref(), "CodePay is");
    payby(written.payby?, complaints)
}

fn payby(table: Table, complaints: &mut Complaints) -> Option<PayBy> {
    let written: written::PayBy = read::section(Some(table), "gateway.payby", complaints);
    let mut at = Section::new("gateway.payby", complaints);
    let timing = timing(&mut at, &written);
    let base_url = at.need(
        "base_url",
        written.base_url,
        "\"https://api.payby.com/sgs/api\"",
    );
    let base_url = at.check("base_url", base_url, https_or_loopback);
    let partner_id = at.need(
        "partner_id",
        written.partner_id,
        "the merchant's number at PayBy",
    );
    let partner_id = at.check("partner_id", partner_id, |id| member(id, 12));
    let payee_mid = at.check("payee_mid", written.payee_mid, |id| member(id, 20));
    let private_key = at.need(
        "private_key",
        written.private_key,
        "\"credential:payby.key\"",
    );
    let private_key = at.check("private_key", private_key, KeySource::private);
    let gateway_public_key = at.need(
        "gateway_public_key",
        written.gateway_public_key,
        "the place of PayBy's public key, such as \"/etc/qrpayd/payby.pub\"",
    );
    let gateway_public_key = at.check("gateway_public_key", gateway_public_key, KeySource::public);
    let notify_url = at.check("notify_url", written.notify_url, |text| match text.len() {
        0..=200 => https_or_loopback(text),
        _ => Err("must be at most 200 characters"),
    });
    let store_name = at.check("store_name", written.store_name, line_of_text(64));
    let code = at.choice(
        "code",
        written.code,
        Sending::Extract,
        &[
            ("extract", Sending::Extract),
            ("pass_through", Sending::PassThrough),
        ],
    );
    let text_patterns = written.text_patterns.inspect(|patterns| {
        let short = |pattern: &String| line_of_text(128)(pattern).is_ok() && pattern.is_ascii();
        if !(1..=16).contains(&patterns.len()) || !patterns.iter().all(short) {
            at.complain(
                "text_patterns",
                "must be 1 to 16 patterns of 1 to 128 ASCII characters",
            );
        }
    });
    let unlisted_digits = at.choice(
        "unlisted_digits",
        written.unlisted_digits,
        UnlistedDigits::Reject,
        &[
            ("reject", UnlistedDigits::Reject),
            ("forward", UnlistedDigits::Forward),
        ],
    );
    Some(PayBy {
        base_url: base_url?,
        partner_id: partner_id?,
        payee_mid,
        private_key: private_key?,
        gateway_public_key: gateway_public_key?,
        notify_url,
        store_name,
        code,
        text_patterns,
        unlisted_digits,
        warm: written.warm.unwrap_or(true),
        timing,
    })
}

fn timing(at: &mut Section<'_>, written: &written::PayBy) -> Timing {
    let timing = Timing {
        enquiry_first: seconds(at, "enquiry_first_s", written.enquiry_first_s, 2, 2..=6),
        enquiry_every: seconds(at, "enquiry_every_s", written.enquiry_every_s, 3, 2..=6),
        enquiry_unanswered: seconds(
            at,
            "enquiry_unanswered_s",
            written.enquiry_unanswered_s,
            5,
            1..=5,
        ),
        wait: seconds(at, "wait_s", written.wait_s, 75, 20..=115),
        wait_extension: seconds(at, "wait_extension_s", written.wait_extension_s, 30, 0..=95),
        expires: seconds(at, "expires_s", written.expires_s, 120, 30..=900),
        limit_submit: seconds(at, "limit_submit_s", written.limit_submit_s, 30, 10..=60),
        limit_enquiry: seconds(at, "limit_enquiry_s", written.limit_enquiry_s, 10, 2..=10),
        cancel_every: seconds(at, "cancel_every_s", written.cancel_every_s, 3, 3..=10),
    };
    let wait = timing.wait + timing.wait_extension;
    if wait > WAIT_MAX {
        at.complain(
            "wait_extension_s",
            format!(
                "with wait_s it must be at most {} seconds",
                WAIT_MAX.as_secs()
            ),
        );
    } else if timing.expires < wait {
        at.complain(
            "expires_s",
            "must not be less than wait_s and wait_extension_s together",
        );
    }
    timing
}

fn seconds(
    at: &mut Section<'_>,
    key: &str,
    written: Option<i64>,
    usual: u32,
    range: RangeInclusive<u32>,
) -> Duration {
    let seconds = at.number(key, written, range, " seconds").unwrap_or(usual);
    Duration::from_secs(seconds.into())
}

/// A member's number: at most 12 characters as `Partner-Id`, 20 as `payeeMid` (PayBy,
/// `integration-guide.md` and `create-order.mdx`); digits in every sample.
fn member(text: &str, max: usize) -> Result<String, String> {
    let good = (1..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    good.then(|| text.to_owned())
        .ok_or_else(|| format!("must be 1 to {max} digits or letters, as PayBy's portal shows it"))
}
