//! Rust source as a list of the paths that it names, comments and strings left out.
//!
//! Enough of the language to follow `use` groups, inline modules and `super`, and no
//! more: every name in the code counts, whether the compiler would reach it or not.

/// One path, resolved as far as the text allows, and where it stands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// Its line, counted from 1.
    pub(crate) line: usize,
    /// `crate::gateway::X` for everything inside this crate, wherever `super` began;
    /// otherwise as it is written.
    pub(crate) segments: Vec<String>,
    /// Whether it is brought in to be handed on: `pub use`.
    pub(crate) handed_on: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct Token {
    line: usize,
    text: String,
}

/// The paths in the source of the module `module` (`["domain", "code"]`).
pub(crate) fn paths(source: &str, module: &[String]) -> Vec<Path> {
    let mut reader = Reader {
        tokens: tokens(source),
        module: module.to_vec(),
        found: Vec::new(),
    };
    // The depths of the braces of the inline modules that we are in.
    let mut modules = Vec::new();
    let (mut depth, mut i) = (0, 0);
    while i < reader.tokens.len() {
        let before = if i > 0 { reader.text(i - 1) } else { "" };
        match reader.text(i) {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                if modules.last() == Some(&depth) {
                    modules.pop();
                    reader.module.pop();
                }
            }
            "mod" if reader.text(i + 2) == "{" => {
                modules.push(depth);
                let name = reader.text(i + 1).to_owned();
                reader.module.push(name);
                i += 1;
            }
            // `pub(crate)` and `pub(in path)` say who may look, and name nothing.
            "(" if before == "pub" && (reader.text(i + 2) == ")" || reader.text(i + 1) == "in") => {
                while !matches!(reader.text(i), ")" | "") {
                    i += 1;
                }
            }
            "use" => {
                let handed_on = matches!(before, "pub" | ")");
                let leading = usize::from(reader.text(i + 1) == "::");
                i = reader.tree(i + 1 + leading, &[], Place::Use { handed_on });
                continue;
            }
            word if is_name(word) => {
                i = reader.tree(i, &[], Place::Code);
                continue;
            }
            _ => {}
        }
        i += 1;
    }
    reader.found
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Code,
    Use { handed_on: bool },
}

struct Reader {
    tokens: Vec<Token>,
    /// The module that the reader is in.
    module: Vec<String>,
    found: Vec<Path>,
}

impl Reader {
    fn text(&self, i: usize) -> &str {
        self.tokens.get(i).map_or("", |token| &token.text)
    }

    /// Follows one path or `use` tree from token `i`; returns the token after it.
    fn tree(&mut self, mut i: usize, before: &[String], place: Place) -> usize {
        let line = self.tokens.get(i).map_or(0, |token| token.line);
        let mut segments = before.to_vec();
        loop {
            match self.text(i) {
                "{" => {
                    i += 1;
                    while !matches!(self.text(i), "}" | "") {
                        i = self.tree(i, &segments, place);
                        i += usize::from(self.text(i) == ",");
                    }
                    return i + 1;
                }
                word if is_name(word) || word == "*" => segments.push(word.to_owned()),
                // Nothing that belongs to a path: step over it.
                _ => return i + 1,
            }
            i += 1;
            // `a::{b}` and `a::b` go on, `a::<T>` does not.
            let next = self.text(i + 1);
            if self.text(i) != "::" || !(is_name(next) || matches!(next, "{" | "*")) {
                break;
            }
            i += 1;
        }
        // `use x as y`: the new name says nothing.
        if place != Place::Code && self.text(i) == "as" {
            i += 2;
        }
        self.found.push(Path {
            line,
            segments: resolve(segments, &self.module),
            handed_on: place == Place::Use { handed_on: true },
        });
        i
    }
}

/// Turns `crate`, `self` and `super` at the beginning into a path from the root.
fn resolve(segments: Vec<String>, module: &[String]) -> Vec<String> {
    let mut at = module.to_vec();
    let mut rest = segments.as_slice();
    match rest.first().map(String::as_str) {
        Some("crate" | "$crate") => {
            at.clear();
            rest = &rest[1..];
        }
        Some("self" | "super") => {}
        _ => return segments,
    }
    while let Some((first, others)) = rest.split_first() {
        match first.as_str() {
            "self" => {}
            "super" => drop(at.pop()),
            _ => break,
        }
        rest = others;
    }
    let root = std::iter::once("crate".to_owned());
    root.chain(at).chain(rest.iter().cloned()).collect()
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars
        .next()
        .is_some_and(|c| c.is_alphabetic() || matches!(c, '_' | '$'))
}

/// Names, `::`, and single characters of everything else.
fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let name = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let (mut i, mut line) = (0, 1);
    while i < chars.len() {
        let start = i;
        match at(i) {
            '/' if at(i + 1) == '/' => {
                while i < chars.len() && at(i) != '\n' {
                    i += 1;
                }
            }
            '/' if at(i + 1) == '*' => {
                let mut depth = 0;
                while i < chars.len() {
                    match (at(i), at(i + 1)) {
                        ('/', '*') => (depth, i) = (depth + 1, i + 2),
                        ('*', '/') => (depth, i) = (depth - 1, i + 2),
                        _ => i += 1,
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
            '"' => i = after_string(&chars, i + 1),
            // A lifetime, or a character.
            '\'' if name(at(i + 1)) && at(i + 2) != '\'' => {
                i += 1;
                while name(at(i)) {
                    i += 1;
                }
            }
            '\'' => {
                i += 1 + usize::from(at(i + 1) == '\\');
                i += 1;
                while i < chars.len() && at(i) != '\'' {
                    i += 1;
                }
                i += 1;
            }
            c if name(c) || c == '$' => {
                i += 1;
                while name(at(i)) {
                    i += 1;
                }
                let word: String = chars[start..i].iter().collect();
                let mut quote = i;
                while at(quote) == '#' {
                    quote += 1;
                }
                let raw = matches!(word.as_str(), "r" | "br" | "cr");
                if raw && at(quote) == '"' {
                    i = after_raw_string(&chars, quote + 1, quote - i);
                } else if word == "r" && at(i) == '#' {
                    // `r#type` is the name `type`.
                    i += 1;
                } else if !(matches!(word.as_str(), "b" | "c") && at(i) == '"') {
                    tokens.push(Token { line, text: word });
                }
            }
            ':' if at(i + 1) == ':' => {
                i += 2;
                tokens.push(Token {
                    line,
                    text: "::".to_owned(),
                });
            }
            c if c.is_whitespace() => i += 1,
            c => {
                i += 1;
                tokens.push(Token {
                    line,
                    text: c.to_string(),
                });
            }
        }
        let end = i.min(chars.len());
        line += chars[start..end].iter().filter(|c| **c == '\n').count();
    }
    tokens
}

fn after_string(chars: &[char], mut i: usize) -> usize {
    while let Some(c) = chars.get(i) {
        i += match c {
            '"' => return i + 1,
            '\\' => 2,
            _ => 1,
        };
    }
    i
}

fn after_raw_string(chars: &[char], mut i: usize, hashes: usize) -> usize {
    while i < chars.len() {
        let closed =
            chars[i] == '"' && chars[i + 1..].iter().take_while(|c| **c == '#').count() >= hashes;
        i += 1;
        if closed {
            return i + hashes;
        }
    }
    i
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(source: &str, module: &str) -> Vec<String> {
        let module: Vec<String> = module.split("::").map(str::to_owned).collect();
        let paths = paths(source, &module).into_iter();
        paths.map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn leaves_out_comments_strings_and_characters() {
        let source = r###"
            // crate::a
            /* crate::b /* nested */ crate::c */
            /// [`crate::d`]
            "crate::e \" crate::f"
            r#"crate::g " crate::h"#
            b"crate::i" br"crate::j"
            '"' '\'' '\\' '\u{22}' crate::seen 'static
        "###;
        assert_eq!(named(source, "x"), ["crate::seen"]);
        assert_eq!(paths(source, &[])[0].line, 8);
    }

    #[test]
    fn follows_use_trees_modules_and_super() {
        for (source, module, expected) in [
            (
                "use crate::{domain, gateway::X};",
                "x",
                vec!["crate::domain", "crate::gateway::X"],
            ),
            (
                "use crate::{a::{self, b}, c::*};",
                "x",
                vec!["crate::a::self", "crate::a::b", "crate::c::*"],
            ),
            ("use crate::a as b;", "x", vec!["crate::a"]),
            ("use ::tokio::spawn;", "x", vec!["tokio::spawn"]),
            (
                "use super::super::gateway;",
                "domain::code",
                vec!["crate::gateway"],
            ),
            (
                "mod t { use super::super::gateway; }",
                "domain",
                vec!["crate::gateway"],
            ),
            (
                "mod t { use super::y; } use super::z;",
                "domain",
                vec!["crate::domain::y", "crate::z"],
            ),
            (
                "fn f() -> Vec<crate::a::B> { self::c::<u8>() }",
                "x",
                vec!["fn", "f", "Vec", "crate::a::B", "crate::x::c", "u8"],
            ),
            ("$crate::a!()", "x", vec!["crate::a"]),
            (
                "<T as crate::a::B>::C",
                "x",
                vec!["T", "as", "crate::a::B", "C"],
            ),
            ("use crate::r#a;", "x", vec!["crate::a"]),
            ("use crate as c;", "x", vec!["crate"]),
        ] {
            assert_eq!(named(source, module), expected, "{source}");
        }
        assert_eq!(
            named("pub(crate) x: (pub(super) y)", "x"),
            ["pub", "x", "pub", "y"]
        );
        assert!(paths("pub(crate) use crate::a::B;", &[])[1].handed_on);
        assert!(paths("pub(in crate::a) use crate::a::B;", &[])[1].handed_on);
        assert!(!paths("use crate::a::B;", &[])[0].handed_on);
    }
}
