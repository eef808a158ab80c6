//! How the device of a scanner is recognised.
//!
//! A path by port survives a replug and tells two equal scanners apart. Ids are shared
//! between makers (a 13ba:0018 is named "Barcode" and is a keyboard adapter), serial
//! numbers between units, and numbers of the kernel (`event5`) between whatever is
//! plugged in. Nothing is ever taken for a scanner by its looks.

use std::fmt;
use std::path::PathBuf;

/// Which device a scanner is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// A node or a link to one, such as `/dev/input/by-path/...-event-kbd`.
    Path(PathBuf),
    /// The port, as udev's `ID_PATH` names it, with its interface or without:
    /// `pci-0000:00:14.0-usb-0:2:1.0`.
    Port(String),
    /// USB ids, and the serial number where the scanner has one.
    Ids {
        /// The vendor.
        vendor: u16,
        /// The product.
        product: u16,
        /// The serial number.
        serial: Option<String>,
    },
}

impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Port(port) => write!(f, "the scanner at {port}"),
            Self::Ids {
                vendor,
                product,
                serial: None,
            } => write!(f, "scanner {vendor:04x}:{product:04x}"),
            Self::Ids {
                vendor,
                product,
                serial: Some(serial),
            } => write!(
                f,
                "scanner {vendor:04x}:{product:04x} with serial {serial:?}"
            ),
        }
    }
}
