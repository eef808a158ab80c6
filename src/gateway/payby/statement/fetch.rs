//! Fetching a day's statement into a file.

use crate::domain::Unknown;
use crate::gateway::http::{Download, DownloadError, Failure};
use crate::gateway::payby::answer::opened;
use crate::gateway::payby::{PayBy, wire};
use crate::gateway::reading::{Proof, Reading};
use jiff::civil::Date;
use reqwest::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap};
use std::fmt;
use std::io::Write;
use std::time::Duration;

/// An archive at most: deflated, a million rows take about 30 MB.
const SIZE_MAX: u64 = 256 * 1024 * 1024;

/// Why there is no statement.
#[derive(Debug)]
pub enum FetchError {
    /// PayBy has none yet: it makes them within 10 minutes of the day's end, Gulf time. Ask
    /// half an hour later. Or the day is in the future.
    NotYet,
    /// PayBy refused, with this code.
    Refused(String),
    /// Nobody answered, or nothing that is a statement.
    Unanswered(Unknown),
    /// Connecting failed.
    NotSent,
    /// It could not be written down.
    Write(std::io::Error),
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotYet => f.write_str("PayBy has no statement of this day yet"),
            Self::Refused(code) => write!(f, "PayBy refuses the statement, code {code}"),
            Self::Unanswered(why) => write!(f, "PayBy's statement did not come ({why:?})"),
            Self::NotSent => f.write_str("PayBy cannot be reached"),
            Self::Write(_) => f.write_str("the statement cannot be written down"),
        }
    }
}

impl std::error::Error for FetchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Write(error) => Some(error),
            _ => None,
        }
    }
}

impl PayBy {
    /// Writes the statement of a day (Gulf time) to `file`: a ZIP archive, for
    /// [`Statement::open`](super::Statement::open). Returns its size in bytes.
    ///
    /// # Errors
    /// When there is none; `file` may then hold a part of it.
    pub async fn statement(
        &self,
        day: Date,
        file: &mut (dyn Write + Send),
        limit: Duration,
    ) -> Result<u64, FetchError> {
        let content = wire::ByStatementDate {
            statement_date: day.strftime("%Y%m%d").to_string(),
        };
        let request = wire::request(self.http.corrected_time(), &content);
        let request = request.and_then(|body| self.sign(body));
        let request = request.ok_or(FetchError::NotSent)?;
        let url = self.url("/acquire2/download/getOrderStatement");
        let download = self
            .http
            .download(url, request, limit, is_archive, file, SIZE_MAX);
        let reply = match download.await {
            Ok(Download::File(size)) => return Ok(size),
            Ok(Download::Reply(reply)) => reply,
            Err(DownloadError::Write(error)) => return Err(FetchError::Write(error)),
            Err(DownloadError::Call(Failure::NotSent)) => return Err(FetchError::NotSent),
            Err(DownloadError::Call(failure)) => {
                let Reading { answer, .. } = Reading::<Refusal>::from(failure);
                return Err(FetchError::Unanswered(
                    answer.0.err().unwrap_or(Unknown::Broken),
                ));
            }
        };
        let reading = opened(
            &reply,
            &self.gateway_key,
            |_| Ok(Refusal(Err(Unknown::Malformed))),
            |code, _| Refusal(Ok(code.to_owned())),
            |_| Unknown::Unsigned,
        );
        Err(match reading.answer.0 {
            // STATEMENT_NOT_EXIST, STATEMENT_NOT_GENERATED
            Ok(code) if code == "62013" || code == "62014" => FetchError::NotYet,
            Ok(code) => FetchError::Refused(code),
            Err(why) => FetchError::Unanswered(why),
        })
    }
}

/// `statement-download.mdx`: a file has both headers; an error has neither.
fn is_archive(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    headers.contains_key(CONTENT_DISPOSITION)
        || kind.is_some_and(|k| k.starts_with("application/zip"))
}

/// What came in the place of a statement: a code, or nothing that can be trusted.
struct Refusal(Result<String, Unknown>);

impl Proof for Refusal {
    fn unknown(why: Unknown) -> Self {
        Self(Err(why))
    }

    fn not_sent() -> Self {
        Self(Err(Unknown::Broken))
    }

    fn why_unknown(&self) -> Option<Unknown> {
        self.0.as_ref().err().copied()
    }

    fn class(&self) -> String {
        format!("{:?}", self.0)
    }
}
