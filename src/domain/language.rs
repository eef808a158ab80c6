//! The languages that cashiers are spoken to in.

use serde::{Deserialize, Serialize};

/// A language of the sentences for cashiers. Written as its ISO 639-1 letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Language {
    /// `en`
    #[default]
    #[serde(rename = "en")]
    English,
    /// `ar`, written from right to left.
    #[serde(rename = "ar")]
    Arabic,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Arabic];

    /// The ISO 639-1 letters, for a page's `lang` attribute and the configuration.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Arabic => "ar",
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn is_written_as_its_tag() {
        for language in Language::ALL {
            let written = serde_json::to_string(&language).unwrap();
            assert_eq!(written, format!("\"{}\"", language.tag()));
            assert_eq!(
                serde_json::from_str::<Language>(&written).unwrap(),
                language
            );
        }
    }
}
