"""What every scenario begins with: an installed box a second after it woke up, a
gateway of its own, and the service started."""

import os
import pathlib
import tempfile
import unittest

import image
from gateway import Gateway
from till import code, installed, woken
from usb import Keyboard


class Prepared:
    """The package on a clean Debian, once per run."""

    def __init__(self):
        self.binary = pathlib.Path(os.environ["QRPAYD"]).resolve()
        self.package = pathlib.Path(os.environ["QRPAYD_DEB"]).resolve()
        self.folder = tempfile.TemporaryDirectory(prefix="lane-run-")
        path = pathlib.Path(self.folder.name)
        self.outside, self.state = path / "gateway", path / "installed"
        self.outside.mkdir()
        self.state.mkdir()
        self.image = image.ready()
        gateway = self.gateway()
        try:
            self.saved, self.install_seconds = installed(
                self.image, self.package, gateway, self.state)
        finally:
            gateway.close()

    def gateway(self, *options):
        return Gateway(self.binary, self.outside, *options)


prepared = None


def prepare():
    """Makes the image and the installed machine, where that has not been done."""
    global prepared
    if prepared is None:
        prepared = Prepared()
    return prepared


class Scenario(unittest.TestCase):
    """A fresh machine for each test; `starts` says whether the service runs already."""

    starts = True

    def setUp(self):
        ready = prepare()
        self.gateway = ready.gateway()
        self.addCleanup(self.gateway.close)
        self.till = woken(ready.image, ready.saved, self.gateway)
        self.machine, self.guest = self.till.machine, self.till.guest
        self.addCleanup(self.machine.close)
        if self.starts:
            self.till.start()
            self.till.ready()

    def tearDown(self):
        failed = self._outcome.result and any(
            test is self for test, _ in self._outcome.result.failures + self._outcome.result.errors)
        if failed:
            self.look()

    def look(self):
        """What a person would look at first."""
        try:
            print(self.till.log()[-4000:])
            print(self.guest.attempt("sh", "-c", "dmesg | tail -20; systemctl --no-pager status qrpayd")[1])
            print("\n".join(self.gateway.story[-20:]))
        except Exception as error:
            print(f"nothing to look at: {error}")

    def keyboard(self, port=1):
        """Plugs the keyboard scanner of lane 1 in and waits for it."""
        scanner = self.machine.plug(Keyboard(serial="KB-1"), port)
        self.till.scanner_is(1)
        return scanner

    def show(self, tender, scan, lane=1, tries=5):
        """A customer shows a code. A scan that the box was too busy to read whole is void
        and is scanned again, as a cashier does; any other end of it is an error."""
        shown = code()
        for _ in range(tries):
            scan(shown)
            try:
                self.till.until(lambda: self.till.tender(tender)["state"] != "armed", "scanned", 15)
                return shown
            except AssertionError:
                notice = self.till.call("GET", f"/v1/lanes/{lane}")[1]["notice"]
                assert notice and notice["code"] == "bad_read", f"neither read nor void: {notice}"
        raise AssertionError(f"{tries} scans, and all of them void")

    def pay(self, lane, scan):
        """A payment from the tender to the verdict, by a scan."""
        tender = self.till.collect(lane)
        self.show(tender, scan, lane)
        return self.till.verdict(tender)

    def waiting(self, scan, millis):
        """A payment whose customer still types a password, for so long. Returns the tender."""
        self.gateway.ask("POST", "/plans", {"wait": {"millis": millis}, "then": "paid"})
        tender = self.till.collect(1)
        self.show(tender, scan)
        self.till.until(lambda: self.till.tender(tender)["state"] != "paying", "waiting", 60)
        return tender
