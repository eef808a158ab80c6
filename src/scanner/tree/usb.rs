//! USB devices and the ports they are plugged into.

use super::node::{hex, text};
use std::fs;
use std::path::{Path, PathBuf};

/// A USB port, with the device that was in it when it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsbPort {
    /// The folder of whatever device is plugged in here.
    folder: PathBuf,
    ids: (u16, u16),
}

/// The folder of the USB device that a node belongs to.
pub(super) fn device_of(sys: &Path) -> Option<&Path> {
    sys.ancestors()
        .find(|folder| folder.join("idVendor").is_file())
}

impl UsbPort {
    /// Of a node's folder.
    pub(super) fn of(sys: &Path) -> Option<Self> {
        let folder = device_of(sys)?;
        Some(Self {
            folder: folder.to_owned(),
            ids: ids(folder)?,
        })
    }

    pub(super) fn ids(&self) -> (u16, u16) {
        self.ids
    }

    pub(super) fn serial(&self) -> String {
        text(&self.folder.join("serial"))
    }

    pub(super) fn product_name(&self) -> String {
        text(&self.folder.join("product"))
    }

    /// The device that is in the port now, when it is another one: `its USB port has
    /// 05e0:1701 "Scanner", a serial port`.
    pub(crate) fn occupant(&self) -> Option<String> {
        let now = ids(&self.folder).filter(|now| *now != self.ids)?;
        let kinds = kinds(&self.folder).join(" and ");
        Some(format!(
            "its USB port has {:04x}:{:04x} {:?}, {kinds}",
            now.0,
            now.1,
            self.product_name()
        ))
    }
}

fn ids(folder: &Path) -> Option<(u16, u16)> {
    let id = |name: &str| hex(&text(&folder.join(name)));
    id("idVendor").zip(id("idProduct"))
}

/// What the interfaces of a device are, for people.
fn kinds(folder: &Path) -> Vec<&'static str> {
    let mut kinds = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let of = |name: &str| text(&entry.path().join(name));
        let kind = match (
            of("bInterfaceClass").as_str(),
            of("bInterfaceProtocol").as_str(),
        ) {
            ("", _) => continue,
            ("03", "01") => "a keyboard (kind = \"evdev\")",
            ("03", _) => "a HID device (kind = \"hidraw\")",
            ("02" | "0a", _) => "a serial port (kind = \"serial\")",
            _ => "a device of its maker's own kind",
        };
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds.sort_unstable();
    kinds
}

/// What udev's builtin `path_id` makes of a USB node:
/// `pci-0000:00:14.0-usb-0:2:1.0`, `platform-fd500000.pcie-pci-0000:01:00.0-usb-0:1.3:1.0`.
pub(super) fn id_path(sys: &Path) -> Option<String> {
    let device = device_of(sys)?;
    let name = |folder: &Path| Some(folder.file_name()?.to_str()?.to_owned());
    // The interface, such as 1-2:1.0, is right below the device. The bus has no fixed number.
    let interface = sys
        .ancestors()
        .find(|folder| folder.parent() == Some(device))?;
    let interface = name(interface)?;
    let (_bus, port) = interface.split_once('-')?;
    let mut path = format!("usb-0:{port}");
    let subsystem = |folder: &Path| {
        let link = fs::read_link(folder.join("subsystem")).ok()?;
        name(&link)
    };
    let mut last = String::new();
    for folder in device.ancestors().skip(1) {
        let Some(subsystem) = subsystem(folder) else {
            continue;
        };
        // Of several bridges in a row the nearest counts.
        if matches!(subsystem.as_str(), "pci" | "platform") && subsystem != last {
            path = format!("{subsystem}-{}-{path}", name(folder)?);
        }
        last = subsystem;
    }
    Some(path)
}
