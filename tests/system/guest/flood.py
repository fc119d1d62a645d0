"""flood.py SECONDS: as whoever runs this, use the public door as hard as can be.

Eight processes: some keep one connection full of unanswered calls, some open a
connection for each call. Prints how many calls and connections were made.
"""

import os
import sys
import time

import wire

NAME = "org.countersign.Countersign1"
OBJECT = "/org/countersign/Countersign1"
LOGIN = {"user": ("s", "nobody"), "service": ("s", "flood"), "tty": ("s", "x" * 2000)}


def begin(bus):
    """One more login, unanswered."""
    bus.ask(NAME, OBJECT, NAME + ".Verifier", "Begin", "a{sv}", LOGIN)


def keep_full(end):
    """One connection, calls in flight by the hundred, replies read and forgotten."""
    bus, calls = wire.Bus(), 0
    while time.monotonic() < end:
        for _ in range(100):
            begin(bus)
        for _ in range(100):
            bus.take()
        calls += 100
    return calls, 1


def come_and_go(end):
    """A connection for each call, closed before the reply."""
    calls = 0
    while time.monotonic() < end:
        begin(wire.Bus())
        calls += 1
    return calls, calls


def child(work, end, out):
    """Work until the end; a bus that throws us out is asked again."""
    calls = connections = 0
    while time.monotonic() < end:
        try:
            made = work(end)
        except (OSError, EOFError, wire.Refused):
            connections += 1
            time.sleep(0.01)
        else:
            calls, connections = calls + made[0], connections + made[1]
    os.write(out, b"%d %d\n" % (calls, connections))
    os._exit(0)


def main(seconds):
    """Start the children, and add up."""
    end = time.monotonic() + seconds
    inlet, outlet = os.pipe()
    for number in range(8):
        if os.fork() == 0:
            child(come_and_go if number % 4 == 3 else keep_full, end, outlet)
    os.close(outlet)
    with os.fdopen(inlet) as results:
        made = [[int(word) for word in line.split()] for line in results]
    print(sum(pair[0] for pair in made), sum(pair[1] for pair in made))


if __name__ == "__main__":
    main(float(sys.argv[1]))
