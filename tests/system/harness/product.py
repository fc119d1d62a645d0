"""Countersign in a machine: installed, and asked by the programs that log people in."""

import contextlib
import json
import time

from harness.people import People
from harness.report import require
from harness.terminal import Unexpected

LINE = "auth [success=ok ignore=ignore default=die] pam_countersign.so"

GUARD = "account required pam_countersign.so"

SSHD = """\
UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
LoginGraceTime 60
MaxStartups 200
LogLevel VERBOSE
"""


class Product:
    """The package and its people in one machine."""

    def __init__(self, machine):
        self.machine = machine
        self.people = People(machine)
        self.daemon = "0"

    def install(self):
        """Install the package, with no network to take anything from."""
        self.machine.run(
            "env", "DEBIAN_FRONTEND=noninteractive",
            "apt-get", "install", "-y", "--no-install-recommends",
            f"/opt/package/{self.machine.package.name}",
            limit=120,
        )
        self.machine.write("/etc/sudoers.d/00-tests", "Defaults passwd_tries=1, lecture=never\n", "0440")
        self.machine.write("/etc/pam.d/probe", f"{LINE}\naccount required pam_permit.so\n")

    def ask_in_sshd(self, first):
        """sshd asks for a code after the first factor: `key` or `password`."""
        config = SSHD
        if first == "key":
            config += "AuthenticationMethods publickey,keyboard-interactive:pam\n"
            self._edit("sshd", f"s/^@include common-auth/{LINE}/")
        else:
            config += "AuthenticationMethods keyboard-interactive:pam\n"
            self._edit("sshd", f"/^@include common-auth/a {LINE}")
        # From OpenSSH 9.8 on, a host that fails often is not answered for a while.
        config += self.machine.sh("! sshd -T | grep -q persourcepenalties || echo PerSourcePenalties no")
        self.machine.write("/etc/ssh/sshd_config.d/10-countersign.conf", config)
        self.machine.run("systemctl", "restart", "ssh")

    def guard_sshd(self):
        """sshd asks for a code after the key, and its guard sees to it; port 2222 takes the key alone.

        The stack ends in a module that decides, for logins of which the policy demands nothing.
        """
        self._edit("sshd", f"s/^@include common-auth/{LINE}\\nauth required pam_permit.so/")
        self._edit("sshd", f"s/^@include common-account/{GUARD}\\n&/")
        config = "Port 22\nPort 2222\n" + SSHD
        config += self.machine.sh("! sshd -T | grep -q persourcepenalties || echo PerSourcePenalties no")
        config += "AuthenticationMethods publickey,keyboard-interactive:pam\n"
        config += "Match LocalPort 2222\n  AuthenticationMethods publickey\n"
        self.machine.write("/etc/ssh/sshd_config.d/10-countersign.conf", config)
        self.machine.run("systemctl", "restart", "ssh")

    def policy(self, rules):
        """These are the rules of the policy from now on."""
        self.machine.write("/etc/countersign/countersign.toml.d/50-policy.toml", rules)
        place = self.machine.cursor()
        self.machine.run("systemctl", "reload", "countersignd")
        about = [entry["MESSAGE"] for entry in self.machine.journal(place) if "countersign.toml" in str(entry.get("MESSAGE"))]
        if any("policy.toml:" in message for message in about):
            raise Unexpected(f"the rules were not taken: {about}")

    def explain(self, *arguments):
        """What `countersignctl explain --json` says of a login."""
        return json.loads(self.machine.run("countersignctl", "explain", "--json", *arguments).stdout)

    def status(self, person):
        """What `countersignctl status --json` says of a person."""
        return json.loads(self.machine.run("countersignctl", "status", "--json", person.name).stdout)

    def ask_after_password(self, *services):
        """These services ask for a code after the password."""
        for service in services:
            self._edit(service, f"/^@include common-auth/a {LINE}")

    def ask_with_password(self, *services):
        """These services ask for password and code in one field."""
        for service in services:
            self._edit(service, f"s/^@include common-auth/{LINE}\\n&/")

    def _edit(self, service, script):
        self.machine.sh('sed -i "$2" "/etc/pam.d/$1"; grep -q countersign "/etc/pam.d/$1"', service, script)

    @contextlib.contextmanager
    def without_daemon(self):
        """Around the body there is no daemon, nor the socket that would start it; then another one."""
        pid = self.daemon_pid()
        require(pid == self.daemon, f"the daemon is process {pid} and was {self.daemon}")
        self.machine.run("systemctl", "stop", "countersignd.socket", "countersignd.service")
        try:
            yield
        finally:
            self.machine.run("systemctl", "start", "countersignd.socket", "countersignd.service")
            self.daemon = self.daemon_pid()

    def daemon_pid(self):
        """The daemon's process id, or "0"."""
        return self.machine.property("countersignd.service", "MainPID")

    def guess_codes_of(self, person, times=5, **place_told):
        """So many wrong codes that are judged, from the place that the items of PAM tell, or the user's own.

        Each costs twice the wait of the last, which this waits for: more than five take long.
        """
        place = self.machine.cursor()
        while sum(int(record["COUNTERSIGN_WRONG"]) for record in self.records(person, place)) < times:
            said = self.try_code(person, person.codes.wrong(), **(place_told or {"items": ("tty=:0",)}))
            require("success" not in said, said)
            time.sleep(0.3)

    def records(self, person, place):
        """The records of that person's logins since `place`."""
        found = self.machine.records(place, want=0)
        return [record for record in found if record["COUNTERSIGN_USER"] == person.name]

    def outcomes(self, person, place):
        """What came of that person's logins since `place`."""
        return [record["COUNTERSIGN_OUTCOME"] for record in self.records(person, place)]

    def try_code(self, person, *answers, service="probe", user=None, limit=20.0, items=()):
        """A login by the module alone, of the probe service; the words libpam ends with.

        Runs as root, hence at the root door, unless `user` says as whom.
        """
        as_whom = ("runuser", "-u", user, "--") if user else ()
        options = [word for item in items for word in ("-I", item)]
        done = self.machine.run(
            *as_whom, "pamtester", *options, service, getattr(person, "name", person), "authenticate",
            stdin="".join(f"{answer}\n" for answer in answers), check=False, limit=limit,
        )
        return done.stdout + done.stderr
