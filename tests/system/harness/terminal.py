"""A program on a terminal of its own, and what is said there."""

import errno
import fcntl
import os
import re
import select
import signal
import struct
import termios
import time
import traceback

LIMIT = 20.0  # seconds a prompt, or the end, is waited for


class Unexpected(Exception):
    """What the program did is not what the case says it does."""


class Dialogue:
    """Runs ARGV on a new pseudo-terminal; the transcript is kept.

    `ptmx` is the multiplexer the terminal comes from: that of a machine makes a
    terminal that the machine's programs know by name.  If ARGV says {tty}, that
    becomes the terminal's name, and the terminal is left for others to take.
    """

    def __init__(self, argv, *, ptmx="/dev/ptmx", env=None, limit=LIMIT):
        self.limit = limit
        self.enter = "\n"  # what the Enter key sends; programs that read keys want a carriage return
        self.transcript = ""
        self._unread = ""
        self._status = None
        self._fd = os.open(ptmx, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        fcntl.ioctl(self._fd, TIOCSPTLCK, struct.pack("i", 0))
        number = struct.unpack("i", fcntl.ioctl(self._fd, TIOCGPTN, bytes(4)))[0]
        self.argv = [word.replace("{tty}", f"/dev/pts/{number}") for word in argv]
        self._given_away = self.argv != argv
        self._pid = os.fork()
        if self._pid == 0:
            try:
                self._become(env)
            except Exception:  # the parent's program must not go on twice
                traceback.print_exc()
            finally:
                os._exit(127)

    def _become(self, env):
        """In the child: take the terminal, then be the program."""
        os.setsid()
        if self._given_away:
            mine = os.open("/dev/null", os.O_RDWR)
        else:
            mine = fcntl.ioctl(self._fd, TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY)
            fcntl.ioctl(mine, termios.TIOCSCTTY, 0)
        for fd in (0, 1, 2):
            os.dup2(mine, fd)
        os.closerange(3, 256)
        for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        os.execvpe(self.argv[0], self.argv, os.environ if env is None else env)

    def answer(self, prompt, reply):
        """Wait for `prompt`, then type `reply`; echo must be off: all we type is secret."""
        self.expect(prompt)
        self.whisper(reply)

    def whisper(self, text):
        """Type `text` and Enter at a prompt that was said, as soon as nothing of it will be seen."""
        self._echo_off()
        self.type(text)

    def type(self, text):
        """Type `text` and Enter."""
        os.write(self._fd, (text + self.enter).encode())

    def expect(self, pattern):
        """Wait until the output matches `pattern`; give back all that was new up to there."""
        deadline = time.monotonic() + self.limit
        while True:
            found = re.search(pattern, self._unread)
            if found:
                said, self._unread = self._unread[: found.end()], self._unread[found.end() :]
                return said
            if not self._read(deadline):
                raise Unexpected(f"/{pattern}/ was not said by {' '.join(self.argv)}")

    def ends(self):
        """Wait for the end; give back the exit status and all that was said since."""
        deadline = time.monotonic() + self.limit
        while self._read(deadline):
            pass
        if self._status is None:
            self.hang_up()
            raise Unexpected(f"no end within {self.limit:g} s of {' '.join(self.argv)}")
        said, self._unread = self._unread, ""
        return self._status, said

    def hang_up(self):
        """Take the terminal away, and the program with it."""
        if self._status is None:
            os.kill(self._pid, signal.SIGKILL)
            self._reap()

    def _read(self, deadline):
        """Take in what was said; False at the end of the program or of the time."""
        while self._status is None:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._fd], [], [], left)[0]:
                return False
            try:
                data = os.read(self._fd, 65536)
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                # Nobody has the terminal open: for a moment, or for good.
                self._reap(os.WNOHANG)
                time.sleep(0.01)
                continue
            text = data.decode(errors="replace")
            self.transcript += text
            self._unread += text
            return True
        return False

    def _reap(self, how=0):
        pid, status = os.waitpid(self._pid, how)
        if pid:
            self._status = os.waitstatus_to_exitcode(status)
            os.close(self._fd)

    def _echo_off(self):
        """A program turns echo off a moment before or after it prompts."""
        deadline = time.monotonic() + 1.0
        while termios.tcgetattr(self._fd)[3] & termios.ECHO:
            if time.monotonic() > deadline:
                raise Unexpected(f"echo is on while a secret is asked for:\n{self.transcript[-200:]}")
            time.sleep(0.01)


# linux/tty; the termios module has them only since Python 3.13
TIOCGPTN = 0x80045430
TIOCGPTPEER = 0x5441
TIOCSPTLCK = 0x40045431
