"""Screen lockers that ask for the password, then for the code: run by the user, at the public door."""

import contextlib
import threading
import time

from harness.locker import Mate, XScreenSaver, XSecureLock
from harness.report import case, require

ROOT = "desktop"

LOCKERS = [XSecureLock, XScreenSaver, Mate]
CODE = "One-time code"
WRONG = r"Wrong one-time code. Try again \(2 left\)"
USED = "Code already used. Wait for a new one"
UNAVAILABLE = "Code check unavailable. Ask your admin"
PAIR_NEWS = r"Too many wrong codes. Type two\s*in\s*a\s*row"

RULES = """
[[rule]]
name = "whoever has no factor may do without"
groups = ["unasked"]
not-enrolled = "pass"
"""

guessing = {}  # by locker: the person whose codes are guessed, and the thread that does it


def prepare(product, _report):
    """Each locker's stack asks for a code behind the password."""
    product.install()
    product.machine.run("groupadd", "unasked")
    product.policy(RULES)
    for kind in LOCKERS:
        kind.prepare(product.machine)
        guessing[kind] = guess(product, somebody(product, kind, "guessed"))


def guess(product, person):
    """Many wrong codes of a person's, at the public door: who, and the thread that tries them."""
    thread = threading.Thread(target=guess_more, args=[product, person, 6])
    thread.start()
    return person, thread


def guess_more(product, person, times=1):
    """So many wrong codes more. Two codes in a row are then demanded for a time, twice as long for each more."""
    product.guess_codes_of(person, times, user=person.name)


def each(lockers, sentence):
    """A case for each locker."""

    def register(function):
        for kind in lockers:
            def run(product, report, kind=kind):
                function(product, kind, report)

            run.__module__ = function.__module__
            case(f"{kind.service}: {sentence}")(run)
        return function

    return register


def somebody(product, kind, what, **settings):
    """A person of this locker's and case's."""
    return product.people.make(f"{kind.service[:6]}-{what}", plain=True, **settings)


def take_a_breath(seconds=1.2):
    """As a person does: what comes within the second that a wrong code costs is not looked at."""
    time.sleep(seconds)


def answer(locker):
    """Type what is asked for: a code, or two in a row while the wait for a single one lasts."""
    codes = locker.person.codes
    if "This" in locker.asks(f"{CODE}|This code"):
        first, second = codes.pair()
        locker.type(first)
        locker.asks("And the next one")
        locker.type(second)
    else:
        take_a_breath(2.2)  # a wait of up to two seconds is not asked about
        locker.type(codes.fresh())


def require_outcome(product, locker, place, outcome, limit=5.0):
    """The one login through the locker since `place` came to that; its record, by the names without the prefix."""
    deadline = time.monotonic() + limit
    wanted = {"COUNTERSIGN_USER": locker.person.name, "COUNTERSIGN_SERVICE": locker.service, "COUNTERSIGN_DOOR": "public"}
    records = []
    while not records and time.monotonic() < deadline:
        records = [record for record in product.machine.records(place, want=0) if wanted.items() <= record.items()]
    require([record["COUNTERSIGN_OUTCOME"] for record in records] == [outcome], f"not one login, {outcome}: {records}")
    return {name.removeprefix("COUNTERSIGN_").lower(): value for name, value in records[0].items()}


@contextlib.contextmanager
def without_daemon(product):
    """Around the body there is no daemon, and neither the socket nor the bus starts one."""
    with product.without_daemon():
        product.machine.run("systemctl", "mask", "--runtime", "countersignd.service")
        try:
            yield
        finally:
            product.machine.run("systemctl", "unmask", "--runtime", "countersignd.service")


def require_unprivileged(locker):
    """All of the locker's processes are the user's in every respect, and may do nothing more."""
    found = locker.processes()
    require(found, "it has no processes")
    for name, uids, capabilities in found:
        require(uids == [str(locker.person.uid)] * 4 and int(capabilities, 16) == 0, f"{name}: {uids}, {capabilities}")


@each(LOCKERS, "password and right code open the screen, and no process of it has a privilege")
def right(product, kind, report):
    person = somebody(product, kind, "right")
    place = product.machine.cursor()
    locker = kind(product, person)
    report.note(f"{kind.service} asks after {locker.seconds:.1f} s")
    locker.keep("password")
    locker.type(person.password)
    locker.asks(CODE)
    locker.keep("code")
    require_unprivileged(locker)
    locker.type(person.codes.fresh())
    locker.opens()
    locker.keep("open")
    require_outcome(product, locker, place, "accepted")
    locker.end()


@each(LOCKERS, "a wrong and a used code are said to be so and open nothing, and the next one does")
def wrong(product, kind, _report):
    person = somebody(product, kind, "wrong")
    used = person.codes.fresh()
    require("success" in product.try_code(person, used, user=person.name), "its first use was refused")
    place = product.machine.cursor()
    locker = kind(product, person)
    locker.type(person.password)
    locker.asks(CODE)
    locker.is_told(person.codes.wrong(), WRONG)
    locker.stays()
    locker.asks(CODE)
    take_a_breath()
    locker.is_told(used, USED)
    locker.stays()
    locker.asks(CODE)
    locker.type(person.codes.fresh())
    locker.opens()
    require_outcome(product, locker, place, "accepted")
    locker.end()


@each(LOCKERS, "three wrong codes are refused, and the password is asked for again")
def refused(product, kind, _report):
    person = somebody(product, kind, "refused")
    place = product.machine.cursor()
    locker = kind(product, person)
    locker.type(person.password)
    for _ in range(2):
        locker.asks(CODE)
        locker.is_told(person.codes.wrong(), "Wrong one-time code")
        take_a_breath()
    locker.asks(CODE)
    locker.type(person.codes.wrong())
    require_outcome(product, locker, place, "rejected")
    locker.stays()
    locker.asks_first()
    locker.type(person.password)
    answer(locker)
    locker.opens()
    locker.end()


@each(LOCKERS, "with no daemon it says so and stays locked, and opens once there is one")
def no_daemon(product, kind, report):
    person = somebody(product, kind, "alone")
    locker = kind(product, person)
    with without_daemon(product):
        start = time.monotonic()
        locker.is_told(person.password, UNAVAILABLE)
        report.note(f"{kind.service} says so after {time.monotonic() - start:.1f} s")
        locker.stays()
    locker.asks_first()
    locker.type(person.password)
    locker.asks(CODE)
    locker.type(person.codes.fresh())
    locker.opens()
    locker.end()


@each([XSecureLock], "a daemon that does not answer is waited for no longer than five seconds")
def stopped(product, kind, report):
    person = somebody(product, kind, "hung")
    locker = kind(product, person)
    product.machine.run("kill", "-STOP", product.daemon)
    try:
        start = time.monotonic()
        locker.is_told(person.password, UNAVAILABLE)
        seconds = time.monotonic() - start
    finally:
        product.machine.run("kill", "-CONT", product.daemon)
    report.note(f"{kind.service} says so after {seconds:.1f} s")
    require(seconds < 10, f"it waited for {seconds:.1f} s")
    locker.stays()
    locker.end()


@each(LOCKERS, "after many wrong codes two in a row open the screen")
def pair(product, kind, _report):
    person, thread = guessing[kind]
    thread.join()
    guess_more(product, person)
    first, second = person.codes.pair()
    locker = kind(product, person)
    locker.is_told(person.password, PAIR_NEWS)
    locker.asks("This code")
    locker.keep("first-of-two")
    locker.type(first)
    locker.asks("And the next one")
    locker.keep("second-of-two")
    locker.stays()
    locker.type(second)
    locker.opens()
    locker.end()


@case("whoever has no factor is asked and never let in, or is not asked, as the policy says")
def unenrolled(product, _report):
    stranger = somebody(product, XSecureLock, "stranger", enrolled=False)
    locker = XSecureLock(product, stranger)
    locker.type(stranger.password)
    locker.asks(CODE)
    locker.is_told("123456", WRONG)
    locker.stays()
    locker.end()
    unasked = somebody(product, XSecureLock, "unasked", enrolled=False)
    product.machine.run("usermod", "-aG", "unasked", unasked.name)
    locker = XSecureLock(product, unasked)
    locker.type(unasked.password)
    locker.opens()
    locker.end()


@case("a user verifies nobody but themselves, reads no secret, and needs no privilege for it")
def themselves(product, _report):
    machine = product.machine
    alice, bob = product.people.make("alice", "bob")
    code = bob.codes.fresh()
    said = product.try_code(bob, code, user=alice.name)
    require("success" not in said, f"alice was let in as bob, with bob's own code: {said}")
    said = product.try_code(bob, alice.codes.fresh(), user=alice.name)
    require("success" not in said, f"alice was let in as bob, with alice's code: {said}")
    require("success" in product.try_code(bob, code, user=bob.name), "bob paid for it")
    for path in ("/var/lib/countersign", "/var/lib/countersign/store.db", "/etc/countersign/master.key"):
        done = machine.run("runuser", "-u", alice.name, "--", "sh", "-c", 'ls "$0"/ || cat "$0"', path, check=False)
        require(done.returncode != 0 and not done.stdout, f"{path}: {done}")
        require("ermission denied" in done.stderr or "No such file" in done.stderr, f"{path}: {done}")
    package = machine.sh("dpkg -L countersign | while read -r file; do [ ! -f $file ] || stat -c '%a %U %G %n' $file; done")
    require("pam_countersign.so" in package, package)
    privileged = [line for line in package.splitlines() if len(line.split()[0]) > 3]
    require(not privileged, f"with a set-id bit: {privileged}")
    capable = machine.sh("dpkg -L countersign | xargs getcap 2>/dev/null || true")
    require(not capable, capable)
