"""greetd: what its IPC hands to a greeter, and agreety, its own, on a terminal."""

import threading

from harness import greetd, session
from harness.greetd import Ipc
from harness.machine import GUEST
from harness.report import case, require

ROOT = "desktop"

PASSWORD, CODE = "secret: Password: ", "secret: One-time code: "
FIRST, NEXT = "secret: This code: ", "secret: And the next one: "
WRONG = "error: Wrong one-time code. Try again (%d left)."
USED = "error: Code already used. Wait for a new one."
PAIR_NEWS = "error: Too many wrong codes. Type two in a row."
REFUSED = "error auth_error pam_authenticate: AUTH_ERR"
AGREETY = f"/usr/sbin/agreety --cmd {GUEST}/session"
PASS = """
[[rule]]
name = "for an hour in a session"
services = ["greetd"]
users = ["passing"]
remember = { for = "1h", per = "login-session" }
"""

guessing = []  # the thread that guesses codes, and whose


def prepare(product, _report):
    """Debian's greetd includes login's stack: our line stands behind that."""
    product.install()
    greetd.prepare(product)
    person = product.people.make("guessed")
    guessing[:] = threading.Thread(target=product.guess_codes_of, args=[person], kwargs={"items": ()}, daemon=True), person
    guessing[0].start()


def enter(product, ipc, person, *answers):
    """That login is a session, one of logind's; what was said."""
    said = ipc.login(person, *answers)
    require(said[-1] == "success", str(said))
    began = ipc.began(person)
    require((began["Service"], began["Seat"]) == ("greetd", "seat0"), str(began))
    return said


def refused(product, person, said):
    """No session, and each piece of news came right before a question, or before the end."""
    session.none(product.machine, person)
    require(said[-1].startswith("error auth_error"), str(said))
    for line, following in zip(said, said[1:]):
        require(not line.startswith("error: ") or following.startswith(("secret: ", "error auth")), str(said))


@case("greetd: its IPC is asked for a password, then a code, and told nothing; the session is one of logind's")
def right(product, _report):
    person = product.people.make("right")
    place = product.machine.cursor()
    said = enter(product, Ipc(product), person, person.password, person.codes.fresh())
    require(said == [PASSWORD, CODE, "success"], str(said))
    require(product.outcomes(person, place) == ["accepted"], "not accepted")
    session.end(product.machine, person)


@case("greetd: three answers, each said to be wrong, and no fourth question")
def wrong(product, _report):
    person = product.people.make("wrong")
    ipc, place = Ipc(product), product.machine.cursor()
    said = ipc.login(person, person.password, person.codes.wrong())
    require(said[2] == WRONG % 2, str(said))
    refused(product, person, said)
    # What is no code is no guess either, and costs no wait.
    person = product.people.make("wordy")
    said = ipc.login(person, person.password, "neither", "of these", "is a code", "nor this")
    require(said == [PASSWORD, CODE, WRONG % 2, CODE, WRONG % 1, CODE, REFUSED], str(said))
    refused(product, person, said)
    require([record["COUNTERSIGN_WRONG"] for record in product.records(person, place)] == ["0"], "judged")


@case("greetd: a wrong password is refused before a code is asked for")
def wrong_password(product, _report):
    person = product.people.make("word")
    said = Ipc(product).login(person, "not" + person.password, person.codes.fresh())
    require(said == [PASSWORD, REFUSED], str(said))
    refused(product, person, said)


@case("greetd: a code used before is said to be used, and the next one begins the session")
def reused(product, _report):
    person = product.people.make("reused")
    code = person.codes.fresh()
    require("success" in product.try_code(person, code), "not accepted")
    said = enter(product, Ipc(product), person, person.password, code, person.codes.fresh())
    require(said == [PASSWORD, CODE, USED, CODE, "success"], str(said))
    session.end(product.machine, person)


@case("greetd: with the daemon stopped it is refused at once, and the words say so")
def stopped(product, _report):
    person = product.people.make("stopped")
    ipc = Ipc(product)
    with product.without_daemon():
        said = ipc.login(person, person.password, person.codes.fresh())
    require(said[:2] == [PASSWORD, "error: Code check unavailable. Ask your admin."], str(said))
    refused(product, person, said)
    enter(product, ipc, person, person.password, person.codes.fresh())
    session.end(product.machine, person)


@case("greetd: whoever is not enrolled is asked, told and refused as everybody else")
def unenrolled(product, _report):
    said = []
    for enrolled in (True, False):
        person = product.people.make(f"enrolled-{enrolled}".lower(), enrolled=enrolled)
        said.append(Ipc(product).login(person, person.password, "271828", "neither", "nor"))
        refused(product, person, said[-1])
    require(said[0] == said[1] and WRONG % 2 in said[0], f"they differ: {said}")


@case("greetd: after many wrong codes two in a row are asked for, and begin the session")
def two_in_a_row(product, _report):
    thread, person = guessing
    thread.join()
    product.guess_codes_of(person, times=1)
    said = enter(product, Ipc(product), person, person.password, *person.codes.pair())
    require(said == [PASSWORD, PAIR_NEWS, FIRST, NEXT, "success"], str(said))
    session.end(product.machine, person)


@case("greetd: where a rule remembers per login session, the session that it begins has the pass")
def remembered(product, report):
    person = product.people.make("passing")
    product.policy(PASS)
    enter(product, Ipc(product), person, person.password, person.codes.fresh())
    status = product.machine.run("countersignctl", "status", person.name).stdout
    require("session of process" in status, status)
    report.save("greetd-status-with-pass.txt", status)
    session.end(product.machine, person)


@case("agreety: password and right code begin a session")
def agreety_right(product, report):
    person = product.people.make("agreed")
    with greetd.on_terminal(product, AGREETY) as dialogue:
        dialogue.expect("login: ")
        dialogue.type(person.name)
        dialogue.answer("Password: ", person.password)
        dialogue.answer("One-time code: ", person.codes.fresh())
        session.began(product.machine, person)
        report.save("agreety.txt", dialogue.transcript)
        session.end(product.machine, person)


@case("agreety: a wrong and a used code are said to be so, and the third answer is the last")
def agreety_wrong(product, report):
    person = product.people.make("agreed-not")
    code = person.codes.fresh()
    require("success" in product.try_code(person, code), "not accepted")
    with greetd.on_terminal(product, AGREETY) as dialogue:
        dialogue.expect("login: ")
        dialogue.type(person.name)
        dialogue.answer("Password: ", person.password)
        dialogue.answer("One-time code: ", code)
        dialogue.expect("Code already used. Wait for a new one.")
        dialogue.answer("One-time code: ", "no code")
        dialogue.expect(r"Wrong one-time code. Try again \(1 left\).")
        dialogue.answer("One-time code: ", "nor this")
        dialogue.expect("login: ")
        session.none(product.machine, person)
        report.save("agreety-wrong.txt", dialogue.transcript)


@case("agreety: with the daemon stopped it says so and asks for the name again")
def agreety_stopped(product, report):
    person = product.people.make("agreed-stopped")
    with greetd.on_terminal(product, AGREETY) as dialogue:
        with product.without_daemon():
            dialogue.expect("login: ")
            dialogue.type(person.name)
            dialogue.answer("Password: ", person.password)
            dialogue.expect("Code check unavailable. Ask your admin.")
            dialogue.expect("login: ")
        session.none(product.machine, person)
        report.save("agreety-stopped.txt", dialogue.transcript)
