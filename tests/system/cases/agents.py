"""polkit's agents of desktops, on a screen: a password, then a code; or both in one field."""

import contextlib
import itertools

from harness.machine import GUEST
from harness.product import LINE
from harness.report import case, require
from harness.screen import Screen

ROOT = "desktop"

# Those that ask for one thing after the other, and that which greys its field out at the second question.
DIALOGS = {
    "polkit-mate": "/usr/libexec/polkit-mate-authentication-agent-1",
    "polkit-gnome": "/usr/lib/policykit-1-gnome/polkit-gnome-authentication-agent-1",
}
ONE_FIELD = "/usr/bin/lxpolkit"
WHERE = "640x260+80+185"

PASSWORD, CODE, BOTH = "Password", "One-time code", "Password and code"
WRONG = r"Wrong one-time code\. Try again \(2 left\)"
USED = r"Code already used\. Wait for a new one"
UNAVAILABLE = r"Code check unavailable\. Ask your admin"

SESSION = """\
auth required pam_permit.so
account required pam_permit.so
session required pam_systemd.so class=user type=x11
"""
ADMINS = """\
polkit.addAdminRule(function(action, subject) { return ["unix-user:" + subject.user]; });
"""
APPENDED = """
[[rule]]
name = "lxpolkit has one field"
services = ["polkit-1"]
entry = "appended"
"""

displays = itertools.count(30)


def prepare(product, _report):
    """polkit asks everybody for who they are themselves, and for a code."""
    product.install()
    product.machine.write("/etc/pam.d/tests-session", SESSION)
    product.machine.write("/etc/polkit-1/rules.d/10-tests.rules", ADMINS)
    set_up(product, in_one_field=False)


def set_up(product, in_one_field):
    """Our line is behind the password's, or in front of it where a rule says that both are typed in one field."""
    script = f's/^@include common-auth/{LINE}\\n&/' if in_one_field else f"/^@include common-auth/a {LINE}"
    product.machine.sh('sed "$1" /usr/lib/pam.d/polkit-1 >/etc/pam.d/polkit-1; grep -q countersign /etc/pam.d/polkit-1', script)
    product.policy(APPENDED if in_one_field else "")


@contextlib.contextmanager
def session(product, person, agent):
    """A login session with a screen and an agent, in which a program asks to act as root; it ends with the body."""
    machine, number = product.machine, next(displays)
    screen = Screen.xvfb(machine, f":{number}", size="800x600", dialog=WHERE)
    unit = f"agent-{number}"
    machine.run(
        "systemd-run", "--quiet", "--collect", f"--unit={unit}", "-p", f"User={person.name}", "-p", "PAMName=tests-session",
        "-E", f"HOME=/home/{person.name}", "-E", "XDG_SESSION_TYPE=x11", "-E", f"DISPLAY=:{number}",
        "dbus-run-session", "--", f"{GUEST}/agent", agent)
    try:
        yield screen
    finally:
        machine.run("systemctl", "stop", unit, f"screen-{number}", check=False)


def ended(product, person):
    """What the program came to, once it did: its exit status and what it said."""
    path = f"/home/{person.name}/said"
    product.machine.until(f"[ -e {path} ]", "an end of what asked to act as root", limit=30)
    said = product.machine.read(path)
    return int(said.rpartition("ended with ")[2]), said


def require_root(product, person):
    """It ran, as root."""
    status, said = ended(product, person)
    require(status == 0 and "uid=0(root)" in said, said)


def require_none(product, person):
    """It has not run."""
    said = product.machine.sh('cat "/home/$1/.said" "/home/$1/said" 2>/dev/null || true', person.name)
    require("uid=0" not in said, said)


def give_up(product, person, screen):
    """Who closes the dialog is refused, and nothing of the helper is left."""
    screen.key("Escape")
    status, said = ended(product, person)
    require(status in (126, 127) and "uid=0" not in said, said)
    product.machine.until("! pgrep -x polkit-agent-he >/dev/null", "an end of polkit's helper")


def each(sentence):
    """A case for each agent that asks for one thing after the other."""

    def register(function):
        for name, program in DIALOGS.items():
            def run(product, _report, name=name, program=program):
                function(product, name, program)

            run.__module__ = __name__
            case(f"{name}: {sentence}")(run)
        return function

    return register


@each("password and then code run the program as root")
def right(product, name, program):
    person = product.people.make(f"{name[7:]}-right")
    place = product.machine.cursor()
    with session(product, person, program) as screen:
        screen.wait(PASSWORD)
        screen.type(person.password)
        screen.wait(CODE)
        screen.keep(f"{name}-code")
        screen.type(person.codes.fresh())
        require_root(product, person)
    records = product.machine.records(place)
    require([record["COUNTERSIGN_OUTCOME"] for record in records] == ["accepted"], str(records))


@each("a wrong code is said to be wrong, and whoever gives up is refused")
def wrong(product, name, program):
    person = product.people.make(f"{name[7:]}-wrong")
    with session(product, person, program) as screen:
        screen.wait(PASSWORD)
        screen.type(person.password)
        screen.wait(CODE)
        screen.type(person.codes.wrong())
        screen.wait(WRONG)
        screen.keep(f"{name}-wrong-code")
        give_up(product, person, screen)


@each("a code used before is said to be used")
def reused(product, name, program):
    person = product.people.make(f"{name[7:]}-again")
    code = person.codes.fresh()
    require("success" in product.try_code(person, code), "the code was refused")
    with session(product, person, program) as screen:
        screen.wait(PASSWORD)
        screen.type(person.password)
        screen.wait(CODE)
        screen.type(code)
        screen.wait(USED)
        screen.keep(f"{name}-used-code")
        give_up(product, person, screen)


@each("with the daemon stopped nothing runs as root, and no code is asked for")
def stopped(product, name, program):
    person = product.people.make(f"{name[7:]}-alone")
    with product.without_daemon(), session(product, person, program) as screen:
        screen.wait(PASSWORD)
        screen.type(person.password)
        said = screen.wait(f"{UNAVAILABLE}|try again|Authentication Failure|{CODE}")
        require(CODE not in said, said)
        screen.keep(f"{name}-daemon-stopped")
        require_none(product, person)


@contextlib.contextmanager
def one_field(product, person):
    """lxpolkit, where password and code are typed in one field."""
    set_up(product, in_one_field=True)
    try:
        with session(product, person, ONE_FIELD) as screen:
            screen.wait(BOTH)
            yield screen
    finally:
        set_up(product, in_one_field=False)


@case("lxpolkit: password and code in one field run the program as root")
def right_in_one(product, _report):
    person = product.people.make("lx-right")
    place = product.machine.cursor()
    with one_field(product, person) as screen:
        screen.keep("lxpolkit-both")
        screen.type(f"{person.password} {person.codes.fresh()}")
        require_root(product, person)
    records = product.machine.records(place)
    require([record["COUNTERSIGN_OUTCOME"] for record in records] == ["accepted"], str(records))


@case("lxpolkit: a wrong password, or a wrong code, is refused, and may be typed again")
def wrong_in_one(product, _report):
    person = product.people.make("lx-wrong")
    with one_field(product, person) as screen:
        for typed in (f"{person.password} {person.codes.wrong()}", f"not-{person.password} {person.codes.fresh()}"):
            screen.type(typed)
            screen.wait("(?i)fail")
            screen.keep("lxpolkit-wrong")
            require_none(product, person)
            screen.key("Return")
            screen.wait(BOTH)
        screen.type(f"{person.password} {person.codes.fresh()}")
        require_root(product, person)


@case("lxpolkit: a code used before is refused")
def reused_in_one(product, _report):
    person = product.people.make("lx-again")
    code = person.codes.fresh()
    require("success" in product.try_code(person, code), "the code was refused")
    with one_field(product, person) as screen:
        screen.type(f"{person.password}{code}")
        screen.wait("(?i)fail")
        require_none(product, person)


@case("lxpolkit: with the daemon stopped the password alone runs nothing")
def stopped_in_one(product, _report):
    person = product.people.make("lx-alone")
    set_up(product, in_one_field=True)
    try:
        with product.without_daemon(), session(product, person, ONE_FIELD) as screen:
            screen.wait("(?i)unavailable|fail")
            screen.keep("lxpolkit-daemon-stopped")
            require_none(product, person)
    finally:
        set_up(product, in_one_field=False)
