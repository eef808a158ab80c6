//! The event stream: replay, resume, notices, limits.

use super::problem;
use crate::api::tests::fake::Site;
use crate::service::Trouble;

/// Reads events, each as its block of lines without heartbeats.
struct Reader {
    answer: reqwest::Response,
    text: String,
}

impl Reader {
    async fn open(request: reqwest::RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        let text = String::new();
        let mut reader = Self { answer, text };
        let greeting = reader.next().await.unwrap();
        assert_eq!(greeting, "retry: 2000\n: qrpayd");
        reader
    }

    /// The next block, or none when the stream ends.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.to_owned();
                return Some(block);
            }
            let chunk = self.answer.chunk().await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The ids of the next events.
    async fn ids(&mut self, count: usize) -> Vec<u64> {
        let mut ids = Vec::new();
        for _ in 0..count {
            let block = self.next().await.unwrap();
            let line = block.lines().find_map(|line| line.strip_prefix("id: "));
            ids.push(line.unwrap().parse().unwrap());
        }
        ids
    }
}

#[tokio::test]
async fn an_event_has_its_sequence_type_and_content() {
    let site = Site::open().await;
    site.till.happen("tender_created");
    let mut reader = Reader::open(site.get("/v1/events?after=0")).await;
    assert_eq!(
        reader.next().await.unwrap(),
        "id: 1\nevent: tender_created\ndata: {\"sequence\":1,\"time\":\"2026-03-01T10:00:00.000Z\",\
         \"lane\":\"1\",\"tender\":\"t1\",\"type\":\"tender_created\",\"data\":{\"attempt\":1}}"
    );
}

#[tokio::test]
async fn a_follower_starts_now_or_where_it_was() {
    let site = Site::open().await;
    for _ in 0..3 {
        site.till.happen("attempt_waiting");
    }
    let mut from_now = Reader::open(site.get("/v1/events")).await;
    let mut from_one = Reader::open(site.get("/v1/events?after=1")).await;
    // The header of a reconnecting browser wins over the address it first had.
    let resumed = site.get("/v1/events?after=0").header("last-event-id", "2");
    let mut from_two = Reader::open(resumed).await;
    site.till.happen("verdict_given");
    assert_eq!(from_now.ids(1).await, [4]);
    assert_eq!(from_one.ids(3).await, [2, 3, 4]);
    assert_eq!(from_two.ids(2).await, [3, 4]);
}

#[tokio::test]
async fn a_long_replay_has_no_gap() {
    let site = Site::open().await;
    for _ in 0..1000 {
        site.till.happen("attempt_waiting");
    }
    let mut reader = Reader::open(site.get("/v1/events?after=0")).await;
    assert_eq!(reader.ids(600).await, (1..=600).collect::<Vec<u64>>());
    site.till.happen("verdict_given");
    assert_eq!(reader.ids(401).await, (601..=1001).collect::<Vec<u64>>());
}

#[tokio::test]
async fn notices_have_no_id() {
    let site = Site::open().await;
    let mut reader = Reader::open(site.get("/v1/events")).await;
    assert_eq!(site.till.notify("product_code"), 1);
    assert_eq!(
        reader.next().await.unwrap(),
        "event: notice\ndata: {\"lane\":\"1\",\"time\":\"2026-03-01T10:00:00.000Z\",\
         \"code\":\"product_code\",\"text\":\"not a payment code\"}"
    );
}

#[tokio::test]
async fn one_who_falls_behind_is_dropped_and_replays() {
    let site = Site::open().await;
    let mut reader = Reader::open(site.get("/v1/events")).await;
    // No await in between: the follower cannot take them one by one.
    site.till.happen("tender_created");
    for _ in 0..20 {
        site.till.notify("product_code");
    }
    assert_eq!(reader.ids(1).await, [1]);
    assert_eq!(reader.next().await, None);
    site.till.happen("verdict_given");
    let resumed = site.get("/v1/events").header("last-event-id", "1");
    assert_eq!(Reader::open(resumed).await.ids(1).await, [2]);
}

#[tokio::test]
async fn an_unreadable_journal_ends_the_stream() {
    let site = Site::open().await;
    let mut reader = Reader::open(site.get("/v1/events")).await;
    site.till.fail_with(Trouble::Busy);
    site.till.happen("tender_created");
    assert_eq!(reader.next().await, None);
}

#[tokio::test]
async fn wrong_positions_are_problems() {
    let site = Site::open().await;
    site.till.happen("tender_created");
    let with_id = |id: &str| site.get("/v1/events").header("last-event-id", id);
    for (request, status, code) in [
        (with_id("x"), 400, "bad_event_id"),
        (with_id(""), 400, "bad_event_id"),
        (site.get("/v1/events?after=x"), 400, "bad_query"),
        (site.get("/v1/events?from=1"), 400, "bad_query"),
        // Only after an older journal was restored.
        (with_id("2"), 409, "event_unknown"),
    ] {
        assert_eq!(problem(request).await, (status, code.to_owned()));
    }
}

#[tokio::test]
async fn streams_are_limited_and_a_place_comes_free() {
    let site = Site::open().await;
    let mut readers = Vec::new();
    for _ in 0..32 {
        readers.push(Reader::open(site.get("/v1/events")).await);
    }
    assert_eq!(
        problem(site.get("/v1/events")).await,
        (503, "busy".to_owned())
    );
    // Other calls have places of their own.
    assert_eq!(site.get("/v1/lanes").send().await.unwrap().status(), 200);
    readers.clear();
    let free = async {
        while site.get("/v1/events").send().await.unwrap().status() != 200 {
            tokio::task::yield_now().await;
        }
    };
    let limit = std::time::Duration::from_secs(20);
    tokio::time::timeout(limit, free).await.unwrap();
}
