"""QEMU's control socket: a command, its answer, and the events in between."""

import json
import socket
import threading
import time


class Qmp:
    """A connection to one machine."""

    def __init__(self, path, limit=20):
        self.socket = patient(path, limit)
        self.lines = self.socket.makefile("r")
        self.answers = {}
        self.events = []
        self.ended = False
        self.news = threading.Condition()
        self.asked = 0
        threading.Thread(target=self._listen, daemon=True).start()
        self("qmp_capabilities")

    def __call__(self, command, limit=30, **arguments):
        with self.news:
            self.asked += 1
            number = self.asked
            told = {"execute": command, "arguments": arguments, "id": number}
            self.socket.sendall(json.dumps(told).encode())
            if not self.news.wait_for(lambda: number in self.answers or self.ended, limit):
                raise TimeoutError(f"QEMU did not answer {command}")
            if number not in self.answers:
                raise ConnectionError(f"QEMU left at {command}")
            answer = self.answers.pop(number)
        if "error" in answer:
            raise RuntimeError(f"{command}: {answer['error']['desc']}")
        return answer["return"]

    def event(self, name, limit=30, **data):
        """Waits for an event and takes it."""
        def fits():
            for event in self.events:
                if event["event"] == name and data.items() <= event.get("data", {}).items():
                    return event
            return None
        with self.news:
            if not self.news.wait_for(fits, limit):
                raise TimeoutError(f"no {name} {data} from QEMU")
            event = fits()
            self.events.remove(event)
            return event

    def _listen(self):
        try:
            for line in self.lines:
                told = json.loads(line)
                with self.news:
                    if "id" in told:
                        self.answers[told["id"]] = told
                    elif "event" in told:
                        self.events.append(told)
                    self.news.notify_all()
        except (OSError, ValueError):
            pass
        with self.news:
            self.ended = True
            self.news.notify_all()


def patient(path, limit):
    """Connects to a socket that is about to be there."""
    until = time.monotonic() + limit
    while True:
        door = socket.socket(socket.AF_UNIX)
        try:
            door.connect(str(path))
            return door
        except OSError:
            door.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
