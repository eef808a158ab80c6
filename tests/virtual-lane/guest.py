"""The host's end of the command channel (`agent.py` is the guest's)."""

import base64
import json
import os
import threading
import time

from qmp import patient


class Failed(Exception):
    """A command in the guest ended with another code than 0."""


class Guest:
    """Programs, files and API calls in the machine."""

    def __init__(self, path):
        self.socket = patient(path, 20)
        self.lines = self.socket.makefile("r")
        self.answers = {}
        self.asked = 0
        self.ended = False
        self.news = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self):
        self.socket.close()

    def ask(self, op, limit=60, **told):
        """One operation of the agent."""
        with self.news:
            self.asked += 1
            number = self.asked
            told.update(id=number, op=op, limit=limit)
            self.socket.sendall((json.dumps(told) + "\n").encode())
            if not self.news.wait_for(lambda: number in self.answers or self.ended, limit + 20):
                raise TimeoutError(f"the guest did not answer {op} {told.get('argv', '')}")
            if number not in self.answers:
                raise ConnectionError("the machine is gone")
            answer = self.answers.pop(number)
        if "failed" in answer:
            raise Failed(f"{op}: {answer['failed']}")
        return answer

    def there(self, limit):
        """Waits until the agent answers."""
        until = time.monotonic() + limit
        while True:
            try:
                return self.ask("run", limit=1, argv=["true"])
            except TimeoutError:
                if time.monotonic() > until:
                    raise

    def attempt(self, *argv, input=b"", limit=60):
        """Runs a program; returns its code, output and complaints."""
        given = base64.b64encode(input).decode()
        told = self.ask("run", limit=limit, argv=[str(part) for part in argv], input=given)
        out, err = (base64.b64decode(told[key]).decode(errors="replace") for key in ("out", "err"))
        return told["code"], out, err

    def run(self, *argv, input=b"", limit=60):
        """Runs a program that must succeed; returns its output."""
        code, out, err = self.attempt(*argv, input=input, limit=limit)
        if code != 0:
            raise Failed(f"{' '.join(map(str, argv))}: exit {code}: {out}{err}")
        return out

    def sh(self, line, limit=60):
        """Runs a line of shell that must succeed; returns its output."""
        return self.run("sh", "-ec", line, limit=limit)

    def start(self, *argv):
        """Starts a program and leaves it alone; returns its process id."""
        return self.ask("start", argv=[str(part) for part in argv])["pid"]

    def put(self, path, data, mode=0o644):
        """Writes a file."""
        data = data.encode() if isinstance(data, str) else data
        step = 1 << 18
        for at in range(0, max(len(data), 1), step):
            part = base64.b64encode(data[at:at + step]).decode()
            self.ask("put", path=path, data=part, mode=mode, more=at > 0)

    def wake(self):
        """After a resume: the time of now and randomness of its own."""
        seed = base64.b64encode(os.urandom(64)).decode()
        self.ask("wake", time=time.time(), seed=seed)

    def _listen(self):
        try:
            for line in self.lines:
                told = json.loads(line)
                with self.news:
                    self.answers[told["id"]] = told
                    self.news.notify_all()
        except (OSError, ValueError):
            pass
        with self.news:
            self.ended = True
            self.news.notify_all()
