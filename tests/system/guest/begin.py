"""begin.py [--root-door] USER [UID]: begin a login for USER as whoever runs this; print what is answered.

The reply is printed without what differs from one transaction to the next.
"""

import sys

import wire

NAME = "org.countersign.Countersign1"
OBJECT = "/org/countersign/Countersign1"


def main(arguments):
    """One call of Begin."""
    root_door = arguments[0] == "--root-door"
    user, *uid = arguments[root_door:]
    login = {"user": ("s", user), "service": ("s", "test")}
    if uid:
        login["uid"] = ("u", int(uid[0]))
    try:
        bus = wire.Bus("/run/countersign/socket", peer=True) if root_door else wire.Bus()
        _, challenge, details = bus.call(
            None if root_door else NAME, OBJECT, NAME + ".Verifier", "Begin", "a{sv}", login
        )
    except wire.Refused as refused:
        print("error", refused.args[0])
    except (OSError, EOFError) as error:
        print("no connection:", type(error).__name__)
    else:
        print("challenge", challenge, sorted(details.items()))


if __name__ == "__main__":
    main(sys.argv[1:])
