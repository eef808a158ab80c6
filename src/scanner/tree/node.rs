//! One node, and what the kernel says of the device behind it.

use super::usb::UsbPort;
use super::{Class, Tree};
use std::fs;
use std::path::{Path, PathBuf};

const TAB: usize = 15;
const ENTER: usize = 28;
const DIGIT_1: usize = 2;
const KEYPAD_1: usize = 79;
const KEYPAD_ENTER: usize = 96;

/// A node of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    /// What is opened.
    pub(crate) dev: PathBuf,
    /// Its folder in `/sys`, without links.
    sys: PathBuf,
    /// Vendor and product.
    pub(crate) ids: Option<(u16, u16)>,
    /// The serial number; empty where there is none.
    pub(crate) serial: String,
    /// What the device calls itself. Not clean text.
    pub(crate) name: String,
}

impl Node {
    pub(super) fn read(class: Class, dev: PathBuf, sys: PathBuf) -> Self {
        let usb = UsbPort::of(&sys);
        let device = sys.join("device");
        let (ids, serial, name) = match class {
            Class::Input => {
                let id = |what: &str| hex(&text(&device.join("id").join(what)));
                let ids = id("vendor").zip(id("product"));
                (ids, text(&device.join("uniq")), text(&device.join("name")))
            }
            Class::Hidraw => {
                let uevent = text(&device.join("uevent"));
                let value = |key: &str| {
                    let mut lines = uevent.lines();
                    let found = lines.find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
                    found.unwrap_or_default().to_owned()
                };
                // Bus, vendor, product.
                let id = value("HID_ID");
                let mut id = id.split(':').skip(1).map(hex);
                let ids = id.next().flatten().zip(id.next().flatten());
                (ids, value("HID_UNIQ"), value("HID_NAME"))
            }
            Class::Tty => {
                let name = usb.as_ref().map(UsbPort::product_name);
                (
                    usb.as_ref().map(UsbPort::ids),
                    String::new(),
                    name.unwrap_or_default(),
                )
            }
        };
        let serial = match serial.is_empty() {
            true => usb.as_ref().map(UsbPort::serial).unwrap_or_default(),
            false => serial,
        };
        Self {
            dev,
            sys,
            ids,
            serial,
            name,
        }
    }

    /// The folder of the whole device: of its USB device, else of its HID device, else
    /// of what the node is of.
    pub(super) fn device(&self) -> &Path {
        let usb = super::usb::device_of(&self.sys);
        usb.or(self.hid()).unwrap_or(&self.sys)
    }

    /// The folder of the HID device, which is one interface of a USB device.
    pub(super) fn hid(&self) -> Option<&Path> {
        // Bus, vendor, product, instance: 0003:0C2E:0B61.0001.
        self.sys.ancestors().find(|folder| {
            let name = folder.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| {
                name.len() == 19 && name.as_bytes().get(4) == Some(&b':') && name.contains('.')
            })
        })
    }

    /// The USB port that the device is plugged into.
    pub(crate) fn port(&self) -> Option<UsbPort> {
        UsbPort::of(&self.sys)
    }

    /// Whether udev's `ID_PATH` of the node is this, or begins with it.
    pub(super) fn is_at(&self, port: &str) -> bool {
        let path = super::usb::id_path(&self.sys);
        path.is_some_and(|path| {
            path.strip_prefix(port)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        })
    }

    /// The HID report descriptor; empty when it cannot be read.
    pub(crate) fn report_descriptor(&self) -> Vec<u8> {
        let path = self.sys.join("device").join("report_descriptor");
        fs::read(path).unwrap_or_default()
    }

    /// Whether an input node can type a code: it has a digit, and Enter or Tab. A
    /// scanner may have further nodes (volume keys, a mouse).
    pub(crate) fn can_type(&self) -> bool {
        let bitmap = text(&self.sys.join("device").join("capabilities").join("key"));
        // Words of hex, the highest first.
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
        (has(DIGIT_1) || has(KEYPAD_1)) && (has(ENTER) || has(KEYPAD_ENTER) || has(TAB))
    }
}

impl Tree {
    /// A line that tells a person which device a path is.
    pub(crate) fn describe(path: &Path, node: Option<&Node>) -> String {
        match node {
            Some(node) => {
                let ids = match node.ids {
                    Some((vendor, product)) => format!(" {vendor:04x}:{product:04x}"),
                    None => String::new(),
                };
                // Escaped: names have control bytes.
                format!("{}{ids} {:?}", node.dev.display(), node.name)
            }
            None => path.display().to_string(),
        }
    }
}

/// A file's text; empty when it cannot be read.
pub(super) fn text(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

/// A number of four or eight hexadecimal digits.
pub(super) fn hex(text: &str) -> Option<u16> {
    let number = u32::from_str_radix(text, 16).ok()?;
    u16::try_from(number).ok()
}
