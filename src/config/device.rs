//! Which device a scanner is: `match = { ... }`.
//!
//! A device is named by something that survives a replug: a link that udev makes, or
//! what the device says of itself. Kernel numbers (`event5`, `ttyACM0`) do not.

use super::complaints::Complaints;
use super::section::{Section, absolute_path, line_of_text};
use super::{read, written};
use crate::scanner::evdev::Match;
use std::path::PathBuf;
use toml::Table;

/// Whether one device can be meant by both.
pub(super) fn overlap(a: &Match, b: &Match) -> bool {
    match (a, b) {
        (Match::Path(a), Match::Path(b)) => a == b,
        (
            Match::Ids {
                vendor,
                product,
                serial,
            },
            Match::Ids {
                vendor: vendor_b,
                product: product_b,
                serial: serial_b,
            },
        ) => {
            (vendor, product) == (vendor_b, product_b)
                && (serial == serial_b || serial.is_none() || serial_b.is_none())
        }
        _ => false,
    }
}

/// Reads `match`. `link` is where udev keeps the links of the scanner's kind.
pub(super) fn device(
    table: Table,
    at: &str,
    link: &str,
    complaints: &mut Complaints,
) -> Option<Match> {
    let written: written::Match = read::section(Some(table), at, complaints);
    let mut at = Section::new(at, complaints);
    let path = at.check("path", written.path, absolute_path);
    let by_id = at.check("by_id", written.by_id, |name| link_in(link, "by-id", name));
    let by_path = at.check("by_path", written.by_path, |name| {
        link_in(link, "by-path", name)
    });
    let vendor = at.check("vendor", written.vendor, usb_number);
    let product = at.check("product", written.product, usb_number);
    let serial = at.check("serial", written.serial, line_of_text(126));
    let usb = match (vendor, product, serial) {
        (None, None, None) => None,
        (Some(vendor), Some(product), serial) => Some(Match::Ids {
            vendor,
            product,
            serial,
        }),
        _ if at.is_complained_about() => return None,
        _ => {
            at.complain_here("vendor and product go together; give both");
            return None;
        }
    };
    let ways = [path, by_id, by_path]
        .into_iter()
        .flatten()
        .map(Match::Path);
    let mut ways = ways.chain(usb);
    match (ways.next(), ways.next()) {
        (Some(device), None) => Some(device),
        _ if at.is_complained_about() => None,
        _ => {
            at.complain_here("must be one of path, by_id, by_path, or vendor and product");
            None
        }
    }
}

fn link_in(link: &str, folder: &str, name: &str) -> Result<PathBuf, String> {
    let prefix = format!("{link}/{folder}/");
    let name = name.strip_prefix(&prefix).unwrap_or(name);
    if name.is_empty() || name.contains('/') || name.chars().any(char::is_control) {
        return Err(format!("must be the name of a link in {prefix}"));
    }
    Ok(PathBuf::from(prefix + name))
}

/// Four hexadecimal digits, as `lsusb` shows them.
fn usb_number(text: &str) -> Result<u16, &'static str> {
    let wrong = "must be four hexadecimal digits as lsusb shows them, such as \"0c2e\"";
    if text.len() != 4 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(wrong);
    }
    u16::from_str_radix(text, 16).map_err(|_| wrong)
}
