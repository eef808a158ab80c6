//! Whether a device looks like a scanner, and why: for people who look for theirs.
//!
//! By what the kernel lists, without opening anything, so that it needs no permission.
//! Nothing is taken for a scanner because of it.

use super::hid::keys;
use super::hid::pos;
use super::tree::{Class, Node, Tree};
use rustix::fs::{Access, access};
use std::path::PathBuf;

/// How a device looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Looks {
    /// Like a scanner.
    Scanner,
    /// It could be one: it types, or it is a serial line.
    Possible,
    /// Like none.
    Other,
}

impl Looks {
    /// A word for programs and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scanner => "scanner",
            Self::Possible => "possible",
            Self::Other => "no",
        }
    }
}

/// A device of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What is opened.
    pub path: PathBuf,
    /// `evdev`, `hidraw` or `serial`.
    pub kind: &'static str,
    /// USB vendor and product.
    pub ids: Option<(u16, u16)>,
    /// What it calls itself. Not clean text.
    pub name: String,
    /// How it looks.
    pub looks: Looks,
    /// Why, each a sentence.
    pub why: Vec<&'static str>,
    /// Whether this process may read it.
    pub readable: bool,
}

/// Every device that a scanner could be, those that look most like one first.
pub fn devices() -> Vec<Seen> {
    seen(&Tree::of_machine())
}

pub(crate) fn seen(tree: &Tree) -> Vec<Seen> {
    let mut seen = Vec::new();
    for (class, kind) in [
        (Class::Input, "evdev"),
        (Class::Hidraw, "hidraw"),
        (Class::Tty, "serial"),
    ] {
        for node in tree.nodes(class) {
            // Consoles and serial ports that no device is behind.
            if class == Class::Tty && node.ids.is_none() {
                continue;
            }
            let (looks, why) = look(class, &node);
            seen.push(Seen {
                readable: access(&node.dev, Access::READ_OK).is_ok(),
                path: node.dev,
                kind,
                ids: node.ids,
                name: node.name,
                looks,
                why,
            });
        }
    }
    seen.sort_by_key(|seen| seen.looks);
    seen
}

fn look(class: Class, node: &Node) -> (Looks, Vec<&'static str>) {
    let mut why = Vec::new();
    let (vendor, product) = node.ids.unwrap_or_default();
    if let Some(reason) = known_as_other(vendor, product) {
        return (Looks::Other, vec![reason]);
    }
    if let Some(reason) = closed(vendor, product) {
        why.push(reason);
    }
    let able = match class {
        Class::Input => node.can_type(),
        Class::Hidraw => {
            let descriptor = node.report_descriptor();
            if pos::Layout::is_described(&descriptor) {
                why.push("its report descriptor is a HID POS scanner's");
                return (Looks::Scanner, why);
            }
            if pos::Layout::of(&descriptor, vendor, product).is_some() {
                why.push("its maker's scanners send reports of a known layout");
                return (Looks::Scanner, why);
            }
            if keys::Layout::of(&descriptor).is_some() {
                why.push("a keyboard; use its input node, kind = \"evdev\"");
                return (Looks::Other, why);
            }
            false
        }
        Class::Tty => true,
    };
    if !able {
        why.push(match class {
            Class::Input => "it cannot type a code: it lacks digits, or Enter and Tab",
            _ => "its reports are no HID POS scanner's",
        });
        return (Looks::Other, why);
    }
    let named = names_a_scanner(&node.name);
    if named {
        why.push("its name says so");
    }
    if MAKERS.contains(&vendor) {
        why.push("its maker makes scanners");
    }
    if why.is_empty() {
        why.push(match class {
            Class::Input => "it types like any keyboard: unplug the scanner and see which one goes",
            _ => "a serial line: unplug the scanner and see which one goes",
        });
        return (Looks::Possible, why);
    }
    (Looks::Scanner, why)
}

fn names_a_scanner(name: &str) -> bool {
    let name = name.to_lowercase();
    ["barcode", "bar code", "scanner", "imager", "bf scan"]
        .iter()
        .any(|word| name.contains(word))
}

/// Vendors of scanners by their USB ids. A hint, for boards share ids.
const MAKERS: [u16; 14] = [
    0x05e0, 0x0c2e, 0x0536, 0x05f9, 0x080c, 0x067e, 0x0db5, 0x1eab, 0x23d0, 0x065a, 0x0745, 0x1fbb,
    0x2745, 0x0581,
];

/// Devices that are taken for scanners and are none.
fn known_as_other(vendor: u16, product: u16) -> Option<&'static str> {
    match (vendor, product) {
        (0x13ba, 0x0018) => Some("named a barcode reader, but an adapter for keyboards and mice"),
        (0x1050, _) => Some("a security key: it types as fast as a scanner"),
        _ => None,
    }
}

/// Modes of scanners that only their makers' software reads.
fn closed(vendor: u16, product: u16) -> Option<&'static str> {
    match (vendor, product) {
        (0x05e0, 0x1900) => Some(
            "in SNAPI mode, which only its maker's software reads: scan the set-up code for USB CDC, \
             HID POS or keyboard",
        ),
        (0x0c2e, 0x0007) | (0x05f9, 0x1206) | (0x05e0, 0x1300) => Some(
            "in IBM OEM mode, which is not read: scan the set-up code for HID POS, USB CDC or \
             keyboard",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::tree::tests::Machine;

    const KEYBOARD: &str = "7 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe\n";

    #[test]
    fn each_device_says_why() {
        let machine = Machine::new();
        let shown = |machine: &Machine| -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
            let seen = seen(&machine.tree()).into_iter();
            seen.map(|seen| (seen.kind, seen.looks.as_str(), seen.why))
                .collect()
        };
        assert_eq!(shown(&machine), []);
        let honeywell = ("0c2e", "0b61");
        machine.plug("1", honeywell, "");
        machine.interface("1", 0, honeywell);
        machine.input("1", 0, honeywell, "event3", KEYBOARD);
        machine.hidraw("1", 0, honeywell, "hidraw0", &[0x05]);
        let yubikey = ("1050", "0010");
        machine.plug("2", yubikey, "");
        machine.interface("2", 0, yubikey);
        machine.input("2", 0, yubikey, "event4", KEYBOARD);
        machine.input("2", 0, yubikey, "event5", "3f000003 0 0 0\n");
        let seen = shown(&machine);
        assert_eq!(
            seen[0],
            (
                "evdev",
                "scanner",
                vec!["its name says so", "its maker makes scanners"]
            )
        );
        assert!(seen[1..].iter().any(|(_, looks, why)| {
            *looks == "no" && why == &["a security key: it types as fast as a scanner"]
        }));
    }
}
