"""The package on the box: what an operator does, and what nobody else may see."""

import pathlib
import re
import subprocess
import tempfile

import lane
from lane import Scenario

HERE = pathlib.Path(__file__).parent


class Box(Scenario):

    def test_keys_and_codes_are_seen_nowhere(self):
        scanner = self.keyboard()
        shown = []

        def scan(text):
            shown.append(text)
            scanner.scan(text)
        self.pay(1, scan)
        pem = (self.gateway.keys / "payby-merchant-private.pem").read_text()
        secrets = [line for line in pem.splitlines() if len(line) == 64][1:6] + shown
        secrets += [text[6:15] for text in shown]
        main = self.till.show("MainPID")
        self.guest.put("/run/wanted", "\n".join(secrets) + "\n", 0o600)

        def found(command):
            """How many lines of what a command prints hold a secret."""
            return int(self.guest.sh(f"{{ {command} ; }} | grep -aFcf /run/wanted || true", limit=120))
        for place, command in {
            "ps": "ps axww -o args",
            "environment": f"cat /proc/{main}/environ",
            "journal of the system": "journalctl -o export --no-pager",
            "journal of payments": "find /var/lib/qrpayd -type f -exec cat {} +",
            "a backup": "tar c /var/lib/qrpayd /var/log /etc/qrpayd/qrpayd.toml",
            "properties": "systemctl show qrpayd",
            "metrics": "python3 -c \"import urllib.request as r; print(r.urlopen('http://127.0.0.1:8787/metrics').read())\"",
            "events": "timeout 8 python3 -uc \"import urllib.request as r; [print(line) for line in r.urlopen('http://127.0.0.1:8787/v1/events?after=0')]\" || true",
        }.items():
            self.assertNotEqual(self.guest.sh(f"{{ {command} ; }} | head -c 1 | wc -c").strip(), "0", place)
            self.assertEqual(found(command), 0, place)
        # A control: this way of looking does find a key where there is one.
        self.assertEqual(found("cat /etc/qrpayd/payby.key"), 5)
        # Nobody but root and the service.
        for path in ("/etc/qrpayd/payby.key", "/run/credentials/qrpayd.service/payby.key",
                     "/var/lib/qrpayd/journal.db", f"/proc/{main}/environ", f"/proc/{main}/mem"):
            self.guest.run("test", "-e", path)
            self.assertNotEqual(self.guest.attempt("runuser", "-u", "nobody", "--", "cat", path)[0], 0, path)
        self.assertNotEqual(
            self.guest.attempt("runuser", "-u", "qrpayd", "--", "cat", "/etc/qrpayd/payby.key")[0], 0)
        # A key that was copied carelessly becomes private again.
        self.guest.sh("chmod 644 /etc/qrpayd/payby.key; systemd-tmpfiles --create qrpayd.conf")
        self.assertEqual(self.guest.run("stat", "-c", "%a %U", "/etc/qrpayd/payby.key"), "600 root\n")

    def test_a_crash_leaves_no_core(self):
        main = self.till.show("MainPID")
        limits = self.guest.run("cat", f"/proc/{main}/limits")
        self.assertRegex(limits, r"Max core file size +0 +0")
        self.guest.sh("mkdir -p /cores; chmod 777 /cores; sysctl -qw kernel.core_pattern=/cores/core.%e")
        # A control: others do leave one.
        self.guest.attempt("sh", "-c", "(ulimit -c unlimited; exec sleep 60) & sleep 1; kill -ABRT $!; wait $!")
        self.assertIn("core.sleep", self.guest.sh("ls /cores"))
        self.guest.run("kill", "-ABRT", main)
        self.till.until(lambda: self.till.show("MainPID") not in (main, "0"), "started again", 60)
        self.assertNotIn("qrpayd", self.guest.sh("ls /cores"))

    def test_the_key_may_be_encrypted_for_this_box(self):
        """The commands of docs/operating/keys.md."""
        for line in commands("keys.md"):
            self.guest.sh(line)
        self.assertNotEqual(self.guest.attempt("test", "-e", "/etc/qrpayd/payby.key")[0], 0)
        self.till.ready()
        self.pay(1, self.keyboard().scan)

    def test_an_upgrade_and_a_removal_keep_the_journal(self):
        self.pay(1, self.keyboard().scan)
        before = self.till.show("MainPID")
        self.guest.sh("echo '# mine' >> /etc/qrpayd/qrpayd.toml")
        with tempfile.TemporaryDirectory() as folder:
            newer = newer_package(lane.prepared.package, pathlib.Path(folder))
            self.guest.put("/tmp/newer.deb", newer.read_bytes())
        self.guest.run("dpkg", "--force-confold", "-i", "/tmp/newer.deb", limit=240)
        self.till.ready()
        self.assertNotEqual(self.till.show("MainPID"), before)
        self.assertIn("# mine", self.guest.run("cat", "/etc/qrpayd/qrpayd.toml"))
        self.assertEqual(self.till.agree(), 1)
        self.till.scanner_is(1)
        facts = self.guest.run("sha256sum", "/var/lib/qrpayd/journal.head")
        self.guest.run("dpkg", "-r", "qrpayd", limit=240)
        self.guest.run("test", "-s", "/var/lib/qrpayd/journal.db")
        self.guest.run("dpkg", "-P", "qrpayd", limit=120)
        self.guest.run("test", "-s", "/var/lib/qrpayd/journal.db")
        self.assertNotEqual(self.guest.attempt("test", "-e", "/etc/qrpayd/qrpayd.toml")[0], 0)
        self.assertTrue(facts)
        # And back again: the same payment is still known.
        self.guest.run("dpkg", "-i", "/tmp/newer.deb", limit=240)
        self.till.configure()
        self.till.start()
        self.till.ready()
        self.assertEqual(self.till.agree(), 1)

    def test_the_exposure_on_the_box(self):
        told = self.guest.run("systemd-analyze", "security", "--no-pager", "qrpayd.service")
        level = float(re.search(r"Overall exposure level for qrpayd.service: ([\d.]+)", told).group(1))
        self.assertLessEqual(level, 1.5)
        print(f"exposure {level}", flush=True)


class QuickStart(Scenario):
    """From the package to the first demo payment, as docs/operating/install.md says."""

    starts = False

    def test_the_first_payment(self):
        self.guest.run("dpkg", "-P", "qrpayd", limit=240)
        self.guest.sh("mv /tmp/qrpayd.deb /root/qrpayd_0.1.0-1_amd64.deb")
        told = ""
        for line in commands("install.md"):
            told = self.guest.sh(f"cd /root; {line}", limit=240)
        self.assertIn("Paid: 37.50 AED.", told)


def commands(page):
    """The commands of the page's blocks that are marked `sh`."""
    text = (HERE / "../../docs/operating" / page).read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)
    assert blocks, page
    return [line for block in blocks for line in block.splitlines() if line and not line.startswith("#")]


def newer_package(package, folder):
    """The same package with a later version and another default configuration."""
    tree = folder / "tree"
    subprocess.run(["dpkg-deb", "-R", package, tree], check=True)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"^Version: .*$", "Version: 99", control.read_text(), flags=re.M))
    config = tree / "etc/qrpayd/qrpayd.toml"
    config.write_text(config.read_text() + "# a newer default\n")
    # Sums of what was changed.
    (tree / "DEBIAN/md5sums").unlink(missing_ok=True)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "-b", tree, folder / "newer.deb"],
                   check=True, capture_output=True)
    return folder / "newer.deb"
