"""Runs the scenarios of the virtual lane, or those whose names contain an argument.

    QRPAYD=target/release/qrpayd QRPAYD_DEB=target/debian/qrpayd_*.deb \\
        python3 tests/virtual-lane/run.py [WORD]...

Needs root, QEMU, mmdebstrap, e2fsprogs and openssl. The image is made at the first run
(a minute or two) and kept in ~/.cache/qrpayd-virtual-lane.
"""

import pathlib
import sys
import time
import unittest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

import lane  # noqa: E402


class Told(unittest.TextTestResult):
    """Says how long each scenario took."""

    def startTest(self, test):
        self.began = time.monotonic()
        super().startTest(test)

    def addSuccess(self, test):
        unittest.TestResult.addSuccess(self, test)
        self.stream.writeln(f"ok, {time.monotonic() - self.began:.0f} s")

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.stream.writeln(self.failures[-1][1])

    def addError(self, test, error):
        super().addError(test, error)
        self.stream.writeln(self.errors[-1][1])

    def printErrors(self):
        """They were told when they happened."""


def tests(suite):
    for part in suite:
        if isinstance(part, unittest.TestSuite):
            yield from tests(part)
        else:
            yield part


def main(words):
    began = time.monotonic()
    ready = lane.prepare()
    print(f"image {ready.image.name}; package installed in {ready.install_seconds:.0f} s; "
          f"ready for scenarios after {time.monotonic() - began:.0f} s", flush=True)
    found = unittest.defaultTestLoader.discover(str(HERE), "scenario_*.py", str(HERE))
    wanted = [test for test in tests(found)
              if not words or any(word in test.id() for word in words)]
    runner = unittest.TextTestRunner(sys.stdout, verbosity=2, resultclass=Told)
    result = runner.run(unittest.TestSuite(wanted))
    failed = len(result.failures) + len(result.errors)
    passed = result.testsRun - failed - len(result.skipped)
    print(f"\n{time.monotonic() - began:.0f} s")
    print(f"{passed} passed, {failed} failed")
    # Nothing run is nothing shown.
    return 0 if passed and not failed and not result.skipped else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
