//! The wallet table: which first digits and how many are whose.
//!
//! Data, not code: `wallets.csv` is built in, and a configuration may bring a
//! text of the same form, since wallets change their rules more often than
//! stores change their software. A doubtful table is refused whole, with every
//! complaint and its line: a wrong row would send money's codes to the wrong place.

use crate::domain::Wallet;
use std::fmt;

const BUILT_IN: &str = include_str!("wallets.csv");
const HEADER: &str = "profile,wallet,digits,prefixes";

/// A thousand prefixes are far more than all wallets have, and are still looked
/// through in microseconds.
const RULES_MAX: usize = 1000;

/// The profile that is always on.
pub(super) const CORE: &str = "core";

/// Which digits are whose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletTable {
    /// Longest prefix first.
    rules: Vec<Rule>,
}

/// One prefix of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    line: usize,
    profile: String,
    wallet: Wallet,
    digits_min: usize,
    digits_max: usize,
    prefix: String,
}

/// What the table says of a string of digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listed<'a> {
    /// A wallet's prefix and length.
    Wallet(&'a Wallet),
    /// The length of a wallet without a prefix, and no other wallet's prefix.
    ByLength(&'a Wallet),
    /// A wallet's prefix, another length.
    OtherLength,
    /// No wallet's prefix.
    No,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableError {
    /// The row's line in the text, from 1.
    pub line: usize,
    /// What is wrong and what to write instead.
    pub problem: String,
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

impl std::error::Error for TableError {}

impl WalletTable {
    /// The table that comes with the program.
    ///
    /// # Panics
    /// Never: a test reads the same text.
    pub fn built_in() -> Self {
        Self::parse(BUILT_IN).expect("the built-in wallet table is tested")
    }

    /// Reads a table: rows `profile,wallet,digits,prefixes` under a line that
    /// says so; blank lines and lines that start with `#` are skipped.
    ///
    /// # Errors
    /// Every malformed row, and every prefix that two rows claim with an
    /// overlapping length.
    pub fn parse(text: &str) -> Result<Self, Vec<TableError>> {
        let mut rules: Vec<Rule> = Vec::new();
        let mut errors = Vec::new();
        let lines = (1..).zip(text.lines().map(str::trim));
        let mut rows = lines.filter(|(_, row)| !row.is_empty() && !row.starts_with('#'));

        let header = rows.next();
        if header.is_none_or(|(_, row)| row != HEADER) {
            let line = header.map_or(1, |(line, _)| line);
            let problem = format!("the first row must be \"{HEADER}\"");
            return Err(vec![TableError { line, problem }]);
        }
        for (line, row) in rows {
            match parse_row(line, row) {
                Ok(of_row) if rules.len() + of_row.len() > RULES_MAX => {
                    let problem = format!("the table has more than {RULES_MAX} prefixes");
                    errors.push(TableError { line, problem });
                    break;
                }
                Ok(of_row) => {
                    for rule in of_row {
                        match rules.iter().find(|earlier| earlier.clashes_with(&rule)) {
                            Some(earlier) => errors.push(clash(earlier, &rule)),
                            None => rules.push(rule),
                        }
                    }
                }
                Err(problem) => errors.push(TableError { line, problem }),
            }
        }
        if errors.is_empty() && !rules.iter().any(|rule| rule.profile == CORE) {
            let problem = format!("the table has no row of the profile \"{CORE}\"");
            errors.push(TableError { line: 1, problem });
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.prefix.len()));
        Ok(Self { rules })
    }

    /// The names of the profiles, in alphabetical order.
    pub fn profiles(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.rules.iter().map(|r| r.profile.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The table with the rows of these profiles alone.
    pub(super) fn only(&self, profiles: &[&str]) -> Self {
        let on = |rule: &&Rule| profiles.contains(&rule.profile.as_str());
        Self {
            rules: self.rules.iter().filter(on).cloned().collect(),
        }
    }

    /// Looks a string of digits up.
    pub(super) fn look_up(&self, code: &[u8]) -> Listed<'_> {
        let mut prefix_known = false;
        for rule in &self.rules {
            if !code.starts_with(rule.prefix.as_bytes()) {
                continue;
            }
            let fits = (rule.digits_min..=rule.digits_max).contains(&code.len());
            match (rule.prefix.is_empty(), fits) {
                (false, true) => return Listed::Wallet(&rule.wallet),
                (false, false) => prefix_known = true,
                // Digits that start like a known wallet's are a bad read of it,
                // not another wallet's code.
                (true, true) if !prefix_known => return Listed::ByLength(&rule.wallet),
                (true, _) => {}
            }
        }
        if prefix_known {
            Listed::OtherLength
        } else {
            Listed::No
        }
    }
}

impl Rule {
    fn clashes_with(&self, other: &Self) -> bool {
        self.prefix == other.prefix
            && self.digits_min <= other.digits_max
            && other.digits_min <= self.digits_max
    }
}

fn clash(earlier: &Rule, rule: &Rule) -> TableError {
    let what = match rule.prefix.as_str() {
        "" => "this length without a prefix".to_owned(),
        prefix => format!("prefix {prefix} with this length"),
    };
    TableError {
        line: rule.line,
        problem: format!(
            "{what} belongs to {} on line {}",
            earlier.wallet, earlier.line
        ),
    }
}

fn parse_row(line: usize, row: &str) -> Result<Vec<Rule>, String> {
    let fields: Vec<&str> = row.split(',').map(str::trim).collect();
    let [profile, wallet, digits, prefixes] = fields[..] else {
        return Err(format!(
            "a row has 4 fields ({HEADER}), this one has {}",
            fields.len()
        ));
    };
    let is_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if profile.is_empty() || profile.len() > 16 || !profile.bytes().all(is_word) {
        return Err("a profile is 1 to 16 of a-z, 0-9 and _".to_owned());
    }
    let wallet = Wallet::new(wallet).map_err(|error| error.to_string())?;
    let (digits_min, digits_max) = parse_range(digits)
        .ok_or("digits is a length from 8 to 32 (18) or a range of them (16-24)".to_owned())?;
    let prefixes: Vec<&str> = match prefixes {
        "-" => vec![""],
        list => list.split_ascii_whitespace().collect(),
    };
    let is_prefix = |p: &&str| p.len() < digits_min && p.bytes().all(|b| b.is_ascii_digit());
    if prefixes.is_empty() || !prefixes.iter().all(is_prefix) {
        return Err(
            "prefixes are digits, fewer than the code has, separated by spaces; - for none"
                .to_owned(),
        );
    }
    let rule = |prefix: &str| Rule {
        line,
        profile: profile.to_owned(),
        wallet: wallet.clone(),
        digits_min,
        digits_max,
        prefix: prefix.to_owned(),
    };
    Ok(prefixes.into_iter().map(rule).collect())
}

/// `18` or `16-24`, within what a digit code may have.
fn parse_range(text: &str) -> Option<(usize, usize)> {
    let number = |text: &str| {
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        let value: usize = digits.then(|| text.parse().ok())??;
        (8..=32).contains(&value).then_some(value)
    };
    let (min, max) = text.split_once('-').unwrap_or((text, text));
    let (min, max) = (number(min)?, number(max)?);
    (min <= max).then_some((min, max))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn complaints(rows: &str) -> Vec<String> {
        let text = format!("{HEADER}\ncore,own,10,77\n{rows}");
        let errors = WalletTable::parse(&text).unwrap_err();
        errors.iter().map(ToString::to_string).collect()
    }

    fn wallet(table: &WalletTable, code: &str) -> Option<String> {
        match table.look_up(code.as_bytes()) {
            Listed::Wallet(wallet) => Some(wallet.to_string()),
            _ => None,
        }
    }

    #[test]
    fn the_built_in_table_is_sound() {
        let table = WalletTable::built_in();
        assert_eq!(table.profiles(), ["cn", "core", "jp", "kr", "th", "tw"]);
        assert_eq!(table.rules.len(), 6 + 7 + 1 + 3 + 6 + 1 + 2);
    }

    #[test]
    fn two_wallets_may_not_claim_the_same_digits() {
        assert_eq!(
            complaints("cn,a,16-18,62 63\n\ncn,b,18-20,61 63\n"),
            ["line 5: prefix 63 with this length belongs to a on line 3"]
        );
        assert_eq!(
            complaints("cn,a,12,-\ncn,b,10-12,-\n"),
            ["line 4: this length without a prefix belongs to a on line 3"]
        );
        assert_eq!(
            complaints("cn,own,10,77\n"),
            ["line 3: prefix 77 with this length belongs to own on line 2"],
            "not even the same one: one of the two rows is a mistake"
        );
        // Beside each other, or one prefix longer: both are clear.
        let text = format!("{HEADER}\ncore,a,16-18,62\ncore,b,19,62\ncore,c,16,621\n");
        let table = WalletTable::parse(&text).unwrap();
        assert_eq!(wallet(&table, "6212345678901234").unwrap(), "c");
        assert_eq!(wallet(&table, "6222345678901234").unwrap(), "a");
        assert_eq!(wallet(&table, "6212345678901234567").unwrap(), "b");
    }

    #[test]
    fn every_malformed_row_is_named_with_its_line() {
        let digits = "digits is a length from 8 to 32 (18) or a range of them (16-24)";
        let prefixes =
            "prefixes are digits, fewer than the code has, separated by spaces; - for none";
        for (row, problem) in [
            (
                "core,a,18",
                format!("a row has 4 fields ({HEADER}), this one has 3"),
            ),
            (
                "core,a,18,1,x",
                format!("a row has 4 fields ({HEADER}), this one has 5"),
            ),
            (
                ",a,18,1",
                "a profile is 1 to 16 of a-z, 0-9 and _".to_owned(),
            ),
            (
                "Core,a,18,1",
                "a profile is 1 to 16 of a-z, 0-9 and _".to_owned(),
            ),
            (
                "core,,18,1",
                "a wallet must be 1 to 32 letters, digits, `-`, `_` or `.`".to_owned(),
            ),
            (
                "core,a b,18,1",
                "a wallet must be 1 to 32 letters, digits, `-`, `_` or `.`".to_owned(),
            ),
            ("core,a,,1", digits.to_owned()),
            ("core,a,+18,1", digits.to_owned()),
            ("core,a,7,1", digits.to_owned()),
            ("core,a,33,1", digits.to_owned()),
            ("core,a,18-16,1", digits.to_owned()),
            ("core,a,16-18-20,1", digits.to_owned()),
            ("core,a,99999999999999999999999,1", digits.to_owned()),
            ("core,a,18,", prefixes.to_owned()),
            ("core,a,18,1x", prefixes.to_owned()),
            ("core,a,8,12345678", prefixes.to_owned()),
            ("core,a,8,1 -", prefixes.to_owned()),
        ] {
            assert_eq!(complaints(row), [format!("line 3: {problem}")], "{row}");
        }
        assert_eq!(complaints("x\n# fine\n\ny\n").len(), 2, "all at once");
    }

    #[test]
    fn a_table_has_a_header_core_rows_and_an_end() {
        let first = |text: &str| WalletTable::parse(text).unwrap_err()[0].to_string();
        let header = format!("line 1: the first row must be \"{HEADER}\"");
        assert_eq!(first(""), header);
        assert_eq!(first("core,a,18,1\n"), header);
        assert_eq!(
            first(&format!("{HEADER}\ncn,a,18,1\n")),
            "line 1: the table has no row of the profile \"core\""
        );
        let many: Vec<String> = (1000..2002).map(|n| format!("core,a,18,{n}")).collect();
        assert_eq!(
            first(&format!("{HEADER}\n{}", many.join("\n"))),
            "line 1002: the table has more than 1000 prefixes"
        );
    }

    #[test]
    fn a_row_without_prefix_takes_what_is_left() {
        let table = WalletTable::built_in().only(&["core", "tw"]);
        let by_length = |code: &[u8]| matches!(table.look_up(code), Listed::ByLength(_));
        assert!(by_length(b"999999999999999999"));
        assert!(!by_length(b"109999999999999999"), "wechat");
        assert_eq!(table.look_up(b"629999999999999999"), Listed::OtherLength);
        assert_eq!(table.look_up(b"99999999999999999"), Listed::No);
    }
}
