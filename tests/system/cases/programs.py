"""sudo, su, login: a password, then a code, on a terminal."""

import json

from harness.product import LINE
from harness.report import case, require
from harness.ssh import CODE
from harness.terminal import Unexpected

PASSWORD = r"(?i)password[^\n]*: "


def prepare(product, _report):
    """All three ask for a code after the password."""
    product.install()
    product.ask_after_password("sudo", "su", "login")


def talk(dialogue, *answers):
    """Answer prompt by prompt; the exit status and all that was said."""
    for prompt, reply in answers:
        dialogue.answer(prompt, reply)
    status, _ = dialogue.ends()
    return status, dialogue.transcript


def sudo(product, person, *answers):
    """`sudo id` as that person."""
    return talk(product.machine.dialogue("runuser", "-u", person.name, "--", "sudo", "-k", "id"), *answers)


def su(product, caller, person, *answers):
    """`su` from one person to another."""
    command = ("runuser", "-u", caller.name, "--", "su", "-c", "id", person.name)
    return talk(product.machine.dialogue(*command), *answers)


def say_until_end(dialogue, reply):
    """Give the same answer to each prompt for a code."""
    while True:
        try:
            dialogue.answer(r"(One-time code|This code|And the next one): $", reply)
        except Unexpected:
            break
    return dialogue.ends()[0], dialogue.transcript


@case("sudo: password and right code run the command as root")
def sudo_right(product, report):
    alice = product.people.make("alice", sudo=True)
    place = product.machine.cursor()
    status, said = sudo(product, alice, (PASSWORD, alice.password), (CODE, alice.codes.fresh()))
    require(status == 0 and "uid=0(root)" in said, said)
    records = product.machine.records(place)
    require(len(records) == 1, f"{len(records)} records: {records}")
    record = records[0]
    require(record["COUNTERSIGN_OUTCOME"] == "accepted", str(record))
    require((record["COUNTERSIGN_USER"], record["COUNTERSIGN_SERVICE"]) == ("alice", "sudo"), str(record))
    report.save("sudo.txt", said)


@case("sudo: password and wrong code are refused, with a record")
def sudo_wrong(product, _report):
    person = product.people.make("sudo-wrong", sudo=True)
    place = product.machine.cursor()
    dialogue = product.machine.dialogue("runuser", "-u", person.name, "--", "sudo", "-k", "id")
    dialogue.answer(PASSWORD, person.password)
    status, said = say_until_end(dialogue, person.codes.wrong())
    require(status == 1 and "uid=0" not in said, said)
    records = product.machine.records(place)
    require([record["COUNTERSIGN_OUTCOME"] for record in records] == ["rejected"], str(records))


@case("sudo: a code used before is refused")
def sudo_reused(product, _report):
    person = product.people.make("sudo-reused", sudo=True)
    code = person.codes.fresh()
    status, said = sudo(product, person, (PASSWORD, person.password), (CODE, code))
    require(status == 0, said)
    dialogue = product.machine.dialogue("runuser", "-u", person.name, "--", "sudo", "-k", "id")
    dialogue.answer(PASSWORD, person.password)
    status, said = say_until_end(dialogue, code)
    require(status == 1 and "uid=0" not in said, said)
    require("Code already used. Wait for a new one." in said, said)


@case("sudo: a wrong password is refused before a code is asked for")
def sudo_password(product, _report):
    person = product.people.make("sudo-word", sudo=True)
    status, said = sudo(product, person, (PASSWORD, "not-" + person.password))
    require(status == 1 and CODE not in said, said)


@case("sudo -n fails at once where a code is needed")
def sudo_no_prompt(product, _report):
    person = product.people.make("sudo-batch", sudo=True)
    status, said = talk(product.machine.dialogue("runuser", "-u", person.name, "--", "sudo", "-n", "id"))
    require(status == 1 and "uid=0" not in said, said)


@case("su: password and right code become the other person; a wrong code does not")
def su_both(product, _report):
    caller, person = product.people.make("su-caller", "su-target")
    status, said = su(product, caller, person, (PASSWORD, person.password), (CODE, person.codes.fresh()))
    require(status == 0 and f"uid={person.uid}" in said, said)
    dialogue = product.machine.dialogue("runuser", "-u", caller.name, "--", "su", "-c", "id", person.name)
    dialogue.answer(PASSWORD, person.password)
    status, said = say_until_end(dialogue, person.codes.wrong())
    require(status == 1 and f"uid={person.uid}" not in said, said)


@case("su: the caller's own code does not open the other's account")
def su_anothers(product, _report):
    caller, person = product.people.make("su-mallory", "su-victim")
    dialogue = product.machine.dialogue("runuser", "-u", caller.name, "--", "su", "-c", "id", person.name)
    dialogue.answer(PASSWORD, person.password)
    status, said = say_until_end(dialogue, caller.codes.fresh())
    require(status == 1 and f"uid={person.uid}" not in said, said)


@case("su: a code used before is refused, and said to be used")
def su_reused(product, _report):
    caller, person = product.people.make("su-again", "su-reused")
    code = person.codes.fresh()
    status, said = su(product, caller, person, (PASSWORD, person.password), (CODE, code))
    require(status == 0, said)
    dialogue = product.machine.dialogue("runuser", "-u", caller.name, "--", "su", "-c", "id", person.name)
    dialogue.answer(PASSWORD, person.password)
    status, said = say_until_end(dialogue, code)
    require(status == 1 and f"uid={person.uid}" not in said, said)
    require("Code already used. Wait for a new one." in said, said)


@case("su from root asks for no code, as it asks for no password")
def su_root(product, _report):
    person = product.people.make("su-rooted")
    status, said = talk(product.machine.dialogue("su", "-c", "id", person.name))
    require(status == 0 and f"uid={person.uid}" in said and CODE not in said, said)


@case("login on a terminal: name, password and right code get a shell")
def login_right(product, report):
    person = product.people.make("login-right")
    dialogue = product.machine.console()
    dialogue.expect("login: ")
    dialogue.type(person.name)
    dialogue.answer(PASSWORD, person.password)
    place = product.machine.cursor()
    dialogue.answer(CODE, person.codes.fresh())
    dialogue.expect(r"\$ ")
    dialogue.type("id -un; tty; exit")
    _, said = dialogue.ends()
    require("login-right" in said and "/dev/pts/" in said, said)
    records = product.machine.records(place)
    require([record["COUNTERSIGN_SERVICE"] for record in records] == ["login"], str(records))
    report.save("login.txt", dialogue.transcript)


@case("login on a terminal: a wrong code leads back to the name, not to a shell")
def login_wrong(product, _report):
    person = product.people.make("login-wrong")
    dialogue = product.machine.console()
    dialogue.expect("login: ")
    dialogue.type(person.name)
    dialogue.answer(PASSWORD, person.password)
    wrong = person.codes.wrong()
    while not dialogue.expect(r"(One-time code|This code|And the next one): |Login incorrect").endswith("incorrect"):
        dialogue.type(wrong)
    dialogue.hang_up()
    require("$ " not in dialogue.transcript, dialogue.transcript)


@case("a recovery code in the code's place works once, and says how many are left")
def recovery(product, report):
    caller, person = product.people.make("rec-caller", "rec-owner")
    place = product.machine.cursor()
    status, said = su(product, caller, person, (PASSWORD, person.password), (CODE, person.recovery[2]))
    require(status == 0 and f"uid={person.uid}" in said, said)
    require(f"Recovery code used. {len(person.recovery) - 1} left." in said, said)
    records = product.machine.records(place)
    require([record["COUNTERSIGN_FACTOR"] for record in records] == ["recovery"], str(records))
    report.save("recovery-code.txt", said)
    dialogue = product.machine.dialogue("runuser", "-u", caller.name, "--", "su", "-c", "id", person.name)
    dialogue.answer(PASSWORD, person.password)
    status, said = say_until_end(dialogue, person.recovery[2])
    require(status == 1 and f"uid={person.uid}" not in said, said)


@case("another person's recovery code is refused")
def anothers_recovery(product, _report):
    mallory, victim = product.people.make("rec-mallory", "rec-victim")
    dialogue = product.machine.dialogue("runuser", "-u", victim.name, "--", "su", "-c", "id", mallory.name)
    dialogue.answer(PASSWORD, mallory.password)
    status, said = say_until_end(dialogue, victim.recovery[0])
    require(status == 1 and f"uid={mallory.uid}" not in said, said)


@case("a person who is not enrolled meets the same prompts in su, and is refused")
def unenrolled(product, _report):
    caller, enrolled = product.people.make("un-caller", "un-enrolled")
    stranger = product.people.make("un-stranger", enrolled=False)
    wrong = enrolled.codes.wrong()
    transcripts = []
    for person in (enrolled, stranger):
        dialogue = product.machine.dialogue("runuser", "-u", caller.name, "--", "su", "-c", "id", person.name)
        dialogue.answer(PASSWORD, person.password)
        status, said = say_until_end(dialogue, wrong)
        require(status == 1 and "uid=" not in said, said)
        transcripts.append(said)
    require(transcripts[0] == transcripts[1], "they differ:\n" + "\n---\n".join(transcripts))


@case("only the people of a group are asked, if the stack says so as the manual does")
def some_people(product, _report):
    inside, outside = product.people.make("some-inside", "some-outside")
    product.machine.sh("groupadd second-factor; usermod -aG second-factor some-inside")
    only = "auth [success=1 default=ignore] pam_succeed_if.so quiet user notingroup second-factor"
    product.machine.write("/etc/pam.d/some", f"auth required pam_permit.so\n{only}\n{LINE}\n")
    said = product.try_code(outside, service="some")
    require("successfully" in said and CODE not in said, f"asked, or refused: {said}")
    wrong = [inside.codes.wrong()] * 6
    require("successfully" not in product.try_code(inside, *wrong, service="some"), "not asked")
    product.machine.run("countersignctl", "unlock", inside.name)
    said = product.try_code(inside, inside.codes.fresh(), service="some")
    require("successfully" in said, f"refused: {said}")


@case("countersignctl removes, resets and renews; what was removed opens nothing")
def administration(product, _report):
    machine = product.machine
    person = product.people.make("managed")
    require("success" in product.try_code(person, person.codes.fresh()), "a good code was refused")
    old = person.recovery[:]
    made = json.loads(machine.run("countersignctl", "recovery-codes", person.name, "--json").stdout)
    person.recovery += made["recovery_codes"]
    require(not set(old) & set(made["recovery_codes"]), "the new codes are the old ones")
    require("success" not in product.try_code(person, *old[:3]), "a void recovery code was accepted")
    machine.run("countersignctl", "unlock", person.name)
    machine.run("countersignctl", "reset", person.name)
    require("success" not in product.try_code(person, *[person.codes.fresh()] * 3), "accepted after reset")
