"""protect, confirm-protect, unprotect: changes of real logins that undo themselves."""

import re
import time

from harness import ssh
from harness.report import case, require
from harness.ssh import CODE
from harness.terminal import Unexpected

PASSWORD = r"(?i)password[^\n]*: "
SUDO = r"\[sudo\] password[^\n]*: "
PROMPT = r"\$ $"
MODULE = "/usr/lib/*/security/pam_countersign.so"
FILES = "/etc/pam.d/* /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*"
OURS = "/etc/ssh/sshd_config.d/00-countersign.conf"
SSHD = """\
UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
LoginGraceTime 120
MaxStartups 200
"""


def prepare(product, _report):
    """Installed, and no login changed: sshd takes a key, or a password by PAM."""
    product.install()
    machine = product.machine
    config = SSHD + machine.sh("! sshd -T | grep -q persourcepenalties || echo PerSourcePenalties no")
    machine.write("/etc/ssh/sshd_config.d/50-tests.conf", config)
    machine.run("systemctl", "restart", "ssh")
    machine.write("/usr/lib/pam.d/packaged", "@include common-auth\n@include common-account\n")
    product.spare = product.people.make("spare")


def files(product):
    """The digest, mode and owner of every file that protect may change."""
    return product.machine.sh(f"sha256sum {FILES}; stat -c '%a %U %G %n' {FILES}")


def protect(product, *words, check=True):
    """protect as root without a terminal, with `spare` as the one who must be asked."""
    return product.machine.run(
        "countersignctl", "protect", *words, "--yes", "--user", product.spare.name, check=check)


class Undone:
    """Waits for systemd's word that a change was undone, of what it says from now on.

    Not by `journalctl -f -u`: that of systemd 252 sometimes stays silent when the
    unit had said nothing before.
    """

    def __init__(self, machine):
        self.machine = machine
        self.place = machine.cursor()

    def wait(self):
        """Until it is; all that it said."""
        return self.wait_for("Finished .*Countersign")

    def wait_for(self, pattern, limit=60):
        """Until it says this."""
        deadline = time.monotonic() + limit
        while not re.search(pattern, said := self.said()):
            if time.monotonic() > deadline:
                raise Unexpected(f"not undone in time:\n{said}")
            time.sleep(0.3)
        return said

    def said(self):
        """What it said until now, and systemd about it."""
        unit = "countersign-revert.service"
        return "".join(
            f"{entry['MESSAGE']}\n" for entry in self.machine.journal(self.place)
            if unit in (entry.get("UNIT"), entry.get("_SYSTEMD_UNIT")))


def shell(product, person, *answers, key=False):
    """An interactive login over ssh, at its prompt."""
    dialogue = ssh.on_terminal(
        product.machine, person, "env", "PS1='$ '", "bash", "--norc", "-i", key=key)
    for prompt, reply in answers:
        dialogue.answer(prompt, reply)
    dialogue.expect(PROMPT)
    return dialogue


def by_sudo(dialogue, person, command):
    """Type `sudo COMMAND` at a shell, and the password."""
    dialogue.type(f"sudo -k {command}")
    dialogue.answer(SUDO, person.password)


def needs_code(product, person):
    """ssh asks this person for the password and then for a code, and lets them in."""
    ssh.require_in(person, ssh.login(
        product.machine, person, (PASSWORD, person.password), (CODE, person.codes.fresh()), key=False))


def needs_no_code(product, person):
    """ssh asks this person for the password, and for nothing else."""
    outcome = ssh.login(product.machine, person, (PASSWORD, person.password), key=False)
    ssh.require_in(person, outcome)
    require(CODE not in outcome[1], outcome[1])


def change(sentence):
    """A case after which nothing is protected, whatever came of it."""

    def register(run):
        def tidy(product, report):
            try:
                run(product, report)
            finally:
                product.machine.sh("""
                    countersignctl unprotect --pending
                    for service in sshd sudo su login packaged; do countersignctl unprotect "$service" || true; done""")

        return case(sentence)(tidy)

    return register


@change("protect sshd from an ssh login, which is then cut: 20 s later all is as before, byte for byte")
def cut(product, report):
    person = product.people.make("cut", sudo=True)
    before = files(product)
    dialogue = shell(product, person, (PASSWORD, person.password))
    by_sudo(dialogue, person, "countersignctl protect sshd --try 20s")
    diff = dialogue.expect("Type yes to go on: ")
    require("+auth [success=ok ignore=ignore default=die] pam_countersign.so" in diff, diff)
    require("+AuthenticationMethods keyboard-interactive:pam" in diff, diff)
    dialogue.type("yes")
    dialogue.answer(PASSWORD, person.password)
    dialogue.answer(CODE, person.codes.fresh())
    undone = Undone(product.machine)
    said = dialogue.expect("as before again at [0-9:]+")
    require("confirm-protect" in said, said)
    require(files(product) != before, "nothing was changed")
    needs_code(product, person)
    report.save("protect-sshd.txt", dialogue.transcript)
    dialogue.hang_up()
    said = undone.wait()
    require(files(product) == before, f"not as before:\n{said}\n{files(product)}")
    needs_no_code(product, person)
    report.note(said)


@change("whoever is told that sshd is protected, or is not any more, can connect the next moment")
def at_once(product, _report):
    product.machine.sh("""
        connect() { exec 3<>/dev/tcp/127.0.0.1/22; read -rt 10 hello <&3; [[ $hello = SSH-2.0-* ]]; exec 3>&-; }
        for _ in {1..10}; do
            countersignctl protect sshd --no-try --yes --user "$1"; connect
            countersignctl unprotect sshd; connect
        done""", product.spare.name)


@change("a change that nobody confirmed is undone by a reboot, before anybody can log in")
def rebooted(product, _report):
    machine = product.machine
    before = files(product)
    protect(product, "sshd", "sudo", "--try", "1d")
    require(files(product) != before, "nothing was changed")
    machine.reboot()
    require(files(product) == before, files(product))
    needs_no_code(product, product.spare)
    done = machine.run("systemctl", "show", "-p", "ActiveEnterTimestampMonotonic", "--value", "ssh.service")
    undone = machine.run("systemctl", "show", "-p", "ExecMainExitTimestampMonotonic", "--value",
                         "countersign-revert.service")
    require(0 < int(undone.stdout) < int(done.stdout), f"{undone.stdout} is not before {done.stdout}")
    require("No change waits" in machine.run("countersignctl", "confirm-protect", check=False).stderr, "confirmed")


@change("what fails to be undone is tried again until it is")
def again(product, _report):
    machine = product.machine
    before = files(product)
    undone = Undone(machine)
    protect(product, "su", "--try", "10s")
    # As if the disk were full: nothing can be written where the file is.
    machine.sh("mount --bind /etc/pam.d /etc/pam.d; mount -o remount,ro,bind /etc/pam.d")
    try:
        undone.wait_for("Failed with result")
        require(files(product) != before, "undone on a disk that cannot be written")
    finally:
        machine.run("umount", "/etc/pam.d")
    undone.wait()
    require(files(product) == before, files(product))


@change("a module that breaks after the change locks nobody out for longer than the trial")
def broken(product, _report):
    machine = product.machine
    before = files(product)
    undone = Undone(machine)
    protect(product, "sshd", "--try", "10s")
    machine.sh(f"cp {MODULE} /root/module; echo garbage >/root/broken; cp /root/broken {MODULE}")
    try:
        dialogue = ssh.on_terminal(machine, product.spare, key=False)
        dialogue.answer(PASSWORD, product.spare.password)
        said = dialogue.expect("denied|assword: ")
        require(CODE not in said, said)
        undone.wait()
        require(files(product) == before, files(product))
        needs_no_code(product, product.spare)
        refused = protect(product, "sshd", check=False)
        require(refused.returncode == 1 and "cannot be loaded" in refused.stderr, refused.stderr)
        require(files(product) == before, "changed in spite of that")
    finally:
        machine.sh(f"cp /root/module {MODULE}")


@change("with confirm-protect from a new ssh login it stays; the old shell cannot confirm it")
def confirmed(product, report):
    machine = product.machine
    person = product.people.make("confirmer", sudo=True)
    before = files(product)
    old = shell(product, person, (PASSWORD, person.password))
    protect(product, "sshd", "--try", "1d")
    by_sudo(old, person, "countersignctl confirm-protect")
    said = " ".join(old.expect(PROMPT).split())
    require("Log in from another terminal" in said and "before" in said, said)
    again = protect(product, "sudo", check=False)
    require(again.returncode == 1 and "waits to be confirmed" in again.stderr, again.stderr)

    new = shell(product, person, (PASSWORD, person.password), (CODE, person.codes.fresh()))
    by_sudo(new, person, "countersignctl confirm-protect")
    said = new.expect(PROMPT)
    require("Confirmed" in said, said)
    report.save("confirm-protect.txt", new.transcript)
    timer = machine.run("systemctl", "is-active", "countersign-revert.timer", check=False).stdout.strip()
    require(timer == "inactive", timer)
    require("already" in protect(product, "sshd").stdout, "protected twice")
    machine.reboot()
    require(files(product) != before, "a confirmed change was undone by a reboot")
    product.machine.run("countersignctl", "unlock", person.name)
    needs_code(product, person)
    machine.run("countersignctl", "unprotect", "sshd")
    require(files(product) == before, files(product))
    needs_no_code(product, person)


@change("neither a login in progress nor an open session notices a change, or its end")
def undisturbed(product, _report):
    machine = product.machine
    person = product.people.make("steady")
    session = shell(product, person, (PASSWORD, person.password))
    early = ssh.on_terminal(machine, person, key=False)
    early.expect(PASSWORD)
    protect(product, "sshd", "--try", "1d")
    early.type(person.password)
    ssh.require_in(person, (early.ends()[0], early.transcript))
    require(CODE not in early.transcript, early.transcript)

    late = ssh.on_terminal(machine, person, key=False)
    late.answer(PASSWORD, person.password)
    late.expect(CODE)
    machine.run("countersignctl", "unprotect", "--pending")
    late.type(person.codes.fresh())
    ssh.require_in(person, (late.ends()[0], late.transcript))
    session.type("echo still-$((40 + 2))")
    session.expect("still-42")


@change("a password that is being typed at sshd's own prompt is judged as the login began")
def typing(product, _report):
    machine = product.machine
    person = product.people.make("typist")
    machine.sh("sed -i 's/^PasswordAuthentication no/PasswordAuthentication yes/' /etc/ssh/sshd_config.d/50-tests.conf")
    machine.run("systemctl", "restart", "ssh")
    early = ssh.on_terminal(
        machine, person, key=False, options=("-o", "PreferredAuthentications=password"))
    early.expect(PASSWORD)
    protect(product, "sshd", "--try", "1d")
    early.type(person.password)
    ssh.require_in(person, (early.ends()[0], early.transcript))
    needs_code(product, person)
    machine.run("countersignctl", "unprotect", "--pending")
    machine.sh("sed -i 's/^PasswordAuthentication yes/PasswordAuthentication no/' /etc/ssh/sshd_config.d/50-tests.conf")
    machine.run("systemctl", "restart", "ssh")


@change("key and code: neither alone opens sshd, even where sshd's own settings are gone")
def key_and_code(product, _report):
    machine = product.machine
    person = product.people.make("keyed", sudo=True)
    before = files(product)
    protect(product, "sshd", "--first", "key", "--no-try")
    try:
        ssh.require_in(person, ssh.login(machine, person, (CODE, person.codes.fresh())))
        status, said = ssh.login(machine, person, key=False)
        require(status == 255 and "Permission denied (publickey" in said, said)
        machine.sh(f"mv {OURS} /root/; systemctl restart ssh")
        dialogue = ssh.on_terminal(machine, person, key=False)
        said = dialogue.expect(r"denied|: $")
        require(said.endswith("denied"), f"asked for a code without the key:\n{said}")
        status, said = ssh.login(machine, person)
        require(status != 0 and "keyed" not in said.splitlines()[-1:], f"the key alone opened it:\n{said}")
        machine.sh(f"mv /root/00-countersign.conf {OURS}; systemctl restart ssh")
    finally:
        machine.run("countersignctl", "unprotect", "sshd")
    require(files(product) == before, files(product))


@change("sudo: tried and confirmed on one terminal, by a sudo that asks anew; undone byte for byte")
def sudo(product, report):
    machine = product.machine
    person = product.people.make("sudoer", sudo=True)
    before = files(product)
    dialogue = shell(product, person, (PASSWORD, person.password))
    by_sudo(dialogue, person, "countersignctl protect sudo")
    dialogue.expect("Type yes to go on: ")
    dialogue.type("yes")
    dialogue.answer(PASSWORD, person.password)
    dialogue.answer(CODE, person.codes.fresh())
    dialogue.expect("as before again at [0-9:]+")
    dialogue.expect(PROMPT)
    # What sudo remembers would let it in without a code, and prove nothing.
    dialogue.type("sudo countersignctl confirm-protect")
    dialogue.answer(SUDO, person.password)
    dialogue.answer(CODE, person.codes.fresh())
    require("Confirmed" in dialogue.expect(PROMPT), dialogue.transcript)
    report.save("protect-sudo.txt", dialogue.transcript)
    for name in ("sudo", "sudo-i"):
        require("pam_countersign.so" in machine.read(f"/etc/pam.d/{name}"), name)
    machine.run("countersignctl", "unprotect", "sudo")
    require(files(product) == before, files(product))


@change("su and login are protected together; root's su asks nothing; undone byte for byte")
def su_and_login(product, _report):
    machine = product.machine
    caller, person = product.people.make("su-from", "su-to")
    before = files(product)
    protect(product, "su", "login", "--no-try")
    dialogue = machine.dialogue("runuser", "-u", caller.name, "--", "su", "-c", "id -un", person.name)
    dialogue.answer(PASSWORD, person.password)
    dialogue.answer(CODE, person.codes.fresh())
    require(dialogue.ends()[0] == 0, dialogue.transcript)
    by_root = machine.dialogue("su", "-c", "id -un", person.name)
    require(by_root.ends()[0] == 0 and CODE not in by_root.transcript, by_root.transcript)
    console = machine.console()
    console.expect("login: ")
    console.type(person.name)
    console.answer(PASSWORD, person.password)
    console.answer(CODE, person.codes.fresh())
    console.expect(r"\$ ")
    console.hang_up()
    machine.run("countersignctl", "unprotect", "su", "login")
    require(files(product) == before, files(product))


@change("a service that only a package configures gets a file in /etc, and loses it again")
def packaged(product, _report):
    machine = product.machine
    before = files(product)
    protect(product, "packaged", "--no-try")
    require("pam_countersign.so" in machine.read("/etc/pam.d/packaged"), "not there")
    machine.run("countersignctl", "unprotect", "packaged")
    require(files(product) == before, files(product))


@change("a file that was edited since keeps the edit, and says so")
def edited(product, _report):
    machine = product.machine
    before = machine.read("/etc/pam.d/su")
    protect(product, "su", "--no-try")
    machine.sh("echo '# mine' >>/etc/pam.d/su")
    said = machine.run("countersignctl", "unprotect", "su").stdout
    require("was edited since" in said, said)
    require(machine.read("/etc/pam.d/su") == before + "# mine\n", machine.read("/etc/pam.d/su"))
    machine.sh("sed -i '$d' /etc/pam.d/su")


@change("what would lock somebody out, or let somebody in, is refused before anything is changed")
def refused(product, _report):
    machine = product.machine
    product.people.make("stranger", enrolled=False)
    before = files(product)
    yes = ("countersignctl", "protect", "--yes")
    machine.write("/etc/pam.d/early", "auth sufficient pam_fprintd.so\n@include common-auth\n")
    for words, reason in (
        (("sshd", "--user", "stranger"), "has no second factor"),
        (("sshd", "--user", "stranger", "--no-try"), "has no second factor"),
        (("early", "--user", "spare"), "/etc/pam.d/early:1 (pam_fprintd.so)"),
        (("nonsense", "--user", "spare"), "There is no service nonsense"),
    ):
        done = machine.run(*yes, *words, check=False)
        require(done.returncode == 1 and reason in done.stderr, f"{words}: {done.stdout}{done.stderr}")
    machine.sh("rm /etc/pam.d/early")
    machine.run("passwd", "-l", "spare")
    done = machine.run(*yes, "sshd", "--user", "spare", check=False)
    require(done.returncode == 1 and "has no password" in done.stderr, done.stderr)
    machine.run("passwd", "-u", "spare")
    machine.sh("mv /home/spare/.ssh/authorized_keys /root/keys")
    done = machine.run(*yes, "sshd", "--first", "key", "--user", "spare", check=False)
    require(done.returncode == 1 and "has no key" in done.stderr, done.stderr)
    machine.sh("mv /root/keys /home/spare/.ssh/authorized_keys")
    machine.write("/etc/ssh/sshd_config.d/60-match.conf", "Match User spare\n  AuthenticationMethods publickey\n")
    done = machine.run(*yes, "sshd", "--user", "spare", check=False)
    machine.sh("rm /etc/ssh/sshd_config.d/60-match.conf")
    require(done.returncode == 1 and "authenticationmethods publickey" in done.stderr, done.stderr)
    machine.run("systemctl", "stop", "countersignd.socket", "countersignd.service")
    done = machine.run(*yes, "sshd", "--user", "spare", check=False)
    machine.run("systemctl", "start", "countersignd.socket", "countersignd.service")
    require(done.returncode == 3, f"{done.returncode}: {done.stderr}")
    require(files(product) == before, files(product))


@change("killed at any moment, protect has changed nothing, or what it changed is undone")
def killed(product, report):
    machine = product.machine
    before = files(product)
    words = "countersignctl protect sshd sudo --try 1d --yes --user spare"
    took = float(machine.sh(f"TIMEFORMAT=%R; {{ time {words} >/dev/null 2>&1; }} 2>&1"))
    machine.run("countersignctl", "unprotect", "--pending")
    midway = 0
    for number in range(30):
        # The change itself is at the end: before that it looks, and tries.
        machine.sh(f'{words} >/dev/null 2>&1 & sleep "$1"; kill -KILL $! 2>/dev/null || true; wait || true',
                   f"{took * (0.5 + number / 50):.3f}")
        if files(product) != before:
            timer = machine.run("systemctl", "is-active", "countersign-revert.timer", check=False)
            require(timer.stdout.strip() == "active", f"{number}: changed, and nobody undoes it")
        midway += '"since": null' in machine.sh("cat /var/lib/countersign-protect/ledger.json 2>/dev/null || true")
        machine.run("systemctl", "start", "countersign-revert.service")
        require(files(product) == before, f"{number}: {files(product)}")
    report.note(f"protect took {took:.3f} s; {midway} of 30 were killed in the middle of the change")
    require(midway, "none was killed while it changed anything: this proves nothing")
    require(not re.search(r"\.countersign-", machine.sh("ls -A /etc/pam.d /etc/ssh/sshd_config.d")), "litter")
