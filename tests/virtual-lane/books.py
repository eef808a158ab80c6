"""The journal's files, read from docs/journal.md alone: what a crash left behind.

Shares nothing with the program: SQLite by Python, the chain by hand.
"""

import hashlib
import json
import pathlib
import sqlite3
import struct
import subprocess

FILES = ("journal.db", "journal.db-wal", "journal.head", "journal.lock", "journal.reserve")


def take_out(image, folder):
    """Takes the journal's files out of a disk's image, as a boot would find them: the
    file system's own journal is replayed first."""
    done = subprocess.run(["e2fsck", "-fy", str(image)], capture_output=True, text=True)
    # 1 says that something was mended, as after any cut.
    if done.returncode not in (0, 1):
        raise AssertionError(f"the file system is broken: {done.stdout}{done.stderr}")
    folder.mkdir(parents=True, exist_ok=True)
    commands = "".join(f"dump -p /{name} {folder / name}\n" for name in FILES)
    subprocess.run(["debugfs", "-f", "-", str(image)], input=commands, text=True,
                   capture_output=True, check=True)
    return folder


class Books:
    """The facts of a journal. Raises AssertionError where its chain is broken."""

    def __init__(self, folder):
        # On the files themselves: SQLite replays the WAL, as the service does.
        database = sqlite3.connect(pathlib.Path(folder) / "journal.db")
        try:
            self.origin = database.execute("SELECT hash FROM origin").fetchone()[0]
            rows = database.execute("SELECT seq, at, subject, body, hash FROM fact ORDER BY seq").fetchall()
        finally:
            database.close()
        before = self.origin
        self.facts = []
        for place, (seq, at, subject, body, told) in enumerate(rows, 1):
            assert seq == place, f"entry {place} is missing"
            text = body if isinstance(body, bytes) else body.encode()
            parts = struct.pack(">q", seq), struct.pack(">q", at), (subject or "").encode(), text
            linked = before + b"".join(struct.pack(">I", len(part)) + part for part in parts)
            before = hashlib.sha256(linked).digest()
            assert before == told, f"the chain breaks at entry {seq}"
            self.facts.append((subject, json.loads(text)))

    def orders(self):
        """Numbers of the orders whose intent is on disk."""
        return {fact["order"] for _, fact in self.facts if fact["fact"] == "attempt_intended"}

    def verdicts(self):
        """Tender to the last verdict that is on disk."""
        return {tender: fact["verdict"] for tender, fact in self.facts
                if fact["fact"] == "verdict_given"}
