"""tuigreet, on a terminal: it draws, and shows the last thing that it was told below its box."""

import re
import threading
import time

from harness import greetd, session
from harness.machine import GUEST
from harness.report import case, require

ROOT = "desktop"
SUITE = "trixie"  # bookworm has none

REFUSED = "Authentication failed, please try again."
PROGRAM = f"/usr/bin/tuigreet --cmd {GUEST}/session"

guessing = []  # the thread that guesses codes, and whose


def prepare(product, _report):
    """Our line stands behind login's stack."""
    product.install()
    greetd.prepare(product)
    person = product.people.make("guessed")
    guessing[:] = threading.Thread(target=product.guess_codes_of, args=[person], kwargs={"items": ()}, daemon=True), person
    guessing[0].start()


def screen(transcript):
    """What a terminal shows after all that: lines of text."""
    cells, row, column = {}, 1, 1
    for place, control, character in re.findall(r"\x1b\[([0-9;]*)H|(\x1b\[[?0-9;]*[a-zA-Z])|(.)", transcript):
        if place:
            row, column = map(int, place.split(";"))
        elif control == "\x1b[2J":
            cells.clear()
        elif character:
            cells[row, column] = character
            column += 1
    lines = ("".join(cells.get((row, column), " ") for column in range(1, 101)).rstrip() for row in range(1, 31))
    return "\n".join(line for line in lines if line)


def shows(dialogue, words):
    """Wait until the terminal shows these words; all that it shows."""
    deadline = time.monotonic() + dialogue.limit
    while words not in screen(dialogue.transcript):
        require(time.monotonic() < deadline, f"not shown: {words}\n{screen(dialogue.transcript)}")
        dialogue.expect(r"\?25[hl]")  # another picture is drawn
    return screen(dialogue.transcript)


def introduce(dialogue, person):
    """Type the name and the password."""
    dialogue.enter = "\r"
    shows(dialogue, "Username:")
    dialogue.type(person.name)
    shows(dialogue, "Password:")
    dialogue.type(person.password)


@case("tuigreet: password and right code begin a session")
def right(product, report):
    person = product.people.make("right")
    with greetd.on_terminal(product, PROGRAM) as dialogue:
        introduce(dialogue, person)
        report.save("tuigreet.txt", shows(dialogue, "One-time code:"))
        dialogue.type(person.codes.fresh())
        session.began(product.machine, person)
        session.end(product.machine, person)


@case("tuigreet: a used and a wrong code are said to be so, and the third answer is the last")
def wrong(product, report):
    person = product.people.make("wrong")
    code = person.codes.fresh()
    require("success" in product.try_code(person, code), "not accepted")
    with greetd.on_terminal(product, PROGRAM) as dialogue:
        introduce(dialogue, person)
        shows(dialogue, "One-time code:")
        dialogue.type(code)
        report.save("tuigreet-used.txt", shows(dialogue, "Code already used. Wait for a new one."))
        dialogue.type("no code")
        report.save("tuigreet-wrong.txt", shows(dialogue, "Wrong one-time code. Try again (1 left)."))
        dialogue.type("nor this")
        report.save("tuigreet-third-wrong.txt", shows(dialogue, REFUSED))
        session.none(product.machine, person)


@case("tuigreet: with the daemon stopped it says so, and then asks for the password again")
def stopped(product, report):
    person = product.people.make("stopped")
    with greetd.on_terminal(product, PROGRAM) as dialogue:
        with product.without_daemon():
            introduce(dialogue, person)
            report.save("tuigreet-stopped.txt", shows(dialogue, "Code check unavailable. Ask your admin."))
            shows(dialogue, REFUSED)
        session.none(product.machine, person)
        shows(dialogue, "Password:")
        dialogue.type(person.password)
        shows(dialogue, "One-time code:")
        dialogue.type(person.codes.fresh())
        session.began(product.machine, person)
        session.end(product.machine, person)


@case("tuigreet: after many wrong codes two in a row are asked for, and begin the session")
def two_in_a_row(product, report):
    thread, person = guessing
    thread.join()
    product.guess_codes_of(person, times=1, items=())
    with greetd.on_terminal(product, PROGRAM) as dialogue:
        introduce(dialogue, person)
        said = shows(dialogue, "Too many wrong codes. Type two in a row.")
        require("This code:" in said, said)
        report.save("tuigreet-two-in-a-row.txt", said)
        first, following = person.codes.pair()
        dialogue.type(first)
        shows(dialogue, "And the next one:")
        dialogue.type(following)
        session.began(product.machine, person)
        session.end(product.machine, person)
