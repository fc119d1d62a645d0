"""The package itself: installed, upgraded, rebooted, removed, purged."""

from harness import ssh
from harness.report import case, require
from harness.ssh import CODE

APT = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y")


def prepare(product, _report):
    """Installed, with one person and sshd asking."""
    product.before = product.machine.sh("sha256sum /etc/pam.d/*")
    product.install()
    product.installed = product.machine.sh("sha256sum /etc/pam.d/* | grep -v /probe$")
    product.alice = product.people.make("alice")


@case("installing changes no login by itself")
def nothing_changed(product, _report):
    require(product.before == product.installed, f"{product.before}\n---\n{product.installed}")


@case("installed: both units are up, key and database are there and private")
def installed(product, _report):
    machine = product.machine
    for unit in ("countersignd.socket", "countersignd.service"):
        for question, answer in (("is-active", "active"), ("is-enabled", "enabled")):
            said = machine.run("systemctl", question, unit, check=False).stdout.strip()
            require(said == answer, f"{unit}: {said}, not {answer}")
    modes = machine.sh("stat -c '%a %U %n' /etc/countersign/master.key /var/lib/countersign /run/countersign/socket")
    require(modes.splitlines() == ["600 root /etc/countersign/master.key", "700 countersign /var/lib/countersign",
                                   "600 root /run/countersign/socket"], modes)
    require(machine.run("stat", "-c", "%s", "/etc/countersign/master.key").stdout.strip() == "32", "key size")
    machine.run("countersignctl", "check-config")


@case("the daemon runs as its own user, without capabilities, under a filter")
def unprivileged(product, _report):
    status = product.machine.read(f"/proc/{product.daemon_pid()}/status")
    uid = product.machine.run("id", "-u", "countersign").stdout.strip()
    require(f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}" in status, status)
    require("CapEff:\t0000000000000000" in status and "CapBnd:\t0000000000000000" in status, status)
    require("NoNewPrivs:\t1" in status and "Seccomp:\t2" in status, status)


@case("systemd-analyze security: the exposure is 0.3 at most")
def exposure(product, report):
    done = product.machine.run(
        "systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=3",
        "/usr/lib/systemd/system/countersignd.service", check=False)
    report.note(done.stdout.splitlines()[-1] if done.stdout else done.stderr)
    require(done.returncode == 0, done.stdout + done.stderr)


@case("the units have no mistake that systemd can see")
def verified(product, _report):
    done = product.machine.run(
        "systemd-analyze", "verify", "--recursive-errors=no", "--man=no",
        "countersignd.service", "countersignd.socket", check=False)
    require(done.returncode == 0 and "countersignd" not in done.stderr, done.stderr)


@case("installed again over itself: enrolment and spent codes are kept, the daemon is the new one")
def upgraded(product, _report):
    machine, alice = product.machine, product.alice
    code = alice.codes.fresh()
    require("success" in product.try_code(alice, code), "no login before")
    old = product.daemon_pid()
    machine.run(*APT, "--reinstall", "install", f"/opt/package/{machine.package.name}", limit=120)
    require(machine.run("systemctl", "is-active", "countersignd.service").stdout.strip() == "active", "not active")
    require(product.daemon_pid() != old, "the old daemon still runs")
    require("success" not in product.try_code(alice, code), "a spent code is good again")
    machine.run("countersignctl", "unlock", "alice")
    require("success" in product.try_code(alice, alice.codes.fresh()), "no login after")


@case("after a reboot everyone is still enrolled, and spent codes still spent")
def rebooted(product, _report):
    machine = product.machine
    product.ask_in_sshd("key")
    person = product.people.make("rebooted")
    spent = person.codes.fresh()
    ssh.require_in(person, ssh.login(machine, person, (CODE, spent)))
    machine.reboot()
    require("success" not in product.try_code(person, spent), "a spent code is good again")
    machine.run("countersignctl", "unlock", person.name)
    ssh.require_in(person, ssh.login(machine, person, (CODE, person.codes.fresh())))


@case("removing is refused while a login names the module, and says which")
def kept(product, _report):
    done = product.machine.run(*APT, "remove", "countersign", check=False, limit=120)
    require(done.returncode != 0, f"removed:\n{done.stdout}")
    require("/etc/pam.d/sshd" in done.stdout + done.stderr, f"not said which:\n{done.stdout}{done.stderr}")
    person = product.people.make("keptin")
    ssh.require_in(person, ssh.login(product.machine, person, (CODE, person.codes.fresh())))


@case("removed once no login names it: nothing runs, the secrets stay")
def removed(product, _report):
    machine = product.machine
    machine.sh("sed -i '/countersign/d' /etc/pam.d/sshd; rm /etc/pam.d/probe /etc/ssh/sshd_config.d/*")
    machine.run("systemctl", "restart", "ssh")
    machine.run(*APT, "remove", "countersign", limit=120)
    active = machine.run("systemctl", "is-active", "countersignd.service", check=False)
    require(active.returncode != 0, "still active")
    machine.sh("test ! -e /run/countersign/socket")
    machine.sh("test -e /etc/countersign/master.key; test -e /var/lib/countersign/store.db")


@case("installed again after a removal: everyone is still enrolled")
def returned(product, _report):
    product.install()
    require("success" in product.try_code(product.alice, product.alice.codes.fresh()), "not enrolled any more")


@case("purged: programs, units, configuration are gone; nothing that secrets are in goes unasked")
def purged(product, report):
    machine = product.machine
    machine.run("rm", "/etc/pam.d/probe")
    machine.run(*APT, "purge", "countersign", limit=120)
    left = machine.sh(
        "find / -xdev \\( -path /proc -o -path /sys -o -path /opt \\) -prune -o -iname '*countersign*' -print"
    ).split()
    report.note("left after purge: " + " ".join(left))
    require(set(left) == {"/etc/countersign", "/var/lib/countersign"}, f"left: {left}")
    require(machine.sh("ls /etc/countersign").split() == ["master.key"], "more than the key is left in /etc")
