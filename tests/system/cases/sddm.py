"""SDDM, on a screen: password and code in its one field, and no word about either."""

import threading

from harness import session
from harness.machine import GUEST
from harness.report import case, require
from harness.screen import Screen

ROOT = "desktop"

CONFIG = f"""\
[General]
DisplayServer=x11
Numlock=none
InputMethod=
[X11]
ServerPath={GUEST}/xvfb
ServerArguments=-nolisten tcp
[Wayland]
SessionDir=/nonexistent
"""
UNIT = """\
[Unit]
StartLimitIntervalSec=0
[Service]
Environment=QT_QUICK_BACKEND=software LIBGL_ALWAYS_SOFTWARE=1
TimeoutStopSec=5
"""
READY = "Select your user"
REFUSED = "Login failed"
PASS = """
[[rule]]
name = "for an hour in a session"
services = ["sddm"]
users = ["passing"]
remember = { for = "1h", per = "login-session" }
"""

guessing = []  # the thread that guesses codes, and whose


def prepare(product, _report):
    """Our line stands before the password's, and nothing says how a code is typed: sddm is known."""
    machine = product.machine
    product.install()
    product.ask_with_password("sddm")
    session.offer(machine)
    machine.write("/etc/sddm.conf", CONFIG)
    machine.write("/etc/systemd/system/sddm.service.d/tests.conf", UNIT)
    machine.run("systemctl", "daemon-reload")
    person = product.people.make("guessed")
    guessing[:] = threading.Thread(target=product.guess_codes_of, args=[person], daemon=True), person
    guessing[0].start()


def greeter(product, person):
    """A new greeter, with that person chosen; its screen."""
    machine = product.machine
    machine.run("systemctl", "stop", "sddm")
    machine.sh("rm -rf /run/sddm")
    machine.write("/var/lib/sddm/state.conf", f"[Last]\nUser={person.name}\nSession=/usr/share/xsessions/proof.desktop\n")
    machine.run("systemctl", "start", "sddm")
    machine.until("[ -n \"$(ls /run/sddm 2>/dev/null)\" ]", "an X server of SDDM's")
    authority = f"/run/sddm/{machine.sh('ls /run/sddm').strip()}"
    screen = Screen.x(machine, ":0", authority=authority, dialog="430x50+500+540")
    screen.wait(READY)
    return screen


def refused(product, screen, person, name):
    """The greeter says so, and soon, and waits for another try."""
    screen.wait(REFUSED, limit=12)
    screen.keep(f"sddm-{name}")
    session.none(product.machine, person)


def enter(product, screen, person, typed):
    """What is typed begins a session, one of logind's."""
    screen.type(typed)
    began = session.began(product.machine, person)
    require((began["Service"], began["Seat"], began["Type"]) == ("sddm", "seat0", "x11"), str(began))
    return began


@case("sddm: password and code without anything between them begin a session")
def right(product, _report):
    person = product.people.make("right")
    place = product.machine.cursor()
    screen = greeter(product, person)
    screen.keep("sddm-name")
    enter(product, screen, person, person.password + person.codes.fresh())
    require(product.outcomes(person, place) == ["accepted"], "not accepted")
    session.end(product.machine, person)


@case("sddm: so do they with a blank between them, and the code in two groups")
def apart(product, _report):
    person = product.people.make("apart")
    screen = greeter(product, person)
    code = person.codes.fresh()
    enter(product, screen, person, f"{person.password} {code[:3]} {code[3:]}")
    session.end(product.machine, person)


@case("sddm: a wrong code is refused, and the same greeter takes the right one")
def wrong(product, _report):
    person = product.people.make("wrong")
    place = product.machine.cursor()
    screen = greeter(product, person)
    screen.type(person.password + person.codes.wrong())
    refused(product, screen, person, "wrong-code")
    require(product.outcomes(person, place) == ["rejected"], "not rejected")
    product.machine.run("countersignctl", "unlock", person.name)
    enter(product, screen, person, person.password + person.codes.fresh())
    session.end(product.machine, person)


@case("sddm: a code used before is refused")
def reused(product, _report):
    person = product.people.make("reused")
    code = person.codes.fresh()
    require("success" in product.try_code(person, code), "not accepted")
    place = product.machine.cursor()
    screen = greeter(product, person)
    screen.type(person.password + code)
    refused(product, screen, person, "used-code")
    require(product.outcomes(person, place) == ["rejected"], "not rejected")


@case("sddm: the password alone is refused and no guess at a code, and what is right then begins the session")
def alone(product, _report):
    person = product.people.make("alone")
    place = product.machine.cursor()
    screen = greeter(product, person)
    screen.type(person.password)
    refused(product, screen, person, "password-alone")
    require([record["COUNTERSIGN_WRONG"] for record in product.records(person, place)] == ["0"], "judged")
    enter(product, screen, person, person.password + person.codes.fresh())
    session.end(product.machine, person)


@case("sddm: a wrong password with the right code is refused")
def wrong_password(product, _report):
    person = product.people.make("word")
    place = product.machine.cursor()
    screen = greeter(product, person)
    screen.type("not" + person.password + person.codes.fresh())
    refused(product, screen, person, "wrong-password")
    require(product.outcomes(person, place) == ["accepted"], "the code was not judged")


@case("sddm: with the daemon stopped it is refused, and with it back the same greeter lets in")
def stopped(product, _report):
    person = product.people.make("stopped")
    screen = greeter(product, person)
    with product.without_daemon():
        screen.type(person.password + person.codes.fresh())
        refused(product, screen, person, "stopped")
    enter(product, screen, person, person.password + person.codes.fresh())
    session.end(product.machine, person)


@case("sddm: whoever is not enrolled is refused as with a wrong code")
def unenrolled(product, _report):
    person, other = product.people.make("none", enrolled=False), product.people.all[0]
    place = product.machine.cursor()
    screen = greeter(product, person)
    screen.type(person.password + other.codes.wrong())
    refused(product, screen, person, "unenrolled")
    require(product.outcomes(person, place) == ["rejected"], "not rejected")


@case("sddm: after many wrong codes one is refused, and two in a row begin the session")
def two_in_a_row(product, _report):
    thread, person = guessing
    thread.join()
    product.guess_codes_of(person, times=1)
    screen = greeter(product, person)
    screen.type(person.password + person.codes.fresh())
    refused(product, screen, person, "one-of-two")
    first, following = person.codes.pair()
    enter(product, screen, person, f"{person.password} {first} {following}")
    session.end(product.machine, person)


@case("sddm: a recovery code behind a blank begins the session")
def recovery(product, _report):
    person = product.people.make("rescued")
    screen = greeter(product, person)
    enter(product, screen, person, f"{person.password} {person.recovery[0]}")
    session.end(product.machine, person)


@case("sddm: where a rule remembers per login session, the session that it begins has the pass")
def remembered(product, report):
    person = product.people.make("passing")
    product.policy(PASS)
    screen = greeter(product, person)
    enter(product, screen, person, person.password + person.codes.fresh())
    status = product.machine.run("countersignctl", "status", person.name).stdout
    report.save("sddm-status-with-pass.txt", status)
    require("session of process" in status, status)
    session.end(product.machine, person)
