//! The event stream as a client reads it.

use crate::patience::in_time;
use crate::store::Store;
use serde_json::Value;

/// One event of the stream.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    /// Its place in the journal; a notice has none.
    pub(crate) id: Option<u64>,
    pub(crate) kind: String,
    pub(crate) data: Value,
}

/// An open stream.
pub(crate) struct Events {
    answer: reqwest::Response,
    text: String,
}

impl Store {
    /// Follows what happens from now on, or after a place in the journal.
    pub(crate) async fn follow(&self, after: Option<u64>) -> Events {
        let mut request = self.http.get(self.url("/v1/events"));
        if let Some(after) = after {
            request = request.header("last-event-id", after.to_string());
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let mut events = Events {
            answer,
            text: String::new(),
        };
        // The greeting says that the stream stands: nothing is missed from here on.
        assert!(
            in_time("the greeting", events.block())
                .await
                .unwrap()
                .contains("qrpayd")
        );
        events
    }
}

impl Events {
    /// The next event; none when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            let block = in_time("an event", self.block()).await?;
            let field = |name: &str| {
                let mut lines = block.lines();
                lines.find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()))
            };
            if let Some(kind) = field("event:") {
                return Some(Event {
                    id: field("id:").map(|id| id.parse().unwrap()),
                    kind,
                    data: serde_json::from_str(&field("data:").unwrap()).unwrap(),
                });
            }
        }
    }

    /// The next event of a kind.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let event = self.next().await;
            let event = event.unwrap_or_else(|| panic!("the stream ended before {kind}"));
            if event.kind == kind {
                return event.data;
            }
        }
    }

    /// The next notice: its code and its sentence.
    pub(crate) async fn notice(&mut self) -> (String, String) {
        let notice = self.next_of("notice").await;
        let text = |name: &str| notice[name].as_str().unwrap().to_owned();
        (text("code"), text("text"))
    }

    /// Every durable event up to the end of the stream.
    pub(crate) async fn rest(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.extend(Some(event).filter(|event| event.id.is_some()));
        }
        events
    }

    /// Lines up to the next empty one.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            // A stream that breaks has ended.
            let chunk = self.answer.chunk().await.ok().flatten()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}
