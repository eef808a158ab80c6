"""Cashiers at work: payments on every lane until told to stop, and what they were told."""

import threading

from till import code


class Shift:
    """One thread per lane. `told` holds what a cashier saw, hence what a crash must keep."""

    def __init__(self, till, scans):
        self.till = till
        self.told = {}
        self.lock = threading.Lock()
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self._lane, args=(lane, scan), daemon=True)
                        for lane, scan in scans.items()]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join(60)

    def _lane(self, lane, scan):
        while not self.stop.is_set():
            try:
                self._payment(lane, scan)
            except (AssertionError, ConnectionError, TimeoutError, OSError):
                # The machine is gone, or the lane still has the payment of before.
                self.stop.wait(0.2)

    def _payment(self, lane, scan):
        tender = self.till.collect(lane)
        if scan:
            scan(code())
        else:
            self.till.call("POST", f"/v1/tenders/{tender}/code", {"code": code()})
        for _ in range(6):
            status, told = self.till.call("GET", f"/v1/tenders/{tender}?wait=5")
            if status == 200 and told["verdict"]:
                with self.lock:
                    self.told[tender] = told["verdict"]
                return
            if self.stop.is_set():
                return
        self.till.call("POST", f"/v1/tenders/{tender}/cancel")

    def seen(self):
        """Verdicts so far."""
        with self.lock:
            return dict(self.told)
