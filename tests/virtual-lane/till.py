"""The store: an installed box, its four lanes, and what a cashier does there.

    lane 1   USB keyboard scanner         found by its ids and serial number
    lane 2   FTDI serial scanner          found by its name
    lane 3   CDC-ACM scanner              made in the guest by dummy_hcd
    lane 4   keyboard scanner by uhid     as a Bluetooth scanner is
"""

import itertools
import json
import pathlib
import time

from machine import Machine, Saved

CONFIG = """
[store]
id = "LANE"
name = "Virtual lane"
timezone = "Asia/Dubai"
currency = "AED"

[[lane]]
id = "1"
scanners = ["keyboard"]
gateways = ["payby"]
ceiling = "5000.00"

[[lane]]
id = "2"
scanners = ["serial"]
gateways = ["payby"]
ceiling = "5000.00"

[[lane]]
id = "3"
scanners = ["cdc"]
gateways = ["payby"]
ceiling = "5000.00"

[[lane]]
id = "4"
scanners = ["wireless"]
gateways = ["payby"]
ceiling = "5000.00"

[[scanner]]
id = "keyboard"
kind = "evdev"
match = {{ vendor = "0c2e", product = "0b6a", serial = "KB-1" }}

[[scanner]]
id = "serial"
kind = "serial"
match = {{ by_id = "usb-QEMU_QEMU_USB_SERIAL_SER-1-if00-port0" }}

[[scanner]]
id = "cdc"
kind = "serial"
match = {{ by_id = "usb-Example_CDC_Scanner_CDC-1-if00" }}

[[scanner]]
id = "wireless"
kind = "evdev"
match = {{ vendor = "0c2e", product = "0b81" }}

[gateway.payby]
base_url = "{base_url}"
partner_id = "200000909090"
private_key = "credential:payby.key"
gateway_public_key = "/etc/qrpayd/payby.pub"
text_patterns = ["99999999T999999999*"]
"""

# The adapter of the serial scanner, the gadget and the wireless keyboard are of no maker
# in the package's rules: the lines that an operator adds.
LOCAL_RULES = """
SUBSYSTEM=="usb", ATTR{idVendor}=="0403", ATTR{idProduct}=="6001", ENV{QRPAYD_SCANNER}="1"
SUBSYSTEM=="usb", ATTR{idVendor}=="1d6b", ATTR{idProduct}=="0104", ENV{QRPAYD_SCANNER}="1"
SUBSYSTEM=="hid", ENV{HID_ID}=="*:00000C2E:00000B81", ENV{QRPAYD_SCANNER}="1"
"""

UNIT = "qrpayd.service"
numbers = itertools.count(1)


def code():
    """A payment code that nobody showed before."""
    return f"20001234T5{next(numbers):08d}A"


class Till:
    """A machine with the package on it."""

    def __init__(self, machine, gateway):
        self.machine = machine
        self.guest = machine.guest
        self.gateway = gateway

    def install(self, package):
        """From the package to a lane that can take payments."""
        guest = self.guest
        guest.put("/tmp/qrpayd.deb", pathlib.Path(package).read_bytes())
        guest.run("dpkg", "-i", "/tmp/qrpayd.deb", limit=180)
        self.configure()

    def configure(self):
        """What an operator writes: the configuration, the keys, the box's own scanners."""
        guest, keys = self.guest, self.gateway.keys
        authority = (self.gateway.folder / "ca.pem").read_bytes()
        guest.put("/tmp/ca.pem", authority)
        guest.sh("cat /tmp/ca.pem >> /etc/ssl/certs/ca-certificates.crt")
        guest.put("/etc/qrpayd/payby.key", (keys / "payby-merchant-private.pem").read_bytes(), 0o600)
        guest.put("/etc/qrpayd/payby.pub", (keys / "payby-gateway-public.pem").read_bytes())
        guest.put("/etc/udev/rules.d/59-qrpayd-local.rules", LOCAL_RULES)
        guest.run("udevadm", "control", "--reload")
        self.write(CONFIG)

    def write(self, config, **values):
        """Writes the configuration, for the gateway of this machine."""
        values.setdefault("base_url", self.gateway.base_url())
        self.guest.put("/etc/qrpayd/qrpayd.toml", config.format(**values))

    # The service.

    def start(self):
        """Starts the service; returns the seconds until it said ready."""
        before = time.monotonic()
        self.guest.run("systemctl", "start", UNIT, limit=240)
        return time.monotonic() - before

    def show(self, *names):
        """Properties of the unit."""
        told = self.guest.run("systemctl", "show", "-p", ",".join(names), UNIT)
        values = dict(line.split("=", 1) for line in told.splitlines())
        return values[names[0]] if len(names) == 1 else values

    def ready(self, limit=60):
        """Waits until the service takes payments."""
        return self.until(lambda: self.call("GET", "/readyz")[0] == 200, "ready", limit)

    def log(self):
        """What the service wrote to the journal of the system."""
        return self.guest.run("journalctl", "-u", UNIT, "-o", "cat", "--no-pager", limit=60)

    # The cashier.

    def call(self, method, path, body=None, key=None, limit=60):
        """A call of the API; its status and its JSON."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if key:
            headers["Idempotency-Key"] = key
        told = self.guest.ask("http", method=method, path=path, headers=headers, limit=limit,
                              body=json.dumps(body) if body is not None else None)
        try:
            return told["status"], json.loads(told["body"])
        except ValueError:
            return told["status"], told["body"]

    def collect(self, lane=1, amount="37.50"):
        """Asks for an amount; the lane's scanner is armed then. Returns the tender's id."""
        sale = f"S-{next(numbers)}"
        status, told = self.call("POST", f"/v1/lanes/{lane}/tenders", key=sale, body={
            "sale": sale, "amount": amount, "currency": "AED", "mode": "scan"})
        if status != 201:
            raise AssertionError(f"no tender: {status} {told}")
        return told["id"]

    def tender(self, tender):
        status, told = self.call("GET", f"/v1/tenders/{tender}")
        assert status == 200, told
        return told

    def verdict(self, tender, wanted="paid", limit=120):
        """Waits for the verdict, which must be the wanted one."""
        deadline = time.monotonic() + limit
        while True:
            status, told = self.call("GET", f"/v1/tenders/{tender}?wait=20")
            if status == 200 and told["verdict"] is not None:
                assert told["verdict"] == wanted, json.dumps(told, indent=1)
                return told
            if time.monotonic() > deadline:
                raise AssertionError(f"no verdict within {limit} s: {told}")

    def scanner(self, lane):
        """State of the lane's first scanner, and what to do about it."""
        status, told = self.call("GET", f"/v1/lanes/{lane}")
        if status != 200:
            return "none", str(told)
        scanner = told["scanners"][0]
        return scanner["state"], scanner["text"]

    def scanner_is(self, lane, state="ready", limit=40):
        """Waits for a state of the lane's scanner."""
        def fits():
            return self.scanner(lane)[0] == state
        try:
            self.until(fits, f"scanner of lane {lane} {state}", limit)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.scanner(lane)}\n{self.devices()}") from None

    def devices(self):
        """For looking, when a scanner does not come."""
        _, out, err = self.guest.attempt("sh", "-c", "ls -l /dev/input /dev/ttyUSB* /dev/ttyACM* /dev/hidraw* /dev/serial/by-id; cat /proc/bus/input/devices | grep -E '^[INH]'; journalctl -u qrpayd -o cat --no-pager | tail -20; dmesg | tail -15")
        return out + err

    def until(self, true, what, limit=60):
        """Asks again until it is so."""
        deadline = time.monotonic() + limit
        while not true():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {limit} s: {what}")
            time.sleep(0.05)

    # Journal and ledger.

    def attempts(self):
        """What the cashiers were told: order number to verdict and amount of its tender."""
        status, told = self.call("GET", "/v1/tenders?limit=200")
        assert status == 200, told
        return {attempt["order"]: (attempt, tender)
                for tender in told["tenders"] for attempt in tender["attempts"]}

    def clear(self):
        """Cancels what still waits for a code, as a cashier does after a power cut."""
        status, told = self.call("GET", "/v1/lanes")
        assert status == 200, told
        for lane in told["lanes"]:
            if lane["tender"] and lane["tender"]["state"] == "armed":
                self.call("POST", f"/v1/tenders/{lane['tender']['id']}/cancel")

    def at_rest(self, limit=60):
        """Waits until nothing is in flight, and no duty is open whose order is charged. A
        duty about an order that the gateway never saw stays open until none can come, which
        takes a quarter of an hour."""
        def rests():
            status, told = self.call("GET", "/v1/lanes")
            if status != 200 or any(lane["tender"] for lane in told["lanes"]):
                return False
            status, told = self.call("GET", "/v1/obligations")
            if status != 200:
                return False
            kept = set(self.gateway.kept())
            return all(duty.get("order") not in kept for duty in told["obligations"])
        self.until(rests, "at rest", limit)

    def agree(self):
        """Ledger and journal say the same: every kept charge has its paid tender, every
        paid tender its kept charge, and nothing was taken twice. Returns how many."""
        told = self.attempts()
        ledger = self.gateway.orders()
        kept = set(self.gateway.kept())
        paid = {number for number, (attempt, tender) in told.items() if attempt["state"] == "paid"}
        assert set(ledger) <= set(told), f"orders that the journal does not know: {set(ledger) - set(told)}"
        assert kept == paid, f"kept by the gateway {kept}, paid in the journal {paid}"
        for number in paid:
            attempt, tender = told[number]
            assert tender["verdict"] == "paid", tender
            amount = round(float(tender["amount"]) * 100)
            assert ledger[number]["captured"] == amount, (tender, ledger[number])
        sales = [told[number][1]["sale"] for number in paid]
        assert len(sales) == len(set(sales)), f"a sale was charged twice: {sales}"
        return len(paid)


def installed(image, package, gateway, folder):
    """Installs the package on a clean Debian, and freezes the machine with the service
    stopped and no scanner plugged in. Returns the state, and the seconds it took."""
    machine = Machine(image, saved=Saved(image), keep=Saved(folder))
    try:
        till = Till(machine, gateway)
        before = time.monotonic()
        till.install(package)
        took = time.monotonic() - before
        return machine.save(), took
    finally:
        machine.close()


def woken(image, saved, gateway):
    """An installed machine, a second later, that pays at this gateway."""
    till = Till(Machine(image, saved), gateway)
    till.write(CONFIG)
    return till
