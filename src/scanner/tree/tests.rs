//! Devices in folders of our own.
#![allow(clippy::unwrap_used)]

use super::*;
use std::fs;
use std::os::unix::fs::symlink;

const KEYBOARD: &str = "7 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe\n";
const VOLUME_KEYS: &str = "3f000003 0 0 0\n";

/// A machine with nothing in it.
pub(crate) struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let machine = Self { folder };
        for class in ["input", "hidraw", "tty"] {
            fs::create_dir_all(machine.path("sys/class").join(class)).unwrap();
        }
        fs::create_dir_all(machine.path("dev/input")).unwrap();
        let pci = machine.path("sys/devices/pci0000:00/0000:00:14.0");
        fs::create_dir_all(pci.join("usb1")).unwrap();
        symlink("../../../bus/pci", pci.join("subsystem")).unwrap();
        machine
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(path)
    }

    pub(crate) fn tree(&self) -> Tree {
        Tree {
            sys: self.path("sys"),
            dev: self.path("dev"),
        }
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn usb(port: &str) -> String {
        format!("sys/devices/pci0000:00/0000:00:14.0/usb1/1-{port}")
    }

    /// Plugs a USB device in, without nodes.
    pub(crate) fn plug(&self, port: &str, ids: (&str, &str), serial: &str) {
        let usb = Self::usb(port);
        self.write(&format!("{usb}/idVendor"), &format!("{}\n", ids.0));
        self.write(&format!("{usb}/idProduct"), &format!("{}\n", ids.1));
        self.write(&format!("{usb}/product"), "Example \u{8} Scanner\n");
        if !serial.is_empty() {
            self.write(&format!("{usb}/serial"), &format!("{serial}\n"));
        }
    }

    pub(crate) fn unplug(&self, port: &str) {
        fs::remove_dir_all(self.path(&Self::usb(port))).unwrap();
    }

    /// An interface of a plugged device, of this USB class and protocol.
    pub(crate) fn interface(&self, port: &str, number: u8, kind: (&str, &str)) -> String {
        let interface = format!("{}/1-{port}:1.{number}", Self::usb(port));
        self.write(&format!("{interface}/bInterfaceClass"), kind.0);
        self.write(&format!("{interface}/bInterfaceProtocol"), kind.1);
        interface
    }

    fn link(&self, class: &str, node: &str, folder: &str, dev: &str) {
        let target = self.path(folder);
        fs::create_dir_all(&target).unwrap();
        let link = self.path(&format!("sys/class/{class}/{node}"));
        let _ = fs::remove_file(&link);
        symlink(target, link).unwrap();
        self.write(dev, "");
    }

    fn hid(port: &str, number: u8, ids: (&str, &str)) -> String {
        let usb = Self::usb(port);
        format!(
            "{usb}/1-{port}:1.{number}/0003:{}:{}.000{number}",
            ids.0.to_uppercase(),
            ids.1.to_uppercase()
        )
    }

    /// An input node of an interface.
    pub(crate) fn input(&self, port: &str, number: u8, ids: (&str, &str), node: &str, keys: &str) {
        let input = format!("{}/input/input7{node}", Self::hid(port, number, ids));
        self.write(&format!("{input}/id/vendor"), ids.0);
        self.write(&format!("{input}/id/product"), ids.1);
        self.write(&format!("{input}/name"), "Example Scanner");
        self.write(&format!("{input}/capabilities/key"), keys);
        let folder = format!("{input}/{node}");
        self.link("input", node, &folder, &format!("dev/input/{node}"));
        let device = self.path(&folder).join("device");
        let _ = fs::remove_file(&device);
        symlink("..", device).unwrap();
    }

    /// A hidraw node of an interface.
    pub(crate) fn hidraw(
        &self,
        port: &str,
        number: u8,
        ids: (&str, &str),
        node: &str,
        descriptor: &[u8],
    ) {
        let hid = Self::hid(port, number, ids);
        let uevent = format!(
            "DRIVER=hid-generic\nHID_ID=0003:0000{}:0000{}\nHID_NAME=Example Scanner\nHID_UNIQ=\n",
            ids.0.to_uppercase(),
            ids.1.to_uppercase()
        );
        self.write(&format!("{hid}/uevent"), &uevent);
        fs::write(self.path(&hid).join("report_descriptor"), descriptor).unwrap();
        let folder = format!("{hid}/hidraw/{node}");
        self.link("hidraw", node, &folder, &format!("dev/{node}"));
        let device = self.path(&folder).join("device");
        let _ = fs::remove_file(&device);
        symlink("../..", device).unwrap();
    }

    /// A serial node of an interface.
    pub(crate) fn tty(&self, port: &str, number: u8, node: &str) {
        let interface = format!("{}/1-{port}:1.{number}", Self::usb(port));
        let folder = format!("{interface}/tty/{node}");
        self.link("tty", node, &folder, &format!("dev/{node}"));
    }
}

const SCANNER: (&str, &str) = ("0c2e", "0b61");

fn ids(serial: Option<&str>) -> Match {
    Match::Ids {
        vendor: 0x0c2e,
        product: 0x0b61,
        serial: serial.map(str::to_owned),
    }
}

impl Machine {
    fn find(&self, class: Class, matching: &Match) -> String {
        let typing = |node: &Node| class != Class::Input || node.can_type();
        match self.tree().find(class, matching, typing) {
            Ok((path, _)) => {
                let root = self.path("dev");
                path.strip_prefix(root).unwrap().display().to_string()
            }
            Err(error) => error.to_string(),
        }
    }
}

#[test]
fn the_node_that_types_is_found_wherever_it_comes() {
    let machine = Machine::new();
    let absent = "scanner 0c2e:0b61 is not there: plug the scanner in, or correct its match";
    assert_eq!(machine.find(Class::Input, &ids(None)), absent);
    machine.plug("2", SCANNER, "A7");
    machine.input("2", 1, SCANNER, "event3", VOLUME_KEYS);
    assert_eq!(machine.find(Class::Input, &ids(None)), absent);
    machine.input("2", 0, SCANNER, "event14", KEYBOARD);
    machine.plug("3", ("0c2e", "0b62"), "");
    machine.input("3", 0, ("0c2e", "0b62"), "event5", KEYBOARD);
    assert_eq!(machine.find(Class::Input, &ids(None)), "input/event14");
    // Its input node has no `uniq`; the USB device has the number.
    assert_eq!(
        machine.find(Class::Input, &ids(Some("A7"))),
        "input/event14"
    );
    assert_eq!(
        machine.find(Class::Input, &ids(Some("A8"))),
        "scanner 0c2e:0b61 with serial \"A8\" is not there: plug the scanner in, or correct its \
         match"
    );
    machine.unplug("2");
    assert_eq!(machine.find(Class::Input, &ids(None)), absent);
    machine.plug("4.1", SCANNER, "A7");
    machine.input("4.1", 0, SCANNER, "event3", KEYBOARD);
    assert_eq!(machine.find(Class::Input, &ids(None)), "input/event3");
}

#[test]
fn two_equal_scanners_are_told_apart_by_port_or_serial_alone() {
    let machine = Machine::new();
    for (port, serial, node) in [("2", "A7", "event3"), ("3.4", "A8", "event4")] {
        machine.plug(port, SCANNER, serial);
        machine.input(port, 0, SCANNER, node, KEYBOARD);
        machine.hidraw(port, 0, SCANNER, &format!("hidraw{}", &node[5..]), b"");
    }
    assert_eq!(
        machine.find(Class::Input, &ids(None)),
        "several scanners match scanner 0c2e:0b61: configure each by its path in \
         /dev/input/by-path"
    );
    assert_eq!(machine.find(Class::Input, &ids(Some("A8"))), "input/event4");
    let port = |port: &str| Match::Port(format!("pci-0000:00:14.0-usb-0:{port}"));
    assert_eq!(machine.find(Class::Hidraw, &port("2")), "hidraw3");
    assert_eq!(machine.find(Class::Hidraw, &port("3.4:1.0")), "hidraw4");
    for none in ["3", "3.4:1.1", "3.4:1", "3.44"] {
        let none = machine.find(Class::Hidraw, &port(none));
        assert!(none.ends_with("correct its match"), "{none}");
    }
}

#[test]
fn all_nodes_of_one_device_and_no_others_belong_together() {
    let machine = Machine::new();
    machine.plug("2", SCANNER, "");
    machine.input("2", 0, SCANNER, "event3", KEYBOARD);
    machine.hidraw("2", 0, SCANNER, "hidraw0", b"\x05\x01");
    machine.input("2", 1, SCANNER, "event4", VOLUME_KEYS);
    machine.hidraw("2", 1, SCANNER, "hidraw1", b"\x05\x8c");
    machine.plug("3", SCANNER, "");
    machine.input("3", 0, SCANNER, "event5", KEYBOARD);
    let tree = machine.tree();
    let node = tree.node_at(Class::Input, &machine.path("dev/input/event3"));
    let node = node.unwrap();
    let names = |nodes: Vec<Node>| {
        let names = nodes
            .iter()
            .map(|node| node.dev.file_name().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(tree.beside(Class::Input, &node)), ["event4"]);
    let raw = tree.hidraw_of(&node).unwrap();
    assert_eq!(names(vec![raw.clone()]), ["hidraw0"]);
    assert_eq!(
        (raw.ids, raw.report_descriptor()),
        (Some((0x0c2e, 0x0b61)), b"\x05\x01".to_vec())
    );
    // A link is followed, and a file that is no node is none.
    symlink("event3", machine.path("dev/input/link")).unwrap();
    let link = tree.node_at(Class::Input, &machine.path("dev/input/link"));
    assert_eq!(link, Some(node));
    fs::write(machine.path("dev/event3"), "").unwrap();
    assert_eq!(
        tree.node_at(Class::Input, &machine.path("dev/event3")),
        None
    );
}

#[test]
fn a_serial_port_is_known_by_its_usb_device() {
    let machine = Machine::new();
    machine.plug("2", SCANNER, "A7");
    machine.interface("2", 0, ("02", "01"));
    machine.tty("2", 0, "ttyACM1");
    assert_eq!(machine.find(Class::Tty, &ids(Some("A7"))), "ttyACM1");
    let by_path = Match::Path(machine.path("dev/ttyACM1"));
    assert_eq!(machine.find(Class::Tty, &by_path), "ttyACM1");
}

#[test]
fn a_port_tells_what_came_in_the_scanners_place() {
    let machine = Machine::new();
    machine.plug("2", SCANNER, "");
    machine.input("2", 0, SCANNER, "event3", KEYBOARD);
    let node = machine
        .tree()
        .node_at(Class::Input, &machine.path("dev/input/event3"));
    let port = node.unwrap().port().unwrap();
    assert_eq!(port.occupant(), None);
    machine.unplug("2");
    assert_eq!(port.occupant(), None);
    machine.plug("2", ("0c2e", "0b6a"), "");
    machine.interface("2", 0, ("02", "01"));
    machine.interface("2", 1, ("0a", "00"));
    assert_eq!(
        port.occupant().unwrap(),
        "its USB port has 0c2e:0b6a \"Example \\u{8} Scanner\", a serial port (kind = \"serial\")"
    );
}

#[test]
fn a_path_by_port_is_what_udev_makes_of_it() {
    let machine = Machine::new();
    let root = machine.path("sys/devices/platform/fd500000.pcie/pci0000:00/0000:00:00.0");
    let controller = root.join("0000:01:00.0");
    let device = controller.join("usb1/1-1/1-1.3");
    let interface = device.join("1-1.3:1.0/tty/ttyACM0");
    fs::create_dir_all(&interface).unwrap();
    fs::write(device.join("idVendor"), "0c2e").unwrap();
    for (folder, subsystem) in [
        (root.parent().unwrap().parent().unwrap(), "platform"),
        (root.as_path(), "pci"),
        (controller.as_path(), "pci"),
    ] {
        symlink(format!("/bus/{subsystem}"), folder.join("subsystem")).unwrap();
    }
    assert_eq!(
        super::usb::id_path(&interface).unwrap(),
        "platform-fd500000.pcie-pci-0000:01:00.0-usb-0:1.3:1.0"
    );
}
