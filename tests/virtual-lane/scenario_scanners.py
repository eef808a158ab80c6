"""Every kind of scanner pays; what is damaged or unplugged never does."""

import unittest

from lane import Scenario
from till import code
from usb import Keyboard, keystrokes

CONSOLE = "fold -w 80 /dev/vcs1"


class Scanners(Scenario):

    def test_a_keyboard_scanner_pays_and_the_console_sees_nothing(self):
        guest = self.guest
        guest.run("systemctl", "stop", "qrpayd")
        # A control: without the service what is scanned is typed at the login.
        scanner = self.machine.plug(Keyboard(serial="KB-1"), 1)
        scanner.polled.wait(30)
        guest.run("udevadm", "settle")
        scanner.scan("control4711", "")
        self.till.until(lambda: "control4711" in guest.sh(CONSOLE), "typed at the console", 30)
        self.till.start()
        self.till.scanner_is(1)
        shown = []

        def scan(text):
            shown.append(text)
            scanner.scan(text)
        paid = self.pay(1, scan)
        self.assertEqual(paid["attempts"][0]["state"], "paid")
        screen = guest.sh(CONSOLE)
        self.assertNotIn(shown[0], screen)
        self.assertNotIn(shown[0][6:15], screen)
        self.assertEqual(self.till.agree(), 1)

    def test_the_box_keyboard_is_out_of_reach(self):
        """The service may read its scanners and no other keyboard."""
        self.keyboard()
        nodes = self.guest.sh("cd /sys/class/input; for n in event*; do echo \"$n $(cat $n/device/name)\"; done")
        for line in nodes.splitlines():
            node, name = line.split(" ", 1)
            allowed = self.guest.attempt("runuser", "-u", "qrpayd", "--", "test", "-r", f"/dev/input/{node}")[0]
            self.assertEqual(allowed == 0, "Scanner" in name, line)

    def test_a_scan_that_was_cut_by_unplugging_is_nothing(self):
        scanner = self.keyboard()
        tender = self.till.collect(1)
        half = keystrokes(code())
        for report in half[:len(half) // 2]:
            scanner.report(report)
        self.machine.unplug(1)
        self.till.scanner_is(1, "absent")
        # Elsewhere, where the kernel gives it another name.
        scanner = self.keyboard(port=4)
        self.assertEqual(self.till.tender(tender)["state"], "armed")
        self.assertEqual(self.gateway.ask("GET", "/calls"), [])
        self.show(tender, scanner.scan)
        self.till.verdict(tender)
        self.assertEqual(self.till.agree(), 1)

    def test_a_serial_scanner_that_is_plugged_in_long_after_the_boot_pays(self):
        """The service started without its module ever having been used (DeviceAllow)."""
        port = self.machine.plug_serial(2, "SER-1")
        self.till.scanner_is(2)
        self.pay(2, lambda text: port.sendall(text.encode() + b"\r"))
        # Half a code, unplugged, and the other half after that.
        tender = self.till.collect(2)
        text = code()
        port.sendall(text[:10].encode())
        self.machine.unplug(2)
        self.till.scanner_is(2, "absent")
        port = self.machine.plug_serial(3, "SER-1")
        self.till.scanner_is(2)
        port.sendall(text[10:].encode() + b"\r")
        self.till.until(lambda: self.till.call("GET", "/v1/lanes/2")[1]["notice"], "told", 30)
        self.assertEqual(self.till.tender(tender)["state"], "armed")
        port.sendall(text.encode() + b"\r")
        self.till.verdict(tender)
        self.assertEqual(self.till.agree(), 2)

    def test_a_cdc_scanner_and_a_wireless_keyboard_pay(self):
        guest = self.guest
        guest.put("/root/gadget.sh", GADGET, 0o755)
        guest.run("/root/gadget.sh", limit=90)
        self.till.scanner_is(3)
        guest.put("/root/send.py", SEND)
        self.pay(3, lambda text: guest.run("python3", "/root/send.py", text))
        guest.sh("modprobe uhid")
        guest.put("/root/wireless.py", WIRELESS)
        guest.start("python3", "/root/wireless.py")
        self.till.scanner_is(4)

        def scan(text):
            reports = "".join(report.hex() + "\n" for report in keystrokes(text + "\n"))
            guest.put("/run/wireless", reports)
        self.pay(4, scan)
        self.assertEqual(self.till.agree(), 2)

    def test_a_broken_scanner_hurts_no_other_lane(self):
        keyboard = self.keyboard()
        port = self.machine.plug_serial(2, "SER-1")
        self.till.scanner_is(2)
        # A scanner gone mad: no terminator, for ever.
        port.sendall(b"\xff7" * 20000)
        self.pay(1, keyboard.scan)
        self.machine.unplug(2)
        self.pay(1, keyboard.scan)
        self.assertEqual(self.till.agree(), 2)

    def test_other_software_is_kept_off(self):
        self.keyboard()
        self.machine.plug_serial(2, "SER-1")
        self.till.scanner_is(2)

        def properties(path):
            told = self.guest.run("udevadm", "info", "-q", "property", path)
            return dict(line.split("=", 1) for line in told.splitlines())
        node = self.guest.sh("grep -l 'Scanner' /sys/class/input/event*/device/name").split("/")[4]
        event = properties(f"/dev/input/{node}")
        self.assertEqual(event["QRPAYD_SCANNER"], "1")
        # A shared scanner is never hidden; nobody asked for it here.
        self.assertNotIn("LIBINPUT_IGNORE_DEVICE", event)
        self.assertNotIn("power-switch", event.get("CURRENT_TAGS", ""))
        self.assertEqual(properties("/sys/bus/usb/devices/1-2")["ID_MM_DEVICE_IGNORE"], "1")
        self.assertEqual(properties("/dev/ttyUSB0")["ID_MM_PORT_IGNORE"], "1")
        # Where it is asked for.
        self.guest.sh("echo 'SUBSYSTEM==\"usb\", ATTR{idVendor}==\"0c2e\", ENV{QRPAYD_HIDE}=\"1\"' "
                      ">> /etc/udev/rules.d/59-qrpayd-local.rules; udevadm control --reload;"
                      "udevadm trigger --action=add --settle /sys/bus/usb/devices/1-1;"
                      "udevadm trigger --action=add --settle --subsystem-match=usb --subsystem-match=hid --subsystem-match=input")
        self.assertEqual(properties(f"/dev/input/{node}")["LIBINPUT_IGNORE_DEVICE"], "1")


# A USB device that the box itself plays, plugged into an emulated port.
GADGET = """#!/bin/sh -e
modprobe libcomposite
modprobe dummy_hcd
cd /sys/kernel/config/usb_gadget
mkdir g1; cd g1
echo 0x1d6b > idVendor; echo 0x0104 > idProduct
mkdir strings/0x409
echo CDC-1 > strings/0x409/serialnumber
echo Example > strings/0x409/manufacturer
echo 'CDC Scanner' > strings/0x409/product
mkdir configs/c.1 functions/acm.0
ln -s functions/acm.0 configs/c.1
ls /sys/class/udc | head -1 > UDC
stty -F /dev/ttyGS0 raw -echo
# Open for good: closing it drops the carrier.
setsid sleep 100000 < /dev/ttyGS0 > /dev/null 2>&1 &
"""

SEND = """
import os, sys
port = os.open("/dev/ttyGS0", os.O_WRONLY | os.O_NOCTTY)
os.write(port, sys.argv[1].encode() + b"\\r")
"""

# A keyboard without a USB device above it, as Bluetooth ones are: reports that are
# written to a file are typed.
WIRELESS = """
import os, struct, time
DESCRIPTOR = bytes.fromhex("05010906a101050719e029e71500250175019508810295017508810195057501050819012905910295017503910195067508150025650507190029658100c0")
uhid = os.open("/dev/uhid", os.O_RDWR)
create = struct.pack("<I128s64s64sHHIIII4096s", 11, b"Wireless Handheld", b"", b"",
                     len(DESCRIPTOR), 5, 0x0c2e, 0x0b81, 1, 0, DESCRIPTOR)
os.write(uhid, create)
while True:
    try:
        lines = open("/run/wireless").read().split()
        os.unlink("/run/wireless")
    except OSError:
        time.sleep(0.05)
        continue
    for line in lines:
        report = bytes.fromhex(line)
        os.write(uhid, struct.pack("<IH", 12, len(report)) + report)
        time.sleep(0.001)
"""

if __name__ == "__main__":
    unittest.main()
