"""As much of D-Bus as the tests need, written anew so that nothing is shared with what is tested.

Little-endian messages without file descriptors. Runs with python3-minimal.
"""

import os
import socket
import struct

CALL, RETURN, ERROR, SIGNAL = 1, 2, 3, 4
PATH, INTERFACE, MEMBER, ERROR_NAME, REPLY_TO, DESTINATION, SENDER, SIGNATURE = range(1, 9)
FIELD_TYPES = {PATH: "o", REPLY_TO: "u", SIGNATURE: "g"}
NUMBERS = {"y": ("B", 1), "b": ("I", 4), "n": ("h", 2), "q": ("H", 2), "i": ("i", 4), "u": ("I", 4),
           "x": ("q", 8), "t": ("Q", 8), "d": ("d", 8), "h": ("I", 4)}


def split(signature):
    """The complete types of a signature."""
    while signature:
        end = _end(signature, 0)
        yield signature[:end]
        signature = signature[end:]


def _end(signature, at):
    if signature[at] == "a":
        return _end(signature, at + 1)
    if signature[at] in "({":
        close, at = {"(": ")", "{": "}"}[signature[at]], at + 1
        while signature[at] != close:
            at = _end(signature, at)
    return at + 1


def alignment(kind):
    """Where values of a type may begin."""
    if kind[0] in "({":
        return 8
    return {"s": 4, "o": 4, "g": 1, "v": 1, "a": 4}.get(kind[0]) or NUMBERS[kind[0]][1]


class Writer:
    """Marshals values. A variant is given as (signature, value)."""

    def __init__(self):
        self.data = bytearray()

    def pad(self, to):
        """Fill up to a multiple of `to`."""
        self.data += bytes(-len(self.data) % to)

    def put(self, kind, value):
        """Append one value."""
        self.pad(alignment(kind))
        if kind in ("s", "o"):
            raw = value.encode()
            self.data += struct.pack("<I", len(raw)) + raw + b"\0"
        elif kind == "g":
            self.data += bytes([len(value)]) + value.encode() + b"\0"
        elif kind == "v":
            self.put("g", value[0])
            self.put(*value)
        elif kind[0] == "a":
            self._array(kind[1:], value)
        elif kind[0] in "({":
            for part, item in zip(split(kind[1:-1]), value):
                self.put(part, item)
        else:
            self.data += struct.pack("<" + NUMBERS[kind][0], value)

    def _array(self, kind, values):
        at = len(self.data)
        self.data += bytes(4)
        self.pad(alignment(kind))
        start = len(self.data)
        for item in values.items() if isinstance(values, dict) else values:
            self.put(kind, item)
        self.data[at : at + 4] = struct.pack("<I", len(self.data) - start)


class Reader:
    """Unmarshals values; variants come as their bare value."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def get(self, kind):
        """Take one value."""
        self.at += -self.at % alignment(kind)
        if kind in ("s", "o", "g"):
            length = self.get("y" if kind == "g" else "u")
            raw = self.data[self.at : self.at + length]
            self.at += length + 1
            return raw.decode(errors="replace")
        if kind == "v":
            return self.get(self.get("g"))
        if kind[0] == "a":
            length = self.get("u")
            self.at += -self.at % alignment(kind[1:])
            end, items = self.at + length, []
            while self.at < end:
                items.append(self.get(kind[1:]))
            return dict(items) if kind[1] == "{" else items
        if kind[0] in "({":
            return tuple(self.get(part) for part in split(kind[1:-1]))
        form, size = NUMBERS[kind]
        value = struct.unpack_from("<" + form, self.data, self.at)[0]
        self.at += size
        return value


class Message:
    """One message; `fields` by number, `body` as a tuple."""

    def __init__(self, kind, fields, signature="", body=(), serial=0):
        self.kind, self.fields, self.signature, self.body, self.serial = kind, fields, signature, body, serial

    def to_bytes(self, serial):
        """As it travels."""
        content = Writer()
        for kind, value in zip(split(self.signature), self.body):
            content.put(kind, value)
        fields = dict(self.fields)
        if self.signature:
            fields[SIGNATURE] = self.signature
        header = Writer()
        for kind, value in zip("yyyyuu", (ord("l"), self.kind, 0, 1, len(content.data), serial)):
            header.put(kind, value)
        header.put("a(yv)", [(n, (FIELD_TYPES.get(n, "s"), value)) for n, value in fields.items()])
        header.pad(8)
        return bytes(header.data + content.data)


class Stream:
    """Messages over a connected socket, after the handshake."""

    def __init__(self, sock):
        self.sock, self.buffer, self.serial = sock, b"", 0

    def send(self, message):
        """Send; the serial it got."""
        self.serial += 1
        self.sock.sendall(message.to_bytes(self.serial))
        return self.serial

    def take(self):
        """The next message."""
        head = self._bytes(16)
        size, serial, length = struct.unpack_from("<III", head, 4)
        rest = self._bytes(length + -length % 8 + size)
        reader = Reader(head + rest, 12)
        fields = dict(reader.get("a(yv)"))
        reader.at += -reader.at % 8
        signature = fields.get(SIGNATURE, "")
        # From here on alignment counts from the body's own beginning, a multiple of 8.
        body = tuple(reader.get(kind) for kind in split(signature)) if "h" not in signature else ()
        return Message(head[1], fields, signature, body, serial)

    def line(self):
        """A line of the handshake."""
        while b"\r\n" not in self.buffer:
            self._fill()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def _bytes(self, count):
        while len(self.buffer) < count:
            self._fill()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def _fill(self):
        data = self.sock.recv(65536)
        if not data:
            raise EOFError("the other side closed the connection")
        self.buffer += data


class Bus(Stream):
    """A connection to a message bus, or with `peer` to one program."""

    def __init__(self, path="/run/dbus/system_bus_socket", peer=False, timeout=30.0):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(timeout)
        sock.connect(path)
        super().__init__(sock)
        sock.sendall(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\n")
        answer = self.line()
        if not answer.startswith(b"OK"):
            raise PermissionError(answer.decode(errors="replace"))
        sock.sendall(b"BEGIN\r\n")
        if not peer:
            self.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello")

    def ask(self, destination, path, interface, member, signature="", *body):
        """Send a call without waiting; its serial."""
        fields = {PATH: path, INTERFACE: interface, MEMBER: member}
        if destination:
            fields[DESTINATION] = destination
        return self.send(Message(CALL, fields, signature, body))

    def call(self, *arguments):
        """Call a method; the reply's body, or the error's name raised as a Refused."""
        serial = self.ask(*arguments)
        while True:
            message = self.take()
            if message.fields.get(REPLY_TO) == serial:
                if message.kind == ERROR:
                    raise Refused(message.fields[ERROR_NAME], *message.body)
                return message.body


class Refused(Exception):
    """A D-Bus error; its name comes first."""
