//! Finds the input node of a scanner by its ids, without opening anything.
//!
//! The kernel lists every node in `/sys/class/input/eventN/device`: `id/vendor`,
//! `id/product`, `uniq`, and `capabilities/key`, a bitmap of the keys in words of
//! hex, highest first. A scanner may have further nodes (volume keys, a mouse);
//! the one that can type a code has a digit and Enter or Tab.

use super::keymap::{ENTER, KPENTER};
use super::reader::OpenError;
use std::path::{Path, PathBuf};

const TAB: usize = 15;
const DIGIT_1: usize = 2;
const KEYPAD_1: usize = 79;

/// Returns the node in `/dev/input` of the only device with these ids.
pub(crate) fn find(
    class: &Path,
    vendor: u16,
    product: u16,
    serial: Option<&str>,
) -> Result<PathBuf, OpenError> {
    let wanted = || match serial {
        Some(serial) => format!("scanner {vendor:04x}:{product:04x} with serial {serial:?}"),
        None => format!("scanner {vendor:04x}:{product:04x}"),
    };
    let mut nodes = Vec::new();
    for entry in std::fs::read_dir(class).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| name.starts_with("event")) else {
            continue;
        };
        let attribute = |attribute: &str| {
            let path = entry.path().join("device").join(attribute);
            std::fs::read_to_string(path)
                .map(|text| text.trim().to_owned())
                .unwrap_or_default()
        };
        let id = |what: &str| u16::from_str_radix(&attribute(what), 16).ok();
        if id("id/vendor") == Some(vendor)
            && id("id/product") == Some(product)
            && serial.is_none_or(|serial| attribute("uniq") == serial)
            && can_type_codes(&attribute("capabilities/key"))
        {
            nodes.push(Path::new("/dev/input").join(name));
        }
    }
    match nodes.len() {
        0 => Err(OpenError::Absent(wanted())),
        1 => Ok(nodes.remove(0)),
        _ => Err(OpenError::Ambiguous(wanted())),
    }
}

fn can_type_codes(bitmap: &str) -> bool {
    let words: Vec<usize> = bitmap
        .split_ascii_whitespace()
        .rev()
        .filter_map(|word| usize::from_str_radix(word, 16).ok())
        .collect();
    let has = |key: usize| {
        let bits = usize::BITS as usize;
        words
            .get(key / bits)
            .is_some_and(|word| word >> (key % bits) & 1 == 1)
    };
    (has(DIGIT_1) || has(KEYPAD_1)) && (has(ENTER.into()) || has(KPENTER.into()) || has(TAB))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::fs;

    const KEYBOARD: &str = "7 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe\n";

    fn node(class: &Path, name: &str, ids: (&str, &str), serial: &str, keys: &str) {
        let device = class.join(name).join("device");
        fs::create_dir_all(device.join("id")).unwrap();
        fs::create_dir_all(device.join("capabilities")).unwrap();
        fs::write(device.join("id/vendor"), format!("{}\n", ids.0)).unwrap();
        fs::write(device.join("id/product"), format!("{}\n", ids.1)).unwrap();
        fs::write(device.join("uniq"), format!("{serial}\n")).unwrap();
        fs::write(device.join("capabilities/key"), keys).unwrap();
    }

    #[test]
    fn finds_the_one_node_that_types() {
        let class = tempfile::tempdir().unwrap();
        let class = class.path();
        let ids = ("ffff", "0035");
        node(class, "event3", ids, "", "3f000003 0 0 0\n");
        node(class, "event4", ids, "A7", KEYBOARD);
        node(class, "event5", ("ffff", "0036"), "", KEYBOARD);
        fs::create_dir_all(class.join("input7")).unwrap();
        let find = |product, serial| find(class, 0xffff, product, serial);

        assert_eq!(find(0x35, None), Ok("/dev/input/event4".into()));
        assert_eq!(find(0x35, Some("A7")), Ok("/dev/input/event4".into()));
        assert_eq!(
            find(0x35, Some("A8")).unwrap_err().to_string(),
            "scanner ffff:0035 with serial \"A8\" is not there: plug the scanner in, or \
             correct its match"
        );
        assert_eq!(
            find(0x37, None).unwrap_err().to_string(),
            "scanner ffff:0037 is not there: plug the scanner in, or correct its match"
        );
        node(class, "event6", ids, "A8", KEYBOARD);
        assert_eq!(
            find(0x35, None).unwrap_err().to_string(),
            "several scanners match scanner ffff:0035: configure each by its path in \
             /dev/input/by-path"
        );
        assert_eq!(find(0x35, Some("A8")), Ok("/dev/input/event6".into()));
    }

    #[test]
    fn a_keypad_scanner_types_and_a_mouse_does_not() {
        // 79 to 82 and 96: keypad 1 2 3 0 and Enter; then BTN_LEFT and its two neighbours.
        assert!(can_type_codes("100078000 0"));
        assert!(!can_type_codes("70000 0 0 0 0"));
        assert!(!can_type_codes(""));
        assert!(!can_type_codes("no bitmap"));
    }
}
