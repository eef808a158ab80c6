"""The mains plug is pulled: nothing that was said is lost, nothing is charged twice.

A cut loses the memory and what the drive had not flushed (`disk.py`). Fifty times the
state that a cut would leave is looked at on the host, five times the machine boots.
"""

import os
import pathlib
import random
import subprocess
import tempfile
import time

import lane
from books import Books, take_out
from lane import Scenario
from machine import Machine
from shift import Shift
from till import Till
from usb import Keyboard

IMAGES = 50
BOOTS = 5
SEED = int(os.environ.get("SEED", "1"))

UNSAFE = """
import sqlite3
db = sqlite3.connect("/var/lib/qrpayd/control.db", isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.execute("PRAGMA synchronous=%s")
db.execute("CREATE TABLE row (n)")
import os; os.sync()
for n in range(50): db.execute("INSERT INTO row VALUES (?)", (n,))
print("acknowledged", flush=True)
os._exit(0)
"""


class Power(Scenario):

    def image_of(self, folder, seed):
        """What a cut at this moment would leave of the journal's disk."""
        path = folder / "state.img"
        self.machine.disks[1].image(path, seed)
        return path

    def test_a_drive_here_loses_what_was_not_flushed(self):
        """The control of all that follows: rows without a flush are gone, others are not."""
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            for mode, kept in (("OFF", 0), ("FULL", 50)):
                self.guest.sh("rm -f /var/lib/qrpayd/control.db*; sync")
                self.guest.run("python3", "-c", UNSAFE % mode)
                image = self.image_of(folder, None)
                subprocess.run(["e2fsck", "-fy", str(image)], capture_output=True)
                for name in ("control.db", "control.db-wal"):
                    (folder / name).unlink(missing_ok=True)
                    subprocess.run(["debugfs", "-R", f"dump /{name} {folder / name}", str(image)],
                                   capture_output=True, check=True)
                import sqlite3
                database = sqlite3.connect(folder / "control.db")
                rows = database.execute("SELECT count(*) FROM row").fetchone()[0]
                database.close()
                self.assertEqual(rows, kept, mode)

    def test_every_crash_image_holds_what_was_said_and_sent(self):
        broken = self.crash_images(IMAGES)
        self.assertEqual(broken, [])

    def test_the_look_at_crash_images_finds_a_service_that_does_not_flush(self):
        """A planted fault: the same service, its flushes made into nothing."""
        self.guest.run("systemctl", "stop", "qrpayd")
        library = self.guest.sh("ls /usr/lib/x86_64-linux-gnu/libeatmydata.so* | head -1").strip()
        self.guest.put("/run/systemd/system/qrpayd.service.d/fault.conf",
                       f"[Service]\nEnvironment=LD_PRELOAD={library}\n")
        self.guest.run("systemctl", "daemon-reload")
        self.till.start()
        self.till.ready()
        self.assertNotEqual(self.crash_images(8), [])

    def crash_images(self, count):
        """Looks at that many cuts at random moments; returns what was missing in them."""
        keyboard = self.keyboard()
        broken = []
        chance = random.Random(SEED)
        with tempfile.TemporaryDirectory() as folder, \
                Shift(self.till, {1: keyboard.scan, 2: None, 3: None, 4: None}) as shift:
            folder = pathlib.Path(folder)
            self.till.until(lambda: len(shift.seen()) >= 3, "the first payments", 90)
            for number in range(count):
                time.sleep(chance.uniform(0, 0.3))
                # First what the world saw, then the cut: all of it must be there.
                told = shift.seen()
                sent = {call["merchant_order_no"] for call in self.gateway.ask("GET", "/calls")
                        if call["operation"] == "placeOrder"}
                image = self.image_of(folder, None if number % 3 == 0 else chance.random())
                try:
                    self.look_at(take_out(image, folder / str(number)), told, sent)
                except (AssertionError, Exception) as error:
                    broken.append(f"image {number}: {error}")
        self.assertGreater(len(sent), count // 5, "too little happened to show anything")
        print(f"{count} images, {len(sent)} orders sent, {len(told)} verdicts told", flush=True)
        return broken

    def look_at(self, folder, told, sent):
        books = Books(folder)
        lost = sent - books.orders()
        assert not lost, f"sent without an intent on disk: {lost}"
        kept = books.verdicts()
        for tender, verdict in told.items():
            assert kept.get(tender) == verdict, f"{tender}: said {verdict}, on disk {kept.get(tender)}"
        self.opens(folder)

    def opens(self, folder):
        """The service itself takes the journal, on the host, where no gateway is."""
        config = folder / "qrpayd.toml"
        keys = lane.prepared.outside / "keys"
        config.write_text(f"""
[store]
id = "LANE"
name = "Virtual lane"
timezone = "Asia/Dubai"
currency = "AED"
[[lane]]
id = "1"
gateways = ["payby"]
ceiling = "1.00"
[gateway.payby]
base_url = "http://127.0.0.1:9/sgs/api"
partner_id = "200000909090"
private_key = "{keys}/payby-merchant-private.pem"
gateway_public_key = "{keys}/payby-gateway-public.pem"
[journal]
path = "{folder}/journal.db"
[api]
listen = "127.0.0.1:0"
""")
        service = subprocess.Popen([lane.prepared.binary, "run", "--config", config],
                                   stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        told = []
        try:
            for line in service.stderr:
                told.append(line)
                if "ready" in line:
                    return
        finally:
            service.kill()
            service.wait()
            service.stderr.close()
        raise AssertionError(f"the service does not take the journal: {''.join(told)}")

    def test_after_real_cuts_the_box_comes_up_and_settles_everything(self):
        chance = random.Random(SEED)
        keyboard, boots = self.keyboard(), []
        for cut in range(BOOTS):
            with Shift(self.till, {1: keyboard.scan, 2: None, 3: None}) as shift:
                before = len(shift.seen())
                self.till.until(lambda: len(shift.seen()) >= before + 2, "payments", 90)
                time.sleep(chance.uniform(0, 2))
                told = shift.seen()
                lost = self.machine.power_cut(None if cut % 2 else chance.random())
            # The scanner is on the bus before the kernel starts.
            keyboard = Keyboard(serial="KB-1")
            self.machine.power_on(boot_with=[lambda machine: machine.plug(keyboard, 1)])
            self.till = Till(self.machine, self.gateway)
            self.guest = self.machine.guest
            self.till.ready(400)
            boots.append(time.monotonic() - self.machine.began)
            print(f"cut {cut}: {sum(lost)} sectors lost, ready after {boots[-1]:.1f} s", flush=True)
            now = {tender: self.till.tender(tender)["verdict"] for tender in told}
            self.assertEqual(now, told)
            self.till.clear()
            self.till.at_rest(150)
            self.till.agree()
            self.till.scanner_is(1)
        self.pay(1, keyboard.scan)
        self.assertGreater(self.till.agree(), BOOTS)
