"""GDM and gnome-shell's login screen: a name, a password, a code, and a list to choose from."""

import contextlib
import itertools

from harness import session
from harness.report import case, require
from harness.screen import Screen

ROOT = "desktop"

# The greeter comes to whoever asks by XDMCP: here to an Xvfb, since there is no other screen.
CONFIG = """\
[daemon]
WaylandEnable=false
[security]
DisallowTCP=false
[xdmcp]
Enable=true
ShowLocalGreeter=false
DisplaysPerHost=16
"""
LIST = "[org/gnome/login-screen]\ndisable-user-list=%s\n"
DIALOG = "600x300+212+250"

# The field alone, which is read badly with a message below it; in its place a list would say something else.
FIELD = "256x38+384+417"
# The message below the field, which is read the sooner for it: one stands for two seconds.
MESSAGE = "520x44+252+484"

# A cursor stands on the first letter of what an empty field says.
NAME, PASSWORD, CODE, RECOVERY = "sername", "assword", "ne-time code", "ecovery code"
HEADING = "Log in with"
WRONG = r"Wrong one-time code\. Try again \(%d left\)\."

displays = itertools.count(20)


def prepare(product, _report):
    """GDM asks for a code after the password: Debian's own stack but for our line."""
    machine = product.machine
    product.install()
    product.ask_after_password("gdm-password")
    session.offer(machine)
    machine.write("/etc/gdm3/daemon.conf", CONFIG)
    machine.write("/etc/X11/default-display-manager", "/usr/sbin/gdm3\n")
    start(product, names=True)


def start(product, names):
    """GDM, anew; its login screen asks for a name, or shows whom there is."""
    product.machine.write("/etc/gdm3/greeter.dconf-defaults", LIST % ("true" if names else "false"))
    product.machine.run("systemctl", "restart", "gdm")


def made(product, name, **how):
    """A person whose session is the proof of a login."""
    product.machine.write(f"/var/lib/AccountsService/users/{name}", "[User]\nSession=proof\nXSession=proof\n")
    return product.people.make(name, **how)


@contextlib.contextmanager
def greeter(product):
    """A login screen, on a screen of its own; both end with the body."""
    machine = product.machine
    machine.until("! pgrep -u Debian-gdm -x gnome-shell >/dev/null", "an end of the login screen before")
    number = next(displays)
    machine.run("systemd-run", "--quiet", "--collect", f"--unit=screen-{number}",
                "Xvfb", f":{number}", "-screen", "0", "1024x768x24", "-listen", "tcp", "-ac", "-query", "127.0.0.1")
    # A client that comes and goes before the login screen is there would have the server begin anew.
    machine.until("pgrep -u Debian-gdm -x gsd-keyboard >/dev/null", "a login screen", limit=60)
    try:
        yield Screen(machine, [f"DISPLAY=:{number}"], dialog=DIALOG)
    finally:
        machine.run("systemctl", "stop", f"screen-{number}", check=False)


@contextlib.contextmanager
def asked(product, person):
    """A login screen that was told the name and the password."""
    with greeter(product) as screen:
        screen.wait(NAME)
        screen.type(person.name)
        asks(screen, PASSWORD)
        screen.type(person.password)
        yield screen


def asks(screen, words, where=FIELD):
    """Wait until the field, or another part of the screen, says so."""
    screen.dialog = where
    screen.wait(words)
    screen.dialog = DIALOG


def refused(product, screen, person):
    """The password is asked for again, and nobody is in."""
    asks(screen, PASSWORD)
    session.none(product.machine, person)


def records(product, person, place):
    """The records of that person's logins since a place."""
    found = product.machine.records(place)
    return [record for record in found if record["COUNTERSIGN_USER"] == person.name]


def outcomes(product, person, place):
    """What became of that person's logins since a place."""
    return [record["COUNTERSIGN_OUTCOME"] for record in records(product, person, place)]


@case("gdm: whoever is chosen from the list types password and code, and a session of logind's begins")
def chosen(product, _report):
    person = made(product, "alice")
    place = product.machine.cursor()
    start(product, names=False)
    try:
        with greeter(product) as screen:
            screen.wait("Not listed")
            screen.keep("gdm-list")
            screen.key("Return")
            asks(screen, PASSWORD)
            screen.type(person.password)
            asks(screen, CODE)
            screen.keep("gdm-code")
            screen.type(person.codes.fresh())
            began = session.began(product.machine, person)
            require((began["Service"], began["Type"]) == ("gdm-password", "x11"), str(began))
    finally:
        start(product, names=True)
    require(outcomes(product, person, place) == ["accepted"], str(outcomes(product, person, place)))


@case("gdm: a wrong code is said to be wrong in one line; Enter goes by the list, and the next code may be right")
def wrong(product, _report):
    person = made(product, "mistyped")
    with asked(product, person) as screen:
        asks(screen, CODE)
        screen.type(person.codes.wrong())
        screen.wait(f"(?s){HEADING}.*{WRONG % 2}")
        screen.keep("gdm-wrong-code")
        screen.key("Return")
        asks(screen, CODE)
        screen.keep("gdm-wrong-code-again")
        screen.type(person.codes.fresh())
        session.began(product.machine, person)


@case("gdm: after an answer of nothing a recovery code may be chosen from a list, and logs in")
def recovery(product, _report):
    person = made(product, "recovering")
    place = product.machine.cursor()
    with asked(product, person) as screen:
        asks(screen, CODE)
        screen.key("Return")
        screen.wait(HEADING)
        screen.keep("gdm-list-of-ways")
        for _ in range(3):  # the arrow that leads back, the code, the recovery code
            screen.key("Tab")
        screen.keep("gdm-recovery-code-chosen")
        screen.key("Return")
        asks(screen, RECOVERY)
        screen.keep("gdm-recovery-code")
        screen.type(person.recovery[0])
        session.began(product.machine, person)
    found = records(product, person, place)
    require([record["COUNTERSIGN_FACTOR"] for record in found] == ["recovery"], str(found))


@case("gdm: whoever types the code while the list is shown is in, and need not choose")
def code_of_list(product, _report):
    person = made(product, "choosing")
    place = product.machine.cursor()
    with asked(product, person) as screen:
        asks(screen, CODE)
        screen.key("Return")
        screen.wait(HEADING)
        screen.type(person.codes.fresh())
        session.began(product.machine, person)
    found = records(product, person, place)
    require([record["COUNTERSIGN_WRONG"] for record in found] == ["0"], str(found))


@case("gdm: a code used before is said to be used, and begins no session")
def reused(product, _report):
    person = made(product, "reuser")
    code = person.codes.fresh()
    require("success" in product.try_code(person, code), "the code was refused")
    with asked(product, person) as screen:
        asks(screen, CODE)
        screen.type(code)
        screen.wait(r"Code already used\. Wait for a new one\.")
        screen.keep("gdm-used-code")
        session.none(product.machine, person)


@case("gdm: the third wrong code leads back to the password, with one record")
def third_wrong(product, _report):
    person = made(product, "guesser")
    code = person.codes.wrong()
    place = product.machine.cursor()
    with asked(product, person) as screen:
        asks(screen, CODE)
        screen.type(code)
        screen.wait(HEADING)
        screen.key("Return")
        asks(screen, CODE)
        screen.type(code)
        screen.wait(WRONG % 1)
        asks(screen, CODE)
        screen.keep("gdm-second-wrong-code")
        screen.type(code)
        refused(product, screen, person)
        screen.keep("gdm-third-wrong-code")
    # The last one may have come before the wait was over, too.
    require(outcomes(product, person, place) in (["rejected"], ["throttled"]), str(outcomes(product, person, place)))


@case("gdm: with the daemon stopped it is said that nobody can tell, and the password is asked for again")
def stopped(product, _report):
    person = made(product, "unlucky")
    with product.without_daemon(), asked(product, person) as screen:
        asks(screen, r"Code check unavailable\. Ask your admin\.", where=MESSAGE)
        screen.keep("gdm-daemon-stopped")
        refused(product, screen, person)
        screen.keep("gdm-daemon-stopped-again")


@case("gdm: whoever is not enrolled is asked the same, and begins no session")
def unenrolled(product, _report):
    person = made(product, "stranger", enrolled=False)
    other = made(product, "known")
    with asked(product, person) as screen:
        asks(screen, CODE)
        screen.type(other.codes.fresh())
        screen.wait(WRONG % 2)
        screen.keep("gdm-not-enrolled")
        session.none(product.machine, person)


@case("gdm: after a burst of guesses two codes in a row are asked for, and log in")
def two_in_a_row(product, _report):
    person = made(product, "guessed")
    with greeter(product) as screen:
        screen.wait(NAME)
        screen.type(person.name)
        asks(screen, PASSWORD)
        # One code is enough again once the wait that they cost is over.
        product.guess_codes_of(person, items=("rhost=127.0.0.1",))
        screen.type(person.password)
        asks(screen, "his code")
        screen.keep("gdm-first-code")
        first, following = person.codes.pair()
        screen.type(first)
        asks(screen, "nd the next one")
        screen.keep("gdm-next-code")
        screen.type(following)
        session.began(product.machine, person)
