"""LightDM and its greeters, on a screen: a name, a password, a code."""

import threading

from harness import lightdm, session
from harness.lightdm import Greeter
from harness.report import case, require

ROOT = "desktop"

GREETERS = ["lightdm-gtk-greeter", "slick-greeter"]
CODE = "One-time code"
# In slick-greeter the last words fade out.
WRONG = r"Wrong one-time code. Try again \(2"
UNAVAILABLE = "Code check unavailable"
# What comes of a refusal: each has its own words, but slick-greeter leaves ours where we said any.
REFUSED = "Your password is incorrect|(?s:Login.*(Invalid password|unavailable))"
PAIR_NEWS = "Too many wrong codes. Type two"
PASS = """
[[rule]]
name = "for an hour in a session"
services = ["lightdm"]
users = ["%s"]
remember = { for = "1h", per = "login-session" }
"""

guessing = {}  # by greeter: the thread that guesses codes of the case's person


def prepare(product, _report):
    """LightDM asks for a code after the password."""
    product.install()
    lightdm.prepare(product)
    for greeter in GREETERS:
        person = product.people.make(f"guessed-{greeter[:5]}")
        thread = threading.Thread(target=product.guess_codes_of, args=[person], daemon=True)
        thread.start()
        guessing[greeter] = person, thread


def each(sentence):
    """A case for each greeter."""

    def register(function):
        for greeter in GREETERS:
            def run(product, report, greeter=greeter):
                function(product, greeter, greeter.removesuffix("-greeter"), report)

            run.__module__ = __name__
            case(f"{greeter}: {sentence}")(run)
        return function

    return register


def refused(product, greeter, person):
    """The greeter asks for the password again, and nobody is in."""
    said = greeter.screen.wait(REFUSED)
    session.none(product.machine, person)
    return said


@each("password and right code begin a session, one of logind's")
def right(product, name, short, _report):
    person = product.people.make(f"{short}-right")
    place = product.machine.cursor()
    greeter = Greeter(product, name)
    greeter.screen.keep(f"{short}-name")
    greeter.introduce(person)
    greeter.screen.wait(CODE)
    greeter.screen.keep(f"{short}-code")
    greeter.screen.type(person.codes.fresh())
    began = session.began(product.machine, person)
    require((began["Service"], began["Seat"], began["Type"]) == ("lightdm", "seat0", "x11"), str(began))
    require(product.outcomes(person, place) == ["accepted"], "not accepted")
    session.end(product.machine, person)


@each("a wrong code is said to be wrong, and the third is refused")
def wrong(product, name, short, _report):
    person = product.people.make(f"{short}-wrong")
    place = product.machine.cursor()
    greeter = Greeter(product, name)
    greeter.introduce(person)
    greeter.screen.wait(CODE)
    greeter.screen.type(person.codes.wrong())
    greeter.screen.wait(WRONG)
    greeter.screen.keep(f"{short}-wrong-code")
    greeter.screen.type(person.codes.wrong())
    # Where it came too soon it was not looked at, and ends the login.
    said = greeter.screen.wait(rf"\(1|{PAIR_NEWS}|{REFUSED}")
    if "(1" in said:
        greeter.screen.type(person.codes.wrong())
    refused(product, greeter, person)
    greeter.screen.keep(f"{short}-third-wrong-code")
    # The last one may have come before the wait was over, too.
    outcomes = product.outcomes(person, place)
    require(outcomes in (["rejected"], ["throttled"]), str(outcomes))


@each("a wrong password is refused before a code is asked for")
def wrong_password(product, name, short, _report):
    person = product.people.make(f"{short}-word")
    place = product.machine.cursor()
    greeter = Greeter(product, name)
    greeter.introduce(person, password=person.recovery[0])
    refused(product, greeter, person)
    require(product.outcomes(person, place) == [], "a code was asked for")


@each("a code used before is said to be used, and the next one begins the session")
def reused(product, name, short, _report):
    person = product.people.make(f"{short}-reused")
    code = person.codes.fresh()
    require("success" in product.try_code(person, code), "not accepted")
    greeter = Greeter(product, name)
    greeter.introduce(person)
    greeter.screen.wait(CODE)
    greeter.screen.type(code)
    greeter.screen.wait("Code already used. Wait for a")
    greeter.screen.keep(f"{short}-used-code")
    session.none(product.machine, person)
    greeter.screen.type(person.codes.fresh())
    session.began(product.machine, person)
    session.end(product.machine, person)


@each("with the daemon stopped it is refused at once, and the words say so")
def stopped(product, name, short, _report):
    person = product.people.make(f"{short}-stopped")
    greeter = Greeter(product, name)
    with product.without_daemon():
        greeter.introduce(person)
        said = greeter.screen.wait(UNAVAILABLE, limit=8)
        greeter.screen.keep(f"{short}-stopped")
        require(CODE not in said, said)
        refused(product, greeter, person)
    greeter = Greeter(product, name)
    greeter.introduce(person)
    greeter.screen.wait(CODE)
    greeter.screen.type(person.codes.fresh())
    session.began(product.machine, person)
    session.end(product.machine, person)


@each("whoever is not enrolled is asked, told and refused as everybody else")
def unenrolled(product, name, short, _report):
    person, other = product.people.make(f"{short}-none", enrolled=False), product.people.all[0]
    greeter = Greeter(product, name)
    greeter.introduce(person)
    greeter.screen.wait(CODE)
    greeter.screen.type(other.codes.wrong())
    greeter.screen.wait(WRONG)
    greeter.screen.keep(f"{short}-unenrolled")
    session.none(product.machine, person)


@each("after many wrong codes two in a row are asked for, and begin the session")
def two_in_a_row(product, name, short, _report):
    person, thread = guessing[name]
    thread.join()
    product.guess_codes_of(person, times=1)
    place = product.machine.cursor()
    greeter = Greeter(product, name)
    greeter.introduce(person)
    greeter.screen.wait(PAIR_NEWS)
    greeter.screen.keep(f"{short}-two-in-a-row")
    first, following = person.codes.pair()
    greeter.screen.type(first)
    greeter.screen.wait("And the next one")
    greeter.screen.keep(f"{short}-and-the-next")
    greeter.screen.type(following)
    session.began(product.machine, person)
    require(product.outcomes(person, place) == ["accepted"], "not accepted")
    session.end(product.machine, person)


@each("a secret that is typed where it can be read is found in the picture")
def the_check_checks(product, name, _short, _report):
    for word in ("sT5-kQx7uWvR", "493705"):
        greeter = Greeter(product, name)
        greeter.screen.type(word)
        greeter.asks()
        greeter.screen.read()
        require(greeter.screen.shows([word, "xK3_other"]) == [word], f"{word} was not found")


@each("where a rule remembers per login session, the session that it begins has the pass")
def remembered(product, name, short, report):
    person = product.people.make(f"{short}-passing")
    product.policy(PASS % person.name)
    greeter = Greeter(product, name)
    greeter.introduce(person)
    greeter.screen.wait(CODE)
    greeter.screen.type(person.codes.fresh())
    session.began(product.machine, person)
    status = product.machine.run("countersignctl", "status", person.name).stdout
    require("session of process" in status, status)
    report.save(f"{short}-status-with-pass.txt", status)
    session.end(product.machine, person)
