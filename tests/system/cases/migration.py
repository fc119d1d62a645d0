"""People who come from pam_google_authenticator and pam_oath: what was good stays good, once."""

import json
import re

from harness.codes import Token
from harness.peers import Google, Oath, early_in_a_step
from harness.report import case, require
from harness.terminal import Unexpected

FILE = Oath.FILE


def prepare(product, _report):
    """Our module, and both of the old ones, each with a PAM service of its own."""
    product.install()
    product.google, product.oath = Google(product.machine), Oath(product.machine)


def people(product, *names):
    """Accounts that Countersign knows nothing of; always a list."""
    made = product.people.make(*names, enrolled=False)
    return made if isinstance(made, list) else [made]


def bring(product, *arguments, status=0):
    """`countersignctl import`; what it said."""
    done = product.machine.run("countersignctl", "import", *arguments, check=False)
    said = done.stdout + done.stderr
    require(done.returncode == status, f"import {' '.join(arguments)} ended with {done.returncode}:\n{said}")
    return said


def require_accepted(product, person, code):
    """Our module lets that person in."""
    said = product.try_code(person, code)
    require("successfully authenticated" in said, f"{person.name}: {code} was refused:\n{said}")


def require_refused(product, person, code, because=""):
    """Our module does not; the guess it may count as is forgotten, as the next code is another question."""
    said = product.try_code(person, code)
    require("successfully authenticated" not in said, f"{person.name}: {code} was accepted:\n{said}")
    require(because in said, f"{person.name}: refused, but not with {because!r}:\n{said}")
    product.machine.run("countersignctl", "unlock", person.name, check=False)  # of nobody, there is none


def names_line(said, number):
    """Whether a line of users.oath is named by its number."""
    return re.search(rf"(^|[^\w.])(line )?{number}\b", said, re.MULTILINE)


def require_moved(product, old, person, used, fresh, because=""):
    """The old module's verdicts on `used` and `fresh` are ours: refused, and accepted once.

    Where they are codes of a step and of the next one, the case may take until the end of the next:
    both modules take codes of a step more or less.
    """
    require(not old.would_accept(person, used), f"{person.name}: the old module takes a code twice")
    require(old.would_accept(person, fresh), f"{person.name}: the old module refuses the fresh code")
    require_refused(product, person, used, because)
    require_accepted(product, person, fresh)
    require_refused(product, person, fresh, because)


USED = "Code already used. Wait for a new one."


@case("google-authenticator, time-based: a code used before is refused after, a fresh one accepted")
def google_totp(product, _report):
    old = product.google
    person, patient = people(product, "g-totp", "g-wide")
    old.set_up(person, "--time-based", "--disallow-reuse", "--rate-limit=3", "--rate-time=30", "--window-size=3")
    old.set_up(patient, "--time-based", "--disallow-reuse", "--no-rate-limit", "--window-size=17")
    for one in (person, patient):
        used, fresh = one.codes.at(0), one.codes.at(1)
        require(old.accepts(one, used), "the old module refuses a good code")
        bring(product, "google-authenticator", old.path(one), "--user", one.name)
        require_moved(product, old, one, used, fresh, USED)


@case("google-authenticator, counter-based: the counter goes on where it was")
def google_hotp(product, _report):
    old = product.google
    person, = people(product, "g-hotp")
    old.set_up(person, "--counter-based", "--rate-limit=3", "--rate-time=30", "--window-size=5")
    # Two that were never typed lie between them.
    for counter in (1, 4):
        require(old.accepts(person, person.codes.at(counter)), "the old module refuses a good code")
    require('" HOTP_COUNTER 5' in old.read(person), old.read(person))
    bring(product, "google-authenticator", old.path(person), "--user", person.name)
    for skipped in (1, 2, 3):
        require_refused(product, person, person.codes.at(skipped))
    require_moved(product, old, person, person.codes.at(4), person.codes.at(5))
    require_accepted(product, person, person.codes.at(6))


@case("google-authenticator: the scratch codes that are left open one login each, the used one none")
def google_scratch(product, _report):
    old = product.google
    person, = people(product, "g-scratch")
    old.set_up(person, "--time-based", "--disallow-reuse", "--no-rate-limit", "--minimal-window")
    used, fresh, *_ = person.recovery
    require(old.accepts(person, used), "the old module refuses a scratch code")
    bring(product, "google-authenticator", old.path(person), "--user", person.name)
    require_moved(product, old, person, used, fresh)
    require_accepted(product, person, person.recovery[2])
    early_in_a_step()  # its window is one step
    require_accepted(product, person, person.codes.at(0))


@case("google-authenticator: a phone whose clock is off is taken over as it is")
def google_skew(product, _report):
    old = product.google
    person, = people(product, "g-skew")
    old.set_up(person, "--time-based", "--disallow-reuse", "--no-rate-limit", "--window-size=3")
    old.change(person, '1a " TIME_SKEW 7')
    used, fresh = person.codes.at(7), person.codes.at(8)
    require(old.accepts(person, used), "the old module refuses a code of the slow phone")
    bring(product, "google-authenticator", old.path(person), "--user", person.name)
    require_refused(product, person, person.codes.at(0))
    require_moved(product, old, person, used, fresh, USED)


@case("google-authenticator: another step size is taken over")
def google_step(product, _report):
    old = product.google
    person, = people(product, "g-step")
    old.set_up(person, "--time-based", "--disallow-reuse", "--no-rate-limit", "--window-size=3", "--step-size=60")
    used, fresh = person.codes.at(0), person.codes.at(1)
    require(old.accepts(person, used), "the old module refuses a good code")
    bring(product, "google-authenticator", old.path(person), "--user", person.name)
    require_moved(product, old, person, used, fresh, USED)


@case("google-authenticator, set up by answering its questions: --all-homes brings it over")
def google_all_homes(product, report):
    old = product.google
    person, other, bare = people(product, "g-asked", "g-other", "g-bare")
    answer_its_questions(product, person, report)
    old.learn(person)
    old.set_up(other, "--counter-based", "--no-rate-limit", "--window-size=3")
    used, fresh = person.codes.at(0), person.codes.at(1)
    # Its confirmation does not use the code up; a login does.
    require(old.accepts(person, used), "the old module refuses a good code")
    require(old.accepts(other, other.codes.at(1)), "the old module refuses a good code")
    said = bring(product, "google-authenticator", "--all-homes", "--dry-run")
    report.save("import-dry-run.txt", said)
    require(person.name in said and other.name in said, f"the dry run names neither:\n{said}")
    require(not enrolled(product, person), "a dry run enrolled somebody")
    said = bring(product, "google-authenticator", "--all-homes")
    report.save("import-all-homes.txt", said)
    require_moved(product, old, person, used, fresh, USED)
    require_moved(product, old, other, other.codes.at(1), other.codes.at(2))
    require(not enrolled(product, bare), "somebody without a file was enrolled")


@case("imported twice: nothing is made anew, and no code is good again")
def twice(product, _report):
    old = product.google
    person, = people(product, "g-twice")
    old.set_up(person, "--time-based", "--disallow-reuse", "--no-rate-limit", "--window-size=3")
    arguments = ("google-authenticator", old.path(person), "--user", person.name)
    bring(product, *arguments)
    code, scratch = person.codes.at(1), person.recovery[0]
    require_accepted(product, person, code)
    require_accepted(product, person, scratch)
    before = status(product, person)
    bring(product, *arguments)
    require(status(product, person) == before, f"{before} became {status(product, person)}")
    require_refused(product, person, code, USED)
    require_refused(product, person, scratch)


@case("--all-homes follows no link out of a home, waits for no pipe, and reads no other's file")
def hostile_homes(product, _report):
    machine, old = product.machine, product.google
    victim, linker, piper, thief = people(product, "h-victim", "h-linker", "h-piper", "h-thief")
    old.set_up(victim, "--time-based", "--disallow-reuse", "--no-rate-limit", "--window-size=3")
    machine.sh(
        """
        ln -s /home/h-victim/.google_authenticator /home/h-linker/.google_authenticator
        mkfifo /home/h-piper/.google_authenticator
        ln /home/h-victim/.google_authenticator /home/h-thief/.google_authenticator
        chown -h h-linker: /home/h-linker/.google_authenticator
        chown h-piper: /home/h-piper/.google_authenticator
        """
    )
    said = bring(product, "google-authenticator", "--all-homes", status=1)
    for person in (linker, piper, thief):
        require(person.name in said, f"{person.name} is not named:\n{said}")
        require(not enrolled(product, person), f"{person.name} was enrolled")
        require_refused(product, person, victim.codes.at(0))
        machine.run("rm", old.path(person))
    require(enrolled(product, victim), "the owner of the file was not enrolled")


@case("users.oath, by hand from its documentation: counters, steps and several tokens go on where they were")
def oath(product, report):
    old = product.oath
    event, later, long, timed, minute, two = people(
        product, "o-event", "o-later", "o-long", "o-timed", "o-minute", "o-two"
    )
    event.codes = Token(b"12345678901234567890", period=None)
    later.codes = Token(b"abcdefghij1234567890", period=None)
    long.codes = Token(b"09876543210987654321", digits=8, period=None)
    timed.codes = Token(b"01234567890123456789")
    minute.codes = Token(b"98765432109876543210", period=60)
    two.codes, drawer = Token(b"aaaaaaaaaabbbbbbbbbb", period=None), Token(b"ccccccccccdddddddddd")
    old.set_up(
        "# The kinds that its manual names, by spaces and by tabs\n"
        f"HOTP\t{event.name}\t-\t{event.codes.secret}\n"
        f"HOTP/E/6 {later.name} - {later.codes.secret} 10\n"
        f"HOTP/E/8 {long.name} - {long.codes.secret}\n"
        f"HOTP/T30 {timed.name} - {timed.codes.secret}\n"
        f"HOTP/T60/6 {minute.name} - {minute.codes.secret}\n"
        f"HOTP/E {two.name} - {two.codes.secret}\n"
        f"HOTP/T30/6 {two.name} - {drawer.secret}\n"
    )
    used = {}
    for person, counter in ((event, 2), (later, 12), (long, 0), (timed, 0), (minute, 0), (two, 0)):
        used[person.name] = person.codes.at(counter)
        require(old.accepts(person, used[person.name]), f"{person.name}: the old module refuses a good code")
    used_too, fresh_too = drawer.at(0), drawer.at(1)
    require(old.accepts(two, used_too), "the old module refuses the second token's code")
    report.save("users.oath", product.machine.read(FILE))
    report.save("import-oath.txt", bring(product, "oath", FILE))
    for person, counter in ((timed, 1), (two, 1), (minute, 1), (event, 3), (later, 13), (long, 1)):
        because = USED if person.codes.period else ""
        require_moved(product, old, person, used[person.name], person.codes.at(counter), because)
        if person is two:
            require_moved(product, old, two, used_too, fresh_too, USED)
    require_refused(product, event, event.codes.at(1))
    for person in (event, later, long, two):
        require_accepted(product, person, person.codes.at(14 if person is later else 4 if person is event else 2))


@case("users.oath with bad lines: each is named with its number, the others come over, nobody by half")
def bad_lines(product, _report):
    old = product.oath
    good, bad = people(product, "b-good", "b-bad")
    good.codes = Token(b"gggggggggghhhhhhhhhh", period=None)
    old.set_up(
        f"HOTP/E/6 {bad.name} - 3132333\n"
        f"HOTP/E/6 {good.name} - {good.codes.secret}\n"
        "HOTP/E/6 nobody-of-that-name - 3132333435363738393031323334353637383930\n"
        f"HOTP/E/6 {bad.name} - not-hexadecimal 7\n"
    )
    said = bring(product, "oath", FILE, status=1)
    for number in ("1", "3", "4"):
        require(names_line(said, number), f"line {number} is not named:\n{said}")
    require_accepted(product, good, good.codes.at(0))
    require(not enrolled(product, bad), "somebody was enrolled by a bad line")


@case("su with our module: a person who came from google-authenticator logs in as ever")
def a_whole_login(product, report):
    old = product.google
    caller, person = people(product, "w-caller", "w-person")
    old.set_up(person, "--time-based", "--disallow-reuse", "--rate-limit=3", "--rate-time=30", "--window-size=3")
    bring(product, "google-authenticator", old.path(person), "--user", person.name)
    product.ask_after_password("su")
    dialogue = product.machine.dialogue("runuser", "-u", caller.name, "--", "su", "-c", "id", person.name)
    dialogue.answer(r"(?i)password[^\n]*: ", person.password)
    dialogue.answer("One-time code: ", person.codes.at(0))
    ended, _ = dialogue.ends()
    require(ended == 0 and f"uid={person.uid}" in dialogue.transcript, dialogue.transcript)
    report.save("su-after-import.txt", dialogue.transcript)


def answer_its_questions(product, person, report):
    """Run google-authenticator on a terminal, as a person does."""
    dialogue = product.machine.dialogue("runuser", "-u", person.name, "--", "google-authenticator", "-Q", "NONE")
    dialogue.expect(r"time-based \(y/n\) ")
    dialogue.type("y")
    secret = dialogue.expect(r"secret key is: [A-Z2-7]+").rsplit(" ", 1)[1]
    dialogue.expect("Enter code from app")
    dialogue.type(Token.of_base32(secret).at(0))
    for answer in ("y", "y", "n", "y"):  # the file; no reuse; no wide window; a rate limit
        dialogue.expect(r"\(y/n\) ")
        dialogue.type(answer)
    ended, _ = dialogue.ends()
    if ended != 0:
        raise Unexpected(dialogue.transcript)
    # The transcript holds the secret; it is this machine's, and gone with it.
    report.save("google-authenticator.txt", dialogue.transcript.replace(secret, "SECRET"))


def status(product, person):
    """What `countersignctl status` knows of a person, without when a credential was last used."""
    return json.loads(product.machine.run("countersignctl", "status", person.name, "--json").stdout)


def enrolled(product, person):
    """Whether that person has a second factor here."""
    return status(product, person)["enrolled"]
