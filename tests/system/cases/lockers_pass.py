"""Screen lockers in a login session that was opened with a code: the password alone is enough there."""

import time

from harness import lightdm, session
from harness.lightdm import Greeter
from harness.locker import I3Lock, XScreenSaver, XSecureLock, in_new_session, in_service_manager
from harness.report import case, require

from cases.lockers import CODE, each, require_outcome, somebody, without_daemon

ROOT = "desktop"

LOCKERS = [I3Lock, XSecureLock, XScreenSaver]
PROMPT = r"\$ $"
SHORT = 60  # seconds, the shortest that a login is remembered

RULES = """
[[rule]]
name = "lockers, of those who are not remembered for long"
services = ["i3lock"]
groups = ["short"]
remember = { for = "1m", per = "login-session" }

[[rule]]
name = "lockers in a session that began with a code"
services = ["i3lock", "xsecurelock", "xscreensaver"]
remember = { for = "12h", per = "login-session" }

[[rule]]
name = "whoever may log in without a code"
services = ["login"]
groups = ["uncoded"]
require = "none"
"""

brief = {}  # who is remembered for a minute, their session, and when it began


def prepare(product, _report):
    """login asks for a code after the password; so do the lockers."""
    product.install()
    product.ask_after_password("login")
    lightdm.prepare(product)
    product.machine.sh("groupadd short; groupadd uncoded")
    product.policy(RULES)
    for kind in LOCKERS:
        kind.prepare(product.machine)
    person = somebody(product, I3Lock, "brief")
    product.machine.run("usermod", "-aG", "short", person.name)
    began = Session(product, person)
    brief.update(person=person, session=began, since=time.monotonic())
    spared(I3Lock(product, person, began))
    # It goes on until its case, the last one.
    product.machine.dialogues.remove(began.dialogue)


class Session:
    """A login session at a terminal of the machine, in which programs can be run."""

    def __init__(self, product, person, code=True):
        self.dialogue = dialogue = product.machine.console()
        dialogue.expect("login: ")
        dialogue.type(person.name)
        dialogue.answer("Password: ", person.password)
        if code:
            dialogue.answer(CODE, person.codes.fresh())
        dialogue.expect(PROMPT)

    def __call__(self, _machine, _person, environment, command):
        """Run a program in it."""
        self.dialogue.type(f"cd /; env {' '.join(environment)} {' '.join(command)} >/dev/null 2>&1 </dev/null &")
        self.dialogue.expect(PROMPT)


def spared(locker):
    """The password alone opens it."""
    locker.type(locker.person.password)
    locker.opens()
    locker.end()


def asked(product, locker):
    """The password alone does not open it."""
    place = product.machine.cursor()
    if isinstance(locker, I3Lock):
        locker.refuses(locker.person.password)
        require_outcome(product, locker, place, "abandoned")
    else:
        locker.type(locker.person.password)
        locker.asks(CODE)
        locker.stays()
    locker.end()


@each(LOCKERS, "in a session that began with a code the password alone opens the screen, until it is forgotten")
def pass_counts(product, kind, report):
    person = somebody(product, kind, "spared")
    began = Session(product, person)
    place = product.machine.cursor()
    locker = kind(product, person, began)
    locker.keep("spared")
    spared(locker)
    record = require_outcome(product, locker, place, "accepted")
    require((record["factor"], record["rule"]) == ("pass", "lockers in a session that began with a code"), str(record))
    report.save(f"status-{kind.service}.txt", product.machine.run("countersignctl", "status", person.name).stdout)
    product.machine.run("countersignctl", "forget", person.name)
    asked(product, kind(product, person, began))


@each(LOCKERS, "in another session of the same user's, that gave no code, it is asked for")
def elsewhere(product, kind, _report):
    person = somebody(product, kind, "elsewhere")
    Session(product, person)
    asked(product, kind(product, person, in_new_session))


@each(LOCKERS, "in a session whose login was asked for no code, it is asked for")
def uncoded(product, kind, _report):
    person = somebody(product, kind, "uncoded")
    product.machine.run("usermod", "-aG", "uncoded", person.name)
    asked(product, kind(product, person, Session(product, person, code=False)))


@each(LOCKERS, "started by the user's own service manager, it asks for the code")
def below_the_manager(product, kind, _report):
    person = somebody(product, kind, "managed")
    Session(product, person)
    asked(product, kind(product, person, in_service_manager))


@each(LOCKERS, "with no daemon a session that began with a code does not open its screen")
def no_daemon(product, kind, _report):
    person = somebody(product, kind, "stranded")
    locker = kind(product, person, Session(product, person))
    with without_daemon(product):
        if isinstance(locker, I3Lock):
            locker.refuses(person.password)
        else:
            locker.is_told(person.password, "Code check unavailable")
        locker.stays()
    locker.asks_first()
    spared(locker)


@case("i3lock: in a session that LightDM began with a code the password alone opens the screen")
def from_a_login_screen(product, _report):
    person = somebody(product, I3Lock, "greeted")
    product.machine.write(f"/home/{person.name}/begin", "#!/bin/sh\nexec i3lock -n -c 204080\n", "0755")
    greeter = Greeter(product, "lightdm-gtk-greeter")
    greeter.introduce(person)
    greeter.asks()
    greeter.screen.type(person.codes.fresh())
    session.began(product.machine, person)
    place = product.machine.cursor()
    locker = I3Lock(product, person, run=lambda *_: None, screen=greeter.screen)
    locker.keep("lightdm")
    spared(locker)
    require(require_outcome(product, locker, place, "accepted")["factor"] == "pass", "a code was given")
    session.end(product.machine, person)


@case("i3lock: where the password alone is wanted, password and code do not open the screen, and the code is not spent")
def too_much(product, _report):
    person = somebody(product, I3Lock, "generous")
    locker = I3Lock(product, person, Session(product, person))
    code = person.codes.fresh()
    locker.refuses(f"{person.password} {code}")
    locker.asks_first()
    spared(locker)
    require("success" in product.try_code(person, code, user=person.name), "the code was spent")


@case("i3lock: once a session's minute is over, the code is asked for again")
def over(product, _report):
    time.sleep(max(0.0, SHORT + 1 - (time.monotonic() - brief["since"])))
    asked(product, I3Lock(product, brief["person"], brief["session"]))
    brief["session"].dialogue.hang_up()
