"""polkit: a password, then a code, where a user's program asks to act as root; by pkttyagent and pkexec."""

import time

from harness.product import GUARD, LINE
from harness.report import case, require
from harness.ssh import CODE
from harness.terminal import Unexpected

PASSWORD = "Password: "
WRONG = "Wrong one-time code."
REFUSED = "Not authorized"
ANY_CODE = r"(One-time code|This code|And the next one): "

# An agent speaks for the process it is registered for: pkexec is judged as its parent. The agent says that
# it is registered by closing the descriptor of --notify-fd.
WITH_AGENT = """\
#!/bin/bash
exec 4< <(exec pkttyagent --process $$ --notify-fd 3 3>&1 >/dev/tty)
read -r -t 20 -u 4
eval "$1"
echo "ended with $?"
"""
ID = "pkexec --disable-internal-agent id"

# Members of sudo show who they are themselves; for everybody else it takes the boss.
ADMINS = """\
polkit.addAdminRule(function(action, subject) {
  return ["unix-user:" + (subject.isInGroup("sudo") ? subject.user : "boss")];
});
"""

# What guards a way in by something other than the auth stack: here, an auth stack that asks for no code.
UNASKED = f"@include common-auth\n{GUARD}\n@include common-account\n@include common-session-noninteractive\n"

SPARED = """
[[rule]]
name = "not asked"
services = ["polkit-1"]
users = ["spared"]
require = "none"
"""

REMEMBERED = """
[[rule]]
name = "once in a session"
services = ["polkit-1"]
remember = { for = "10m", per = "login-session" }
"""


def prepare(product, report):
    """The helper asks for a code after the password, with the guard behind it; ssh asks for a key alone."""
    product.install()
    machine = product.machine
    # polkit's own stack is below /usr/lib, and a file of the host's takes its place.
    machine.run("cp", "/usr/lib/pam.d/polkit-1", "/etc/pam.d/polkit-1")
    product.ask_after_password("polkit-1")
    machine.sh('sed -i "s/^@include common-account/$1\\n&/" /etc/pam.d/polkit-1', GUARD)
    machine.write("/usr/local/bin/with-agent", WITH_AGENT, "0755")
    machine.write("/etc/polkit-1/rules.d/10-tests.rules", ADMINS)
    machine.run("systemctl", "restart", "polkit")
    product.policy("")
    report.note("polkit: " + machine.run("pkcheck", "--version").stdout.strip())
    report.note("pam.d/polkit-1:\n" + machine.sh("grep -v '^#' /etc/pam.d/polkit-1"))


def sandboxed(product):
    """Whether the helper is a service of its own, as from polkit 127 on, and no longer set-user-ID."""
    return product.machine.run("systemctl", "cat", "polkit-agent-helper@.service", check=False).returncode == 0


def begin(product, person, command=ID, agent=True):
    """A login session at a terminal, an agent that waits there, and a program that asks to act as root."""
    dialogue = product.machine.console()
    dialogue.expect("login: ")
    dialogue.type(person.name)
    dialogue.answer(PASSWORD, person.password)
    dialogue.expect(r"\$ ")
    dialogue.type(f"exec with-agent '{command}'" if agent else command)
    dialogue.expect("AUTHENTICATING")
    return dialogue


def outcome(dialogue, *unspoken):
    """What the program ended with, and all that was said; none of what was typed is."""
    dialogue.ends()
    said = dialogue.transcript
    for secret in unspoken:
        require(secret not in said, f"shown on the terminal: {secret}")
    said = said[said.index("AUTHENTICATING"):]
    _, found, status = said.rpartition("ended with ")
    if not found:
        raise Unexpected(f"it did not end by itself:\n{said}")
    return int(status.split()[0]), said


def say_until_end(dialogue, reply, *unspoken):
    """Gives the same answer to each prompt for a code; as `outcome`."""
    while True:
        try:
            dialogue.answer(ANY_CODE, reply)
        except Unexpected:
            return outcome(dialogue, reply, *unspoken)


def talk(product, person, *answers):
    """Answers prompt by prompt; the exit status and all that was said."""
    dialogue = begin(product, person)
    for prompt, reply in answers:
        dialogue.answer(prompt, reply)
    return outcome(dialogue, *(reply for _, reply in answers))


def require_root(result):
    """The program ran, as root."""
    status, said = result
    require(status == 0 and "uid=0(root)" in said, f"it did not run as root:\n{said}")


def require_refused(result):
    """It did not run, and pkexec said so."""
    status, said = result
    require(status in (126, 127) and REFUSED in said and "uid=0" not in said, f"not refused:\n{said}")


def outcomes(product, place, want=1):
    """What became of the logins since a place."""
    return [record["COUNTERSIGN_OUTCOME"] for record in product.machine.records(place, want)]


def helpers(product):
    """The process ids of the helpers that run."""
    return product.machine.run("pgrep", "-x", "polkit-agent-he", check=False).stdout.split()


def require_no_helper(product):
    """No helper is left over, a moment later at the latest."""
    deadline = time.monotonic() + 10
    while helpers(product):
        require(time.monotonic() < deadline, product.machine.run("ps", "axf").stdout)
        time.sleep(0.05)


@case("polkit: password and then code, in this order, run the program as root")
def right(product, report):
    alice = product.people.make("alice", sudo=True)
    place = product.machine.cursor()
    result = talk(product, alice, (PASSWORD, alice.password), (CODE, alice.codes.fresh()))
    require_root(result)
    said = result[1]
    require(said.count(PASSWORD) == said.count(CODE) == 1 and said.index(PASSWORD) < said.index(CODE), said)
    records = product.machine.records(place)
    require([record["COUNTERSIGN_OUTCOME"] for record in records] == ["accepted"], str(records))
    require((records[0]["COUNTERSIGN_USER"], records[0]["COUNTERSIGN_SERVICE"]) == ("alice", "polkit-1"), str(records))
    report.save("polkit.txt", said)


@case("polkit: pkexec's own agent asks for both as well, as far as polkit itself lets it")
def own_agent(product, report):
    person = product.people.make("agentless", sudo=True)
    place = product.machine.cursor()
    dialogue = begin(product, person, command="pkexec id; exit", agent=False)
    dialogue.answer(PASSWORD, person.password)
    dialogue.answer(CODE, person.codes.fresh())
    dialogue.ends()
    said = dialogue.transcript + "".join(str(entry.get("MESSAGE")) for entry in product.machine.journal(place))
    require(outcomes(product, place) == ["accepted"], said)
    # polkit 122 and 128 lose track of what they asked for, once it is answered (its PR 423 and issue 686).
    lost = "No session for cookie" in said
    report.note("pkexec's own agent " + ("is broken here" if lost else "works here"))
    require(lost != ("uid=0(root)" in said), said)


@case("polkit: a wrong code is said to be wrong, and the next answer may be right")
def wrong_then_right(product, report):
    person = product.people.make("mistyped", sudo=True)
    dialogue = begin(product, person)
    dialogue.answer(PASSWORD, person.password)
    wrong, code = person.codes.wrong(), person.codes.fresh()
    dialogue.answer(CODE, wrong)
    said = dialogue.expect(CODE)
    require(f"{WRONG} Try again (2 left)." in said, said)
    time.sleep(1.5)  # the wrong code's delay
    dialogue.whisper(code)
    require_root(outcome(dialogue, person.password, wrong, code))
    report.save("polkit-wrong-then-right.txt", dialogue.transcript)


@case("polkit: the third wrong code ends it, with one record")
def three_wrong(product, _report):
    person = product.people.make("guesser", sudo=True)
    wrong = person.codes.wrong()
    place = product.machine.cursor()
    dialogue = begin(product, person)
    dialogue.answer(PASSWORD, person.password)
    require_refused(say_until_end(dialogue, wrong, person.password))
    require(outcomes(product, place) == ["rejected"], str(outcomes(product, place)))
    require_no_helper(product)


@case("polkit: after too many wrong codes it takes two in a row, and says so")
def two_in_a_row(product, report):
    person = product.people.make("guessed", sudo=True)
    wrong = person.codes.wrong()
    for _ in range(8):
        dialogue = begin(product, person)
        dialogue.answer(PASSWORD, person.password)
        if dialogue.expect(ANY_CODE).endswith("This code: "):
            break
        time.sleep(2.1)  # what comes sooner is not looked at
        dialogue.whisper(wrong)
        require_refused(say_until_end(dialogue, wrong))
    first, following = person.codes.pair()
    dialogue.whisper(first)
    dialogue.answer("And the next one: ", following)
    require_root(outcome(dialogue, person.password, first, following))
    report.save("polkit-two-codes.txt", dialogue.transcript)


@case("polkit: a code used before is refused, and said to be used")
def reused(product, report):
    person = product.people.make("reuser", sudo=True)
    code = person.codes.fresh()
    require_root(talk(product, person, (PASSWORD, person.password), (CODE, code)))
    dialogue = begin(product, person)
    dialogue.answer(PASSWORD, person.password)
    result = say_until_end(dialogue, code)
    require_refused(result)
    require("Code already used. Wait for a new one." in result[1], result[1])
    report.save("polkit-used-code.txt", result[1])


@case("polkit: a wrong password is refused before a code is asked for")
def wrong_password(product, _report):
    person = product.people.make("wrongword", sudo=True)
    result = talk(product, person, (PASSWORD, f"not-{person.password}"))
    require_refused(result)
    require(CODE not in result[1], result[1])


@case("polkit: a recovery code in the code's place works once")
def recovery(product, report):
    person = product.people.make("recovering", sudo=True)
    word = person.recovery[1]
    result = talk(product, person, (PASSWORD, person.password), (CODE, word))
    require_root(result)
    report.save("polkit-recovery-code.txt", result[1])
    dialogue = begin(product, person)
    dialogue.answer(PASSWORD, person.password)
    require_refused(say_until_end(dialogue, word))


@case("polkit: somebody who is no admin needs the admin's password and the admin's code")
def for_another(product, _report):
    boss, clerk = product.people.make("boss", "clerk")
    place = product.machine.cursor()
    require_root(talk(product, clerk, (PASSWORD, boss.password), (CODE, boss.codes.fresh())))
    record = product.machine.records(place)[0]
    require((record["COUNTERSIGN_USER"], record["COUNTERSIGN_OUTCOME"]) == ("boss", "accepted"), str(record))
    dialogue = begin(product, clerk)
    dialogue.answer(PASSWORD, boss.password)
    require_refused(say_until_end(dialogue, clerk.codes.fresh()))


@case("polkit: whoever is not enrolled meets the same prompts, and is refused")
def unenrolled(product, _report):
    known = product.people.make("known", sudo=True)
    strange = product.people.make("strange", sudo=True, enrolled=False)
    wrong = known.codes.wrong()
    said = []
    for person in (known, strange):
        dialogue = begin(product, person)
        dialogue.answer(PASSWORD, person.password)
        result = say_until_end(dialogue, wrong)
        require_refused(result)
        said.append(result[1].replace(person.name, "NAME"))
    require(said[0] == said[1], "they differ:\n" + "\n---\n".join(said))


@case("polkit: with the daemon stopped it is refused, and said why, without an end of waiting")
def stopped(product, report):
    person = product.people.make("unlucky", sudo=True)
    with product.without_daemon():
        result = talk(product, person, (PASSWORD, person.password))
    require_refused(result)
    require("Code check unavailable. Ask your admin." in result[1], result[1])
    require(CODE not in result[1], result[1])
    require_no_helper(product)
    report.save("polkit-daemon-stopped.txt", result[1])


@case("polkit: an agent that goes away while a code is asked for leaves nothing behind and lets nobody by")
def agent_goes(product, _report):
    machine = product.machine
    person = product.people.make("leaver", sudo=True)
    place = machine.cursor()
    dialogue = begin(product, person)
    dialogue.answer(PASSWORD, person.password)
    dialogue.expect(CODE)
    require(len(helpers(product)) == 1, str(helpers(product)))
    agent = machine.run("pgrep", "-u", person.name, "-x", "pkttyagent").stdout.strip()
    machine.run("kill", "-KILL", agent)
    require_refused(outcome(dialogue))
    require(outcomes(product, place) == ["abandoned"], str(outcomes(product, place)))
    require_no_helper(product)
    require_root(talk(product, person, (PASSWORD, person.password), (CODE, person.codes.fresh())))


@case("polkit: a stack that asks for no code ends at the guard, unless the policy demands none")
def guarded(product, _report):
    machine = product.machine
    person, spared = product.people.make("guarded", "spared", sudo=True)
    before = machine.read("/etc/pam.d/polkit-1")
    machine.write("/etc/pam.d/polkit-1", UNASKED)
    product.policy(SPARED)
    try:
        place = machine.cursor()
        require_refused(talk(product, person, (PASSWORD, person.password)))
        require(outcomes(product, place) == ["refused"], str(outcomes(product, place)))
        require_root(talk(product, spared, (PASSWORD, spared.password)))
    finally:
        machine.write("/etc/pam.d/polkit-1", before)
        product.policy("")
    require(LINE in before, before)


@case("polkit: a rule that remembers counts where the helper is a part of the session, and not where it has its own unit")
def remembered(product, _report):
    person = product.people.make("keeper", sudo=True)
    product.policy(REMEMBERED)
    try:
        dialogue = begin(product, person, command=f"{ID}; {ID}")
        dialogue.answer(PASSWORD, person.password)
        dialogue.answer(CODE, person.codes.fresh())
        dialogue.answer(PASSWORD, person.password)
        if sandboxed(product):
            dialogue.answer(CODE, person.codes.fresh())
        result = outcome(dialogue)
        require_root(result)
        require(result[1].count(CODE) == (2 if sandboxed(product) else 1), result[1])
    finally:
        product.policy("")


@case("polkit: the helper asks as root at the root door, from where it runs")
def surroundings(product, report):
    machine = product.machine
    person = product.people.make("onlooker", sudo=True)
    place = machine.cursor()
    dialogue = begin(product, person)
    dialogue.answer(PASSWORD, person.password)
    dialogue.expect(CODE)
    [pid] = helpers(product)
    status = dict(line.split(":\t", 1) for line in machine.read(f"/proc/{pid}/status").splitlines())
    group = machine.read(f"/proc/{pid}/cgroup")
    report.note(f"the helper: uids {status['Uid']}, NoNewPrivs {status['NoNewPrivs']}, Seccomp {status['Seccomp']}, {group}")
    require(status["Uid"].split()[1] == "0", status["Uid"])
    if sandboxed(product):
        unit = group.rpartition("/")[2].strip()
        require(unit.startswith("polkit-agent-helper@"), group)
        require((status["NoNewPrivs"], status["Seccomp"]) == ("1", "2"), str(status))
        shown = machine.sh("systemctl show $1 -p ProtectSystem,ProtectHome,PrivateNetwork,RestrictAddressFamilies", unit)
        report.note(shown)
        require("ProtectSystem=strict" in shown and "RestrictAddressFamilies=AF_UNIX" in shown, shown)
    else:
        require(f"user-{person.uid}.slice/session-" in group, group)
    code = person.codes.fresh()
    dialogue.whisper(code)
    require_root(outcome(dialogue, code))
    [record] = machine.records(place)
    require((record["COUNTERSIGN_DOOR"], record["COUNTERSIGN_ORIGIN"]) == ("root", "seat"), str(record))
    report.note(f"PAM_TTY is \"{record['COUNTERSIGN_TTY']}\"")
