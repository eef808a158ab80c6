//! The store and its lanes.

use super::complaints::Complaints;
use super::section::{Section, line_of_text};
use super::{read, written};
use crate::domain::{
    Amount, AmountError, Currency, GatewayId, LaneId, LaneRules, Language, ScannerId, StoreId,
};
use jiff::tz::TimeZone;
use std::time::Duration;
use toml::Table;

/// How long a tender waits for a code, unless the lane says otherwise.
const WAIT_CODE: Duration = Duration::from_secs(180);

/// The store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// As it stands in order numbers.
    pub id: StoreId,
    /// As customers know it.
    pub name: String,
    /// Where its trading day begins and ends.
    pub timezone: TimeZone,
    /// What its lanes take.
    pub currency: Currency,
    /// What its cashiers and customers read.
    pub language: Language,
}

/// One checkout position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Its name.
    pub id: LaneId,
    /// What gateways and statements call it.
    pub terminal_id: String,
    /// Its scanners. None where codes only come from the cashier's software.
    pub scanners: Vec<ScannerId>,
    /// What may be refunded of one payment without a manager; nothing where none.
    pub refund_limit: Option<Amount>,
    /// What the core decides by.
    pub rules: LaneRules,
}

/// Checks the store. Its currency comes by itself: the lanes' amounts are checked with
/// it also where something else is wrong with the store.
pub(super) fn store(
    table: Option<Table>,
    complaints: &mut Complaints,
) -> (Option<Store>, Option<Currency>) {
    let Some(table) = table else {
        return (None, None);
    };
    let written: written::Store = read::section(Some(table), "store", complaints);
    let mut at = Section::new("store", complaints);
    let id = at.require(
        "id",
        written.id,
        "a short name of the store, such as \"dxb-12\"",
        |id| StoreId::new(id),
    );
    let name = at.require(
        "name",
        written.name,
        "the store's name as customers know it",
        line_of_text(64),
    );
    let timezone = at.require(
        "timezone",
        written.timezone,
        "\"Asia/Dubai\", or where it is",
        |name| {
            TimeZone::get(name)
                .map_err(|_| "must be a name of the IANA list, such as \"Asia/Dubai\"")
        },
    );
    let currency = at.require(
        "currency",
        written.currency,
        "\"AED\", or what the store takes",
        Currency::new,
    );
    let language = at.choice(
        "language",
        written.language,
        Language::English,
        &[("en", Language::English), ("ar", Language::Arabic)],
    );
    let store = match (id, name, timezone, currency) {
        (Some(id), Some(name), Some(timezone), Some(currency)) => Some(Store {
            id,
            name,
            timezone,
            currency,
            language,
        }),
        _ => None,
    };
    (store, currency)
}

/// Checks one lane. Without a currency (the store's was wrong) the ceiling is looked
/// at as if it had three decimals.
pub(super) fn lane(
    table: Table,
    at: &str,
    currency: Option<Currency>,
    complaints: &mut Complaints,
) -> Option<Lane> {
    let written: written::Lane = read::section(Some(table), at, complaints);
    let mut at = Section::new(at, complaints);
    let id = at.require("id", written.id, "the lane's name, such as \"1\"", |id| {
        LaneId::new(id)
    });
    let terminal_id = at
        .check("terminal_id", written.terminal_id, line_of_text(32))
        .or_else(|| id.as_ref().map(ToString::to_string));
    let scanners = names(&mut at, "scanners", written.scanners, ScannerId::new);
    let gateways = at.need("gateways", written.gateways, "gateways = [\"payby\"]");
    if gateways.as_ref().is_some_and(Vec::is_empty) {
        at.complain(
            "gateways",
            "must name at least one gateway, such as [\"payby\"]",
        );
    }
    let gateways = names(&mut at, "gateways", gateways, GatewayId::new);
    let ceiling = at.require(
        "ceiling",
        written.ceiling,
        "the largest amount of one payment, such as \"5000.00\"",
        |text| positive(text, currency),
    );
    let refund_limit = at.check("refund_limit", written.refund_limit, |text| {
        positive(text, currency)
    });
    let wait_code = at
        .number("wait_code_s", written.wait_code_s, 10..=900, " seconds")
        .map_or(WAIT_CODE, |seconds| Duration::from_secs(seconds.into()));
    Some(Lane {
        id: id?,
        terminal_id: terminal_id?,
        scanners,
        refund_limit,
        rules: LaneRules {
            gateways,
            ceiling: ceiling?,
            wait_code,
        },
    })
}

fn positive(text: &str, currency: Option<Currency>) -> Result<Amount, String> {
    let Some(currency) = currency else {
        let any = Currency::new("KWD").map_err(|error| error.to_string())?;
        return positive(text, Some(any));
    };
    match Amount::parse(text, currency) {
        Ok(amount) if amount.minor == 0 => Err(AmountError::Zero.to_string()),
        Ok(amount) => Ok(amount),
        Err(AmountError::Decimals) => Err(format!(
            "must have at most {} decimals, as {currency} has",
            currency.decimals()
        )),
        Err(error) => Err(error.to_string()),
    }
}

fn names<N: PartialEq, E: ToString>(
    at: &mut Section<'_>,
    key: &str,
    written: Option<Vec<String>>,
    new: impl Fn(String) -> Result<N, E>,
) -> Vec<N> {
    let mut names = Vec::new();
    for text in written.unwrap_or_default() {
        match new(text) {
            Ok(name) if names.contains(&name) => at.complain(key, "names the same one twice"),
            Ok(name) => names.push(name),
            Err(error) => at.complain(key, error.to_string()),
        }
    }
    names
}
