"""A screen of a machine: what a person sees there, and types."""

import itertools
import re
import secrets
import time

from harness.machine import GUEST
from harness.report import require
from harness.terminal import Unexpected

LIMIT = 20.0  # seconds something is waited for to be said
STILL = 30.0  # seconds a screen may take to come up


class Screen:
    """One screen. Every look at it is kept, so that no secret may be found in any."""

    def __init__(self, machine, environment, *, dialog=None, user=None):
        """`environment` names the display; `dialog` is where on it to read: parts for guest/look."""
        self.machine, self.environment, self.dialog = machine, environment, dialog
        self._as = ("runuser", "-u", user, "--") if user else ()
        self.read_so_far, self._told = [], 0
        machine.screens.append(self)

    @classmethod
    def x(cls, machine, display, *, authority=None, **settings):
        """The X server at a display, whoever started it; there when it answers."""
        environment = [f"DISPLAY={display}"] + ([f"XAUTHORITY={authority}"] if authority else [])
        screen = cls(machine, environment, **settings)
        machine.until(f"{' '.join(environment)} xdpyinfo >/dev/null 2>&1", f"an X server at {display}", limit=STILL)
        return screen

    @classmethod
    def xvfb(cls, machine, display, *, size="1024x768", **settings):
        """An X server of our own at a display."""
        machine.run("systemd-run", "--quiet", "--collect", f"--unit=screen{display.replace(':', '-')}",
                    "env", f"SIZE={size}", f"{GUEST}/xvfb", display, "-ac", "-nolisten", "tcp")
        return cls.x(machine, display, **settings)

    @classmethod
    def wayland(cls, machine, person, **settings):
        """A Wayland of the person's own without a screen: sway, into whose runtime directory others may write."""
        runtime = f"/run/user/{person.uid}"
        machine.run("loginctl", "enable-linger", person.name)
        machine.write("/run/sway.conf", "output HEADLESS-1 resolution 1024x768\n")
        machine.run("systemd-run", "--quiet", "--collect", f"--unit=sway-{person.name}", f"--uid={person.name}",
                    *(f"--setenv={word}" for word in (
                        f"XDG_RUNTIME_DIR={runtime}", "WLR_BACKENDS=headless", "WLR_RENDERER=pixman",
                        "WLR_LIBINPUT_NO_DEVICES=1", f"SWAYSOCK={runtime}/sway")),
                    "sway", "-c", "/run/sway.conf")
        machine.until(f"[ -S {runtime}/wayland-1 ] && [ -S {runtime}/sway ]", "sway", limit=STILL)
        environment = [f"XDG_RUNTIME_DIR={runtime}", "WAYLAND_DISPLAY=wayland-1"]
        return cls(machine, environment, user=person.name, **settings)

    def run(self, *command, stdin="", check=True):
        """A program that has this screen; its output."""
        return self.machine.run(*self._as, "env", *self.environment, *command, stdin=stdin, check=check).stdout

    def has_window(self, name, limit=STILL):
        """Wait until X has a window of that class."""
        search = f"{' '.join(self.environment)} xdotool search --class {name} >/dev/null 2>&1"
        self.machine.until(search, f"a window of {name}", limit=limit)

    # --- what is typed

    def type(self, text):
        """Type `text` and Enter. It is nowhere in a command line."""
        self.put(text)
        self.key("Return")

    def put(self, text):
        """Type `text` alone."""
        if self._is_wayland:
            # It loses the first key unless it waits for the keyboard to be known.
            self.run("wtype", "-s", "300", "-", stdin=text)
        elif text:
            self.run("xdotool", "type", "--delay", "15", "--file", "-", stdin=text)

    def key(self, name):
        """Press a key: Return, Escape, ctrl+a."""
        if self._is_wayland:
            self.run("wtype", "-s", "300", "-k", name)
        else:
            self.run("xdotool", "key", name)

    def move_mouse(self):
        """Move the mouse to and fro."""
        self.run("xdotool", "mousemove", "300", "300", "mousemove", "310", "310")

    # --- what is seen

    def read(self, *, whole=False, taken=None):
        """What is written in the dialog now, or in a picture taken before; with `whole`, also in all of the screen."""
        parts = (self.dialog or "").split() + (["whole"] if whole or not self.dialog else [])
        if not taken:
            self.run(f"{GUEST}/shoot", self._picture)
        words = self.machine.run(f"{GUEST}/look", taken or self._picture, *parts).stdout
        self.read_so_far.append(words)
        return words

    def wait(self, pattern, limit=LIMIT):
        """Look until what is written matches `pattern`; all that is written then."""
        deadline = time.monotonic() + limit
        while True:
            words = self.read()
            if re.search(pattern, words):
                return words
            if time.monotonic() > deadline:
                self.keep(f"failed-{len(self.read_so_far)}")
                raise Unexpected(f"the screen does not say /{pattern}/, but:\n{words}")

    def told(self, act, pattern, name):
        """Do `act`, and look at every picture from then on until what is written in one matches; all that is.

        So nothing is missed that is shown for a moment. That picture is kept as an artefact.
        """
        film = f"/tmp/film-{secrets.token_hex(4)}"
        filming = self.machine.start(*self._as, "env", *self.environment, f"{GUEST}/film", film)
        try:
            self.machine.until(f"[ -e {film}/0.png ]", "a picture")
            act()
            # To read a picture takes longer than to take it.
            deadline = time.monotonic() + 2 * LIMIT
            for number in itertools.count():
                self.machine.until(f"[ -e {film}/{number}.png ]", "another picture")
                words = self.read(taken=f"{film}/{number}.png")
                if re.search(pattern, words):
                    self.machine.keep(f"{film}/{number}.png", f"{name}.png")
                    return words
                require(time.monotonic() < deadline, f"the screen did not say /{pattern}/, but at last:\n{words}")
        finally:
            self.machine.run("touch", f"{film}/enough")
            filming.wait(timeout=LIMIT)

    def words_since(self):
        """What was read since the last call, each thing once, in order."""
        new, self._told = self.read_so_far[self._told:], len(self.read_so_far)
        return "\n".join(f"on {self.environment[0]}:\n{words}" for words in dict.fromkeys(new))

    def keep(self, name):
        """Keep a picture as an artefact; what is written in it."""
        words = self.read(whole=True)
        self.machine.keep(self._picture, f"{name}.png")
        return words

    def shows(self, secrets):
        """Those of `secrets` of which six characters in a row were ever read here.

        Letters are compared as they are read: an l may be a 1, and an O a 0.
        """
        seen = folded("\n".join(self.read_so_far))
        parts = {secret: folded(secret) for secret in secrets}
        return [secret for secret, part in parts.items()
                if any(part[at:at + 6] in seen for at in range(max(1, len(part) - 5)))]

    @property
    def _picture(self):
        return f"/run/picture-{id(self):x}.png" if not self._as else f"/tmp/picture-{id(self):x}.png"

    @property
    def _is_wayland(self):
        return any(word.startswith("WAYLAND_DISPLAY=") for word in self.environment)


ALIKE = str.maketrans("oilszbg|!", "011528911")


def folded(text):
    """Letters and digits alone, those that are taken for each other made the same."""
    return re.sub("[^a-z0-9]", "", text.lower().translate(ALIKE))
