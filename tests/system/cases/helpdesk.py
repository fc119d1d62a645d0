"""What an admin and a user do with factors, by the package as it is installed: its sandbox, its bus policy."""

import json
import os
import re
import time

from harness import ssh
from harness.codes import from_base32, hotp, now
from harness.report import case, require
from harness.ssh import CODE

SETTINGS = "/etc/countersign/countersign.toml.d/tests.toml"
PASSPHRASE = "correct horse battery staple\n"


def prepare(product, _report):
    """sshd asks for a code behind the key."""
    product.install()
    product.ask_in_sshd("key")


def ctl(product, *arguments, stdin="", status=0, user=None):
    """countersignctl, as root or as that user; what it said."""
    as_whom = ("runuser", "-u", user, "--") if user else ()
    done = product.machine.run(*as_whom, "countersignctl", *arguments, stdin=stdin, check=False)
    said = done.stdout + done.stderr
    require(done.returncode == status, f"countersignctl {arguments}: {done.returncode}, not {status}:\n{said}")
    return said


def issue(product, person, *options):
    """A code for one login."""
    found = re.search(r"0-[0-9A-Z]{4}-[0-9A-Z]{4}", ctl(product, "issue-code", person.name, *options))
    require(found, "no code was shown")
    return found.group()


def as_a_person(product, person, *answers, **options):
    """Log in by ssh with a moment between the answers: one that comes at once is not looked at."""
    dialogue = ssh.on_terminal(product.machine, person, **options)
    for prompt, answer in answers:
        dialogue.answer(prompt, answer)
        time.sleep(1.5)
    status, _ = dialogue.ends()
    return status, dialogue.transcript


def settings(product, text):
    """These settings, in force."""
    product.machine.write(SETTINGS, text)
    product.machine.run("systemctl", "reload", "countersignd")


@case("issue-code: the code opens one ssh login, in the case and spacing it is typed in, and no second")
def issued(product, report):
    person = product.people.make("nophone")
    code = issue(product, person)
    outcome = ssh.login(product.machine, person, (CODE, code.lower().replace("-", " ")))
    ssh.require_in(person, outcome)
    report.save("ssh-issued-code.txt", outcome[1].replace(code.lower().replace("-", " "), "(the code)"))
    ssh.require_refused(ssh.login(product.machine, person, (CODE, code), (CODE, code), (CODE, code)))
    entries = json.loads("[" + ",".join(ctl(product, "events", "--user", "nophone", "--json").splitlines()) + "]")
    require(any(entry["outcome"] == "issued" for entry in entries), f"{entries}")
    require(any(entry.get("factor") == "issued" for entry in entries), f"{entries}")


@case("issue-code: refused where the configuration says so, and a reload is enough to say it")
def not_issued(product, _report):
    person = product.people.make("refused")
    settings(product, '[helpdesk]\nissue-codes = "off"\n')
    said = ctl(product, "issue-code", "refused", status=1)
    require("issue-codes" in said, said)
    settings(product, "")
    issue(product, person)


@case("a user changes what they hold over the system bus, with a fresh code and not without one")
def by_oneself(product, _report):
    ada = product.people.make("ada")
    require("ada" in ctl(product, "status", user="ada"), "no status of one's own")
    ctl(product, "rename", ada.credential, "phone", user="ada", status=1)
    ctl(product, "rename", ada.credential, "phone", stdin="000000\n", user="ada", status=1)
    ctl(product, "unlock", "ada")
    code = ada.codes.fresh()
    ctl(product, "rename", ada.credential, "phone", stdin=code + "\n", user="ada")
    require("phone" in ctl(product, "status", user="ada"), "not renamed")
    ctl(product, "rename", ada.credential, "again", stdin=code + "\n", user="ada", status=1)


@case("self-service by ticket: a first factor takes a code from root, once")
def ticket(product, _report):
    person = product.people.make("newcomer", enrolled=False)
    settings(product, '[enrollment]\nself-service = "ticket"\n')
    ctl(product, "enroll", "--json", user="newcomer", status=1)
    code = issue(product, person)
    made = json.loads(ctl(product, "enroll", "--json", stdin=code + "\n", user="newcomer"))
    require(made["user"] == "newcomer" and not made["confirmed"], f"{made}")
    ctl(product, "enroll", "--json", stdin=code + "\n", user="newcomer", status=1)
    settings(product, "")


@case("a token that was played with is found again by two codes in a row, at the prompt of ssh")
def token(product, _report):
    person = product.people.make("token", enrolled=False)
    made = json.loads(ctl(product, "enroll", "token", "--factor", "hotp", "--unconfirmed", "--json"))
    codes = [hotp(from_base32(made["secret"]), counter) for counter in range(60)]
    ssh.require_in(person, ssh.login(product.machine, person, (CODE, codes[0])))
    outcome = as_a_person(product, person, (CODE, codes[40]), (CODE, codes[41]))
    ssh.require_in(person, outcome)
    ssh.require_in(person, ssh.login(product.machine, person, (CODE, codes[42])))
    ssh.require_refused(ssh.login(product.machine, person, *[(CODE, codes[41])] * 3))


@case("a login in Korean, over ssh from a client whose locale is UTF-8")
def korean(product, report):
    person = product.people.make("minji")
    settings(product, '[login]\nlanguage = "ko"\n')
    env = os.environ | {"LC_ALL": "C.UTF-8"}
    wrong, right = person.codes.wrong(), person.codes.fresh()
    prompt = "일회용 코드: "
    outcome = as_a_person(product, person, (prompt, wrong), (prompt, right), env=env)
    settings(product, "")
    ssh.require_in(person, outcome)
    require("일회용 코드가 틀렸습니다" in outcome[1], outcome[1])
    report.save("ssh-korean.txt", outcome[1])


@case("backup and restore, by the daemon in its sandbox: under the master key, and under a passphrase")
def backups(product, _report):
    machine, file = product.machine, "/root/countersign.backup"
    for name, protected in (("keeper", ()), ("keeper2", ("--passphrase-stdin",))):
        keeper, said = product.people.make(name), PASSPHRASE if protected else ""
        machine.run("rm", "-f", file)
        ctl(product, "backup", file, *protected, stdin=said)
        require(machine.sh(f"stat -c '%a %U' {file}").strip() == "600 root", "who may read it")
        code = keeper.codes.fresh()
        require("successfully" in product.try_code(keeper, code), "no login before")
        ctl(product, "reset", name, "--yes")
        ctl(product, "restore", file, *protected, "--dry-run", stdin=said)
        require("successfully" not in product.try_code(keeper, keeper.codes.at(1)), "a dry run restored somebody")
        ctl(product, "restore", file, *protected, "--yes", stdin=said)
        require("successfully" not in product.try_code(keeper, code), "a used code is good again")
        ctl(product, "unlock", name)
    # All up to the next step's count as used.
    keeper.codes.pass_over(now() + 1)
    require("successfully" in product.try_code(keeper, keeper.codes.fresh()), "no login after")
    ctl(product, "restore", file, "--passphrase-stdin", "--yes", stdin="another passphrase\n", status=1)
    require(product.machine.property("countersignd.service", "NRestarts") == "0", "the daemon did not survive it")
