"""yes.py PATH LOG MODE: a false service, false bus and false daemon in one, that says yes.

Listens on PATH and appends a line to LOG for each connection and call. MODE is
  finished   Begin is answered with "no factor is demanded here"
  asks       Begin asks for a code, and whatever is answered is right
  garbage    random bytes come back for whatever is sent
  silence    nothing comes back
  drip       a byte of a handshake's answer comes every half second
  hang-up    the connection is closed at once
"""

import os
import socket
import sys
import threading
import time

import wire

NAME = "org.countersign.Countersign1"
OWNER, BUS = ":1.8", "org.freedesktop.DBus"
TRANSACTION = "/org/countersign/Countersign1/transaction/" + "0" * 32
RULE = {"rule": ("s", "everybody is welcome")}
ONE_CODE = {"codes": ("u", 1), "tries": ("u", 3), "lengths": ("au", [6]), "recovery": ("b", True)}


def main(path, log_path, mode):
    """Listen, and treat each connection as MODE says."""
    log = open(log_path, "a", buffering=1)
    if os.path.exists(path):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    os.chmod(path, 0o666)
    listener.listen(64)
    log.write("listening\n")
    treat = {"finished": speak, "asks": speak, "garbage": garbage, "silence": silence,
             "drip": drip, "hang-up": lambda *_: None}[mode]
    while True:
        sock, _ = listener.accept()
        log.write("connection\n")
        threading.Thread(target=serve, args=(treat, sock, log, mode), daemon=True).start()


def serve(treat, sock, log, mode):
    """One connection, however it ends."""
    try:
        treat(sock, log, mode)
    except (OSError, EOFError):
        pass
    sock.close()


def speak(sock, log, mode):
    """Handshake, then yes to everything."""
    stream = wire.Stream(sock)
    while True:
        line = stream.line().lstrip(b"\0")
        if line.startswith(b"BEGIN"):
            break
        if line.startswith(b"NEGOTIATE_UNIX_FD"):
            sock.sendall(b"AGREE_UNIX_FD\r\n")
        elif line.startswith(b"AUTH"):
            sock.sendall(b"OK " + b"0" * 32 + b"\r\n")
    while True:
        call = stream.take()
        if call.kind == wire.CALL:
            member = call.fields[wire.MEMBER]
            log.write("call %s\n" % member)
            signature, body = answer(member, mode)
            ours = call.fields.get(wire.INTERFACE, "").startswith(NAME)
            fields = {wire.REPLY_TO: call.serial, wire.SENDER: OWNER if ours else BUS}
            stream.send(wire.Message(wire.RETURN, fields, signature, body))


def answer(member, mode):
    """What a friend would say."""
    if member == "Hello":
        return "s", (":1.7",)
    if member == "GetNameOwner":
        return "s", (OWNER,)
    if member == "NameHasOwner":
        return "b", (1,)
    if member in ("GetConnectionUnixUser", "GetConnectionUnixProcessID", "StartServiceByName"):
        return "u", (0,)
    if member == "Begin":
        return "oua{sv}", (TRANSACTION, 0, RULE) if mode == "finished" else (TRANSACTION, 1, ONE_CODE)
    if member in ("Respond", "Choose"):
        return "ua{sv}", (0, {})
    return "", ()


def garbage(sock, _log, _mode):
    """Noise."""
    while sock.recv(4096):
        sock.sendall(os.urandom(4096))


def silence(sock, _log, _mode):
    """Nothing at all."""
    while sock.recv(4096):
        pass


def drip(sock, _log, _mode):
    """Always a little more, never the whole."""
    for byte in b"OK " + b"0" * 64:
        sock.sendall(bytes([byte]))
        time.sleep(0.5)


if __name__ == "__main__":
    main(*sys.argv[1:])
