"""The guard: a login that policy protects and that proved no factor goes no further, whoever else did."""

import concurrent.futures
import contextlib

from harness import ssh
from harness.product import GUARD, LINE
from harness.report import case, require
from harness.ssh import CODE

SETTINGS = "/etc/ssh/sshd_config.d/10-countersign.conf"
RULES = """
[[rule]]
name = "the copier has a key alone"
services = ["sshd"]
users = ["copier"]
require = "none"

[[rule]]
name = "everybody else"
"""


def prepare(product, report):
    """Port 22 asks for key and code, port 2222 for the key alone; the guard is on both."""
    product.install()
    product.guard_sshd()
    product.policy(RULES)
    report.note("pam.d/sshd:\n" + product.machine.sh("grep -v '^#' /etc/pam.d/sshd | grep -v '^$'"))


def outcomes(product, place, want=1):
    """What is recorded since a place: user and outcome of each login."""
    records = product.machine.records(place, want=want)
    return sorted((record["COUNTERSIGN_USER"], record["COUNTERSIGN_OUTCOME"]) for record in records)


@case("ssh with a key alone to a protected account is refused by the guard, and recorded with the rule")
def key_alone(product, report):
    alice = product.people.make("alice")
    place = product.machine.cursor()
    outcome = ssh.by_key_alone(product.machine, alice)
    ssh.require_guarded(alice, outcome)
    records = product.machine.records(place)
    require(len(records) == 1, str(records))
    require(records[0]["COUNTERSIGN_OUTCOME"] == "refused", str(records))
    require(records[0]["COUNTERSIGN_RULE"] == "everybody else", str(records))
    report.save("guard-key-alone.txt", outcome[1])
    report.note("journal: " + "; ".join(str(entry.get("MESSAGE")) for entry in product.machine.journal(place)
                                        if "pam_countersign" in str(entry.get("MESSAGE"))))


@case("ssh with a key and a code to the same account gets a shell")
def key_and_code(product, _report):
    person = product.people.make("both")
    ssh.require_guarded(person, ssh.by_key_alone(product.machine, person))
    ssh.require_in(person, ssh.login(product.machine, person, (CODE, person.codes.fresh())))
    ssh.require_guarded(person, ssh.by_key_alone(product.machine, person))


@case("ssh with a key alone to an account that the policy excepts gets a shell, recorded as not demanded")
def excepted(product, _report):
    copier = product.people.make("copier", enrolled=False)
    place = product.machine.cursor()
    ssh.require_in(copier, ssh.by_key_alone(product.machine, copier))
    records = product.machine.records(place)
    require([record["COUNTERSIGN_OUTCOME"] for record in records] == ["not-demanded"], str(records))
    require(records[0]["COUNTERSIGN_RULE"] == "the copier has a key alone", str(records))


@case("ssh: key and a wrong code is refused, and so is the key alone afterwards")
def wrong_code(product, _report):
    person = product.people.make("mistaken")
    dialogue = ssh.on_terminal(product.machine, person)
    for _ in range(3):
        dialogue.answer(r"(One-time code|This code|And the next one): ", person.codes.wrong())
    dialogue.hang_up()
    ssh.require_guarded(person, ssh.by_key_alone(product.machine, person))


@case("ssh: of two logins at once, the one that gave a code is in and the one that gave none is not")
def two_at_once(product, _report):
    person = product.people.make("twice")
    dialogue = ssh.on_terminal(product.machine, person, "bash", "--norc")
    dialogue.expect(CODE)
    # One waits for its code,
    ssh.require_guarded(person, ssh.by_key_alone(product.machine, person))
    dialogue.type(person.codes.fresh())
    dialogue.expect(r"\$ ")
    # and then it is in, and idle.
    ssh.require_guarded(person, ssh.by_key_alone(product.machine, person))
    dialogue.type("exit")
    dialogue.ends()
    ssh.require_guarded(person, ssh.by_key_alone(product.machine, person))


@case("ssh: another user's success opens nothing")
def anothers_success(product, _report):
    bob, victim = product.people.make("bob", "victim")
    dialogue = ssh.on_terminal(product.machine, bob, "bash", "--norc")
    dialogue.answer(CODE, bob.codes.fresh())
    dialogue.expect(r"\$ ")
    ssh.require_guarded(victim, ssh.by_key_alone(product.machine, victim))
    dialogue.hang_up()


@case("ssh: of twelve logins at once, four with codes and eight with keys alone, those four are in")
def twelve_at_once(product, _report):
    people = product.people.make("race-1", "race-2", "race-3", "race-4")
    place = product.machine.cursor()
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        alone = [pool.submit(ssh.by_key_alone, product.machine, person) for person in people * 2]
        coded = [pool.submit(ssh.by_askpass, product.machine, person, person.codes.fresh()) for person in people]
    for person, outcome in zip(people * 2, alone):
        ssh.require_guarded(person, outcome.result())
    for person, outcome in zip(people, coded):
        ssh.require_in(person, outcome.result())
    found = outcomes(product, place, want=12)
    expected = sorted([(person.name, "accepted") for person in people])
    require([one for one in found if one[1] == "accepted"] == expected, str(found))
    require(len([one for one in found if one[1] == "refused"]) == 8, str(found))


@case("ssh: channels of one connection ride on its proof, a new connection does not")
def multiplexing(product, _report):
    person = product.people.make("shared")
    socket = person.key.with_name("mux")
    through = ("-o", f"ControlPath={socket}")
    master = ssh.on_terminal(
        product.machine, person, "bash", "--norc", options=("-o", "ControlMaster=yes", *through))
    master.answer(CODE, person.codes.fresh())
    master.expect(r"\$ ")
    ssh.require_in(person, ssh.by_key_alone(product.machine, person, *through))
    ssh.require_guarded(person, ssh.by_key_alone(product.machine, person))
    master.type("exit")
    master.ends()
    ssh.require_guarded(person, ssh.by_key_alone(product.machine, person, *through))


@contextlib.contextmanager
def sshd_asks(product, ours, theirs, methods):
    """sshd's stack with `theirs` in place of `ours`, and these methods, a password of its own asking among them."""
    machine = product.machine
    stack = machine.read("/etc/pam.d/sshd")
    settings = machine.read(SETTINGS)
    require(ours in stack, f"{ours} is not in\n{stack}")
    try:
        machine.write("/etc/pam.d/sshd", stack.replace(ours, theirs))
        machine.write(SETTINGS, settings.replace("publickey,keyboard-interactive:pam", methods).replace(
            "PasswordAuthentication no", "PasswordAuthentication yes"))
        machine.run("systemctl", "restart", "ssh")
        yield
    finally:
        machine.write("/etc/pam.d/sshd", stack)
        machine.write(SETTINGS, settings)
        machine.run("systemctl", "restart", "ssh")


@case("ssh: where nothing asks for a code, neither a password nor a key gets past the guard")
def nothing_asks(product, _report):
    person = product.people.make("unasked")
    machine = product.machine
    with sshd_asks(product, f"{LINE}\nauth required pam_permit.so", "@include common-auth", "any"):
        for method in ("password", "keyboard-interactive"):
            dialogue = machine.client_dialogue(
                *ssh.arguments(person, "-tt", "-o", f"PreferredAuthentications={method}", key=False), "id", "-un")
            dialogue.answer(r"(?i)password: ", person.password)
            ssh.require_guarded(person, (dialogue.ends()[0], dialogue.transcript))
        ssh.require_guarded(person, ssh.by_key_alone(machine, person))


@case("ssh: a password that is typed once, for whatever is asked, is no code")
def password_for_all(product, _report):
    person = product.people.make("one-word")
    with sshd_asks(product, LINE, f"@include common-auth\n{LINE}", "password"):
        dialogue = product.machine.client_dialogue(*ssh.arguments(person, "-tt", key=False), "id", "-un")
        dialogue.answer(r"(?i)password: ", person.password)
        ssh.require_guarded(person, (dialogue.ends()[0], dialogue.transcript))


@case("ssh: where the daemon cannot be reached, the guard lets nobody by")
def no_daemon(product, _report):
    person = product.people.make("alone")
    machine = product.machine
    # Its socket away, and the daemon alive: it is looked at afterwards.
    machine.run("mv", "/run/countersign/socket", "/run/countersign/elsewhere")
    try:
        ssh.require_guarded(person, ssh.by_key_alone(machine, person))
        copier = next(one for one in product.people.all if one.name == "copier")
        ssh.require_guarded(copier, ssh.by_key_alone(machine, copier))
    finally:
        machine.run("mv", "/run/countersign/elsewhere", "/run/countersign/socket")
    ssh.require_in(person, ssh.login(machine, person, (CODE, person.codes.fresh())))


@case("a real cron job runs where the policy excepts cron, and not where it does not")
def cron(product, _report):
    machine = product.machine
    person = product.people.make("nightly")
    machine.sh('sed -i "0,/^account/s//$1\\naccount/" /etc/pam.d/common-account; cat /etc/pam.d/common-account', GUARD)
    try:
        # Both wait for the same minute: bookworm's and trixie's cron begin jobs as each minute does.
        other = product.people.make("unexcepted")
        product.policy('[[rule]]\nname = "cron"\nservices = ["cron"]\nusers = ["nightly"]\nrequire = "none"\n' + RULES)
        place = machine.cursor()
        for one in (person, other):
            machine.write(f"/etc/cron.d/{one.name}", f"* * * * * {one.name} touch /home/{one.name}/ran\n")
        records = machine.records(place, want=2, limit=75)
        found = sorted((record["COUNTERSIGN_SERVICE"], record["COUNTERSIGN_OUTCOME"]) for record in records)
        require(found == [("cron", "not-demanded"), ("cron", "refused")], str(records))
        ran = machine.sh("for _ in 1 2 3 4 5 6 7 8 9 10; do [ ! -e /home/nightly/ran ] || break; sleep 0.2; done; ls /home/*/ran")
        require(ran.split() == ["/home/nightly/ran"], ran)
    finally:
        machine.sh('rm -f /etc/cron.d/nightly /etc/cron.d/unexcepted; sed -i "/pam_countersign/d" /etc/pam.d/common-account')
        product.policy(RULES)
