"""Rolling out: enrolment at a login, a policy that only reports, and rules by group and network."""

import re
import subprocess

from harness import ssh
from harness.codes import Codes
from harness.machine import CLIENT
from harness.report import case, require
from harness.ssh import CODE

PASSWORD = r"(?i)password[^\n]*: "
FIRST = "First code from the app: "
KEPT = "Press Enter when you have written them down: "

ENROLL = """
[[rule]]
name = "everybody gets a second factor"
services = ["sshd", "login"]
groups = ["newcomers"]
not-enrolled = "enroll"
enroll-by = %s
"""

REPORT = """
[[rule]]
name = "trial"
groups = ["tried"]
mode = "report"
"""

NETWORK = f"""
[[rule]]
name = "the client's network"
services = ["sshd"]
groups = ["near"]
from = ["{CLIENT}/32"]
require = "none"
"""

FAR = "2099-12-31"


def prepare(product, _report):
    """ssh by key and code with the guard, login by password and code."""
    product.install()
    product.guard_sshd()
    product.ask_after_password("login")
    product.machine.sh("for group in newcomers tried near; do groupadd $group; done")
    product.policy(ENROLL % FAR + REPORT + NETWORK)


def newcomer(product, name):
    """Somebody who holds nothing yet."""
    person = product.people.make(name, enrolled=False)
    product.machine.run("usermod", "-aG", "newcomers", name)
    return person


def key_in(said):
    """The secret that was shown: in groups of letters, and in a key URI that says the same."""
    text = said.replace("\r", "")
    uri = re.search(r"otpauth://totp/\S+(\n {2}\S+)*", text)
    groups = re.search(r"^ +((?:[A-Z2-7]{4} ?)+)$", text, re.MULTILINE)
    require(groups, f"no key in groups of four:\n{text}")
    secret = groups[1].replace(" ", "")
    if uri:
        require(f"secret={secret}" in uri[0], f"{uri[0]} is another key than {secret}")
    return secret


def legible(said, width=79):
    """What anybody can read on a terminal of 80 columns: no escapes, no octal, nothing that wraps."""
    text = said.replace("\r", "")
    require("\x1b" not in text and not re.search(r"\\[0-7]{3}", text), f"escapes:\n{text!r}")
    wide = [line for line in text.splitlines() if len(line) > width and "otpauth" not in line]
    require(not wide, f"lines that wrap: {wide}")


def finish(dialogue, person):
    """First code, recovery codes, kept."""
    said = dialogue.expect(FIRST)
    person.codes = Codes(key_in(said))
    dialogue.type(person.codes.wrong())
    again = dialogue.expect(FIRST)
    require("does not fit" in again, again)
    dialogue.type(person.codes.fresh())
    codes = dialogue.expect(KEPT)
    person.recovery += re.findall(r"\b\d+(?:-[0-9A-Z]{4}){4}\b", codes)
    require(len(person.recovery) == 10, codes)
    dialogue.type("")
    return said + again + codes


@case("ssh: whoever has no factor is shown a key, gives its first code, keeps recovery codes, and is in")
def enroll_over_ssh(product, report):
    person = newcomer(product, "newcomer")
    place = product.machine.cursor()
    dialogue = ssh.on_terminal(product.machine, person)
    legible(finish(dialogue, person))
    status, _ = dialogue.ends()
    ssh.require_in(person, (status, dialogue.transcript))
    report.save("enrolment-over-ssh.txt", dialogue.transcript)
    records = product.machine.records(place)
    require([record["COUNTERSIGN_OUTCOME"] for record in records] == ["accepted"], str(records))
    require(records[0].get("COUNTERSIGN_FACTOR") == "enrolled", str(records))

    # From now on the app is asked, and its first code is used up.
    ssh.require_in(person, ssh.login(product.machine, person, (CODE, person.codes.fresh())))
    ssh.require_in(person, ssh.login(product.machine, person, (CODE, person.recovery[0])))


@case("ssh: an enrolment that is broken off leaves nothing behind, and is no way in")
def broken_off(product, _report):
    person = newcomer(product, "undecided")
    dialogue = ssh.on_terminal(product.machine, person)
    shown = key_in(dialogue.expect(FIRST))
    dialogue.hang_up()
    ssh.require_guarded(person, ssh.by_key_alone(product.machine, person))
    dialogue = ssh.on_terminal(product.machine, person)
    require(key_in(dialogue.expect(FIRST)) != shown, "the same key again")
    dialogue.type(Codes(shown).at(0))
    require("does not fit" in dialogue.expect(FIRST), "a key that was shown to somebody else")
    dialogue.hang_up()
    status = product.machine.run("countersignctl", "status", person.name, check=False)
    require("totp" not in status.stdout.lower() or "not enrolled" in status.stdout, status.stdout)


@case("login on a terminal: the key is a picture that a phone reads, and the same in letters")
def enroll_on_terminal(product, report):
    person = newcomer(product, "at-desk")
    dialogue = product.machine.console()
    dialogue.expect("login: ")
    dialogue.type(person.name)
    dialogue.answer(PASSWORD, person.password)
    said = finish(dialogue, person)
    dialogue.expect(r"\$ ")
    dialogue.type("exit")
    dialogue.ends()
    report.save("enrolment-on-terminal.txt", dialogue.transcript)
    scanned = scan(last_screen(said[: said.index(FIRST)]))
    report.note(f"the picture reads {re.sub('secret=[^&]*', 'secret=…', scanned)}")
    require(f"secret={person.codes.secret}" in scanned, "the picture shows another key")


def last_screen(said, lines=24, columns=80):
    """What is left on the smallest screen there is."""
    shown = []
    for line in said.replace("\r", "").split("\n"):
        shown += [line[at : at + columns] for at in range(0, max(len(line), 1), columns)]
    return "\n".join(shown[-lines:])


def scan(screen):
    """What a reader finds in the picture of half blocks on a screen, light on dark or dark on light."""
    lines = [line.rstrip("\r") for line in screen.splitlines() if re.search("[▀▄█]", line)]
    require(lines, f"no picture:\n{screen}")
    for dark in (True, False):
        rows = []
        for line in lines:
            halves = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
            cells = [halves[char] for char in line if char in halves]
            rows += [[cell[0] for cell in cells], [cell[1] for cell in cells]]
        width = max(map(len, rows)) + 8
        ink = {1: b"\xff" if dark else b"\0", 0: b"\0" if dark else b"\xff"}
        picture = b"".join(
            6 * (b"\xff" * 24 + b"".join(ink[pixel] * 6 for pixel in row)).ljust(width * 6, b"\xff") for row in rows)
        header = b"P5\n%d %d\n255\n" % (width * 6, len(rows) * 6)
        read = subprocess.run(["zbarimg", "--quiet", "--raw", "-"], input=header + picture,
                              capture_output=True, check=False, timeout=20).stdout.decode()
        if read.startswith("otpauth://"):
            return read.strip()
    raise AssertionError(f"no reader finds anything in it:\n{screen}")


@case("ssh: after the deadline nobody is walked through enrolment: they are asked in vain")
def too_late(product, _report):
    person = newcomer(product, "latecomer")
    product.policy(ENROLL % "2020-01-31" + REPORT + NETWORK)
    try:
        said = product.explain("--user", person.name, "--service", "sshd")
        require(said["course"] == "ask-in-vain", str(said))
        dialogue = ssh.on_terminal(product.machine, person)
        dialogue.answer(CODE, "271828")
        said = dialogue.expect(r": |denied")
        require("key" not in said, said)
        dialogue.hang_up()
    finally:
        product.policy(ENROLL % FAR + REPORT + NETWORK)


@case("a rule that only reports lets everybody by as PAM would, and records what would have come of it")
def reported(product, _report):
    tried, stranger = product.people.make("tried-one"), product.people.make("tried-two", enrolled=False)
    for person, expected in ((tried, "would have been asked, and can answer"), (stranger, "would have been asked in vain")):
        product.machine.run("usermod", "-aG", "tried", person.name)
        place = product.machine.cursor()
        ssh.require_in(person, ssh.login(product.machine, person))
        ssh.require_in(person, ssh.by_key_alone(product.machine, person))
        records = product.machine.records(place, want=2)
        require([record["COUNTERSIGN_OUTCOME"] for record in records] == ["reported"] * 2, str(records))
        require({record["COUNTERSIGN_RULE"] for record in records} == {"trial"}, str(records))
        require(expected in records[0]["COUNTERSIGN_NOTE"], str(records))
        require("refused" in records[1]["COUNTERSIGN_NOTE"], str(records))
    # It lets nobody in whom PAM would not.
    keyless = product.people.make("tried-three")
    product.machine.run("usermod", "-aG", "tried", keyless.name)
    status, said = ssh.login(product.machine, keyless, key=False)
    require(status == 255 and "Permission denied" in said, said)


@case("a rule by group and network holds for those in the group and from there, and explain says so")
def by_group(product, report):
    machine = product.machine
    near, apart = product.people.make("near-one", "apart-one")
    machine.run("usermod", "-aG", "near", near.name)
    ssh.require_in(near, ssh.login(machine, near))
    ssh.require_in(near, ssh.by_key_alone(machine, near))
    ssh.require_guarded(apart, ssh.by_key_alone(machine, apart))
    subprocess.run(machine.client("ip", "addr", "replace", "10.99.0.3/24", "dev", "eth0"), check=True, timeout=20)
    ssh.require_guarded(near, ssh.by_key_alone(machine, near, "-b", "10.99.0.3"))
    dialogue = ssh.on_terminal(machine, near, options=("-b", "10.99.0.3"))
    dialogue.expect(CODE)
    dialogue.hang_up()

    for words, rule in (
        ((near.name, "--from", CLIENT), "the client's network"),
        ((near.name, "--from", "10.99.0.3"), "(end)"),
        ((apart.name, "--from", CLIENT), "(end)"),
    ):
        said = product.explain("--user", *words, "--service", "sshd")
        require(said["rule"] == rule, f"{words}: {said}")
    report.save("explain-network.txt", machine.run(
        "countersignctl", "explain", "--user", near.name, "--service", "sshd", "--from", "10.99.0.3").stdout)

    # Out of the group, out of the rule: at the next login, without a reload.
    machine.run("gpasswd", "-d", near.name, "near")
    ssh.require_guarded(near, ssh.by_key_alone(machine, near))


@case("a group that the name service cannot be asked about is not taken for one that nobody is in")
def nss_fails(product, _report):
    machine = product.machine
    person = product.people.make("near-two")
    machine.run("usermod", "-aG", "near", person.name)
    machine.sh("cp /etc/group /etc/group.kept; sed -i /^near:/d /etc/group")
    try:
        ssh.require_guarded(person, ssh.by_key_alone(machine, person))
    finally:
        machine.sh("mv /etc/group.kept /etc/group")
    ssh.require_in(person, ssh.by_key_alone(machine, person))
