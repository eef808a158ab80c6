"""What the service manager does with the service: kills, hangs, reloads, a full disk, a
clock that steps."""

import time

from lane import Scenario
from till import code


class Service(Scenario):

    def test_a_service_that_hangs_is_killed_and_started_again(self):
        before = self.till.show("MainPID")
        self.guest.run("kill", "-STOP", before)
        self.till.until(lambda: self.till.show("MainPID") not in (before, "0"), "a new process", 90)
        self.till.ready(60)
        self.assertIn("watchdog", self.till.log().lower())
        self.pay(1, self.keyboard().scan)
        self.assertEqual(self.till.agree(), 1)

    def test_a_killed_service_goes_on_where_it_was(self):
        scanner = self.keyboard()
        paid = 0
        for _ in range(3):
            self.gateway.ask("POST", "/plans", {"wait": {"millis": 3000}, "then": "paid"})
            tender = self.till.collect(1)
            self.show(tender, scanner.scan)
            self.guest.run("systemctl", "kill", "-s", "KILL", "qrpayd")
            self.till.ready(60)
            self.till.at_rest(150)
            verdict = self.till.tender(tender)["verdict"]
            paid += verdict == "paid"
            self.assertEqual(self.till.agree(), paid)
            self.till.scanner_is(1)
        # Killed again and again, the lane is never stranded.
        for _ in range(8):
            self.guest.attempt("systemctl", "kill", "-s", "KILL", "qrpayd")
            time.sleep(0.5)
        self.till.ready(60)
        self.till.scanner_is(1)
        self.pay(1, scanner.scan)

    def test_a_stop_in_mid_payment_waits_for_its_verdict(self):
        scanner = self.keyboard()
        tender = self.waiting(scanner.scan, 4000)
        self.guest.run("systemctl", "stop", "qrpayd", limit=180)
        self.assertEqual(len(self.gateway.kept()), 1)
        self.till.start()
        self.till.ready()
        self.assertEqual(self.till.tender(tender)["verdict"], "paid")
        self.assertEqual(self.till.agree(), 1)

    def test_a_full_disk_takes_no_new_payment_and_keeps_every_outcome(self):
        scanner = self.keyboard()
        tender = self.waiting(scanner.scan, 8000)
        self.guest.run("python3", "-c", FILL, limit=60)
        # What was in flight is recorded all the same.
        self.till.verdict(tender, "paid")
        # Nothing new begins. What is denied may be the tender, or the attempt on it.
        orders = len(self.gateway.orders())
        for number in range(4):
            status, told = self.till.call("POST", "/v1/lanes/2/tenders", key=f"full-{number}", body={
                "sale": f"full-{number}", "amount": "5.00", "currency": "AED", "mode": "scan"})
            if status == 201:
                self.till.call("POST", f"/v1/tenders/{told['id']}/code", {"code": code()})
        self.till.until(lambda: self.denied("last"), "denied", 30)
        self.assertLessEqual(len(self.gateway.orders()) - orders, 4)
        sent = len(self.gateway.orders())
        self.till.call("POST", "/v1/lanes/3/tenders", key="no", body={
            "sale": "no", "amount": "5.00", "currency": "AED", "mode": "scan"})
        self.assertEqual(len(self.gateway.orders()), sent)
        self.guest.sh("rm -f /var/lib/qrpayd/fill*; sync")
        self.till.until(lambda: not self.denied("again"), "takes payments again", 60)
        self.till.at_rest(150)
        self.pay(1, scanner.scan)
        self.till.agree()

    def denied(self, word):
        """Whether lane 4 refuses a new tender now."""
        self.asked = getattr(self, "asked", 0) + 1
        name = f"{word}-{self.asked}"
        status, told = self.till.call("POST", "/v1/lanes/4/tenders", key=name, body={
            "sale": name, "amount": "5.00", "currency": "AED", "mode": "scan"})
        if status == 201:
            self.till.call("POST", f"/v1/tenders/{told['id']}/cancel")
        return status >= 500

    def test_a_clock_that_steps_decides_nothing(self):
        scanner = self.keyboard()
        paid = 0
        # Less than a gateway allows, both ways, in mid payment.
        for step in (300, -600, 300):
            tender = self.waiting(scanner.scan, 3000)
            self.guest.ask("clock", by=step)
            self.till.verdict(tender, "paid")
            paid += 1
            self.assertEqual(self.till.agree(), paid)

    def test_a_reload_takes_what_can_be_taken_and_says_the_rest(self):
        before = self.till.show("MainPID")
        self.assertNotIn("DEBUG", self.till.log())
        text = self.guest.run("cat", "/etc/qrpayd/qrpayd.toml")
        self.guest.put("/etc/qrpayd/qrpayd.toml", text + '\n[telemetry]\nlog = "debug"\n')
        self.guest.run("systemctl", "reload", "qrpayd")
        self.pay(1, self.keyboard().scan)
        self.till.until(lambda: "DEBUG" in self.till.log(), "the new level", 20)
        # What is wrong changes nothing and is told.
        self.guest.put("/etc/qrpayd/qrpayd.toml", text.replace('ceiling = "5000.00"', 'celing = "1.00"'))
        self.guest.run("systemctl", "reload", "qrpayd")
        self.till.until(lambda: "celing" in self.till.log(), "the complaint", 20)
        # What needs a start is named.
        self.guest.put("/etc/qrpayd/qrpayd.toml", text.replace('ceiling = "5000.00"', 'ceiling = "1.00"'))
        self.guest.run("systemctl", "reload", "qrpayd")
        self.till.until(lambda: "systemctl restart qrpayd" in self.till.log(), "needs a start", 20)
        self.pay(1, self.machine.plugged[1].scan)
        self.assertEqual(self.till.show("MainPID"), before)


# All of the space, down to the last block, that root may take and more.
FILL = """
import os
size, number = 1 << 26, 0
while size >= 512:
    try:
        file = os.open(f"/var/lib/qrpayd/fill{number}", os.O_CREAT | os.O_WRONLY)
        number += 1
        if size >= 4096:
            os.posix_fallocate(file, 0, size)
        else:
            os.write(file, bytes(size))
        os.close(file)
        if size < 4096 and number > 2000:
            break
    except OSError:
        size //= 2
"""
