"""Remembered logins: what sudo need not ask again, and where nobody else gets by with it."""

import json
import subprocess
import time

from harness import ssh
from harness.machine import GUEST
from harness.product import GUARD
from harness.report import case, require
from harness.ssh import CODE
from harness.terminal import Unexpected

PASSWORD = r"(?i)password[^\n]*: "
PROMPT = r"\$ $"

SUDO = """
[[rule]]
name = "sudo in a login that gave a code"
services = ["sudo", "su"]
remember = { for = "%s", per = "login-session" }
"""

UNASKED = """
[[rule]]
name = "the door is open"
services = ["sshd"]
users = ["%s"]
require = "none"
"""

ORIGIN = """
[[rule]]
name = "from the same place"
services = ["sshd"]
groups = ["placed"]
remember = { for = "%s", per = "origin" }
"""


def prepare(product, _report):
    """ssh by key and code, sudo and su by password and code."""
    product.install()
    product.guard_sshd()
    product.ask_after_password("sudo", "su")
    product.machine.sh('sed -i "s/^@include common-account/$1\\n&/" /etc/pam.d/sudo', GUARD)
    product.machine.run("groupadd", "placed")
    product.policy(ORIGIN % "10m" + SUDO % "10m")


def shell(product, person, *answers):
    """A shell over ssh."""
    dialogue = ssh.on_terminal(product.machine, person, "bash", "--norc")
    for reply in answers:
        dialogue.answer(CODE, reply)
    dialogue.expect(PROMPT)
    return dialogue


def say(dialogue, line):
    """What a line of the shell prints."""
    dialogue.type(line)
    return dialogue.expect(PROMPT)


def sudo(dialogue, person, line="sudo -k id -u", spared=True):
    """`sudo` in a shell: whether it is spared the code."""
    dialogue.type(line)
    dialogue.answer(PASSWORD, person.password)
    said = dialogue.expect(rf"\r\n0\r\n[^\n]*{PROMPT}|{CODE}|{PROMPT}")
    is_spared = not said.endswith(CODE)
    # Enter alone is asked again for a while, costs nothing, and then ends it.
    asked = said
    while asked.endswith(CODE):
        dialogue.type("")
        asked = dialogue.expect(f"{CODE}|{PROMPT}")
    if is_spared and "\r\n0\r\n" not in said:
        raise Unexpected(f"sudo did not run:\n{said}")
    require(is_spared == spared, f"{'spared' if is_spared else 'asked'}:\n{dialogue.transcript}")


def forget(product, person):
    """As an admin."""
    product.machine.run("countersignctl", "forget", person.name)


def session_of(product, shell_pid):
    """The name of the login session of a process, its leader, and when that started."""
    scope = product.machine.sh("sed -n 's,.*/session-\\([0-9a-z]*\\)[.]scope.*,\\1,p' /proc/$1/cgroup | sort -u", shell_pid).strip()
    leader = product.machine.run("loginctl", "show-session", "-P", "Leader", scope, check=False).stdout.strip()
    leader = leader or product.machine.sh("sed -n s/^LEADER=//p /run/systemd/sessions/$1", scope).strip()
    started = product.machine.sh("sed 's/.*) //' /proc/$1/stat | cut -d' ' -f20", leader).strip()
    return scope, leader, started


def pid_of(dialogue):
    """The process id of a shell."""
    dialogue.type("echo pid=$$=")
    return dialogue.expect(rf"pid=\d+=[^$]*{PROMPT}").split("pid=")[-1].split("=")[0]


@case("sudo in an ssh login that gave a code asks for the password alone, and status shows why")
def spared(product, report):
    alice = product.people.make("alice", sudo=True)
    dialogue = shell(product, alice, alice.codes.fresh())
    place = product.machine.cursor()
    sudo(dialogue, alice)
    records = product.machine.records(place)
    require([record["COUNTERSIGN_OUTCOME"] for record in records] == ["accepted"], str(records))
    require(records[0]["COUNTERSIGN_FACTOR"] == "pass", str(records))
    require(records[0]["COUNTERSIGN_RULE"] == "sudo in a login that gave a code", str(records))
    status = product.machine.run("countersignctl", "status", "alice").stdout
    require("session of process" in status, status)
    report.save("status-with-pass.txt", status)
    report.save("sudo-with-pass.txt", dialogue.transcript)
    sudo(dialogue, alice, "sudo -k -s id -u")


@case("sudo in another ssh login of the same user, that gave no code, asks for one")
def other_session(product, _report):
    person = product.people.make("elsewhere", sudo=True)
    first = shell(product, person, person.codes.fresh())
    product.policy(UNASKED % person.name + SUDO % "10m")
    try:
        second = shell(product, person)
        sudo(second, person, spared=False)
        sudo(first, person)
    finally:
        product.policy(ORIGIN % "10m" + SUDO % "10m")


@case("a session of the user's that gave no code cannot be taken for the one that did")
def impostor(product, report):
    machine = product.machine
    person = product.people.make("faker", sudo=True)
    first = shell(product, person, person.codes.fresh())
    scope, leader, started = session_of(product, pid_of(first))
    report.note(f"session {scope}, leader {leader}, started {started}")
    product.policy(UNASKED % person.name + SUDO % "10m")
    try:
        second = shell(product, person)
        # A scope of that name below the user's own manager,
        runtime = f"XDG_RUNTIME_DIR=/run/user/{person.uid}"
        say(second, f"export {runtime}")
        sudo(second, person, f"systemd-run --user -q --scope --unit=session-{scope}.scope sudo -k id -u", spared=False)
        # a group of that name and that path, made by hand where the user may make one,
        group = f"user.slice/user-{person.uid}.slice/session-{scope}.scope"
        script = (
            f"d=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)/{group}; mkdir -p $d; echo $$ >$d/cgroup.procs; "
            f"grep -o {group} /proc/self/cgroup; exec sudo -k id -u"
        )
        sudo(second, person, f"systemd-run --user -q --scope -p Delegate=yes sh -c '{script}'", spared=False)
        moved = [line for line in second.transcript.splitlines() if line.rstrip() == group]
        require(moved, f"it was not moved there:\n{second.transcript}")
        # and the true one's group, to which only root moves anybody.
        true = f"/sys/fs/cgroup/user.slice/user-{person.uid}.slice/session-{scope}.scope/cgroup.procs"
        said = say(second, f"echo $$ >{true}")
        require("ermission denied" in said, said)
        sudo(second, person, spared=False)
        # Where the user's own group is the root of all, and the user is root, nobody believes it.
        place = machine.cursor()
        for command in ("sudo -n id -u", f"su -c id {person.name} </dev/null", "sudo -S id -u </dev/null"):
            said = say(second, f"unshare -UrC {command}; echo came to $?")
            require("came to 0" not in said.split("$?", 1)[1], said)
        accepted = [record for record in machine.records(place, want=0) if record["COUNTERSIGN_OUTCOME"] == "accepted"]
        require(not accepted, str(accepted))
        sudo(first, person)
    finally:
        product.policy(ORIGIN % "10m" + SUDO % "10m")
    machine.run("loginctl", "terminate-user", person.name, check=False)


@case("a process that is left behind in a session whose login ended is asked")
def left_behind(product, _report):
    machine = product.machine
    person = product.people.make("departed", sudo=True)
    home = f"/home/{person.name}"
    machine.write(f"{home}/word", f"{person.password}\n", "0644")
    dialogue = shell(product, person, person.codes.fresh())
    scope, leader, _ = session_of(product, pid_of(dialogue))
    sudo(dialogue, person)
    waits = f"while [ -e /proc/{leader} ]; do sleep 0.1; done"
    script = f"{waits}; sudo -k -S id -u <word >said 2>&1; cat /proc/self/cgroup >>said; echo ended >>said"
    say(dialogue, f"cd {home}; setsid sh -c '{script}' >/dev/null 2>&1 </dev/null &")
    place = machine.cursor()
    dialogue.type("exit")
    dialogue.ends()
    said = machine.sh(
        "for _ in $(seq 150); do ! grep -qs ^ended $1/said || break; sleep 0.1; done; cat $1/said", home)
    require(f"session-{scope}.scope" in said, f"it was not in the session any more:\n{said}")
    require("\n0\n" not in f"\n{said}" and CODE in said, said)
    records = machine.records(place)
    require([record["COUNTERSIGN_OUTCOME"] for record in records] == ["abandoned"], str(records))


@case("another user who claims that session at the public door is asked, and its owner is not")
def claimed(product, _report):
    owner, mallory = product.people.make("owner", "mallory", sudo=True)
    dialogue = shell(product, owner, owner.codes.fresh())
    _, leader, started = session_of(product, pid_of(dialogue))

    def claim(user, name, uid):
        said = product.machine.run(
            "runuser", "-u", user.name, "--", "python3", f"{GUEST}/claim.py", name, uid, leader, started).stdout
        return said.split("\n")[:2]

    # The uid is the one that the bus vouches for: whoever says another's is asked as nobody is.
    asked = claim(mallory, "owner", owner.uid)
    require(asked == ["challenge 1 False"] * 2, f"as the other user: {asked}")
    asked = claim(mallory, "mallory", mallory.uid)
    require(asked == ["challenge 1 False"] * 2, f"as oneself: {asked}")
    mine = claim(owner, "owner", owner.uid)
    require(mine == ["challenge 0 True", "challenge 1 False"], f"the owner: {mine}")


@case("su to the owner of that session, by another user who knows the password, asks for a code")
def su_to_owner(product, _report):
    machine = product.machine
    owner, mallory = product.people.make("su-owner", "su-mallory", sudo=True)
    first = shell(product, owner, owner.codes.fresh())
    second = shell(product, mallory, mallory.codes.fresh())
    second.type(f"su -c id {owner.name}")
    second.answer(PASSWORD, owner.password)
    second.expect(CODE)
    second.hang_up()
    # Also from within the owner's own session, where only root comes to be somebody else.
    first.type(f"su -c id {mallory.name}")
    first.answer(PASSWORD, mallory.password)
    first.expect(CODE)
    first.hang_up()
    dialogue = machine.dialogue("runuser", "-u", mallory.name, "--", "su", "-c", "id", owner.name)
    dialogue.answer(PASSWORD, owner.password)
    dialogue.expect(CODE)
    dialogue.hang_up()


@case("a remembered login is gone once it is forgotten, and a new code in sudo brings it back")
def forgotten(product, _report):
    person = product.people.make("forgotten", sudo=True)
    dialogue = shell(product, person, person.codes.fresh())
    sudo(dialogue, person)
    forget(product, person)
    sudo(dialogue, person, spared=False)
    dialogue.type("sudo -k id -u")
    dialogue.answer(PASSWORD, person.password)
    dialogue.answer(CODE, person.codes.fresh())
    dialogue.expect(rf"\r\n0\r\n[^\n]*{PROMPT}")
    sudo(dialogue, person)


@case("a user may forget their own remembered logins, and nobody else's")
def forgets(product, _report):
    person, other = product.people.make("forgetful", "unforgotten", sudo=True)
    dialogue = shell(product, person, person.codes.fresh())
    theirs = shell(product, other, other.codes.fresh())
    said = say(dialogue, f"countersignctl forget {other.name}")
    sudo(theirs, other)
    said = say(dialogue, "countersignctl forget")
    require("rror" not in said, said)
    sudo(dialogue, person, spared=False)


@case("a remembered login is gone after a reset, a new enrolment, and new recovery codes")
def changed(product, _report):
    machine = product.machine
    for name, change in [
        ("reset", lambda person: (machine.run("countersignctl", "reset", person.name), product.people.enroll(person))),
        ("renewed", lambda person: person.recovery.extend(
            json.loads(machine.run("countersignctl", "recovery-codes", person.name, "--json").stdout)["recovery_codes"])),
    ]:
        person = product.people.make(name, sudo=True)
        dialogue = shell(product, person, person.codes.fresh())
        sudo(dialogue, person)
        change(person)
        sudo(dialogue, person, spared=False)
        dialogue.hang_up()


@case("a login by a recovery code is not remembered")
def recovery(product, _report):
    person = product.people.make("recovering", sudo=True)
    dialogue = shell(product, person, person.recovery[0])
    sudo(dialogue, person, spared=False)


@case("ssh from the same address asks for nothing again, from another one it does")
def origin(product, _report):
    machine = product.machine
    person = product.people.make("placed-one")
    machine.run("usermod", "-aG", "placed", person.name)
    machine_client(machine, "ip", "addr", "replace", "10.99.0.3/24", "dev", "eth0")
    ssh.require_in(person, ssh.login(machine, person, (CODE, person.codes.fresh())))
    ssh.require_in(person, ssh.login(machine, person))
    other = ssh.on_terminal(machine, person, options=("-b", "10.99.0.3"))
    other.expect(CODE)
    other.hang_up()
    # The guard knows of no earlier login: what counts is asked for.
    ssh.require_guarded(person, ssh.by_key_alone(machine, person))
    stranger = product.people.make("not-placed")
    ssh.require_in(stranger, ssh.login(machine, stranger, (CODE, stranger.codes.fresh())))
    again = ssh.on_terminal(machine, stranger)
    again.expect(CODE)
    again.hang_up()


def machine_client(machine, *command):
    """A program on the client's side that must succeed."""
    subprocess.run(machine.client(*command), check=True, timeout=20)


@case("what is remembered outlives the daemon, and no more than its time")
def restart(product, _report):
    machine = product.machine
    person = product.people.make("patient", sudo=True)
    product.policy(ORIGIN % "10m" + SUDO % "1m")
    try:
        code = person.codes.fresh()
        begun = time.monotonic()
        dialogue = shell(product, person, code)
        machine.run("systemctl", "restart", "countersignd")
        sudo(dialogue, person)
        time.sleep(max(0.0, 61 - (time.monotonic() - begun)))
        sudo(dialogue, person, spared=False)
    finally:
        product.policy(ORIGIN % "10m" + SUDO % "10m")


@case("explain says of a login what its session has it come to")
def explained(product, report):
    person = product.people.make("explained", sudo=True)
    said = product.explain("--user", person.name, "--service", "sudo")
    require((said["rule"], said["course"]) == ("sudo in a login that gave a code", "ask"), str(said))
    report.save("explain-sudo.txt", product.machine.run(
        "countersignctl", "explain", "--user", person.name, "--service", "sudo").stdout)
