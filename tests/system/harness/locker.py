"""Screen lockers, each run by the person whose screen it locks."""

import itertools
import re
import secrets
import time

from harness.product import LINE
from harness.report import require
from harness.screen import LIMIT, Screen
from harness.terminal import Unexpected

STARTS = 30.0  # seconds a locker may take to lock the screen
OPENS = 15.0  # seconds it may take to open it, with a PAM module's delays
PASSWORD = "assword"  # the first question; of the first letter only half may be read
OPEN_DESKTOP = "the desktop is open"

BEHIND = f"@include common-auth\n{LINE}\n@include common-account\n"
FIRST = f"{LINE}\n@include common-auth\n@include common-account\n"

_displays, _pictures = itertools.count(20), itertools.count(1)


def in_new_session(machine, person, environment, command):
    """Run a program in a new login session of the person's, of which nobody demanded a factor."""
    machine.run(
        "systemd-run", "--quiet", "--collect", f"--unit=session-of-{person.name}-{secrets.token_hex(2)}",
        "-p", f"User={person.name}", "-p", "PAMName=login", "-p", "WorkingDirectory=~",
        *(f"--setenv={word}" for word in environment), *command)


def in_service_manager(machine, person, environment, command):
    """Run a program as a unit of the person's own service manager, in no login session."""
    machine.run("loginctl", "enable-linger", person.name)
    runtime = f"/run/user/{person.uid}"
    machine.until(f"[ -S {runtime}/bus ]", f"a bus of {person.name}'s")
    machine.run("runuser", "-u", person.name, "--", "env", f"XDG_RUNTIME_DIR={runtime}",
                "systemd-run", "--user", "--quiet", "--collect", *(f"--setenv={word}" for word in environment), *command)


class Locker:
    """A locked screen: a locker of a person's, that waits for what it asks first."""

    process = ""  # the name of the process that lives as long as the screen is locked
    service = ""  # the PAM service
    stack = BEHIND
    argv = ()
    question = news = None  # where on the screen it asks, and where it says something
    failed = None  # what it says of a refusal, if it takes nothing as long as it does

    def __init__(self, product, person, run=in_new_session, screen=None):
        self.machine, self.person = product.machine, person
        self.screen = screen or self.a_screen()
        start = time.monotonic()
        run(self.machine, person, self.environment(), self.command())
        self.locks()
        self.asks_first()
        self.seconds = time.monotonic() - start

    @classmethod
    def prepare(cls, machine):
        """Its stack asks for a code."""
        machine.write(f"/etc/pam.d/{cls.service}", cls.stack)

    # --- what differs

    def a_screen(self):
        """A new screen with an open desktop."""
        screen = Screen.xvfb(self.machine, f":{next(_displays)}", size="800x600")
        self.machine.run(
            "systemd-run", "--quiet", "--collect", f"--setenv={screen.environment[0]}",
            "xterm", "-geometry", "60x8+40+40", "-fa", "DejaVuSansMono", "-fs", "14", "-e", f"echo {OPEN_DESKTOP}; sleep 600")
        screen.has_window("xterm", limit=STARTS)
        return screen

    def environment(self):
        """Of the locker's process."""
        return list(self.screen.environment)

    def command(self):
        """What is run."""
        return self.argv

    def locks(self):
        """Wait until the screen is locked."""
        raise NotImplementedError

    def rouse(self):
        """What somebody does who comes to the screen: a key that is no part of an answer, or the mouse."""
        self.screen.key("BackSpace")

    def is_locked(self):
        """Whether the screen is locked."""
        return self.machine.run("pgrep", "-u", self.person.name, "-x", self.process, check=False).returncode == 0

    # --- what a person does, and sees

    def asks_first(self):
        """Have it ask for the password, which it does when it is roused; after a refusal again."""
        if self.failed:
            self.rests()
        self.screen.dialog = self.question
        deadline = time.monotonic() + STARTS
        while PASSWORD not in self.screen.read():
            require(time.monotonic() < deadline, f"it asks for nothing:\n{self.screen.words_since()}")
            self.rouse()

    def rests(self):
        """Wait until it no longer says that something was wrong."""
        deadline = time.monotonic() + LIMIT
        self.screen.dialog = self.news
        while re.search(self.failed, self.screen.read()):
            require(time.monotonic() < deadline, "it goes on saying that something was wrong")

    def asks(self, pattern):
        """Wait until it asks for something."""
        self.screen.dialog = self.question
        return self.screen.wait(pattern)

    def type(self, text):
        """Type `text` and Enter."""
        self.screen.type(text)

    def is_told(self, text, pattern):
        """Type `text` and Enter, and see that it says something of it, be it for a moment."""
        self.screen.dialog = self.news
        return self.screen.told(lambda: self.type(text), pattern, f"{self.service}-told-{next(_pictures)}")

    def keep(self, name):
        """Keep a picture of the screen."""
        self.screen.keep(f"{self.service}-{name}")

    def opens(self):
        """The screen is open again, or the case fails."""
        deadline = time.monotonic() + OPENS
        while self.is_locked():
            if time.monotonic() > deadline:
                raise Unexpected(f"{self.service} is still locked:\n{self.screen.keep(f'{self.service}-failed')}")
            time.sleep(0.1)

    def stays(self):
        """The screen is locked still, or the case fails."""
        require(self.is_locked(), f"{self.service} has opened")

    def processes(self):
        """Its processes, as /proc tells of each: the name, the four user ids, the capabilities."""
        script = """for pid in $(pgrep -U "$1" -f "$2"); do
            sed -n 's/^\\(Name\\|Uid\\|CapEff\\):\\s*//p' /proc/$pid/status | tr '\\n' '\\t'; echo; done"""
        lines = self.machine.sh(script, self.person.name, self.process).splitlines()
        return [(words[0], words[1:5], words[5]) for words in (line.split("\t") for line in lines) if len(words) > 5]

    def end(self):
        """End it, however it stands."""
        self.machine.run("pkill", "-KILL", "-u", self.person.name, "-x", self.process, check=False)


class XSecureLock(Locker):
    """Debian's has no stack of its own: the session's environment names one."""

    process = service = "xsecurelock"
    question = news = "600x81+100+245"

    def command(self):
        return ["xsecurelock", "--", "touch", f"/home/{self.person.name}/locked"]

    def environment(self):
        return super().environment() + [
            "XSECURELOCK_PAM_SERVICE=xsecurelock", "XSECURELOCK_SAVER=saver_blank", "XSECURELOCK_COMPOSITE_OBSCURER=0",
            "XSECURELOCK_FONT=DejaVuSansMono", "XSECURELOCK_BURNIN_MITIGATION=0"]

    def locks(self):
        self.machine.until(f"[ -e /home/{self.person.name}/locked ]", "a locked screen", limit=STARTS)
        self.machine.run("rm", f"/home/{self.person.name}/locked")


class XScreenSaver(Locker):
    """It shows each message on a page of its own, until a key is pressed."""

    process = service = "xscreensaver"
    argv = ("xscreensaver", "--no-splash")
    question = news = "490x200+295+165"

    def environment(self):
        self.machine.write(f"/home/{self.person.name}/.xscreensaver", "lock: True\nmode: blank\nfade: False\nunfade: False\n")
        return super().environment()

    def locks(self):
        tell = f"runuser -u {self.person.name} -- env {self.screen.environment[0]} xscreensaver-command"
        self.machine.until(f"{tell} -time >/dev/null 2>&1", "xscreensaver", limit=STARTS)
        self.tell("-lock")
        self.machine.until(f"{tell} -time | grep -q locked", "a locked screen", limit=STARTS)

    def tell(self, option):
        """What the running one says to an option."""
        return self.machine.run("runuser", "-u", self.person.name, "--", "env", *self.screen.environment,
                                "xscreensaver-command", option).stdout

    def rouse(self):
        # Unlike a key, it is never taken for an answer to a dialog that has just come.
        self.tell("-deactivate")

    def is_locked(self):
        return "locked since" in self.tell("-time")

    def is_told(self, text, pattern):
        said = super().is_told(text, pattern)
        self.screen.key("Return")
        return said


class Mate(Locker):
    """mate-screensaver; its dialog is a program of its own."""

    process = service = "mate-screensaver"
    argv = ("mate-screensaver", "--no-daemon")
    stack = f"@include common-auth\n{LINE}\nauth optional pam_gnome_keyring.so\n"
    question, news = "145x30+160+306", "400x30+200+361"
    failed = "(?i)authentication failed|code check unavailable"  # ours first; then its dialog goes

    def environment(self):
        runtime = f"/run/user/{self.person.uid}"
        return super().environment() + [
            f"XDG_RUNTIME_DIR={runtime}", f"DBUS_SESSION_BUS_ADDRESS=unix:path={runtime}/bus", "GSETTINGS_BACKEND=memory"]

    def locks(self):
        tell = f"runuser -u {self.person.name} -- env {' '.join(self.environment())} mate-screensaver-command"
        self.machine.until(f"{tell} --query 2>&1 | grep -q inactive", "mate-screensaver", limit=STARTS)
        self.machine.sh(f"{tell} --lock")
        self.machine.until(f"{tell} --query | grep -q 'is active'", "a locked screen", limit=STARTS)

    def rouse(self):
        self.screen.move_mouse()
        self.screen.key("shift")

    def is_locked(self):
        return "is active" in self.machine.run(
            "runuser", "-u", self.person.name, "--", "env", *self.environment(), "mate-screensaver-command", "--query").stdout


class OneField(Locker):
    """One that has a single field, and shows of what PAM says nothing but that it failed."""

    stack = FIRST
    failed = "(?i)wrong"

    def refuses(self, text):
        """Type `text`: it says that this was not it, and is locked still."""
        self.asks_first()
        self.is_told(text, self.failed)
        self.stays()

    def asks_first(self):
        """Most of them ask nothing: it can be typed in when it says nothing."""
        self.rests()


class I3Lock(OneField):
    """All attempts of one run are one PAM transaction's."""

    process = service = "i3lock"
    argv = ("i3lock", "-n", "-c", "204080", "-e")
    question = news = "110x30+345+285"

    def locks(self):
        self.screen.has_window("i3lock", limit=STARTS)


class Swaylock(OneField):
    """As i3lock, on Wayland."""

    process = service = "swaylock"
    argv = ("swaylock", "-f", "-c", "204080", "-e")
    question = news = "110x40+457+364"

    def a_screen(self):
        screen = Screen.wayland(self.machine, self.person)
        screen.run("swaymsg", "-s", f"/run/user/{self.person.uid}/sway", "exec", f"foot sh -c 'echo {OPEN_DESKTOP}; sleep 600'")
        return screen

    def locks(self):
        self.machine.until(f"pgrep -u {self.person.name} -x swaylock >/dev/null", "a locked screen", limit=STARTS)


class KScreenLocker(OneField):
    """Plasma's: the program that kwin and ksmserver start."""

    process, service = "kscreenlocker_g", "kde"
    argv = ("/usr/lib/x86_64-linux-gnu/libexec/kscreenlocker_greet", "--testing")
    question, news = "240x30+250+362", "240x30+280+330"
    failed = "(?i)unlocking failed"
    dark = "[Greeter]\nWallpaperPlugin=org.kde.color\n[Greeter][Wallpaper][org.kde.color][General]\nColor=0,0,0\n"

    def environment(self):
        # What it says stands upon the picture behind it.
        self.machine.write(f"/home/{self.person.name}/.config/kscreenlockerrc", self.dark)
        runtime = f"/run/user/{self.person.uid}"
        return super().environment() + [
            f"XDG_RUNTIME_DIR={runtime}", f"DBUS_SESSION_BUS_ADDRESS=unix:path={runtime}/bus",
            "QT_QUICK_BACKEND=software", "LIBGL_ALWAYS_SOFTWARE=1", "XDG_CURRENT_DESKTOP=KDE"]

    def locks(self):
        self.screen.has_window("kscreenlocker", limit=STARTS)

    def rouse(self):
        self.screen.move_mouse()

    def asks_first(self):
        Locker.asks_first(self)

    def type(self, text):
        self.screen.key("ctrl+a")
        super().type(text)
