"""The till box's disk: a Debian with a real kernel, made once per machine and kept.

    rootfs (mmdebstrap) -> initrd that finds a virtio disk and nothing else
                        -> kernel unpacked on the host, where that is fast
                        -> ext4 without a mount

Nothing of qrpayd is in it: the package is installed at each run, as an operator
would. What the image is made of is hashed into the folder's name, so a change
of this file or of the agent makes a new one.
"""

import hashlib
import lzma
import os
import pathlib
import shutil
import subprocess
import tempfile
import zlib

from machine import Machine, Saved

HERE = pathlib.Path(__file__).parent
SUITE = "bookworm"
DISK_MIB = 2560
STATE_MIB = 96

PACKAGES = [
    "systemd", "systemd-sysv", "udev", "dbus", "kmod", "iproute2", "procps",
    "linux-image-amd64", "initramfs-tools", "ca-certificates", "python3-minimal",
    # ctypes and sqlite3 for the agent, and what makes a disk that never flushes.
    "python3", "libeatmydata1",
]

# Neither read nor executed by the test, but seconds of unpacking.
LEFT_OUT = ["/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*"]

FILES = {
    "etc/fstab": "/dev/vda / ext4 errors=remount-ro 0 1\n"
                 "/dev/vdb /var/lib/qrpayd ext4 nofail,x-systemd.device-timeout=90s 0 2\n",
    "etc/hostname": "till\n",
    "etc/hosts": "127.0.0.1 localhost till\n10.0.2.2 gateway.test\n",
    # No default route: no real gateway can be reached by accident.
    "etc/systemd/network/10-eth.network":
        "[Match]\nName=eth0\n[Network]\nAddress=10.0.2.15/24\nLinkLocalAddressing=no\n",
    "etc/systemd/journald.conf.d/lane.conf": "[Journal]\nStorage=persistent\nRateLimitBurst=0\n",
    "etc/systemd/system/lane-agent.service": """[Unit]
Description=Command channel of the virtual lane
DefaultDependencies=no
After=systemd-udevd.service systemd-remount-fs.service
[Service]
ExecStart=/usr/bin/python3 -S /usr/local/lib/lane-agent.py
Restart=always
KillMode=process
[Install]
WantedBy=sysinit.target
""",
}

INITRAMFS = {
    "etc/initramfs-tools/conf.d/lane.conf": "MODULES=list\nCOMPRESS=gzip\nRESUME=none\n",
    "etc/initramfs-tools/modules": "virtio_pci\nvirtio_blk\next4\ncrc32c_generic\n",
}

MASKED = [
    "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer",
    "e2scrub_reap.service", "fstrim.timer", "systemd-networkd-wait-online.service", "motd-news.timer",
]


def cache():
    """The folder that keeps images, one per machine."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(base) / "qrpayd-virtual-lane"


def key():
    """Names an image by everything that it is made of."""
    told = hashlib.sha256()
    for file in ("image.py", "agent.py", "machine.py"):
        told.update((HERE / file).read_bytes())
    # A saved state is good for the QEMU that saved it.
    told.update(subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True).stdout)
    return told.hexdigest()[:12]


def ready():
    """Returns the folder with kernel, initrd, both disks and the booted machine, made if
    missing."""
    folder = cache() / key()
    if (folder / "devices").exists():
        return folder
    cache().mkdir(parents=True, exist_ok=True)
    for old in cache().iterdir():
        # Images of other versions are gigabytes that nobody reads again.
        shutil.rmtree(old, ignore_errors=True)
    making = pathlib.Path(tempfile.mkdtemp(prefix=".making-", dir=cache()))
    try:
        build(making)
        making.rename(folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return folder


def build(folder):
    """Makes an image in `folder`. Needs root, mmdebstrap and e2fsprogs."""
    root = folder / "root"
    with tempfile.TemporaryDirectory() as staged:
        early, late = pathlib.Path(staged, "early"), pathlib.Path(staged, "late")
        # Before the kernel is configured, which makes the initrd.
        lay(early, INITRAMFS)
        lay(late, FILES)
        agent = late / "usr/local/lib/lane-agent.py"
        agent.parent.mkdir(parents=True)
        shutil.copy(HERE / "agent.py", agent)
        units = "systemd-networkd.service lane-agent.service"
        subprocess.run([
            "mmdebstrap", "--quiet", "--variant=minbase", "--components=main",
            "--include=" + ",".join(PACKAGES),
            *[f"--dpkgopt=path-exclude={path}" for path in LEFT_OUT],
            f"--essential-hook=cp -r {early}/. \"$1\"/",
            f"--customize-hook=cp -r {late}/. \"$1\"/",
            "--customize-hook=mkdir -p \"$1\"/var/log/journal \"$1\"/var/lib/qrpayd",
            f"--customize-hook=chroot \"$1\" systemctl -q enable {units}",
            f"--customize-hook=chroot \"$1\" systemctl -q mask {' '.join(MASKED)}",
            SUITE, str(root),
        ], check=True)
    unpack_kernel(next(root.glob("boot/vmlinuz-*")), folder / "vmlinux")
    packed = next(root.glob("boot/initrd.img-*")).read_bytes()
    (folder / "initrd").write_bytes(zlib.decompress(packed, 31))
    ext4(folder / "disk.raw", DISK_MIB, root)
    ext4(folder / "state.raw", STATE_MIB)
    shutil.rmtree(root)
    first_boot(folder)


def first_boot(folder):
    """What a first boot does once (machine id, caches), and the booted machine itself."""
    machine = Machine(folder, keep=Saved(folder))
    try:
        machine.wait_boot(600)
        machine.save()
    finally:
        machine.close()


def lay(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def unpack_kernel(packed, to):
    """Cuts the ELF file out of a bzImage, which QEMU starts directly (PVH)."""
    data = packed.read_bytes()
    at = data.index(b"\xfd7zXZ\x00")
    to.write_bytes(lzma.LZMADecompressor().decompress(data[at:]))


def ext4(path, mib, content=None):
    with open(path, "wb") as file:
        file.truncate(mib << 20)
    filled = ["-d", str(content)] if content else []
    subprocess.run(["mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0",
                    *filled, str(path)], check=True)


if __name__ == "__main__":
    print(ready())
