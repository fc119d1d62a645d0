"""countersignd as the benchmark runs it: a state directory, a key and a root door of its own."""

import json
import os
import select
import socket
import subprocess
import sys
import time

import users


class Daemon:
    """One countersignd over one state directory under `directory`."""

    def __init__(self, programs, config, directory):
        self.programs = programs
        self.config = config
        self.state = os.path.join(directory, "state")
        self.key = os.path.join(directory, "master.key")
        self.socket = os.path.join(directory, "socket")
        self.log = os.path.join(directory, "countersignd.log")
        self.process = None
        os.makedirs(self.state, mode=0o700)
        self._run("countersignd", "init", *self._places())

    def _places(self):
        return ["--state-directory", self.state, "--master-key", self.key]

    def _run(self, program, *arguments, **options):
        done = subprocess.run(
            [os.path.join(self.programs, program), *arguments], capture_output=True, text=True, check=False, **options
        )
        if done.returncode != 0:
            sys.exit(f"{program} {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def _command(self):
        return [os.path.join(self.programs, "countersignd"), *self._places(), "--config", self.config, "--no-bus"]

    def start(self):
        """Starts it with a socket of its own; back when it can be connected to."""
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([*self._command(), "--socket", self.socket], stderr=log)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(self.socket) == 0:
                    return
            time.sleep(0.01)
        sys.exit(f"countersignd did not open {self.socket}; its log is {self.log}")

    def stop(self):
        """Ends it and waits."""
        self.process.terminate()
        self.process.wait(timeout=10)
        self.process = None

    def enroll(self, count):
        """Gives users 0 to `count` - 1 the secret that pam-load computes codes from."""
        for number in range(count):
            arguments = ["--socket", self.socket, "enroll", users.name(number), "--unconfirmed", "--secret-stdin", "--json"]
            json.loads(self._run("countersignctl", *arguments, input=users.SECRET_BASE32 + "\n"))

    def memory(self):
        """Resident and anonymous memory, locked memory (KiB) and threads, as the kernel counts them."""
        names = {"VmRSS": "resident_kib", "RssAnon": "anonymous_kib", "VmLck": "locked_kib", "Threads": "threads"}
        figures = {}
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as status:
            for line in status:
                field, _, value = line.partition(":")
                if field in names:
                    figures[names[field]] = int(value.split()[0])
        return figures

    def cold_start(self, login):
        """Milliseconds from a login's first step to its verdict when its connection starts the daemon.

        As with systemd's socket unit: the socket listens, the daemon gets it as descriptor 3. What
        systemd itself needs to fork and to build the sandbox is not in the figure.
        `login` starts pam-load with one login and returns the process.
        """
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.socket)
        os.chmod(self.socket, 0o600)
        listener.listen(256)
        client = login()
        if not select.select([listener], [], [], 10)[0]:
            sys.exit("cold start: the login never came to the socket")
        with open(self.log, "a", encoding="utf-8") as log:
            # The shell puts its own process id, which stays the daemon's, into LISTEN_PID.
            start = 'exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'
            self.process = subprocess.Popen(["sh", "-c", start, "sh", *self._command()], stdin=listener, stderr=log)
        output, _ = client.communicate(timeout=30)
        listener.close()
        self.stop()
        figures = json.loads(output)
        if figures["unexpected"]:
            sys.exit(f"cold start: the login failed: {figures['results']}")
        return figures["max_us"] / 1000
