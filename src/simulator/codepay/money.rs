//! Amounts: decimal text in major units, inside a count of the smallest unit.

use crate::simulator::json::Json;

/// Returns how many decimals a currency has (ISO 4217).
pub(crate) fn decimals(currency: &str) -> usize {
    match currency {
        "JPY" | "KRW" | "VND" | "CLP" | "ISK" | "XAF" | "XOF" | "UGX" | "PYG" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// Reads `12.30`: greater than zero, no more decimals than the currency has.
pub(crate) fn parse(text: &str, currency: &str) -> Result<u64, String> {
    let wrong = |why: &str| Err(format!("the amount {text:.40} {why}"));
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) || text.ends_with('.') {
        return wrong("is not a plain decimal number");
    }
    let places = decimals(currency);
    if part.len() > places {
        return wrong(&format!("has more than {places} decimals"));
    }
    if whole.len() > 12 {
        return wrong("has more than 12 integer digits");
    }
    match format!("{whole}{part:0<places$}").parse() {
        Ok(0) => wrong("is zero"),
        Ok(amount) => Ok(amount),
        Err(_) => wrong("is not a number"),
    }
}

/// Prints an amount as CodePay does: without trailing zeros.
pub(crate) fn text(amount: u64, currency: &str) -> String {
    let full = plain(amount, currency);
    match full.contains('.') {
        true => full.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => full,
    }
}

/// The same as JSON.
pub(crate) fn json(amount: u64, currency: &str) -> Json {
    Json::text(text(amount, currency))
}

/// Prints an amount for people: every decimal.
pub(crate) fn plain(amount: u64, currency: &str) -> String {
    let places = decimals(currency);
    let unit = 10_u64.pow(places as u32);
    match places {
        0 => amount.to_string(),
        _ => format!("{}.{:0places$}", amount / unit, amount % unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        for (text, currency, amount) in [
            ("12.30", "USD", 1230),
            ("12.3", "USD", 1230),
            ("12", "USD", 1200),
            ("0.01", "AED", 1),
            ("1200", "JPY", 1200),
            ("1.005", "KWD", 1005),
        ] {
            assert_eq!(parse(text, currency), Ok(amount), "{text}");
        }
        for (text, currency) in [
            ("0", "USD"),
            ("12.345", "USD"),
            ("12.0", "JPY"),
            ("12.", "USD"),
            (".5", "USD"),
            ("-1", "USD"),
            ("1e3", "USD"),
            ("1,5", "USD"),
            ("", "USD"),
            ("1000000000000", "USD"),
        ] {
            assert!(parse(text, currency).is_err(), "{text}");
        }
    }

    #[test]
    fn printed_amounts_lose_their_trailing_zeros() {
        for (amount, currency, printed) in [
            (1230, "USD", "12.3"),
            (1200, "USD", "12"),
            (1000, "JPY", "1000"),
            (0, "USD", "0"),
            (5, "USD", "0.05"),
            (1500, "KWD", "1.5"),
        ] {
            assert_eq!(text(amount, currency), printed);
        }
    }
}
