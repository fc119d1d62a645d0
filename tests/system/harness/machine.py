"""A booted Debian, and programs in it and beside it."""

import json
import os
import shlex
import shutil
import subprocess
import time
from pathlib import Path

from harness.terminal import Dialogue, Unexpected

HERE = Path(__file__).resolve().parent.parent
SERVER = "10.99.0.1"
CLIENT = "10.99.0.2"
GUEST = "/opt/countersign-tests"  # where the machine sees tests/system/guest


class Machine:
    """One machine; `with` boots it and ends it."""

    def __init__(self, name, root, package, artefacts=None):
        self.name = f"countersign-{name}"
        self.root, self.package = root, Path(package) if package else None
        self.run_directory = Path("/run/countersign-tests") / self.name
        self.artefacts = artefacts
        self.dialogues = []
        self.screens = []

    def __enter__(self):
        binds = [f"{HERE / 'guest'}:{GUEST}"]
        if self.package:
            binds.append(f"{self.package.parent}:/opt/package")
        self._script("boot", self.root, *binds)
        return self

    def __exit__(self, *_):
        for dialogue in self.dialogues:
            dialogue.hang_up()
        subprocess.run([HERE / "stop", self.name, "--now"], check=False, timeout=60)

    # --- programs

    def argv(self, *command):
        """The host's command that runs `command` in the machine, as root."""
        return [str(HERE / "run"), self.name, *map(str, command)]

    def client(self, *command):
        """The host's command that runs a program of the host on the client's side."""
        return [str(HERE / "run"), self.name, "--client", *map(str, command)]

    def run(self, *command, stdin="", check=True, limit=60):
        """Run a program in the machine; its output. With `check`, a failure is one of the case."""
        done = subprocess.run(
            self.argv(*command), input=stdin, text=True, capture_output=True, timeout=limit, check=False
        )
        if check and done.returncode != 0:
            raise Unexpected(
                f"{shlex.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done

    def sh(self, script, *arguments, check=True, stdin=""):
        """Run a shell script in the machine; its standard output."""
        return self.run("bash", "-euc", script, "-", *arguments, check=check, stdin=stdin).stdout

    def until(self, condition, what, limit=20.0):
        """Wait until a shell condition holds in the machine; `what` is missing if it never does."""
        script = f"deadline=$((SECONDS + {limit:.0f})); until {condition}; do [ $SECONDS -lt $deadline ] || exit 1; sleep 0.1; done"
        if self.run("bash", "-uc", script, check=False, limit=limit + 20).returncode:
            raise Unexpected(f"within {limit:g} s there was not {what}")

    def start(self, *command, user=None):
        """Start a program in the machine that goes on beside the case; the Popen."""
        prefix = ("runuser", "-u", user, "--") if user else ()
        return subprocess.Popen(
            self.argv(*prefix, *command), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )

    def dialogue(self, *command, limit=20.0):
        """A program in the machine, on a terminal of the machine's own."""
        ptmx = f"/proc/{self.leader}/root/dev/pts/ptmx"
        return self._keep(Dialogue(self.argv(*command), ptmx=ptmx, limit=limit))

    def console(self):
        """What a getty offers at a terminal of the machine: "login: "."""
        return self.dialogue(
            "systemd-run", "--quiet", "--wait", "--collect",
            "-p", "StandardInput=tty-force", "-p", "StandardOutput=tty", "-p", "StandardError=tty", "-p", "TTYPath={tty}",
            "agetty", "--noclear", "-", "dumb",
        )

    def client_dialogue(self, *command, env=None, limit=20.0):
        """A program of the host, on the client's side, on a terminal."""
        return self._keep(Dialogue(self.client(*command), env=env, limit=limit))

    def _keep(self, dialogue):
        self.dialogues.append(dialogue)
        return dialogue

    def transcripts(self):
        """What was said on the terminals since the last call."""
        said = [f"$ {' '.join(d.argv)}\n{d.transcript}" for d in self.dialogues]
        for dialogue in self.dialogues:
            dialogue.hang_up()
        self.dialogues = []
        said += [screen.words_since() for screen in self.screens]
        return "\n".join(filter(None, said))

    # --- files

    def write(self, path, text, mode="0644"):
        """Write a file in the machine, as root."""
        self.run("install", "-D", "-m", mode, "/dev/stdin", path, stdin=text)

    def read(self, path):
        """A file of the machine."""
        return self.run("cat", path).stdout

    def keep(self, path, name):
        """Keep a file of the machine as an artefact."""
        shutil.copyfile(f"/proc/{self.leader}/root{path}", self.artefacts / name)

    # --- life

    @property
    def leader(self):
        """The host's process id of the machine's PID 1."""
        return int((self.run_directory / "leader").read_text())

    def reboot(self):
        """Reboot, with the same disk."""
        old = self.leader
        self.run("systemctl", "reboot")
        self._script("started", old)

    def property(self, unit, name):
        """A property of a systemd unit."""
        return self.run("systemctl", "show", "--value", "-p", name, unit).stdout.strip()

    def _script(self, script, *arguments):
        done = subprocess.run(
            [HERE / script, self.name, *map(str, arguments)],
            text=True, capture_output=True, timeout=180, check=False,
            env=os.environ | {"COUNTERSIGN_TEST_OWNER": str(os.getpid())},
        )
        if done.returncode != 0:
            raise Unexpected(f"{script} of {self.name} failed:\n{done.stdout}{done.stderr}")

    # --- journal

    def cursor(self):
        """A place in the journal: now."""
        self.run("journalctl", "--sync")
        shown = self.run("journalctl", "-q", "-n", "1", "--show-cursor", "-o", "cat").stdout
        return shown.rsplit("-- cursor: ", 1)[-1].strip()

    def journal(self, after=None):
        """The journal's entries, as dictionaries; those after a place, if one is given.

        They are sorted out here: with matches, journalctl 252 skips one entry too
        many after a cursor.
        """
        self.run("journalctl", "--sync")
        place = ["--after-cursor", after] if after else []
        lines = self.run("journalctl", "-q", "--no-pager", "-o", "json", "--all", *place).stdout
        return [json.loads(line) for line in lines.splitlines()]

    def records(self, after, want=1, limit=2.0):
        """The login records after a place; waits up to `limit` seconds for `want` of them."""
        deadline = time.monotonic() + limit
        while True:
            found = [entry for entry in self.journal(after) if entry.get("COUNTERSIGN_EVENT") == "login"]
            if len(found) >= want or time.monotonic() > deadline:
                return found
            time.sleep(0.05)
