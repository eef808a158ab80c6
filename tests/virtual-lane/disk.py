"""A drive with a cache that forgets: an NBD server whose unflushed writes can be lost.

    guest write ──▶ cache (volatile, 512-byte sectors) ── flush or FUA ──▶ kept (an overlay)
                                                                            over base (read only)

Killing QEMU leaves behind what it had handed over, whatever its cache mode; a
power cut does not. Here a cut drops the cache, or lets a seeded random part of it
reach the disk, sector by sector: torn and reordered writes. `image` writes out
what a cut at this moment would leave while the guest runs on.

Protocol: NBD, fixed newstyle handshake
(https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md).
"""

import os
import random
import socket
import struct
import threading

SECTOR = 512
READ, WRITE, DISC, FLUSH, TRIM, WRITE_ZEROES = 0, 1, 2, 3, 4, 6
FUA = 1
# Has flags, sends flush, sends FUA, trims, writes zeroes.
FLAGS = 1 | 4 | 8 | 32 | 64


class Disk:
    """One drive, served on a Unix socket to one machine at a time."""

    def __init__(self, base, path):
        self.base = os.open(base, os.O_RDONLY)
        self.size = os.fstat(self.base).st_size
        self.kept = {}
        self.cache = {}
        self.lock = threading.Lock()
        self.flushes = 0
        self.idle = threading.Event()
        self.idle.set()
        self.door = socket.socket(socket.AF_UNIX)
        self.door.bind(str(path))
        self.door.listen(1)
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        """Ends the serving; the drive is gone with it."""
        self.door.close()
        os.close(self.base)

    def cut(self, seed=None):
        """Loses the cache: all of it, or with a seed all but a random part. Returns how
        many sectors were lost. The machine must be gone."""
        if not self.idle.wait(30):
            raise TimeoutError("the machine still holds its disk")
        with self.lock:
            lost = len(self.cache)
            if seed is not None:
                lost -= self._survive(random.Random(seed), self.kept)
            self.cache.clear()
            return lost

    def image(self, path, seed=None):
        """Writes out what a cut at this moment would leave."""
        with self.lock:
            kept = dict(self.kept)
            if seed is not None:
                self._survive(random.Random(seed), kept)
        with open(path, "wb") as file:
            file.truncate(self.size)
            at = 0
            # Holes of the base stay holes.
            while True:
                try:
                    at = os.lseek(self.base, at, os.SEEK_DATA)
                except OSError:
                    break
                end = os.lseek(self.base, at, os.SEEK_HOLE)
                while at < end:
                    data = os.pread(self.base, min(1 << 20, end - at), at)
                    file.seek(at)
                    file.write(data)
                    at += len(data)
            for sector, data in kept.items():
                file.seek(sector * SECTOR)
                file.write(data)

    def freeze(self):
        """Returns what is on the drive, cache included, to begin another one with."""
        with self.lock:
            return {**self.kept, **self.cache}

    def _survive(self, chance, kept):
        survived = 0
        share = chance.choice((0.1, 0.5, 0.9))
        for sector, data in self.cache.items():
            if chance.random() < share:
                kept[sector] = data
                survived += 1
        return survived

    def _serve(self):
        while True:
            try:
                machine, _ = self.door.accept()
            except OSError:
                return
            self.idle.clear()
            try:
                self._greet(machine)
                self._requests(machine)
            except (ConnectionError, EOFError):
                pass
            finally:
                machine.close()
                self.idle.set()

    def _greet(self, machine):
        machine.sendall(b"NBDMAGICIHAVEOPT" + struct.pack(">H", 3))
        take(machine, 4)
        while True:
            _, option, length = struct.unpack(">QII", take(machine, 16))
            take(machine, length)
            reply = struct.pack(">QI", 0x3E889045565A9, option)
            if option == 7:  # GO
                told = struct.pack(">HQH", 0, self.size, FLAGS)
                machine.sendall(reply + struct.pack(">II", 3, len(told)) + told)
                machine.sendall(reply + struct.pack(">II", 1, 0))
                return
            if option == 2:  # ABORT
                raise EOFError
            machine.sendall(reply + struct.pack(">II", 0x80000001, 0))

    def _requests(self, machine):
        while True:
            head = take(machine, 28)
            _, flags, kind, handle, at, length = struct.unpack(">IHHQQI", head)
            data = b""
            if kind == READ:
                with self.lock:
                    data = self._read(at, length)
            elif kind == WRITE:
                content = take(machine, length)
                with self.lock:
                    self._write(at, content, flags & FUA)
            elif kind == WRITE_ZEROES:
                with self.lock:
                    self._write(at, bytes(length), flags & FUA)
            elif kind == FLUSH:
                with self.lock:
                    self.flushes += 1
                    self.kept.update(self.cache)
                    self.cache.clear()
            elif kind == DISC:
                return
            # TRIM is a hint, and reading the old bytes is allowed.
            machine.sendall(struct.pack(">IIQ", 0x67446698, 0, handle) + data)

    def _read(self, at, length):
        data = os.pread(self.base, length, at)
        if not self.kept and not self.cache:
            return data
        parts = bytearray(data)
        first = at // SECTOR
        for number in range((length + SECTOR - 1) // SECTOR):
            sector = first + number
            changed = self.cache.get(sector) or self.kept.get(sector)
            if changed:
                parts[number * SECTOR:(number + 1) * SECTOR] = changed
        return bytes(parts)

    def _write(self, at, content, fua):
        # FUA keeps this write, and none of those before it.
        for offset in range(0, len(content), SECTOR):
            sector = (at + offset) // SECTOR
            data = content[offset:offset + SECTOR]
            if fua:
                self.kept[sector] = data
                self.cache.pop(sector, None)
            else:
                self.cache[sector] = data


def take(machine, length):
    """Reads exactly so many bytes."""
    parts = []
    while length:
        data = machine.recv(min(length, 1 << 20))
        if not data:
            raise EOFError
        parts.append(data)
        length -= len(data)
    return b"".join(parts)
