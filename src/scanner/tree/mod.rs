//! The devices of this machine as the kernel lists them in `/sys`, without opening any.
//!
//! ```text
//!   /sys/class/input/event5 ──▶ .../usb1/1-2/1-2:1.0/0003:0C2E:0B61.0001/input/input9/event5
//!                                        │     │      └ HID device: its hidraw is in here too
//!                                        │     └ interface
//!                                        └ the USB device: `idVendor`, `serial`, all its nodes
//! ```
//!
//! Everything hangs below two folders, so that tests make their own.

mod node;
mod usb;

#[cfg(test)]
pub(crate) mod tests;

use super::failure::OpenError;
use super::matching::Match;
pub(crate) use node::Node;
use std::path::{Path, PathBuf};
pub(crate) use usb::UsbPort;

/// A kind of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// `/dev/input/eventN`.
    Input,
    /// `/dev/hidrawN`.
    Hidraw,
    /// `/dev/ttyACMN`, `/dev/ttyUSBN`, `/dev/ttySN`.
    Tty,
}

impl Class {
    /// Where udev keeps links by port, for people who have two equal scanners.
    fn links(self) -> &'static str {
        match self {
            Self::Input => "/dev/input/by-path",
            Self::Hidraw => "/sys/class/hidraw (by_path)",
            Self::Tty => "/dev/serial/by-path",
        }
    }
}

/// The folders.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    sys: PathBuf,
    dev: PathBuf,
}

impl Tree {
    /// This machine's.
    pub(crate) fn of_machine() -> Self {
        Self {
            sys: PathBuf::from("/sys"),
            dev: PathBuf::from("/dev"),
        }
    }

    fn class(&self, class: Class) -> PathBuf {
        self.sys.join("class").join(match class {
            Class::Input => "input",
            Class::Hidraw => "hidraw",
            Class::Tty => "tty",
        })
    }

    /// The name under which a node of the class is opened.
    fn dev(&self, class: Class, name: &str) -> PathBuf {
        match class {
            Class::Input => self.dev.join("input").join(name),
            Class::Hidraw | Class::Tty => self.dev.join(name),
        }
    }

    /// A name in the folder where the device would come.
    pub(crate) fn name_of(&self, class: Class, matching: &Match) -> PathBuf {
        match matching {
            Match::Path(path) => path.clone(),
            Match::Port(_) | Match::Ids { .. } => self.dev(class, "new"),
        }
    }

    /// Every node of the class, in the order of their names.
    pub(crate) fn nodes(&self, class: Class) -> Vec<Node> {
        let names = std::fs::read_dir(self.class(class)).into_iter().flatten();
        let names = names.flatten().filter_map(|entry| {
            let name = entry.file_name().to_str()?.to_owned();
            (class != Class::Input || name.starts_with("event")).then_some(name)
        });
        let mut names: Vec<String> = names.collect();
        names.sort_by_key(|name| (name.len(), name.clone()));
        let nodes = names.iter().filter_map(|name| self.node(class, name));
        nodes.collect()
    }

    fn node(&self, class: Class, name: &str) -> Option<Node> {
        let sys = self.class(class).join(name).canonicalize().ok()?;
        Some(Node::read(class, self.dev(class, name), sys))
    }

    /// The node of a path, which may be a link.
    pub(crate) fn node_at(&self, class: Class, path: &Path) -> Option<Node> {
        let path = path.canonicalize().ok()?;
        let node = self.node(class, path.file_name()?.to_str()?)?;
        (node.dev.canonicalize().ok()? == path).then_some(node)
    }

    /// The path of the device that matches, and its node where the kernel lists it.
    /// Of several nodes of one device the first that `suits` is meant.
    pub(crate) fn find(
        &self,
        class: Class,
        matching: &Match,
        suits: impl Fn(&Node) -> bool,
    ) -> Result<(PathBuf, Option<Node>), OpenError> {
        let fits = |node: &Node| match matching {
            Match::Path(_) => false,
            Match::Port(port) => node.is_at(port),
            Match::Ids {
                vendor,
                product,
                serial,
            } => {
                node.ids == Some((*vendor, *product))
                    && serial.as_ref().is_none_or(|serial| node.serial == *serial)
            }
        };
        if let Match::Path(path) = matching {
            return Ok((path.clone(), self.node_at(class, path)));
        }
        let mut nodes = self.nodes(class);
        nodes.retain(|node| fits(node) && suits(node));
        let mut devices: Vec<&Path> = nodes.iter().map(Node::device).collect();
        devices.dedup();
        match devices.len() {
            0 => Err(OpenError::Absent(matching.to_string())),
            1 => {
                let node = nodes.remove(0);
                Ok((node.dev.clone(), Some(node)))
            }
            _ => Err(OpenError::Ambiguous(matching.to_string(), class.links())),
        }
    }

    /// The other nodes of the class that belong to the same device.
    pub(crate) fn beside(&self, class: Class, node: &Node) -> Vec<Node> {
        let mut nodes = self.nodes(class);
        nodes.retain(|other| other.device() == node.device() && other.dev != node.dev);
        nodes
    }

    /// The hidraw node of the interface that an input node belongs to.
    pub(crate) fn hidraw_of(&self, node: &Node) -> Option<Node> {
        let hid = node.hid()?;
        let mut nodes = self.nodes(Class::Hidraw).into_iter();
        nodes.find(|raw| raw.hid() == Some(hid))
    }
}
