"""What someone without privileges can reach, and what they cannot."""

import json
import time

from harness.codes import now, totp
from harness.machine import GUEST
from harness.report import case, require

NAME = "org.countersign.Countersign1"
OBJECT = "/org/countersign/Countersign1"


def prepare(product, _report):
    """People, enrolled and not."""
    product.install()
    product.people.make("alice", "bob")
    product.people.make("carol", enrolled=False)


def person(product, name):
    """One of those."""
    return next(one for one in product.people.all if one.name == name)


def as_nobody(product, *command, **options):
    """Run as nobody; what came of it."""
    return product.machine.run("runuser", "-u", "nobody", "--", *command, check=False, **options)


def begin(product, *arguments, user="nobody"):
    """Begin a login as that user; what was answered, once the daemon has the time."""
    for _ in range(10):
        said = product.machine.run(
            "runuser", "-u", user, "--", "python3", f"{GUEST}/begin.py", *map(str, arguments)
        ).stdout.strip()
        if not said.endswith("Error.Busy"):
            break
        time.sleep(1)  # a user may begin so many logins a second
    return said


@case("nobody cannot connect to the root door")
def root_door(product, _report):
    said = begin(product, "--root-door", "alice", person(product, "alice").uid)
    require(said == "no connection: PermissionError", said)


@case("nobody cannot reach the state directory, the key, or the configuration's secrets")
def files(product, _report):
    for path in ("/var/lib/countersign/store.db", "/etc/countersign/master.key", "/var/lib/countersign"):
        done = as_nobody(product, "ls" if path.endswith("n") else "cat", path)
        require(done.returncode != 0 and "ermission denied" in done.stderr, f"{path}: {done}")


@case("nobody cannot own the name on the bus")
def own_the_name(product, _report):
    done = as_nobody(product, "busctl", "--system", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                     "org.freedesktop.DBus", "RequestName", "su", NAME, "0")
    require(done.returncode != 0 and "denied" in done.stderr, f"{done}")


@case("nobody cannot call the administrator's interface, at either door")
def admin(product, _report):
    for member, *arguments in (("List", "uu", "0", "10"), ("Reset", "u", "1000"), ("Unlock", "u", "1000"), ("Reload",)):
        done = as_nobody(product, "busctl", "--system", "call", NAME, OBJECT, NAME + ".Admin", member, *arguments)
        require(done.returncode != 0 and "ccess denied" in done.stderr, f"{member}: {done}")
    # Not even root, on the bus: that interface is the root door's.
    done = product.machine.run(
        "busctl", "--system", "call", NAME, OBJECT, NAME + ".Admin", "List", "uu", "0", "10", check=False)
    require(done.returncode != 0, f"root over the bus: {done}")


@case("nobody cannot begin a login for another: the answers about the enrolled and the unenrolled are one")
def for_another(product, report):
    said = {}
    for name in ("alice", "carol", "no-such-user"):
        for uid in ((), (product.people.all[0].uid,), (0,), (4242,)):
            said[(name, uid)] = begin(product, name, *uid)
    answers = set(said.values())
    report.note(f"nobody about others: {answers}")
    require(len(answers) == 1, f"they differ: {said}")
    require("challenge 0" not in answers.pop(), "nobody needs no factor")


@case("a right code given by nobody opens nothing, is not spent, and wrong ones slow nobody else")
def charged_to_nobody(product, _report):
    alice = person(product, "alice")
    code = alice.codes.fresh()
    for answers in ([code], ["000000"] * 6, ["000000"] * 6):
        done = as_nobody(product, "pamtester", "probe", "alice", "authenticate",
                         stdin="".join(f"{answer}\n" for answer in answers))
        require(done.returncode != 0 and "success" not in done.stdout, f"opened by nobody: {done}")
    said = product.try_code(alice, code)
    require("success" in said, f"alice paid for what nobody did: {said}")


@case("a user reads and changes only what is their own")
def own_only(product, _report):
    alice, bob = product.people.make("own-alice"), person(product, "bob")
    # The code is a right one, and in the command line, where the journal may see it: so it is
    # none that she is known to have been given.
    code = totp(alice.codes.secret, now())
    for member, *arguments in (
        ("Status", "us", str(alice.uid), alice.name),
        ("Remove", "ussa{sv}", str(alice.uid), alice.name, alice.credential, "0"),
        ("RenewRecoveryCodes", "usa{sv}", str(alice.uid), alice.name, "0"),
        ("Enroll", "usua{sv}", str(alice.uid), alice.name, "1", "0"),
        ("Confirm", "usss", str(alice.uid), alice.name, alice.credential, code),
    ):
        done = product.machine.run("runuser", "-u", "bob", "--", "busctl", "--system", "call", NAME, OBJECT,
                                   NAME + ".User", member, *arguments, check=False)
        require(done.returncode != 0 and "another user" in done.stderr, f"{member} for alice, by bob: {done}")
    own = product.machine.run("runuser", "-u", "bob", "--", "countersignctl", "status", "--json")
    require(json.loads(own.stdout)["uid"] == bob.uid, own.stdout)


@case("an enrolled user's own change over the bus needs a fresh code")
def proof(product, _report):
    bob = person(product, "bob")
    bare = product.machine.run("runuser", "-u", "bob", "--", "busctl", "--system", "call", NAME, OBJECT,
                               NAME + ".User", "RenewRecoveryCodes", "usa{sv}", str(bob.uid), "bob", "0", check=False)
    require(bare.returncode != 0 and "code" in bare.stderr, f"changed without proof: {bare}")


@case("a user's own login by the public door: right code accepted, used again refused")
def own_login(product, _report):
    bob = person(product, "bob")
    code = bob.codes.fresh()
    require("success" in product.try_code(bob, code, user="bob"), "not accepted")
    require("success" not in product.try_code(bob, code, code, code, user="bob"), "a used code was accepted")
    require("success" not in product.try_code(bob, *bob.recovery[:3], user="bob"), "a recovery code was accepted")
