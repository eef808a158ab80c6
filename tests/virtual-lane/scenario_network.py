"""The network goes before, during and after the pay call. The lane says so, keeps its
duties, and ledger and journal agree once it is back."""

import time

from lane import Scenario

# What the service promises to show, and time for a busy machine that emulates another.
SOON = 5 + 10


class Network(Scenario):

    def setUp(self):
        super().setUp()
        self.scanner = self.keyboard()
        # Once, so that what follows begins on a way that worked.
        self.pay(1, self.scanner.scan)

    def scan(self):
        """A scan that arrives. Returns the tender."""
        tender = self.till.collect(1)
        self.show(tender, self.scanner.scan)
        return tender

    def told(self, tender):
        """What the cashier sees once it is more than `paying`."""
        def more():
            now = self.till.tender(tender)
            return now["verdict"] or now["state"] == "checking"
        self.till.until(more, "told that something is wrong", SOON)
        return self.till.tender(tender)

    def settled(self, paid):
        """At rest, with so many payments that were kept."""
        self.till.at_rest(150)
        self.assertEqual(self.till.agree(), paid)

    def test_the_cable_is_out_before_the_call(self):
        self.machine.cable(False)
        self.till.until(lambda: "10.0.2.15" not in self.guest.sh("ip -4 addr show eth0"), "cable out")
        tender = self.scan()
        self.assertNotEqual(self.told(tender)["verdict"], "paid")
        self.assertEqual(len(self.gateway.orders()), 1)
        self.machine.cable(True)
        self.settles(tender)
        self.pay(1, self.scanner.scan)

    def test_nobody_answers_before_the_call(self):
        self.machine.upstream(False)
        tender = self.scan()
        self.assertNotEqual(self.told(tender)["verdict"], "paid")
        self.machine.upstream(True)
        self.settles(tender)

    def settles(self, tender):
        """A connection that looked alive swallowed the call; TCP may still deliver it once
        the line is back. Then it is paid, else it is not, and nobody is told otherwise."""
        self.till.at_rest(150)
        paid = self.till.tender(tender)["verdict"] == "paid"
        self.settled(2 if paid else 1)

    def test_the_gateway_refuses_connections(self):
        self.gateway.refuse()
        now = self.told(self.scan())
        self.assertNotEqual(now["verdict"], "paid")
        self.assertEqual(len(self.gateway.orders()), 1)
        self.gateway.accept()
        self.settled(1)

    def test_the_answer_is_lost(self):
        """The gateway took the money, and nobody heard of it."""
        self.gateway.mode = "swallow"
        tender = self.scan()
        self.till.until(lambda: len(self.gateway.orders()) == 2, "the call arrived", 20)
        now = self.told(tender)
        self.assertEqual((now["state"], now["verdict"]), ("checking", None))
        self.gateway.mode = "pass"
        self.gateway.cut()
        self.till.verdict(tender, "paid")
        self.settled(2)

    def test_the_line_dies_after_the_call_while_the_customer_types(self):
        tender = self.waiting(self.scanner.scan, 6000)
        self.machine.upstream(False)
        time.sleep(8)
        self.assertNotEqual(self.till.tender(tender)["verdict"], "not_paid")
        self.machine.upstream(True)
        self.till.verdict(tender, "paid")
        self.settled(2)
