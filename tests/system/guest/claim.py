"""claim.py USER UID PID STARTED: begin a login at the public door, in the session of that process.

Prints what is answered: the challenge, and by which rule none is set.
"""

import sys

import wire

NAME = "org.countersign.Countersign1"
OBJECT = "/org/countersign/Countersign1"


def main(user, uid, pid, started):
    """Once as the session that the login is in, and once as the one that it begins."""
    here = (int(pid), int(started))
    for said in ({"session": ("(ut)", here)}, {"leaders": ("a(ut)", [here])}):
        login = {"user": ("s", user), "uid": ("u", int(uid)), "service": ("s", "sudo")} | said
        try:
            _, challenge, details = wire.Bus().call(NAME, OBJECT, NAME + ".Verifier", "Begin", "a{sv}", login)
        except wire.Refused as refused:
            print("error", refused.args[0].rsplit(".", 1)[-1])
        else:
            print("challenge", challenge, "remembered" in details)


if __name__ == "__main__":
    main(*sys.argv[1:])
