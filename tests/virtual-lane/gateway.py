"""The gateway outside of the box: `qrpayd simulate`, behind TLS and a relay that fails.

    box ──TLS──▶ 10.0.2.2:port ──▶ relay (here) ──▶ simulator on loopback
                                    │ refuse, hang, swallow answers

The box trusts an authority of this run alone, so the way to the gateway is the
one of a store: name, certificate, TLS, HTTP.
"""

import http.client
import json
import re
import signal
import socket
import ssl
import subprocess
import threading

from machine import die_with_parent

NAME = "gateway.test"


class Gateway:
    """A simulator with its ledger, and the way to it."""

    def __init__(self, binary, folder, *options):
        self.folder = folder
        self.keys = folder / "keys"
        # One authority and one pair of keys for all gateways of a run.
        if not (folder / "server.pem").exists():
            authority(folder)
        self.process = subprocess.Popen(
            [binary, "simulate", "--gateway", "payby", "--keys", self.keys, "--listen", "127.0.0.1:0",
             "--control", "127.0.0.1:0", *options],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, preexec_fn=die_with_parent)
        told = ""
        while "control endpoint" not in told:
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError(f"the simulator ended: {told}")
            told += line
        self.address = endpoint(told, r"simulator at http://([\d.]+):(\d+)")
        self.control = endpoint(told, r"control endpoint at http://([\d.]+):(\d+)")
        self.story = []
        threading.Thread(target=self._read, daemon=True).start()
        self.mode = "pass"
        self.open = set()
        self.door = None
        self.accept(0)

    def _read(self):
        for line in self.process.stdout:
            self.story.append(line.rstrip())

    def close(self):
        self.refuse()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)

    def base_url(self):
        return f"https://{NAME}:{self.port}/sgs/api"

    # The way.

    def accept(self, port=None):
        """Takes connections, on the port of before."""
        door = socket.socket()
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("127.0.0.1", self.port if port is None else port))
        door.listen(64)
        self.port = door.getsockname()[1]
        self.door = door
        threading.Thread(target=self._doorman, args=(door,), daemon=True).start()

    def refuse(self):
        """Refuses new connections, and cuts those that are."""
        if self.door:
            # Only this wakes the thread that waits in accept.
            try:
                self.door.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            self.door.close()
            self.door = None
        self.cut()

    def cut(self):
        """Cuts the connections that are."""
        for end in list(self.open):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _doorman(self, door):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem", self.folder / "server.key")
        while True:
            try:
                plain, _ = door.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(context, plain), daemon=True).start()

    def _one(self, context, plain):
        near = far = None
        try:
            near = context.wrap_socket(plain, server_side=True)
            far = socket.create_connection(self.address)
            self.open |= {near, far}
            threading.Thread(target=self._answers, args=(far, near), daemon=True).start()
            while data := near.recv(1 << 16):
                far.sendall(data)
        except OSError:
            pass
        finally:
            for end in (near, far, plain):
                if end:
                    self.open.discard(end)
                    end.close()

    def _answers(self, far, near):
        try:
            while data := far.recv(1 << 16):
                if self.mode == "pass":
                    near.sendall(data)
                # Else the answer is swallowed: the gateway did it, and nobody hears of it.
        except OSError:
            pass

    # What it knows.

    def ask(self, method, path, body=None):
        """One call of the simulator's control endpoint."""
        connection = http.client.HTTPConnection(*self.control, timeout=30)
        told = json.dumps(body) if body is not None else None
        connection.request(method, path, told, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {data.decode()}")
        return json.loads(data) if data else None

    def orders(self):
        """The ledger: order number to what was captured and returned."""
        return {order["merchant_order_no"]: order for order in self.ask("GET", "/orders")}

    def kept(self):
        """The orders whose money was taken and not given back."""
        return sorted(number for number, order in self.orders().items()
                      if order["captured"] > order["returned"])


def endpoint(text, pattern):
    host, port = re.search(pattern, text).groups()
    return host, int(port)


def authority(folder):
    """An authority of this run alone, and the gateway's certificate from it."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=virtual lane", "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", *curve, "-keyout", "server.key", "-out", "server.csr", "-subj", f"/CN={NAME}")
    (folder / "names").write_text(f"subjectAltName=DNS:{NAME}\nbasicConstraints=CA:FALSE\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-out", "server.pem", "-days", "2", "-extfile", "names")
