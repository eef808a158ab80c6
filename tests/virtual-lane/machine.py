"""A till box: QEMU without KVM, and everything that can be pulled out of it.

    cold    boots like a real one: 13 s and more
    warm    wakes from a saved state in under a second: the memory is a file that is
            shared when it is saved and private when it is loaded, the disk is what
            it was at that moment
"""

import ctypes
import pathlib
import pickle
import shutil
import signal
import subprocess
import tempfile
import time

from disk import Disk
from guest import Guest
from qmp import Qmp, patient

MEMORY = "768M"
PR_SET_PDEATHSIG = 1


class Saved:
    """A machine's state at one moment, in a folder: memory, devices, and both disks."""

    def __init__(self, folder):
        self.memory = folder / "memory"
        self.devices = folder / "devices"
        self.disks = folder / "disks"


class Machine:
    """One box with two drives: the system's, and the one that holds the journal."""

    def __init__(self, image, saved=None, keep=None, boot_with=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lane-"))
        self.image = image
        self.qemu = self.guest = self.qmp = None
        self.keep = keep
        self.disks = [Disk(image / name, self.folder / f"{name}.sock")
                      for name in ("disk.raw", "state.raw")]
        if saved:
            for disk, kept in zip(self.disks, pickle.loads(saved.disks.read_bytes())):
                disk.kept.update(kept)
        self.power_on(saved, boot_with)

    def power_on(self, saved=None, boot_with=()):
        """Starts QEMU, cold or from a saved state, with devices on the bus from the start."""
        self.plugged = {}
        for name in ("qmp", "agent"):
            (self.folder / name).unlink(missing_ok=True)
        self.console = self.folder / "console.log"
        command = self._command(saved)
        self.began = time.monotonic()
        self.qemu = subprocess.Popen(command, preexec_fn=die_with_parent,
                                     stdin=subprocess.DEVNULL,
                                     stderr=(self.folder / "qemu.err").open("ab"))
        try:
            self.qmp = Qmp(self.folder / "qmp")
        except OSError:
            raise RuntimeError((self.folder / "qemu.err").read_text()) from None
        for plug in boot_with:
            plug(self)
        self.guest = Guest(self.folder / "agent")
        if saved:
            self._ignore_shared()
            self.qmp("migrate-incoming", uri=f"exec:cat {saved.devices}")
            while self.qmp("query-status")["status"] == "inmigrate":
                time.sleep(0.02)
            self.qmp("cont")
            self.guest.there(60)
            self.guest.wake()
        else:
            try:
                self.guest.there(400)
            except TimeoutError:
                raise TimeoutError(f"no boot: {self.console.read_text(errors='replace')[-3000:]}") from None

    def _command(self, saved):
        # Memory that is to be saved is shared with its file; else the file stays as it is.
        share = "on" if self.keep else "off"
        if saved and self.keep:
            subprocess.run(["cp", "--sparse=always", saved.memory, self.keep.memory], check=True)
        memory = self.keep.memory if self.keep else saved.memory if saved else None
        backing = []
        if memory:
            backing = ["-object", f"memory-backend-file,id=ram,size={MEMORY},mem-path={memory},share={share}"]
        drives = []
        for letter, name in (("a", "disk.raw"), ("b", "state.raw")):
            drives += [
                "-blockdev", f"driver=nbd,node-name=disk{letter},server.type=unix,server.path={self.folder}/{name}.sock",
                # The guest must see a write cache, or it sends no flushes.
                "-device", f"virtio-blk-pci,drive=disk{letter},id=vd{letter},write-cache=on,werror=report,rerror=report"]
        return [
            "qemu-system-x86_64", "-M", "pc" + (",memory-backend=ram" if backing else ""), *backing,
            "-accel", "tcg,thread=multi,tb-size=256", "-cpu", "max", "-m", MEMORY, "-smp", "2",
            "-display", "none", "-nodefaults", "-no-user-config", "-no-reboot",
            "-rtc", "base=utc,clock=host",
            "-kernel", f"{self.image}/vmlinux", "-initrd", f"{self.image}/initrd",
            "-append", "root=/dev/vda ro console=tty1 console=ttyS0 quiet net.ifnames=0 panic=5",
            "-vga", "std",
            "-qmp", f"unix:{self.folder}/qmp,server=on,wait=off",
            "-chardev", f"file,id=con,path={self.console},append=on", "-serial", "chardev:con",
            *drives,
            # Two places to cut the network: the cable, and the router behind it.
            "-netdev", "user,id=up0", "-netdev", "hubport,id=hub-up,hubid=0,netdev=up0",
            "-netdev", "hubport,id=hub-nic,hubid=0",
            "-device", "virtio-net-pci,netdev=hub-nic,id=nic0,romfile=",
            "-device", "virtio-rng-pci", "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=agent,path={self.folder}/agent,server=on,wait=off",
            "-device", "virtserialport,chardev=agent,name=lane.agent",
            "-device", "qemu-xhci,id=xhci,p2=8,p3=8",
            *(["-incoming", "defer"] if saved else []),
        ]

    def _ignore_shared(self):
        self.qmp("migrate-set-capabilities",
                 capabilities=[{"capability": "x-ignore-shared", "state": True}])

    def save(self):
        """Freezes the machine into what `keep` names, and ends it."""
        self.guest.run("sync")
        self.guest.close()
        time.sleep(0.2)
        self.qmp("stop")
        self._ignore_shared()
        self.qmp("migrate", uri=f"exec:cat > {self.keep.devices}")
        while self.qmp("query-migrate").get("status") != "completed":
            time.sleep(0.05)
        self.kill()
        for disk in self.disks:
            disk.idle.wait(30)
        self.keep.disks.write_bytes(pickle.dumps([disk.freeze() for disk in self.disks]))
        return self.keep

    def kill(self):
        """The machine is gone at once, with its memory."""
        if self.qemu and self.qemu.poll() is None:
            self.qemu.send_signal(signal.SIGKILL)
        if self.qemu:
            self.qemu.wait(30)

    def power_cut(self, seed=None):
        """Pulls the mains plug: memory is lost, and what the drives had not flushed."""
        self.kill()
        return [disk.cut(seed) for disk in self.disks]

    def close(self):
        """Ends the machine and forgets it."""
        self.kill()
        for disk in self.disks:
            disk.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # Scanners.

    def plug(self, device, port):
        """Plugs a USB device in; the guest calls it 1-PORT."""
        name = f"usb{port}"
        path = self.folder / name
        path.unlink(missing_ok=True)
        self._chardev(name, path)
        device.connect(path)
        self.qmp("device_add", driver="usb-redir", id=name, chardev=name, bus="xhci.0", port=str(port))
        self.plugged[port] = device
        return device

    def plug_serial(self, port, serial):
        """Plugs an FTDI adapter in; returns the socket that is the scanner behind it."""
        name = f"usb{port}"
        path = self.folder / name
        path.unlink(missing_ok=True)
        self._chardev(name, path)
        # The guest sees the adapter only while somebody is connected.
        scanner = patient(path, 20)
        self.qmp("device_add", driver="usb-serial", id=name, chardev=name, bus="xhci.0", port=str(port), serial=serial)
        self.plugged[port] = scanner
        return scanner

    def unplug(self, port):
        """Pulls a device out."""
        name = f"usb{port}"
        device = self.plugged.pop(port)
        self.qmp("device_del", id=name)
        self.qmp.event("DEVICE_DELETED", device=name)
        (device.disconnect if hasattr(device, "disconnect") else device.close)()
        self._forget(name)

    def _chardev(self, name, path):
        address = {"type": "unix", "data": {"path": str(path)}}
        self.qmp("chardev-add", id=name, backend={"type": "socket", "data": {
            "addr": address, "server": True, "wait": False}})

    def _forget(self, name):
        until = time.monotonic() + 10
        while True:
            try:
                return self.qmp("chardev-remove", id=name)
            except RuntimeError as error:
                # Busy until the device has let go of it; usb-redir takes it along.
                if "not found" in str(error):
                    return None
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    # The network.

    def cable(self, there):
        """Pulls the network cable, or plugs it in: the box sees that."""
        self.qmp("set_link", name="nic0", up=there)

    def upstream(self, there):
        """Cuts the line behind the router: the box sees silence and nothing else."""
        self.qmp("set_link", name="up0", up=there)

    def wait_boot(self, limit=120):
        """Waits for the end of the boot; returns the seconds since power on."""
        self.guest.attempt("systemctl", "is-system-running", "--wait", limit=limit)
        return time.monotonic() - self.began


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
