//! One part of a table: a line of totals, a line of column names, then rows.

use super::row::{self, Row};
use super::{Direction, Kind, Problem, StatementError};
use crate::domain::{Amount, Currency};
use std::collections::BTreeMap;
use std::io::{BufRead, Read};

/// The longest line: 42 columns of at most 200 characters.
const LINE_MAX: u64 = 64 * 1024;

/// A part under way.
pub(super) struct Table<R> {
    reader: R,
    kind: Kind,
    part: usize,
    line: u64,
    bytes: u64,
    framed: bool,
    columns: Columns,
    pub(super) member: Option<String>,
    pub(super) period: String,
    pub(super) stated: Stated,
}

/// Columns, by their names in small letters: one of the layouts has `settledTIme`.
#[derive(Default)]
pub(super) struct Columns(BTreeMap<String, usize>);

impl Columns {
    /// The field of a column; None where the layout has no such column.
    pub(super) fn get<'a>(&self, fields: &[&'a str], name: &str) -> Option<&'a str> {
        let at = self.0.get(&name.to_ascii_lowercase())?;
        fields.get(*at).copied()
    }
}

/// Totals, as stated or as counted. None: not stated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Stated {
    pub(super) rows: Option<u64>,
    credit: Option<u64>,
    debit: Option<u64>,
    commission: Option<u64>,
    vat: Option<u64>,
}

impl Stated {
    pub(super) fn count(&mut self, row: &Row) {
        let add = |sum: &mut Option<u64>, amount: Option<Amount>| {
            let more = amount.map_or(0, |amount| amount.minor);
            *sum = Some(sum.unwrap_or(0).saturating_add(more));
        };
        *self.rows.get_or_insert(0) += 1;
        let of = |direction| Some(row.amount).filter(|_| row.direction == Some(direction));
        add(&mut self.credit, of(Direction::Credit));
        add(&mut self.debit, of(Direction::Debit));
        add(&mut self.commission, row.commission);
        add(&mut self.vat, row.vat);
    }

    /// Whether each sum that is stated is the one that was counted.
    pub(super) fn sums_agree(&self, counted: &Self) -> bool {
        let agree = |stated: Option<u64>, counted: Option<u64>| {
            stated.is_none_or(|stated| stated == counted.unwrap_or(0))
        };
        agree(self.credit, counted.credit)
            && agree(self.debit, counted.debit)
            && agree(self.commission, counted.commission)
            && agree(self.vat, counted.vat)
    }
}

impl<R: BufRead> Table<R> {
    pub(super) fn open(kind: Kind, part: usize, reader: R) -> Result<Self, StatementError> {
        let mut table = Self {
            reader,
            kind,
            part,
            line: 0,
            bytes: 0,
            framed: false,
            columns: Columns::default(),
            member: None,
            period: String::new(),
            stated: Stated::default(),
        };
        let Some(totals) = table.line()? else {
            return Err(table.wrong(Problem::NoColumns));
        };
        table.totals(&totals)?;
        let Some(names) = table.line()? else {
            return Err(table.wrong(Problem::NoColumns));
        };
        for (at, name) in names.split('|').enumerate() {
            let name = name.trim().to_ascii_lowercase();
            if table.columns.0.insert(name, at).is_some() {
                return Err(table.wrong(Problem::ColumnTwice));
            }
        }
        for needed in row::needed(kind) {
            if !table.columns.0.contains_key(&needed.to_ascii_lowercase()) {
                return Err(table.wrong(Problem::NoColumn(needed)));
            }
        }
        Ok(table)
    }

    /// The next row.
    pub(super) fn row(&mut self) -> Result<Option<Row>, StatementError> {
        let Some(line) = self.line()? else {
            return Ok(None);
        };
        let fields: Vec<&str> = line.split('|').collect();
        if fields.len() != self.columns.0.len() {
            let problem = Problem::Fields(fields.len(), self.columns.0.len());
            return Err(self.wrong(problem));
        }
        row::read(self.kind, &self.columns, &fields)
            .map(Some)
            .map_err(|problem| self.wrong(problem))
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes
    }

    pub(super) fn wrong(&self, problem: Problem) -> StatementError {
        StatementError::Line {
            part: self.part,
            line: self.line,
            problem,
        }
    }

    /// `key:value|key:value`; a value may hold colons.
    fn totals(&mut self, line: &str) -> Result<(), StatementError> {
        for (key, value) in line.split('|').filter_map(|pair| pair.split_once(':')) {
            let value = value.trim();
            match key.trim() {
                "mid" => self.member = Some(value.to_owned()),
                "periodNo" | "settlePeriodNo" => self.period = value.to_owned(),
                "totalCount" => {
                    let count = value
                        .parse()
                        .map_err(|_| self.wrong(Problem::Field("totalCount")))?;
                    self.stated.rows = Some(count);
                }
                "totalCredit" => self.stated.credit = money(value),
                "totalDebit" => self.stated.debit = money(value),
                "totalComm" => self.stated.commission = money(value),
                "totalVAT" => self.stated.vat = money(value),
                _ => {}
            }
        }
        Ok(())
    }

    /// The next line that is not blank, without its end and without the `*` that some of
    /// PayBy's samples have around a file or a line; one at the end of a text stays.
    fn line(&mut self) -> Result<Option<String>, StatementError> {
        loop {
            self.line += 1;
            let mut bytes = Vec::new();
            let limited = &mut (&mut self.reader).take(LINE_MAX + 1);
            let read = limited
                .read_until(b'\n', &mut bytes)
                .map_err(StatementError::Read)?;
            if read == 0 {
                return Ok(None);
            }
            self.bytes += read as u64;
            if read as u64 > LINE_MAX {
                return Err(self.wrong(Problem::NotText));
            }
            let text = String::from_utf8(bytes).map_err(|_| self.wrong(Problem::NotText))?;
            let text = text.trim_end_matches(['\n', '\r']);
            let text = text.strip_prefix('\u{feff}').unwrap_or(text);
            // No value of a first column begins with `*`.
            let (text, begins) = match text.strip_prefix('*') {
                Some(text) => (text, true),
                None => (text, false),
            };
            self.framed |= begins;
            let last = self
                .reader
                .fill_buf()
                .map_err(StatementError::Read)?
                .is_empty();
            let ends = begins || (self.framed && last);
            let text = text.strip_suffix('*').filter(|_| ends).unwrap_or(text);
            if !text.trim().is_empty() {
                return Ok(Some(text.to_owned()));
            }
        }
    }
}

/// `AED 1.00`, in minor units.
fn money(text: &str) -> Option<u64> {
    let (currency, number) = text.split_once(' ')?;
    let currency = Currency::new(currency).ok()?;
    Some(Amount::parse(number.trim(), currency).ok()?.minor)
}
