"""What may break under a login: each time it is refused, in time, and the journal says why."""

import contextlib
import time

from harness import ssh
from harness.aftermath import text
from harness.machine import GUEST
from harness.report import case, require

UNAVAILABLE = "Authentication service cannot retrieve authentication info"
DEADLINE = 5.0  # seconds one step of a login may take
MARGIN = 1.5  # for starting the programs
STATE = "/var/lib/countersign"


def prepare(product, _report):
    """The module alone, in a service of its own, and sshd."""
    product.install()
    product.ask_in_sshd("key")


@contextlib.contextmanager
def broken(product, report, name, *, says):
    """Around the body, which breaks something: logins work before, are refused with it, work after.

    The body must mend it again by the callback it is given to register. A code
    spent before is still spent after, and one refused for the fault is not spent.
    """
    person = product.people.make(name)
    spent, kept = person.codes.pair()
    require("success" in product.try_code(person, spent), "no login before the fault")
    with contextlib.ExitStack() as mend:
        yield mend.callback
        place = product.machine.cursor()
        refused_in_time(product, person, kept)
        report.note(f"{name}: " + explained(product, place, says))
    good_again(product, person, spent, kept)


def explained(product, place, says):
    """The journal since `place` says why a login was refused, in one of these words; all it says."""
    why = [text(entry) for entry in product.machine.journal(place) if "ountersign" in str(entry)]
    told = [message for message in why if any(word in message for word in says)]
    require(told, f"no message says any of {says}:\n" + "\n".join(why))
    return " | ".join(dict.fromkeys(why))


def good_again(product, person, spent, kept):
    """After the repair a spent code is still spent, and one that was not judged is good."""
    require("success" not in product.try_code(person, spent), "a spent code is good again")
    product.machine.run("countersignctl", "unlock", person.name)
    require("success" in product.try_code(person, kept), "no login after the repair")


def refused_in_time(product, person, code):
    """A login is refused as unavailable within the deadline."""
    start = time.monotonic()
    said = product.try_code(person, code)
    took = time.monotonic() - start
    require(UNAVAILABLE in said, f"not refused as unavailable: {said}")
    require(took < DEADLINE + MARGIN, f"refused only after {took:.1f} s")


def stop(product):
    """Both units down."""
    product.machine.run("systemctl", "stop", "countersignd.socket", "countersignd.service")


def start(product):
    """Both units up, as an administrator would."""
    product.machine.run("systemctl", "reset-failed", check=False)
    product.machine.run("systemctl", "restart", "countersignd.socket", "countersignd.service")


@case("daemon and socket stopped: refused, over ssh too")
def stopped(product, report):
    with broken(product, report, "stopped", says=["systemctl"]) as mend:
        stop(product)
        mend(start, product)
        person = product.people.make("stopped-ssh", enrolled=False)
        status, said = ssh.login(product.machine, person)
        require(status == 255 and "Permission denied" in said, said)


@case("daemon stopped, socket up: the socket starts it, and the login works")
def activated(product, _report):
    person = product.people.make("activated")
    product.machine.run("systemctl", "stop", "countersignd.service")
    require("success" in product.try_code(person, person.codes.fresh()), "not accepted")


@case("daemon killed with SIGKILL: the next login works")
def killed(product, _report):
    person = product.people.make("killed")
    product.machine.run("kill", "-KILL", product.daemon_pid())
    require("success" in product.try_code(person, person.codes.fresh()), "not accepted")


@case("daemon frozen: refused within the deadline; the watchdog replaces it")
def frozen(product, report):
    with broken(product, report, "frozen", says=["deadline", "answer", "time"]) as mend:
        pid = product.daemon_pid()
        product.machine.run("kill", "-STOP", pid)
        mend(another_daemon, product, pid)


def another_daemon(product, pid):
    """Wait until systemd has replaced the daemon."""
    deadline = time.monotonic() + 40
    while product.daemon_pid() in (pid, "0"):
        require(time.monotonic() < deadline, "the watchdog did not replace a frozen daemon within 40 s")
        time.sleep(0.2)


@case("socket file missing: refused")
def socket_missing(product, report):
    with broken(product, report, "socketless", says=["systemctl"]) as mend:
        product.machine.run("rm", "/run/countersign/socket")
        mend(start, product)


@case("a listener of another user at the root door: refused, and no code is given to it")
def impostor(product, report):
    machine = product.machine
    for mode in ("finished", "asks"):
        with broken(product, report, f"impostor-{mode}", says=["root", "uid 0"]) as mend:
            with_listener(product, mend, mode, owner="nobody")
        log = machine.read("/tmp/yes.log")
        require("connection" in log, "the false daemon was never reached: this proves nothing")
        require("Respond" not in log, f"it was given a code:\n{log}")


def with_listener(product, mend, mode, owner):
    """Put tests' own listener where the root door is."""
    machine = product.machine
    stop(product)
    machine.sh(
        'rm -f /tmp/yes.log; install -d -o "$1" /run/countersign; rm -f /run/countersign/socket', owner
    )
    process = machine.start("python3", f"{GUEST}/yes.py", "/run/countersign/socket", "/tmp/yes.log", mode, user=owner)

    def end():
        process.terminate()
        process.wait(10)
        machine.sh('pkill -f "^python3 $1/yes.py" || true; rm -rf /run/countersign', GUEST)
        machine.run("systemd-tmpfiles", "--create", "countersign.conf")
        start(product)

    mend(end)
    deadline = time.monotonic() + 5
    while "listening" not in machine.sh("cat /tmp/yes.log 2>/dev/null || true"):
        require(time.monotonic() < deadline, "the false daemon did not start")
        time.sleep(0.05)


def listener_case(mode, sentence):
    """A case with a listener of root's that behaves as MODE says."""

    @case(sentence)
    def run(product, report):
        with broken(product, report, f"l-{mode}", says=["answer", "deadline", "time", "closed", "handshake"]) as mend:
            with_listener(product, mend, mode, owner="root")


listener_case("garbage", "garbage at the root door: refused")
listener_case("silence", "silence at the root door: refused within the deadline")
listener_case("drip", "a byte now and then at the root door: refused within the deadline")
listener_case("hang-up", "a listener that hangs up: refused")


def damaged(name, sentence, script, says, restart=False):
    """A case in which the stopped daemon's files are changed by a shell script."""

    @case(sentence)
    def run(product, report):
        machine = product.machine
        with broken(product, report, name, says=says) as mend:
            stop(product)
            if restart:
                mend(start, product)
            save(product, mend)
            machine.sh(script, STATE)
            start(product)


def save(product, mend):
    """Keep a copy of the stopped daemon's files, which the mending puts back."""
    script = """
        rm -rf /root/saved; mkdir /root/saved
        cp -a "$1" /root/saved/state; cp -a /etc/countersign /root/saved/settings
        """
    product.machine.sh(script, STATE)
    mend(restore, product)


def restore(product):
    """Put the saved files back, under the running daemon: it must notice by itself."""
    product.machine.sh(
        """
        rm -f "$1"/store.db*
        cp -a /root/saved/state/. "$1"
        cp -a /root/saved/settings/. /etc/countersign
        """, STATE,
    )


damaged("deleted", "database deleted while the daemon is stopped: refused",
        'rm -f "$1"/store.db*', ["restore", "init"])
@case("database deleted under the running daemon: refused, and no empty one is made")
def deleted_running(product, report):
    machine = product.machine
    with broken(product, report, "deleted-run", says=["restore", "init"]) as mend:
        machine.sh('rm -rf /root/moved; mkdir /root/moved; mv "$1"/store.db* /root/moved', STATE)
        mend(machine.sh, 'test ! -e "$1/store.db"; cp -a /root/moved/. "$1"', STATE)


damaged("emptied", "database emptied: refused", 'rm -f "$1"/store.db-*; : >"$1/store.db"', ["restore", "init"])
damaged("truncated", "database truncated: refused",
        'rm -f "$1"/store.db-*; truncate -s 5000 "$1/store.db"', ["restore", "backup"])
damaged("garbled", "every page of the database overwritten but the first: refused", """
        rm -f "$1"/store.db-*
        size=$(stat -c %s "$1/store.db")
        head -c $((size - 4096)) /dev/urandom | dd of="$1/store.db" bs=4096 seek=1 conv=notrunc status=none
        """, ["restore", "backup"])
damaged("keyless", "master key missing: refused", "rm /etc/countersign/master.key", ["master.key", "key"], restart=True)
damaged("rekeyed", "another master key: refused",
        "head -c 32 /dev/urandom >/etc/countersign/master.key", ["key"], restart=True)


@case("one person's record flipped: they are refused, everyone else is not")
def flipped(product, report):
    machine = product.machine
    other = product.people.make("unflipped")
    before = keys(product)
    with broken(product, report, "flipped", says=["damaged", "restore", "backup"]) as mend:
        theirs = keys(product) - before
        require(theirs, "no record was made with the person")
        stop(product)
        save(product, mend)
        for key in theirs:
            machine.sh(
                """
                sqlite3 "$1/store.db" "UPDATE record SET data = CAST(substr(data, 1, length(data) / 2)
                  || x'a5' || substr(data, length(data) / 2 + 2) AS BLOB) WHERE hex(key) = '$2'"
                """, STATE, key,
            )
        start(product)
        require("success" in product.try_code(other, other.codes.fresh()), "another person was refused too")


def keys(product):
    """The keys of all records."""
    return set(product.machine.sh('sqlite3 -readonly "$1/store.db" "SELECT hex(key) FROM record"', STATE).split())


@case("disk full while the daemon runs: logins go on, spent codes stay spent")
def disk_full_running(product, report):
    machine = product.machine
    first, second, third = product.people.make("full-a", "full-b", "full-c")
    spent = first.codes.fresh()
    require("success" in product.try_code(first, spent), "no login before")
    with small_disk(product):
        fill(product)
        report.note(machine.sh('df -h "$1" | tail -1; ls -la "$1"', STATE))
        require("success" in product.try_code(second, second.codes.fresh()), "refused though there is ballast")
        fill(product)
        require("success" in product.try_code(third, third.codes.fresh()), "refused after the ballast went")
        require("success" not in product.try_code(first, spent), "a spent code is good again")
    require("success" not in product.try_code(first, spent), "a spent code is good again, after")
    require("success" not in product.try_code(third, third.codes.at(0)), "a spent code of a full disk is good again")


@case("disk full to the last byte before the daemon starts: refused until there is room")
def disk_full_starting(product, report):
    machine = product.machine
    person = product.people.make("full-start")
    spent, kept = person.codes.pair()
    require("success" in product.try_code(person, spent), "no login before")
    with small_disk(product):
        stop(product)
        machine.sh('rm -f "$1/ballast"; sqlite3 "$1/store.db" "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null', STATE)
        fill(product)
        start(product)
        place = machine.cursor()
        refused_in_time(product, person, kept)
        report.note("full-start: " + explained(product, place, ["room", "space", "full"]))
        machine.run("rm", f"{STATE}/filler")
        good_again(product, person, spent, kept)


@contextlib.contextmanager
def small_disk(product):
    """The state directory on a file system of 48 MiB of its own."""
    machine = product.machine
    stop(product)
    machine.sh(
        """
        mkdir -p /run/small; mount -t tmpfs -o size=48m,mode=700 none /run/small
        chown countersign: /run/small; cp -a "$1/." /run/small
        mount --bind /run/small "$1"; umount /run/small
        """, STATE,
    )
    start(product)
    try:
        yield
    finally:
        stop(product)
        machine.sh(
            """
            rm -f "$1/filler"; rm -rf /root/small; cp -a "$1" /root/small
            umount "$1"; rm -rf "$1"/*; cp -a /root/small/. "$1"
            """, STATE,
        )
        start(product)


def fill(product):
    """Leave no byte, ballast or not."""
    product.machine.sh(
        """
        cat /dev/zero >>"$1/filler" 2>/dev/null || true
        test "$(df --output=avail "$1" | tail -1)" -eq 0
        """, STATE,
    )


@case("bad configuration: the daemon does not start, says where, and logins are refused")
def misconfigured(product, report):
    with broken(product, report, "misconfigured", says=["countersign.toml"]) as mend:
        machine = product.machine
        path = "/etc/countersign/countersign.toml.d/99-tests.toml"
        machine.write(path, "\n[throttle]\nno-such-setting = 1\n")
        mend(start, product)
        mend(machine.run, "rm", path)
        machine.run("systemctl", "restart", "countersignd.service", check=False)
        said = "\n".join(text(entry) for entry in machine.journal())
        require("99-tests.toml" in said and "3" in said, said)
