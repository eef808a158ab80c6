//! The cashier's page: plain files inside the binary, in the store's language.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

const HTML: &str = include_str!("page/index.html");

/// Path, media type, content.
const FILES: [(&str, &str, &str); 13] = [
    ("/icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
    ("/page.css", CSS, include_str!("page/page.css")),
    ("/stage.css", CSS, include_str!("page/stage.css")),
    ("/page.js", JS, include_str!("page/page.js")),
    ("/calls.js", JS, include_str!("page/calls.js")),
    ("/door.js", JS, include_str!("page/door.js")),
    ("/entry.js", JS, include_str!("page/entry.js")),
    ("/lists.js", JS, include_str!("page/lists.js")),
    ("/open.js", JS, include_str!("page/open.js")),
    ("/refund.js", JS, include_str!("page/refund.js")),
    ("/sound.js", JS, include_str!("page/sound.js")),
    ("/stage.js", JS, include_str!("page/stage.js")),
    ("/words.js", JS, include_str!("page/words.js")),
];

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

pub(super) fn routes<S: Clone + Send + Sync + 'static>(language: &str) -> Router<S> {
    let direction = if language == "ar" { "rtl" } else { "ltr" };
    let html = HTML.replace(
        r#"<html lang="en" dir="ltr">"#,
        &format!(r#"<html lang="{language}" dir="{direction}">"#),
    );
    let mut routes = Router::new().route(
        "/",
        get(move || file("text/html; charset=utf-8", html.clone())),
    );
    for (path, media_type, text) in FILES {
        routes = routes.route(path, get(move || file(media_type, text)));
    }
    routes
}

async fn file(media_type: &'static str, text: impl IntoResponse) -> impl IntoResponse {
    // A browser asks again each time: the files change with the binary alone,
    // and a till must not run last year's page against this year's service.
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn script(path: &str) -> &'static str {
        FILES.iter().find(|(name, ..)| *name == path).unwrap().2
    }

    /// The texts between `start` and `end`.
    fn between<'a>(text: &'a str, start: &str, end: &str) -> BTreeSet<&'a str> {
        let parts = text.split(start).skip(1);
        parts
            .filter_map(|part| Some(part.split_once(end)?.0))
            .collect()
    }

    fn keys<'a>(object: &'a str, name: &str) -> BTreeSet<&'a str> {
        let start = format!("const {name} = {{");
        let body = object.split_once(&start).unwrap().1;
        let body = body.split_once("\n};").unwrap().0;
        let lines = body.lines().filter_map(|line| line.split_once(": "));
        lines.map(|(key, _)| key.trim()).collect()
    }

    #[test]
    fn scripts_name_only_elements_that_exist() {
        let ids = between(HTML, " id=\"", "\"");
        for (path, ..) in FILES {
            for id in between(script(path), "$('", "'") {
                assert!(ids.contains(id), "{path} names {id}");
            }
        }
    }

    #[test]
    fn scripts_import_only_files_that_are_served() {
        for (path, ..) in FILES {
            for import in between(script(path), "from './", "'") {
                assert!(FILES.iter().any(|(name, ..)| *name == format!("/{import}")));
            }
        }
    }

    #[test]
    fn every_word_is_said_in_both_languages() {
        let words = script("/words.js");
        let (english, arabic) = (keys(words, "english"), keys(words, "arabic"));
        assert_eq!(english, arabic);
        let mut used = between(HTML, "data-word=\"", "\"");
        used.extend(between(HTML, "data-label=\"", "\""));
        used.extend(between(HTML, "data-hint=\"", "\""));
        for (path, ..) in FILES {
            used.extend(between(script(path), "say('", "'"));
        }
        // What the service may answer (`service::view`).
        used.extend(["armed", "paying", "waiting", "checking"]);
        used.extend(["paid", "not_paid", "unresolved"]);
        used.extend(["ready", "absent", "failed", "unknown", "ok", "unreachable"]);
        used.extend(["duty_return", "duty_watch"]);
        for word in used {
            assert!(english.contains(word), "{word}");
        }
    }

    /// A browser hears only the events that it names.
    #[test]
    fn the_page_follows_every_fact() {
        let source = include_str!("../domain/fact.rs");
        let facts = source.split_once("pub enum What {").unwrap().1;
        let facts = facts.split_once("\n}\n").unwrap().0;
        let facts: BTreeSet<String> = facts
            .lines()
            .filter_map(|line| line.strip_prefix("    "))
            .filter(|line| line.starts_with(char::is_uppercase))
            .map(|line| snake_case(line.trim_end_matches([' ', '{', ','])))
            .collect();
        let page = script("/page.js");
        let followed = page.split_once("const FACTS = [").unwrap().1;
        let followed = followed.split_once(']').unwrap().0;
        let followed: BTreeSet<String> = followed
            .split('\'')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect();
        assert!(facts.contains("verdict_given"));
        assert_eq!(facts, followed);
    }

    fn snake_case(name: &str) -> String {
        let mut text = String::new();
        for letter in name.chars() {
            if letter.is_uppercase() && !text.is_empty() {
                text.push('_');
            }
            text.push(letter.to_ascii_lowercase());
        }
        text
    }

    #[test]
    fn nothing_is_in_line_and_nothing_comes_from_elsewhere() {
        for text in [HTML].into_iter().chain(FILES.map(|(.., text)| text)) {
            for wrong in [
                " style=",
                "<style",
                "onclick=",
                "javascript:",
                "innerHTML",
                "eval(",
                "https://",
            ] {
                assert!(!text.contains(wrong), "{wrong}");
            }
        }
    }
}
