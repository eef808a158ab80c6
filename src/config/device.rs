//! Which device a scanner is: `match = { ... }`.
//!
//! A device is named by something that survives a replug: a link that udev makes, or
//! what the device says of itself. Kernel numbers (`event5`, `ttyACM0`) do not.

use super::complaints::Complaints;
use super::section::{Section, absolute_path, line_of_text};
use super::{read, written};
use crate::scanner::Match;
use std::path::PathBuf;
use toml::Table;

/// Whether one device can be meant by both.
pub(super) fn overlap(a: &Match, b: &Match) -> bool {
    match (a, b) {
        (Match::Path(a), Match::Path(b)) => a == b,
        (Match::Port(a), Match::Port(b)) => {
            let within = |a: &str, b: &str| {
                a.strip_prefix(b)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
            };
            within(a, b) || within(b, a)
        }
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

/// What `by_id` and `by_path` name.
#[derive(Clone, Copy)]
pub(super) enum Links {
    /// Links that udev makes in this folder.
    Udev(&'static str),
    /// The port alone: udev makes no links to devices of this kind.
    Port,
}

/// Reads `match`.
pub(super) fn device(
    table: Table,
    at: &str,
    links: Links,
    complaints: &mut Complaints,
) -> Option<Match> {
    let written: written::Match = read::section(Some(table), at, complaints);
    let mut at = Section::new(at, complaints);
    let path = at.check("path", written.path, absolute_path);
    let by_id = at.check("by_id", written.by_id, |name| match links {
        Links::Udev(folder) => link_in(folder, "by-id", name),
        Links::Port => {
            Err("names no device of this kind; use by_path, or vendor and product".to_owned())
        }
    });
    let by_path = at.check("by_path", written.by_path, |name| match links {
        Links::Udev(folder) => link_in(folder, "by-path", name).map(Match::Path),
        Links::Port => port(name).map(Match::Port),
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
    let paths = [path, by_id].into_iter().flatten().map(Match::Path);
    let mut ways = paths.chain(by_path).chain(usb);
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

/// A port as udev's `ID_PATH` names it.
fn port(name: &str) -> Result<String, String> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    match name.contains("usb-") && name.bytes().all(good) {
        true => Ok(name.to_owned()),
        false => Err(
            "must be the port as udev names it, such as \"pci-0000:00:14.0-usb-0:2\": see \
             ID_PATH of `udevadm info -q property /dev/hidrawN`"
                .to_owned(),
        ),
    }
}

/// Four hexadecimal digits, as `lsusb` shows them.
fn usb_number(text: &str) -> Result<u16, &'static str> {
    let wrong = "must be four hexadecimal digits as lsusb shows them, such as \"0c2e\"";
    if text.len() != 4 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(wrong);
    }
    u16::from_str_radix(text, 16).map_err(|_| wrong)
}
