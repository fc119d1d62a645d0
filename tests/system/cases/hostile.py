"""An environment, a bus and a service that belong to the attacker change nothing."""

import time

from cases.programs import PASSWORD, say_until_end, talk
from harness.machine import GUEST
from harness.product import LINE
from harness.report import case, require
from harness.ssh import CODE

FALSE_BUS = "/tmp/false-bus"
ADDRESS = f"unix:path={FALSE_BUS}"
ENVIRONMENT = [
    f"DBUS_SYSTEM_BUS_ADDRESS={ADDRESS}", f"DBUS_SESSION_BUS_ADDRESS={ADDRESS}",
    f"DBUS_STARTER_ADDRESS={ADDRESS}", "DBUS_STARTER_BUS_TYPE=system",
    "LD_PRELOAD=/tmp/none.so", "LD_LIBRARY_PATH=/tmp", "LD_AUDIT=/tmp/none.so", "LD_DEBUG=all",
    "RUST_LOG=trace", "RUST_BACKTRACE=full", "RUST_MIN_STACK=1", "TZ=Antarctica/Troll",
    "TZDIR=/tmp", "LANG=tr_TR.UTF-8", "LC_ALL=tr_TR.UTF-8", "LANGUAGE=tr", "LOCPATH=/tmp",
    "XDG_RUNTIME_DIR=/tmp", "XDG_DATA_DIRS=/tmp", "XDG_CONFIG_HOME=/tmp", "HOME=/tmp", "TMPDIR=/tmp",
    "COUNTERSIGN_SOCKET=/tmp/false-bus", "COUNTERSIGN_BUS=" + ADDRESS, "NOTIFY_SOCKET=/tmp/false-bus",
    "LISTEN_FDS=3", "CREDENTIALS_DIRECTORY=/tmp", "STATE_DIRECTORY=/tmp", "NO_AT_BRIDGE=1",
]


def prepare(product, _report):
    """su, sudo and chsh ask for a code; everyone may keep the environment in sudo."""
    product.install()
    product.ask_after_password("su", "sudo", "chsh")
    machine = product.machine
    machine.write("/etc/sudoers.d/01-tests", "%sudo ALL=(ALL:ALL) SETENV: ALL\n", "0440")
    machine.write("/etc/pam.d/locker", f"@include common-auth\n{LINE}\naccount required pam_permit.so\n")
    machine.write("/etc/pam.d/codes", f"{LINE}\naccount required pam_permit.so\n")
    machine.sh("! grep -q pam_rootok /etc/pam.d/chsh || sed -i '/pam_rootok/d' /etc/pam.d/chsh")


class FalseBus:
    """The attacker's bus and service, which say yes."""

    def __init__(self, product, mode, owner):
        self.machine = product.machine
        self.log = f"/tmp/yes-{owner}-{mode}.log"
        self.machine.sh('rm -f "$1"', FALSE_BUS)
        self.process = self.machine.start("python3", f"{GUEST}/yes.py", FALSE_BUS, self.log, mode, user=owner)

    def __enter__(self):
        deadline = time.monotonic() + 5
        while "listening" not in self.said():
            require(time.monotonic() < deadline, "the false bus did not start")
            time.sleep(0.05)
        return self

    def said(self):
        """What it logged."""
        return self.machine.sh('cat "$1" 2>/dev/null || true', self.log)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.machine.sh('pkill -f "^python3 $1/yes.py" || true', GUEST)


def as_user(product, person, *command):
    """A program on a terminal, as that person with the hostile environment."""
    return product.machine.dialogue("runuser", "-u", person.name, "--", "env", *ENVIRONMENT, *command)


def program(name, sentence, command, proof):
    """A case for each way the false service says yes: wrong code refused, right code accepted."""

    @case(sentence)
    def run(product, _report):
        for mode in ("finished", "asks"):
            person = product.people.make(f"{name}-{mode}", sudo=True)
            target = product.people.make(f"{name}-{mode}-to") if name == "su" else person
            words = [word.replace("TARGET", target.name) for word in command]
            with FalseBus(product, mode, person.name) as bus:
                dialogue = as_user(product, person, *words)
                dialogue.answer(PASSWORD, target.password)
                status, said = say_until_end(dialogue, target.codes.wrong())
                require(status != 0 and not proof(product, target, said), f"a wrong code opened it:\n{said}")
                product.machine.run("countersignctl", "unlock", target.name)
                answers = ((PASSWORD, target.password), (CODE, target.codes.fresh()))
                status, said = talk(as_user(product, person, *words), *answers)
                require(status == 0 and proof(product, target, said), f"a right code did not:\n{said}")
                require(bus.said() == "listening\n", f"the false bus was asked:\n{bus.said()}")


@case("control: the false service is believed where the PAM configuration itself names it")
def control(product, _report):
    machine = product.machine
    person = product.people.make("believer")
    line = LINE + f" bus={ADDRESS}"
    machine.write("/etc/pam.d/control", f"{line}\naccount required pam_permit.so\n")
    with FalseBus(product, "asks", person.name) as bus:
        said = product.try_code(person, "123456", service="control", user=person.name)
        require("success" in said, f"this attack would prove nothing: {said}\n{bus.said()}")


program("su", "su with a hostile environment and a false bus: only the right code opens it",
        ["su", "-c", "id", "TARGET"], lambda product, target, said: f"uid={target.uid}" in said)
program("sudo", "sudo -E with a hostile environment and a false bus: only the right code opens it",
        ["sudo", "-E", "-k", "id"], lambda product, target, said: "uid=0(root)" in said)
program("chsh", "chsh with a hostile environment and a false bus: only the right code opens it",
        ["chsh", "-s", "/bin/sh"],
        lambda product, target, said: product.machine.sh(
            'getent passwd "$1"', target.name).strip().endswith(":/bin/sh"))


@case("a program of the user's own asks the real bus, whatever its environment says")
def locker(product, _report):
    person = product.people.make("locked")
    with FalseBus(product, "finished", person.name) as bus:
        environment = [word for word in ENVIRONMENT if not word.startswith("LD_")]
        command = ("runuser", "-u", person.name, "--", "env", *environment,
                   "pamtester", "codes", person.name, "authenticate")
        wrong = product.machine.run(*command, stdin=f"{person.codes.wrong()}\n" * 6, check=False)
        require("successfully" not in wrong.stdout, f"a wrong code was accepted: {wrong.stdout}")
        product.machine.run("countersignctl", "unlock", person.name)
        right = product.machine.run(*command, stdin=f"{person.codes.fresh()}\n", check=False)
        require("successfully" in right.stdout, f"not accepted: {right.stdout}{right.stderr}")
        require(bus.said() == "listening\n", f"the false bus was asked:\n{bus.said()}")
