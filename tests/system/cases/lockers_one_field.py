"""Screen lockers with a single field: password and code are typed in it together."""

from harness.locker import I3Lock, KScreenLocker, Swaylock
from harness.report import require

from cases.lockers import each, guess, guess_more, require_outcome, require_unprivileged, somebody, without_daemon

ROOT = "desktop"

LOCKERS = [I3Lock, Swaylock, KScreenLocker]

guessing = {}  # by locker: the person whose codes are guessed, and the thread that does it


def prepare(product, _report):
    """Each locker's stack has our line first."""
    product.install()
    for kind in LOCKERS:
        kind.prepare(product.machine)
        guessing[kind] = guess(product, somebody(product, kind, "guessed"))


def refused(product, locker, field, outcome):
    """What is typed opens nothing, and the record says `outcome`; the record."""
    place = product.machine.cursor()
    locker.refuses(field)
    return require_outcome(product, locker, place, outcome)


def demands(product, person):
    """What `status` says of the person: the latest failures, and how many codes are asked for."""
    status = product.status(person)
    return status["failures"], status["codes_demanded"]


@each(LOCKERS, "password and code, with a blank between and without, open the screen")
def right(product, kind, report):
    person, screen = somebody(product, kind, "right"), None
    for blank, name in ((" ", "blank"), ("", "joined")):
        place = product.machine.cursor()
        locker = kind(product, person, screen=screen)
        screen = locker.screen
        report.note(f"{kind.service} is there after {locker.seconds:.1f} s")
        locker.keep(f"locked-{name}")
        require_unprivileged(locker)
        locker.type(person.password + blank + person.codes.fresh())
        locker.opens()
        locker.keep(f"open-{name}")
        require_outcome(product, locker, place, "accepted")
        locker.end()


@each([I3Lock, Swaylock], "as Debian ships it and countersignctl protects it, together with login's stack, it is opened by both")
def protected(product, kind, report):
    machine, person = product.machine, somebody(product, kind, "protected")
    machine.write(f"/etc/pam.d/{kind.service}", "auth include login\n")
    command = ["countersignctl", "protect", "login", kind.service, "--no-try", "--yes", "--user", person.name]
    report.note(machine.run(*command).stdout)
    try:
        locker = kind(product, person)
        refused(product, locker, person.password, "abandoned")
        place = machine.cursor()
        locker.asks_first()
        locker.type(f"{person.password} {person.codes.fresh()}")
        locker.opens()
        require_outcome(product, locker, place, "accepted")
        locker.end()
    finally:
        machine.run("countersignctl", "unprotect", "login", kind.service)
        shipped = machine.sh(f"cat /etc/pam.d/{kind.service}")
        kind.prepare(machine)
    require(shipped == "auth include login\n", f"not as before: {shipped}")


@each(LOCKERS, "in one run the password alone is refused and not counted, a wrong and a used code are refused, a right one opens")
def attempts(product, kind, _report):
    person = somebody(product, kind, "tries")
    locker = kind(product, person)
    before = demands(product, person)
    record = refused(product, locker, person.password, "abandoned")
    require((record["wrong"], record["unjudged"]) == ("0", "0"), str(record))
    require(demands(product, person) == before, f"the password alone was counted: {demands(product, person)}")
    record = refused(product, locker, f"{person.password} {person.codes.wrong()}", "rejected")
    require(record["wrong"] == "1", str(record))
    require(len(demands(product, person)[0]) == len(before[0]) + 1, "a wrong code was not counted")
    # A wrong password costs the code: it was judged before the password.
    code = person.codes.fresh()
    refused(product, locker, f"not{person.password} {code}", "accepted")
    record = refused(product, locker, f"{person.password} {code}", "rejected")
    require(record["used"] == "1", str(record))
    locker.asks_first()
    place = product.machine.cursor()
    locker.type(f"{person.password} {person.codes.fresh()}")
    locker.opens()
    require_outcome(product, locker, place, "accepted")
    locker.end()


@each(LOCKERS, "with no daemon password and code are refused, and open the screen once there is one")
def no_daemon(product, kind, _report):
    person = somebody(product, kind, "alone")
    locker = kind(product, person)
    code = person.codes.fresh()
    with without_daemon(product):
        locker.refuses(f"{person.password} {code}")
    locker.asks_first()
    locker.type(f"{person.password} {code}")
    locker.opens()
    locker.end()


@each(LOCKERS, "after many wrong codes one is not enough, and the password and two in a row open the screen")
def pair(product, kind, _report):
    person, thread = guessing[kind]
    thread.join()
    guess_more(product, person)
    locker = kind(product, person)
    first, second = person.codes.pair()
    refused(product, locker, f"{person.password} {first}", "abandoned")
    locker.asks_first()
    locker.type(f"{person.password} {first} {second}")
    locker.opens()
    locker.end()
