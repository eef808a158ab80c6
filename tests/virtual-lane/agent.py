"""The command channel's end in the guest: one JSON object per line, both ways.

    {"id": 1, "op": "run", "argv": [...], "input": "base64", "limit": 30}
    {"id": 2, "op": "http", "method": "GET", "path": "/v1/lanes", "headers": {}, "body": null}

Answers carry the id and come in the order in which things end. It is a serial
port and no network, because the network is what gets cut; and it writes nothing
to disk, because the disk is what gets full.
"""

import base64
import http.client
import json
import os
import subprocess
import sys
import threading
import time

PORT = "/dev/virtio-ports/lane.agent"
RNDADDENTROPY, RNDRESEEDCRNG = 0x40085203, 0x5207
sending = threading.Lock()


def run(ask):
    """Runs a program to its end, or for `limit` seconds."""
    given = base64.b64decode(ask["input"]) if ask.get("input") else b""
    try:
        done = subprocess.run(ask["argv"], input=given, capture_output=True,
                              timeout=ask.get("limit", 60), cwd="/")
    except subprocess.TimeoutExpired as error:
        return {"code": -1, "out": coded(error.stdout), "err": coded(b"took too long")}
    except OSError as error:
        return {"code": -2, "out": "", "err": coded(str(error).encode())}
    return {"code": done.returncode, "out": coded(done.stdout), "err": coded(done.stderr)}


def start(ask):
    """Starts a program and leaves it alone."""
    null = subprocess.DEVNULL
    child = subprocess.Popen(ask["argv"], stdin=null, stdout=null, stderr=null, cwd="/",
                             start_new_session=True)
    threading.Thread(target=child.wait, daemon=True).start()
    return {"pid": child.pid}


def call(ask):
    """One call of the service's API, which listens on the guest's loopback alone."""
    connection = http.client.HTTPConnection("127.0.0.1", 8787, timeout=ask.get("limit", 130))
    try:
        connection.request(ask["method"], ask["path"], ask.get("body"), ask.get("headers") or {})
        answer = connection.getresponse()
        return {"status": answer.status, "body": answer.read().decode()}
    except (OSError, http.client.HTTPException) as error:
        return {"status": 0, "body": f"{type(error).__name__}: {error}"}
    finally:
        connection.close()


def wake(ask):
    """After a resume: the time of now, and randomness of its own."""
    import fcntl
    import struct
    time.clock_settime(time.CLOCK_REALTIME, ask["time"])
    seed = base64.b64decode(ask["seed"])
    with open("/dev/urandom", "wb") as random:
        fcntl.ioctl(random, RNDADDENTROPY, struct.pack("ii", 8 * len(seed), len(seed)) + seed)
        fcntl.ioctl(random, RNDRESEEDCRNG)
    return {}


def clock(ask):
    """Sets the wall clock forth or back by seconds."""
    time.clock_settime(time.CLOCK_REALTIME, time.time() + ask["by"])
    return {}


def put(ask):
    """Writes a file with a mode."""
    os.makedirs(os.path.dirname(ask["path"]), exist_ok=True)
    with open(ask["path"], "ab" if ask.get("more") else "wb") as file:
        file.write(base64.b64decode(ask["data"]))
    os.chmod(ask["path"], ask.get("mode", 0o644))
    return {}


def coded(data):
    return base64.b64encode(data or b"").decode()


OPS = {"run": run, "start": start, "http": call, "wake": wake, "clock": clock, "put": put}


def answer(port, ask):
    try:
        told = OPS[ask["op"]](ask)
    except Exception as error:  # the host must hear of it, whatever it was
        told = {"failed": f"{type(error).__name__}: {error}"}
    told["id"] = ask["id"]
    data = (json.dumps(told) + "\n").encode()
    with sending:
        while data:
            data = data[os.write(port, data):]


def main():
    while not os.path.exists(PORT):
        time.sleep(0.05)
    port = os.open(PORT, os.O_RDWR)
    kept = b""
    while True:
        data = os.read(port, 1 << 16)
        if not data:
            # Nobody is connected at the host's end.
            kept = b""
            time.sleep(0.1)
            continue
        *lines, kept = (kept + data).split(b"\n")
        for line in lines:
            threading.Thread(target=answer, args=(port, json.loads(line)), daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
