"""greetd in a machine, with a greeter on a terminal, or with none but its IPC."""

import contextlib

from harness import session
from harness.machine import GUEST
from harness.product import LINE
from harness.report import require

# A greeter that does nothing until it is told that a login is over: the client of IPC speaks for it.
WAITS = "cat /run/greeted"
CONFIG = """\
[terminal]
vt = "none"
[general]
source_profile = false
runfile = "/run/greetd.run"
[default_session]
command = "%s"
user = "_greetd"
"""


def prepare(product):
    """Debian's greetd includes login's stack: our line stands behind that."""
    product.machine.sh('sed -i "/^@include login/a $1" /etc/pam.d/greetd', LINE)
    session.offer(product.machine)


class Ipc:
    """A greetd with a greeter that waits."""

    def __init__(self, product):
        self.machine = product.machine
        self.machine.write("/etc/greetd/config.toml", CONFIG % WAITS)
        self.machine.run("systemctl", "stop", "greetd")
        self.machine.run("systemctl", "reset-failed", "greetd", check=False)  # it counts how often it is started
        self.machine.sh("rm -f /run/greeted; mkfifo -m 644 /run/greeted; systemctl start greetd")
        self.machine.until("ls /run/greetd-*.sock >/dev/null 2>&1", "greetd's socket")
        self.socket = self.machine.sh("ls -t /run/greetd-*.sock | head -n 1").strip()

    def login(self, person, *answers):
        """The lines that were said."""
        said = self.machine.run(
            "python3", f"{GUEST}/greet.py", self.socket, person.name, f"{GUEST}/session",
            stdin="".join(f"{answer}\n" for answer in answers))
        return said.stdout.splitlines()

    def began(self, person):
        """The greeter ends; the session begins."""
        self.machine.sh("timeout 5 sh -c ': >/run/greeted'")
        return session.began(self.machine, person)


@contextlib.contextmanager
def on_terminal(product, greeter):
    """Around the body there is a greetd with that greeter on a terminal; the Dialogue."""
    machine = product.machine
    machine.run("systemctl", "stop", "greetd")
    # The terminal must be nobody's, so that the greeter can take it.
    machine.write("/etc/greetd/config.toml", CONFIG % f"env XDG_VTNR=0 TERM=xterm setsid -c {greeter}")
    dialogue = machine.dialogue(
        "systemd-run", "--quiet", "--wait", "--collect", "--unit=greeter", "-p", "ExecStartPre=chmod 666 {tty}",
        "-p", "ExecStartPre=stty -F {tty} rows 30 cols 100",
        "-p", "StandardInput=file:{tty}", "-p", "StandardOutput=file:{tty}", "-p", "StandardError=file:{tty}", "greetd")
    try:
        yield dialogue
        shown = [secret for person in product.people.all for secret in person.secrets_said() if secret in dialogue.transcript]
        require(not shown, f"on the terminal: {shown}")
    finally:
        machine.run("systemctl", "stop", "greeter", check=False)  # greetd aborts where its terminal goes first
