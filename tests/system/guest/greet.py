#!/usr/bin/env python3
"""greet.py SOCKET USER COMMAND: one login by greetd's IPC, each answer a line of standard input.

Prints each message that the greeter would show, and at the end "success", or the error's type and
description. With success the session is asked for, which greetd begins once its greeter has ended.
"""

import json
import socket
import struct
import sys


class Greetd:
    """The other end of the socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(path)

    def ask(self, **request):
        """Its reply: the length in the machine's byte order, then JSON, both ways."""
        data = json.dumps(request).encode()
        self.socket.sendall(struct.pack("=I", len(data)) + data)
        return json.loads(self.take(struct.unpack("=I", self.take(4))[0]))

    def take(self, length):
        """So many bytes."""
        data = b""
        while len(data) < length:
            part = self.socket.recv(length - len(data))
            if not part:
                sys.exit("greetd hung up")
            data += part
        return data


def main(path, user, command):
    """From the name to the session."""
    greetd = Greetd(path)
    reply = greetd.ask(type="create_session", username=user)
    while reply["type"] == "auth_message":
        kind = reply["auth_message_type"]
        print(f"{kind}: {reply['auth_message']}", flush=True)
        answer = sys.stdin.readline().rstrip("\n") if kind in ("visible", "secret") else None
        reply = greetd.ask(type="post_auth_message_response", response=answer)
    if reply["type"] == "success":
        reply = greetd.ask(type="start_session", cmd=[command], env=[])
    else:
        greetd.ask(type="cancel_session")
    print(" ".join(reply[word] for word in ("type", "error_type", "description") if word in reply))


if __name__ == "__main__":
    main(*sys.argv[1:])
