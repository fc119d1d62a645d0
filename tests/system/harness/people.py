"""People with a password, an ssh key and a second factor."""

import json
import secrets
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from harness.codes import Codes


@dataclass
class Person:
    """One account of the machine. The key is a file of the host."""

    name: str
    password: str
    key: Path
    uid: int = 0
    codes: Codes = None
    recovery: list = field(default_factory=list)
    credential: str = ""

    def secrets_said(self):
        """All that must never be found in a log."""
        codes = self.codes.said if self.codes else set()
        secret = {self.codes.secret} if self.codes else set()
        return {self.password} | codes | secret | set(self.recovery)


class People:
    """Makes people in a machine; one key pair serves all of them."""

    def __init__(self, machine):
        self.machine = machine
        self.all = []
        self._scratch = tempfile.TemporaryDirectory(prefix="countersign-key-")
        self.key = Path(self._scratch.name) / "id"
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True, timeout=20
        )

    def make(self, *names, sudo=False, enrolled=True, plain=False):
        """New accounts; those `enrolled` have a TOTP secret and recovery codes. One, or a list.

        A `plain` password is small letters: xscreensaver does not hear a shift key from xdotool, and
        where there is one field, digits at its end would be taken for a code.
        """
        letters = "abcdefghijkmnopqrstuvwxyz"
        word = (lambda: "".join(secrets.choice(letters) for _ in range(16))) if plain else (lambda: secrets.token_urlsafe(12))
        people = [Person(name, word(), self.key) for name in names]
        lines = "".join(f"{person.name}:{person.password}\n" for person in people)
        uids = self.machine.sh(
            """
            key=$1 groups=$2; shift 2
            for name in "$@"; do
              useradd -m -s /bin/bash ${groups:+-G "$groups"} "$name"
              install -d -m 700 -o "$name" -g "$name" "/home/$name/.ssh"
              echo "$key" >"/home/$name/.ssh/authorized_keys"
              chown "$name:" "/home/$name/.ssh/authorized_keys"
            done
            chpasswd -c SHA256 -s 1000
            id -u "$@"
            """,
            self.key.with_suffix(".pub").read_text().strip(),
            "sudo" if sudo else "",
            *names,
            stdin=lines,
        ).split()
        for person, uid in zip(people, uids):
            person.uid = int(uid)
            if enrolled:
                self.enroll(person)
        self.all += people
        return people if len(people) > 1 else people[0]

    def enroll(self, person):
        """A TOTP secret and recovery codes, provisioned as the manual says."""
        made = json.loads(
            self.machine.run("countersignctl", "enroll", person.name, "--unconfirmed", "--json").stdout
        )
        person.codes = Codes(made["secret"])
        person.recovery += made["recovery_codes"]
        person.credential = made["credential"]
