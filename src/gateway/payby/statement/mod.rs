//! PayBy's daily statement: a ZIP archive of tables, in numbered parts.
//!
//! ```text
//!   Purchase_Statement_21112026_001.csv          what was paid and refunded that day
//!   Purchase_Settle_Statement_21112026_001.csv   what was settled, with fees
//!   200000909090_20261120_fund_statement_001.csv the account's movements; not read here
//! ```
//!
//! `8_Reconciliation/statement-download.mdx`. Everything here is bounded: the archive by
//! whoever fetched it, each part and line by this reader, and rows are handed on one by
//! one. A statement is not signed: it is compared with, it proves no payment.
//!
//! Columns are found by their names, because there are two layouts. Fields are separated
//! by `|` and never quoted, and PayBy's own samples frame lines in `*`: that is less than
//! CSV, so it is read by hand, which also keeps a bound on the length of a line.

mod fetch;
mod row;
mod table;

pub use fetch::FetchError;
pub use row::{Direction, Entry, Row, RowStatus};

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufReader, Read, Seek};
use table::{Stated, Table};
use zip::ZipArchive;

/// Files in an archive at most: each holds 50 000 rows.
const FILES_MAX: usize = 1000;
/// A part at most: 50 000 rows of 38 columns take about 15 MB.
const PART_MAX: u64 = 128 * 1024 * 1024;

/// A statement that was opened: all of its parts are there.
pub struct Statement<R: Read + Seek> {
    archive: ZipArchive<R>,
    /// Places in the archive, in the order of the parts' numbers.
    parts: BTreeMap<Kind, Vec<usize>>,
}

/// The tables of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// What was paid that day: payments, refunds, and more. Unpaid orders are absent.
    Transactions,
    /// What was settled that day, with fees.
    Settlement,
    /// Movements of the account.
    Fund,
}

/// What a table says of itself, and what was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The merchant, where the layout names it.
    pub member: Option<String>,
    /// PayBy's name of the period, such as `20261121`.
    pub period: String,
    /// How many rows there were, as many as the table says.
    pub rows: u64,
    /// Whether the sums that the table states are those of its rows, as far as it states
    /// any. What exactly they are sums of is not documented, so this is for a person to see.
    pub adds_up: bool,
}

/// Why a statement cannot be used. It is used whole or not at all.
#[derive(Debug)]
pub enum StatementError {
    /// It is no ZIP archive, or damaged.
    Archive(zip::result::ZipError),
    /// Reading it failed.
    Read(std::io::Error),
    /// It has more files than any statement.
    TooManyFiles,
    /// A part is missing or there twice: the number of the first one.
    Part(Kind, usize),
    /// It has no such table.
    Missing(Kind),
    /// Something is wrong in a part: its number, the line, and what.
    Line {
        /// Which part, from 1.
        part: usize,
        /// Which line of it, from 1.
        line: u64,
        /// What is wrong.
        problem: Problem,
    },
    /// The rows are not as many as the table says: stated and counted.
    Count(Option<u64>, u64),
}

/// What is wrong in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// It is not UTF-8, or too long.
    NotText,
    /// The part ends before its column names.
    NoColumns,
    /// A column that is needed is not there.
    NoColumn(&'static str),
    /// Two columns have the same name.
    ColumnTwice,
    /// It has more or fewer fields than columns: how many of how many.
    Fields(usize, usize),
    /// A field is not what its column holds.
    Field(&'static str),
    /// A part is larger than any.
    TooLarge,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotText => f.write_str("this is no line of text"),
            Self::NoColumns => f.write_str("there are no column names"),
            Self::NoColumn(name) => write!(f, "there is no column {name}"),
            Self::ColumnTwice => f.write_str("two columns have the same name"),
            Self::Fields(there, columns) => write!(f, "{there} fields for {columns} columns"),
            Self::Field(name) => write!(f, "{name} cannot be read"),
            Self::TooLarge => f.write_str("the file is larger than any statement"),
        }
    }
}

impl fmt::Display for StatementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Archive(_) => f.write_str("the statement is no ZIP archive, or damaged"),
            Self::Read(_) => f.write_str("the statement cannot be read"),
            Self::TooManyFiles => f.write_str("the archive has too many files for a statement"),
            Self::Part(kind, number) => {
                write!(f, "part {number} of the {kind} is not there once")
            }
            Self::Missing(kind) => write!(f, "the statement has no {kind}"),
            Self::Line {
                part,
                line,
                problem,
            } => write!(f, "part {part}, line {line}: {problem}"),
            Self::Count(stated, counted) => match stated {
                Some(stated) => write!(f, "{counted} rows where {stated} are stated"),
                None => write!(f, "{counted} rows, and their number is not stated"),
            },
        }
    }
}

impl std::error::Error for StatementError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Archive(error) => Some(error),
            Self::Read(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Transactions => "transactions",
            Self::Settlement => "settlement",
            Self::Fund => "account movements",
        })
    }
}

impl<R: Read + Seek> Statement<R> {
    /// Opens an archive and looks whether all parts are there.
    ///
    /// # Errors
    /// When it is no statement, or not a whole one.
    pub fn open(reader: R) -> Result<Self, StatementError> {
        let archive = ZipArchive::new(reader).map_err(StatementError::Archive)?;
        if archive.len() > FILES_MAX {
            return Err(StatementError::TooManyFiles);
        }
        let mut numbered: BTreeMap<Kind, BTreeMap<usize, usize>> = BTreeMap::new();
        for place in 0..archive.len() {
            let name = archive.name_for_index(place).transpose();
            let name = name.map_err(StatementError::Archive)?.unwrap_or_default();
            let Some((kind, number)) = part(&name) else {
                continue;
            };
            if numbered
                .entry(kind)
                .or_default()
                .insert(number, place)
                .is_some()
            {
                return Err(StatementError::Part(kind, number));
            }
        }
        let mut parts = BTreeMap::new();
        for (kind, of_kind) in numbered {
            for (expected, number) in (1..).zip(of_kind.keys()) {
                if expected != *number {
                    return Err(StatementError::Part(kind, expected));
                }
            }
            parts.insert(kind, of_kind.into_values().collect());
        }
        Ok(Self { archive, parts })
    }

    /// Which tables it has.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        self.parts.keys().copied()
    }

    /// Hands on every row of a table, part after part. After an error, nothing of what
    /// was handed on may be used.
    ///
    /// # Errors
    /// At the first thing that is wrong, or at the end when rows are missing.
    pub fn read(
        &mut self,
        kind: Kind,
        mut take: impl FnMut(Row),
    ) -> Result<Summary, StatementError> {
        let Some(parts) = self.parts.get(&kind).filter(|_| kind != Kind::Fund) else {
            return Err(StatementError::Missing(kind));
        };
        let mut first = None;
        let mut by_part = Vec::new();
        let mut all = Stated::default();
        for (number, place) in (1..).zip(parts) {
            let file = self
                .archive
                .by_index(*place)
                .map_err(StatementError::Archive)?;
            let mut table = Table::open(kind, number, BufReader::new(file.take(PART_MAX + 1)))?;
            let mut counted = Stated::default();
            while let Some(row) = table.row()? {
                counted.count(&row);
                all.count(&row);
                take(row);
            }
            if table.bytes_read() > PART_MAX {
                return Err(table.wrong(Problem::TooLarge));
            }
            by_part.push((table.stated.clone(), counted));
            first.get_or_insert((table.member, table.period));
        }
        // Whether each part states its own totals or those of all parts is not documented.
        let whole = |fits: fn(&Stated, &Stated) -> bool| {
            by_part
                .iter()
                .all(|(stated, counted)| fits(stated, counted))
                || by_part.iter().all(|(stated, _)| fits(stated, &all))
        };
        let rows = all.rows.unwrap_or_default();
        if !whole(|stated, counted| stated.rows == Some(counted.rows.unwrap_or_default())) {
            let stated = by_part.first().and_then(|(stated, _)| stated.rows);
            return Err(StatementError::Count(stated, rows));
        }
        let (member, period) = first.unwrap_or_default();
        Ok(Summary {
            member,
            period,
            rows,
            adds_up: whole(Stated::sums_agree),
        })
    }
}

/// Which table a file of this name is a part of. Dates in names are not relied on: they
/// differ from the statement's own.
fn part(name: &str) -> Option<(Kind, usize)> {
    let name = name.rsplit('/').next()?;
    let (stem, number) = name.strip_suffix(".csv")?.rsplit_once('_')?;
    let digits = (3..=4).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    let number = number.parse().ok().filter(|_| digits)?;
    let kind = if stem.contains("Purchase_Settle_Statement") {
        Kind::Settlement
    } else if stem.contains("Purchase_Statement") {
        Kind::Transactions
    } else if stem.contains("fund_statement") {
        Kind::Fund
    } else {
        return None;
    };
    Some((kind, number))
}

#[cfg(test)]
mod tests;
