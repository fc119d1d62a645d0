"""ssh with a key, then a code."""

import time

from harness import ssh
from harness.machine import CLIENT
from harness.report import case, require
from harness.ssh import CODE
from harness.terminal import Unexpected

PAIR_NEWS = "Too many wrong codes. Type two in a row."
FIRST, NEXT = "This code: ", "And the next one: "


def prepare(product, report):
    """The key is the first factor, the code the second."""
    product.install()
    product.ask_in_sshd("key")
    report.note("pam.d/sshd:\n" + product.machine.sh("grep -n -A1 -B1 countersign /etc/pam.d/sshd"))


def one_record(product, place, person, outcome, **fields):
    """Exactly one record since `place`, with these fields."""
    records = product.machine.records(place)
    require(len(records) == 1, f"{len(records)} records instead of one: {records}")
    expected = {
        "USER": person.name, "SERVICE": "sshd", "ORIGIN": CLIENT, "OUTCOME": outcome, "DOOR": "root",
    } | fields
    if person.uid:
        expected["UID"] = str(person.uid)
    for name, value in expected.items():
        said = records[0].get(f"COUNTERSIGN_{name}")
        require(said == value, f"COUNTERSIGN_{name} is {said!r} and not {value!r}: {records[0]}")


@case("ssh on a terminal: key and right code get a shell")
def right_code(product, report):
    alice = product.people.make("alice", sudo=True)
    place = product.machine.cursor()
    outcome = ssh.login(product.machine, alice, (CODE, alice.codes.fresh()))
    ssh.require_in(alice, outcome)
    one_record(product, place, alice, "accepted")
    report.save("ssh-key-and-code.txt", outcome[1])


@case("ssh without a terminal (SSH_ASKPASS): key and right code get a shell")
def askpass(product, _report):
    bob = product.people.make("bob")
    place = product.machine.cursor()
    ssh.require_in(bob, ssh.by_askpass(product.machine, bob, bob.codes.fresh()))
    one_record(product, place, bob, "accepted")


@case("ssh: a code typed with a space in the middle is right too")
def spaced(product, _report):
    person = product.people.make("spaced")
    code = person.codes.fresh()
    ssh.require_in(person, ssh.login(product.machine, person, (CODE, f"{code[:3]} {code[3:]}")))


@case("ssh: the same code again is refused, and said to be used")
def replay(product, _report):
    person = product.people.make("replay")
    code = person.codes.fresh()
    ssh.require_in(person, ssh.login(product.machine, person, (CODE, code)))
    place = product.machine.cursor()
    outcome = refused_after(product, person, code)
    require("Code already used. Wait for a new one." in outcome[1], f"not said why:\n{outcome[1]}")
    one_record(product, place, person, "rejected")


@case("ssh: a wrong code is refused, with the words of a wrong code")
def wrong(product, _report):
    person = product.people.make("wrong")
    place = product.machine.cursor()
    outcome = refused_after(product, person, person.codes.wrong())
    require("Wrong one-time code. Try again (2 left)." in outcome[1] or PAIR_NEWS in outcome[1],
            f"not said why:\n{outcome[1]}")
    one_record(product, place, person, "rejected")


@case("ssh: another user's code is refused, and still that user's to use")
def anothers(product, _report):
    mallory, victim = product.people.make("mallory", "victim")
    code = victim.codes.fresh()
    place = product.machine.cursor()
    refused_after(product, mallory, code)
    one_record(product, place, mallory, "rejected")
    ssh.require_in(victim, ssh.login(product.machine, victim, (CODE, code)))


@case("ssh: the code of three time steps ago is refused")
def stale(product, _report):
    person = product.people.make("stale")
    place = product.machine.cursor()
    refused_after(product, person, person.codes.at(-3))
    one_record(product, place, person, "rejected")


@case("ssh: the code of three time steps ahead is refused")
def early(product, _report):
    person = product.people.make("early")
    refused_after(product, person, person.codes.at(3))


@case("ssh: an empty answer is asked again, never succeeds and costs no guess")
def empty(product, _report):
    person = product.people.make("empty")
    place = product.machine.cursor()
    dialogue = ssh.on_terminal(product.machine, person)
    said = answer_until_refused(dialogue, "")
    require(3 <= said <= 6, f"{said} prompts for nothing but Enter")
    records = product.machine.records(place)
    require(len(records) == 1, f"{len(records)} records: {records}")
    require(records[0]["COUNTERSIGN_OUTCOME"] != "accepted", str(records))
    require(records[0].get("COUNTERSIGN_WRONG", "0") == "0", f"counted as a guess: {records}")
    ssh.require_in(person, ssh.login(product.machine, person, (CODE, person.codes.fresh())))


@case("ssh: no answer until LoginGraceTime ends the login, with a record")
def no_answer(product, _report):
    machine = product.machine
    person = product.people.make("silent")
    config = "/etc/ssh/sshd_config.d/10-countersign.conf"
    machine.sh('sed -i "s/^LoginGraceTime.*/LoginGraceTime 8/" $1; systemctl restart ssh', config)
    try:
        place = machine.cursor()
        dialogue = ssh.on_terminal(machine, person)
        dialogue.expect(CODE)
        records = machine.records(place, limit=12)
        require(len(records) == 1, f"{len(records)} records: {records}")
        require(records[0]["COUNTERSIGN_OUTCOME"] in ("abandoned", "expired"), str(records))
        # The client, waiting at its prompt, learns of it only now.
        dialogue.type(person.codes.fresh())
        status, said = dialogue.ends()
        require(status == 255 and person.name not in said.splitlines(), said)
    finally:
        machine.sh('sed -i "s/^LoginGraceTime.*/LoginGraceTime 60/" $1; systemctl restart ssh', config)
    ssh.require_in(person, ssh.login(machine, person, (CODE, person.codes.fresh())))


@case("ssh: the right code without the key is refused before it is asked for")
def no_key(product, _report):
    person = product.people.make("keyless")
    status, said = ssh.login(product.machine, person, key=False)
    require(status == 255 and "Permission denied (publickey" in said, said)


@case("ssh: after a burst of wrong codes the owner gets in with two consecutive codes")
def two_in_a_row(product, report):
    person = product.people.make("guessed")
    dialogue, said, place = after_burst(product, person)
    require(PAIR_NEWS in said, f"not said why two are asked for:\n{said}")
    first, following = person.codes.pair()
    dialogue.type(first)
    said = dialogue.expect(NEXT)
    require("rong" not in said, f"something was said about the first alone:\n{said}")
    dialogue.type(following)
    ssh.require_in(person, (dialogue.ends()[0], dialogue.transcript))
    one_record(product, place, person, "accepted")
    report.save("ssh-two-consecutive-codes.txt", dialogue.transcript)


@case("ssh: two consecutive codes are refused when the second is not the next one")
def not_consecutive(product, _report):
    person = product.people.make("unpaired")
    dialogue, _, _ = after_burst(product, person)
    dialogue.type(person.codes.fresh())
    dialogue.answer(NEXT, person.codes.wrong())
    said = dialogue.expect(r"(One-time code|This code): |Permission denied")
    require(person.name + "\r" not in said, said)


@case("ssh: two right codes in the wrong order are refused")
def wrong_order(product, _report):
    person = product.people.make("swapped")
    dialogue, _, _ = after_burst(product, person)
    first, following = person.codes.pair()
    dialogue.type(following)
    dialogue.answer(NEXT, first)
    said = dialogue.expect(r"(One-time code|This code): |Permission denied")
    require(person.name + "\r" not in said, said)


@case("ssh: a login whose last answer came too soon ends there: no prompt that nothing can come of")
def dead_prompt(product, _report):
    person = product.people.make("hasty")
    wrong = person.codes.wrong()
    dialogue = ssh.on_terminal(product.machine, person)
    dialogue.answer(CODE, wrong)
    dialogue.expect(CODE)
    time.sleep(1.5)  # the first wrong code's delay is over, the second's is not
    dialogue.type(wrong)
    dialogue.expect(CODE)
    dialogue.type(wrong)
    said = dialogue.expect("denied|: ")
    require(said.endswith("denied") or "denied" in dialogue.ends()[1], f"asked on:\n{dialogue.transcript}")


def after_burst(product, person):
    """Wrong codes until a login asks for two: that login, what it said, its place in the journal."""
    wrong = person.codes.wrong()
    for _ in range(8):
        place = product.machine.cursor()
        dialogue = ssh.on_terminal(product.machine, person)
        said = dialogue.expect(f"{CODE}|{FIRST}")
        if said.endswith(FIRST):
            return dialogue, said, place
        # One code is asked for where a delay ends within the two seconds that typing takes; an
        # answer that comes sooner is not looked at, and adds nothing to the burst.
        time.sleep(2.1)
        dialogue.type(wrong)
        for _ in range(4):
            if not dialogue.expect(r"(code|one|password): |denied").endswith(("code: ", "one: ")):
                break
            dialogue.type(wrong)
        dialogue.hang_up()
    raise Unexpected("eight logins full of wrong codes, and still one code is enough")


@case("ssh: someone who is not enrolled meets the same prompts and is refused")
def unenrolled(product, _report):
    enrolled = product.people.make("enrolled")
    stranger = product.people.make("stranger", enrolled=False)
    wrong = enrolled.codes.wrong()
    place = product.machine.cursor()
    transcripts = []
    for person in (enrolled, stranger):
        dialogue = ssh.on_terminal(product.machine, person)
        answer_until_refused(dialogue, wrong)
        transcripts.append(dialogue.transcript.replace(person.name, "USER"))
    require(transcripts[0] == transcripts[1], "they differ:\n" + "\n---\n".join(transcripts))
    records = product.machine.records(place, want=2)
    require([record["COUNTERSIGN_OUTCOME"] for record in records] == ["rejected"] * 2, str(records))


@case("ssh: a name that does not exist is refused like one that does")
def nobody_there(product, _report):
    ghost = type(product.people.all[0])("ghost", "-", product.people.key)
    status, said = ssh.login(product.machine, ghost)
    require(status == 255 and "Permission denied (publickey" in said, said)


def refused_after(product, person, code):
    """A login in which `code` is the answer to everything is refused."""
    dialogue = ssh.on_terminal(product.machine, person)
    answer_until_refused(dialogue, code)
    return 255, dialogue.transcript


def answer_until_refused(dialogue, reply):
    """Give the same answer to each prompt until sshd refuses; the number of prompts."""
    prompts = 0
    while True:
        said = dialogue.expect(
            r"(One-time code|This code|And the next one|password): |Permission denied|Disconnected|closed"
        )
        require(not said.endswith("password: "), "asked for a password that nothing can come of")
        if not said.endswith(": "):
            status, _ = dialogue.ends()
            require(status == 255, f"status {status}")
            return prompts
        prompts += 1
        require(prompts <= 12, "asked more than twelve times")
        dialogue.type(reply)
