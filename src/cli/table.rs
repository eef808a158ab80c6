//! Answers as tables for people.

use serde_json::Value;

/// The entries of a list, none when there is no list.
pub(super) fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}

/// Text without control characters: whatever a ticket number brings along must
/// not move the cursor of a terminal.
pub(super) fn text(value: &Value, name: &str) -> String {
    let text = value[name].as_str().unwrap_or_default();
    text.chars().filter(|c| !c.is_control()).collect()
}

/// Columns as wide as their widest cell, two blanks between them.
pub(super) fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>, none: &str) -> String {
    let rows: Vec<Vec<String>> = rows.collect();
    if rows.is_empty() {
        return format!("{none}\n");
    }
    let head: Vec<String> = head.iter().map(|&title| title.to_owned()).collect();
    let all: Vec<&Vec<String>> = std::iter::once(&head).chain(&rows).collect();
    let widths: Vec<usize> = (0..head.len())
        .map(|column| {
            all.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    all.iter()
        .map(|row| {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            cells.join("  ").trim_end().to_owned() + "\n"
        })
        .collect()
}
