"""USB devices that are programs: what a scanner of any make says on the bus.

    Keyboard      types, one key transition per report
    HidPos        sends whole codes in 64-byte reports, usage page 8C
    Device        the descriptors, and the usb-redir protocol to QEMU

QEMU's `usb-redir` connects a socket to its emulated bus
(https://gitlab.freedesktop.org/spice/usbredir/-/blob/main/docs/usb-redirection-protocol.md);
vendor, product, name and serial number are ours to choose.
"""

import socket
import struct
import threading

HELLO, CONNECT, RESET, INTERFACES, ENDPOINTS = 0, 1, 3, 4, 5
SET_CONFIGURATION, GET_CONFIGURATION, CONFIGURATION = 6, 7, 8
SET_ALT, GET_ALT, ALT = 9, 10, 11
START_INTERRUPT, STOP_INTERRUPT, INTERRUPT_STATUS, CANCEL = 15, 16, 17, 21
CONTROL, INTERRUPT = 100, 103
# Device version, largest packets, 64-bit ids, 32-bit bulk lengths.
CAPABILITIES = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6
STALL = 4

KEYBOARD_REPORT = bytes.fromhex(
    "05010906a101050719e029e71500250175019508810295017508810195057501050819012905"
    "910295017503910195067508150025650507190029658100c0")

# Application 8C:02 with a scanned-data report (id 2): length, the three symbology
# identifiers, 56 bytes of data, reserved, and whether more follows; and an output
# report (id 4) with the two beeps.
HID_POS_REPORT = bytes.fromhex(
    "058c0902a101"
    "0912a102850215002" "6ff00750895010501093b8102"
    "058c950109fb810209fc810209fd81029538"
    "09fe8102" "9502810109ff" "25017501950181029507" "8101c0"
    "0914a1028504150025017501" "0986950191020985950191029506" "9101c0c0")


class Device:
    """One full-speed USB device with HID interfaces."""

    def __init__(self, vendor, product, name, serial, reports, boot):
        self.ids = (vendor, product)
        self.strings = ["", "Example", name, serial]
        self.reports = reports
        self.boot = boot
        self.outputs = []
        self.polled = threading.Event()
        self.gone = False
        self.sending = threading.Lock()
        self.serial = 0

    # Descriptors.

    def _device(self):
        return struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x200, 0, 0, 0, 64, *self.ids, 0x0110,
                           1, 2, 3 if self.strings[3] else 0, 1)

    def _configuration(self):
        body = b""
        for number, report in enumerate(self.reports):
            body += struct.pack("<BBBBBBBBB", 9, 4, number, 0, 1, 3, *self.boot[number], 0)
            body += self._hid(number)
            body += struct.pack("<BBBBHB", 7, 5, 0x81 + number, 3, 64, 1)
        return struct.pack("<BBHBBBBB", 9, 2, 9 + len(body), len(self.reports), 1, 0, 0x80, 50) + body

    def _hid(self, number):
        return struct.pack("<BBHBBBH", 9, 0x21, 0x111, 0, 1, 0x22, len(self.reports[number]))

    def _descriptor(self, value, index):
        kind, number = value >> 8, value & 0xFF
        if kind == 1:
            return self._device()
        if kind == 2:
            return self._configuration()
        if kind == 3 and number == 0:
            return b"\x04\x03\x09\x04"
        if kind == 3 and number < 4 and self.strings[number]:
            text = self.strings[number].encode("utf-16-le")
            return struct.pack("BB", 2 + len(text), 3) + text
        if kind == 0x21:
            return self._hid(index)
        if kind == 0x22:
            return self.reports[index]
        return None

    # The protocol.

    def connect(self, path):
        """Plays the device to the end of the connection."""
        self.bus = socket.socket(socket.AF_UNIX)
        self.bus.connect(str(path))
        text = b"qrpayd virtual lane".ljust(64, b"\0")
        hello = text + struct.pack("<I", CAPABILITIES)
        self.bus.sendall(struct.pack("<III", HELLO, len(hello), 0) + hello)
        threading.Thread(target=self._play, daemon=True).start()

    def disconnect(self):
        self.gone = True
        self.bus.close()

    def _send(self, kind, body, number=0):
        with self.sending:
            self.bus.sendall(struct.pack("<IIQ", kind, len(body), number) + body)

    def _told(self):
        count = len(self.reports)
        types = [255] * 32
        types[0] = types[16] = 0
        interval, interface, packet = [0] * 32, [0] * 32, [0] * 32
        packet[0] = packet[16] = 64
        for number in range(count):
            at = 16 + 1 + number
            types[at], interval[at], interface[at], packet[at] = 3, 1, number, 64
        self._send(ENDPOINTS, bytes(types + interval + interface)
                   + struct.pack("<32H", *packet))
        padded = [list(values) + [0] * (32 - count) for values in (
            range(count), [3] * count, [b[0] for b in self.boot], [b[1] for b in self.boot])]
        self._send(INTERFACES, struct.pack("<I", count) + bytes(sum(padded, [])))

    def _play(self):
        try:
            kind, length, _ = struct.unpack("<III", self._take(12))
            self._take(length)
            self._told()
            self._send(CONNECT, struct.pack("<BBBBHHH", 1, 0, 0, 0, *self.ids, 0x0110))
            while True:
                kind, length, number = struct.unpack("<IIQ", self._take(16))
                self._heard(kind, number, self._take(length))
        except (OSError, EOFError):
            self.gone = True

    def _heard(self, kind, number, body):
        if kind == CONTROL:
            self._control(number, body)
        elif kind == SET_CONFIGURATION:
            self._told()
            self._send(CONFIGURATION, struct.pack("BB", 0, body[0]), number)
        elif kind == GET_CONFIGURATION:
            self._send(CONFIGURATION, struct.pack("BB", 0, 1), number)
        elif kind == SET_ALT:
            self._send(ALT, struct.pack("BBB", 0, body[0], body[1]), number)
        elif kind == GET_ALT:
            self._send(ALT, struct.pack("BBB", 0, body[0], 0), number)
        elif kind == START_INTERRUPT:
            self._send(INTERRUPT_STATUS, struct.pack("BB", 0, body[0]), number)
            self.polled.set()
        elif kind == STOP_INTERRUPT:
            self._send(INTERRUPT_STATUS, struct.pack("BB", 0, body[0]), number)
            self.polled.clear()
        elif kind == INTERRUPT:
            self.outputs.append(body[4:])

    def _control(self, number, body):
        endpoint, request, kind, _, value, index, length = struct.unpack("<BBBBHHH", body[:10])
        answer, data = 0, b""
        if kind & 0x80:
            data = self._descriptor(value, index) if request == 6 else None
            if request == 0:  # GET_STATUS
                data = b"\0\0"
            if data is None:
                answer, data = STALL, b""
            data = data[:length]
        elif request == 9 and kind == 0x21:  # SET_REPORT
            self.outputs.append(body[10:])
        head = struct.pack("<BBBBHHH", endpoint, request, kind, answer, value, index,
                           len(data) if kind & 0x80 else length)
        self._send(CONTROL, head + data, number)

    def report(self, data, interface=0):
        """Gives the guest one input report; QEMU queues them, one per poll."""
        head = struct.pack("<BBH", 0x81 + interface, 0, len(data))
        self._send(INTERRUPT, head + data)

    def _take(self, length):
        parts = b""
        while len(parts) < length:
            data = self.bus.recv(length - len(parts))
            if not data:
                raise EOFError
            parts += data
        return parts


class Keyboard(Device):
    """A keyboard scanner: US layout, Enter at the end, a millisecond a transition."""

    def __init__(self, serial="", vendor=0x0C2E, product=0x0B6A, name="Handheld Scanner"):
        super().__init__(vendor, product, name, serial, [KEYBOARD_REPORT], [(1, 1)])

    def scan(self, text, end="\n"):
        """Types a code and what ends it."""
        for report in keystrokes(text + end):
            self.report(report)


class HidPos(Device):
    """A scanner that sends whole codes: length, AIM id, data, whether more follows."""

    def __init__(self, serial="", vendor=0x0C2E, product=0x0907, name="HID POS Scanner"):
        super().__init__(vendor, product, name, serial, [HID_POS_REPORT], [(0, 0)])

    def scan(self, text, aim="]C0"):
        """Sends a code, in as many reports as it takes."""
        for report in hid_pos_reports(text, aim):
            self.report(report)


def keystrokes(text):
    """Boot keyboard reports that type a text: press, release, one key at a time."""
    plain = {"\n": 0x28, "\t": 0x2B, " ": 0x2C, "-": 0x2D, "=": 0x2E, "[": 0x2F, "]": 0x30,
             "\\": 0x31, ";": 0x33, "'": 0x34, "`": 0x35, ",": 0x36, ".": 0x37, "/": 0x38}
    shifted = dict(zip('_+{}|:"~<>?', "-=[]\\;'`,./"))
    shifted.update(zip("!@#$%^&*()", "1234567890"))
    reports = []
    for letter in text:
        shift = letter.isupper() or letter in shifted
        base = shifted.get(letter, letter.lower())
        if base in plain:
            key = plain[base]
        elif base.isdigit():
            key = 0x1E + (int(base) - 1) % 10
        else:
            key = 0x04 + ord(base) - ord("a")
        if shift:
            reports.append(bytes([2, 0, 0, 0, 0, 0, 0, 0]))
        reports.append(bytes([2 * shift, 0, key, 0, 0, 0, 0, 0]))
        reports.append(bytes([2 * shift, 0, 0, 0, 0, 0, 0, 0]))
        if shift:
            reports.append(bytes(8))
    return reports


def hid_pos_reports(text, aim):
    """Scanned-data reports (id 2) of one code."""
    data = text.encode()
    parts = [data[at:at + 56] for at in range(0, len(data), 56)]
    return [bytes([2, len(part)]) + aim.encode() + part.ljust(56, b"\0") + b"\0\0"
            + bytes([part is not parts[-1]]) for part in parts]
