"""The second factors that people come from: their own programs, files and logins."""

import re
import time

from harness.codes import Token
from harness.report import require

GOOGLE = "auth required pam_google_authenticator.so {}\naccount required pam_permit.so\n"
OATH = "auth requisite pam_oath.so usersfile={} window=5 digits={}\naccount required pam_permit.so\n"


class Google:
    """pam_google_authenticator: a file in each home, made by the program that comes with it."""

    FILE = ".google_authenticator"

    def __init__(self, machine):
        self.machine = machine
        machine.write("/etc/pam.d/old-google", GOOGLE.format(""))
        machine.write("/etc/pam.d/old-google-copy", GOOGLE.format("secret=${HOME}/.copy"))

    def set_up(self, person, *options):
        """The file as `google-authenticator OPTIONS` makes it for that person."""
        self.machine.run(
            "runuser", "-u", person.name, "--", "google-authenticator",
            "--force", "--no-confirm", "--qr-mode=NONE", "--quiet", "--emergency-codes=5", *options,
        )
        self.learn(person)

    def learn(self, person):
        """What a phone and a drawer hold, as the file says it."""
        lines = self.read(person).splitlines()
        counter = "--counter" if any(line.startswith('" HOTP_COUNTER') for line in lines) else None
        step = next((int(line.split()[2]) for line in lines if line.startswith('" STEP_SIZE')), 30)
        person.codes = Token.of_base32(lines[0], period=None if counter else step)
        person.recovery += [line for line in lines if re.fullmatch(r"\d{8}", line)]

    def path(self, person, name=FILE):
        """Where that file is."""
        return f"/home/{person.name}/{name}"

    def read(self, person):
        """The file, as it is now."""
        return self.machine.read(self.path(person))

    def change(self, person, script):
        """Change the file by a sed script, as its owner would with an editor."""
        self.machine.sh('sed "$2" <"$1" >"$1.new"; cat "$1.new" >"$1"; rm "$1.new"', self.path(person), script)

    def accepts(self, person, code):
        """Log in with the module, on the file itself."""
        return login(self.machine, "old-google", person, code)

    def would_accept(self, person, code):
        """Log in with the module, on a copy of the file as it is now."""
        owner = f"--owner={person.name}"
        self.machine.run("install", "-m", "0400", owner, self.path(person), self.path(person, ".copy"))
        verdict = login(self.machine, "old-google-copy", person, code)
        self.machine.run("rm", self.path(person, ".copy"))
        return verdict


class Oath:
    """pam_oath: one file for everybody."""

    FILE = "/etc/users.oath"
    COPY = "/etc/users-copy.oath"

    def __init__(self, machine):
        self.machine = machine
        for digits in (6, 7, 8):
            machine.write(f"/etc/pam.d/old-oath-{digits}", OATH.format(self.FILE, digits))
            machine.write(f"/etc/pam.d/old-oath-{digits}-copy", OATH.format(self.COPY, digits))

    def set_up(self, text):
        """The file, written by hand."""
        self.machine.write(self.FILE, text, "0600")

    def accepts(self, person, code):
        """Log in with the module, on the file itself."""
        return login(self.machine, f"old-oath-{len(code)}", person, code)

    def would_accept(self, person, code):
        """Log in with the module, on a copy of the file as it is now."""
        self.machine.run("cp", "--preserve", self.FILE, self.COPY)
        verdict = login(self.machine, f"old-oath-{len(code)}-copy", person, code)
        self.machine.run("rm", self.COPY)
        return verdict


def login(machine, service, person, code):
    """One real PAM login with one code; whether it got in."""
    done = machine.run(
        "pamtester", service, person.name, "authenticate", stdin=f"{code}\n", check=False
    )
    said = done.stdout + done.stderr
    got_in = "successfully authenticated" in said
    require(got_in or "Authentication failure" in said, f"{service} gave no verdict:\n{said}")
    return got_in


def early_in_a_step(seconds=20, period=30):
    """Wait until the present step lasts for so long still, so that all verdicts fall into it."""
    left = period - time.time() % period
    if left < seconds:
        time.sleep(left)
