"""What must hold after a group of cases, whatever they did."""

import re

from harness.report import require


def nothing_crashed(product):
    """No core, no fatal signal, no panic; the watchdog's own kill is not a crash."""
    machine = product.machine
    cores = machine.sh("find / /root /home /var/lib -xdev -maxdepth 2 -name 'core*' -type f 2>/dev/null; true")
    require(not cores.strip(), f"core files: {cores}")
    fatal = re.compile(r"code=dumped|core-dump|status=(11/SEGV|7/BUS|4/ILL)|segfault|panicked")
    messages = [text(entry) for entry in machine.journal()]
    found = [message for message in messages if fatal.search(message)]
    require(not found, "the journal tells of a crash:\n" + "\n".join(found))
    aborted = [message for message in messages if "status=6/ABRT" in message]
    watchdog = sum("Watchdog timeout" in message for message in messages)
    require(len(aborted) <= watchdog, f"aborts, of which the watchdog made {watchdog}:\n" + "\n".join(aborted))


def daemon_is_the_same(product):
    """The daemon lived through it all, but for what a case did to it."""
    now = product.daemon_pid()
    require(now == product.daemon, f"the daemon is process {now} and was {product.daemon}")


def no_secret_was_shown(product):
    """Neither was any of them to be read on a screen, in any picture or look of a case."""
    spoken = set().union(*(person.secrets_said() for person in product.people.all), {""}) - {""}
    screens = [screen for screen in product.machine.screens if screen.read_so_far]
    require(screens, "nothing was read on a screen: this proves nothing")
    for screen in screens:
        shown = screen.shows(spoken)
        require(not shown, f"on the screen of {screen.environment}: {shown}")


def no_secret_was_logged(product):
    """Neither a code nor a secret, password or recovery code is anywhere in the journal."""
    spoken = set().union(*(person.secrets_said() for person in product.people.all), {""}) - {""}
    require(spoken, "no secret was used: this proves nothing")
    pattern = re.compile(r"(?<!\d)(" + "|".join(map(re.escape, sorted(spoken))) + r")(?!\d)")
    leaks = []
    for entry in product.machine.journal():
        for name, value in entry.items():
            # Fields the journal itself adds are numbers and names, but for the command line.
            if (name == "_CMDLINE" or not name.startswith("_")) and pattern.search(as_text(value)):
                leaks.append(f"{name}={as_text(value)}")
    require(not leaks, "secrets in the journal:\n" + "\n".join(leaks))


def text(entry):
    """An entry's message."""
    return as_text(entry.get("MESSAGE", ""))


def as_text(value):
    """A field's value: bytes that are no UTF-8 come as a list of numbers, repeated fields as a list."""
    if isinstance(value, list):
        if all(isinstance(part, int) for part in value):
            return bytes(value).decode(errors="replace")
        return "\n".join(as_text(part) for part in value)
    return "" if value is None else str(value)


CHECKS = [
    ("nothing crashed", nothing_crashed),
    ("the daemon is the same process as before", daemon_is_the_same),
    ("no code, secret, password or recovery code is in the journal", no_secret_was_logged),
]

# Of the groups that have screens.
ON_SCREENS = [("no code, secret, password or recovery code was to be read on a screen", no_secret_was_shown)]

# Groups that stop, kill and restart the daemon, or the machine, on purpose.
EXEMPT = {daemon_is_the_same: ("doctor", "faults", "package", "passes", "protect")}
