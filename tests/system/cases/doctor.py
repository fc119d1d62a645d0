"""doctor on a well set-up system is silent; each planted fault it names, with file and line."""

import json
from dataclasses import dataclass

from harness.product import LINE
from harness.report import case, require

GUARD = "account required pam_countersign.so"
PERMIT = "auth required pam_permit.so"
SSHD = "/etc/ssh/sshd_config.d/10-countersign.conf"
ABOVE = "/etc/ssh/sshd_config.d/00-fault.conf"  # sshd goes by what comes first
SUDOERS = "/etc/sudoers.d/fault"
DAEMON = "/usr/libexec/countersign/countersignd"
BUS = "/usr/share/dbus-1/system.d/org.countersign.Countersign1.conf"
MODULE = "$(ls /usr/lib/*/security/pam_countersign.so)"
KEPT = "/root/kept.tar"


@dataclass(frozen=True)
class Fault:
    """Something wrong: `plant` makes it so, as root, and it touches only `files` or `undo`es itself."""

    id: str
    plant: str
    file: str = ""  # where it is to be found; "" for what is in no file
    text: str = ""  # what the line says that is to be named, if it is in one
    files: tuple = ()
    undo: str = ":"
    status: int = 5
    also: tuple = ()  # what comes with it


def policy(id, rule, plant=":", undo=":", **rest):
    """A rule that the daemon goes by while it is there, and what else it takes."""
    file = "/etc/countersign/countersign.toml.d/fault.toml"
    rule = rule.replace("; ", "\\n")
    return Fault(id, f"{plant}; mkdir -p $(dirname {file}); printf '[[rule]]\\n{rule}\\n' >{file}; countersignctl reload",
                 undo=f"rm {file}; countersignctl reload; {undo}", **rest)


def pam(id, service, script, text="", **rest):
    """A fault in a service's file; `script` is sed's."""
    file = f"/etc/pam.d/{service}"
    return Fault(id, f"sed -i -E '{script}' {file}", file, text, (file,), **rest)


def line(id, file, text, *, named=None, **rest):
    """A file with the line that is at fault, below a comment."""
    return Fault(id, f"mkdir -p $(dirname {file}); printf '# planted\\n%s\\n' '{text}' >{file}", file, text if named is None else named, (file,), **rest)


def ssh(id, text, **rest):
    """A setting of sshd's."""
    return line(id, ABOVE, text, **rest)


def mode(id, file, bits, **rest):
    """A file that others may read or write."""
    return Fault(id, f"chmod {bits} {file}", file, undo=f"chmod {rest.pop('back')} {file}", **rest)


OURS = r"^auth .*pam_countersign.*"
ABOVE_OURS = r"/^auth .*pam_countersign/i "
BELOW_OURS = r"/^auth .*pam_countersign/a "

FAULTS = [
    Fault("nothing-asks", "sed -i /countersign/d /etc/pam.d/*", files=tuple(f"/etc/pam.d/{s}" for s in ("sshd", "sudo", "sudo-i", "su", "login", "other", "polkit-1", "probe"))),
    pam("login-unprotected", "login", "/countersign/d"),
    line("service-unprotected", "/etc/pam.d/appliance", "@include common-auth", named="", status=4),
    pam("way-around", "su", "1i auth sufficient pam_unix.so", "auth sufficient pam_unix.so"),
    pam("condition-around", "sudo", ABOVE_OURS + "auth [success=1 default=ignore] pam_succeed_if.so quiet user notingroup x", "pam_succeed_if", status=4),
    pam("line-weak", "sudo", f"s/{OURS}/auth optional pam_countersign.so/", "auth optional pam_countersign.so"),
    pam("line-elsewhere", "sudo", f"s/{OURS}/& socket=\\/tmp\\/socket/", "socket="),
    pam("line-argument", "sudo", f"s/{OURS}/& nullok/", "nullok"),
    pam("line-debug", "sudo", f"s/{OURS}/& debug/", "debug", status=0),
    pam("line-idle", "sudo", "$a session required pam_countersign.so", "session required pam_countersign.so", status=4),
    pam("stack-broken", "sudo", "1a @include gone", "@include gone"),
    pam("stack-undecided", "sshd", "/pam_permit/d", "auth [success=ok", status=4),
    pam("asked-twice", "sudo-i", BELOW_OURS + "auth required pam_countersign.so", "auth required pam_countersign.so", status=4),
    pam("other-otp", "sudo", ABOVE_OURS + "auth required pam_google_authenticator.so", "pam_google_authenticator.so", status=4),
    pam("before-password", "sudo", f"/{OURS}/d; /^@include common-auth/i {LINE}", "auth [success=ok", status=4),
    pam("password-goes-on", "sudo", "/^@include common-auth/c auth required pam_unix.so", "auth required pam_unix.so", status=0),
    policy("enroll-before-password", 'name = "staff"; not-enrolled = "enroll"',
           f"useradd -m -s /bin/bash dora; echo dora:none-of-it | chpasswd; sed -i -E '/{OURS}/d; /^@include common-auth/i {LINE}' /etc/pam.d/sudo",
           "userdel -r dora 2>/dev/null", file="/etc/pam.d/sudo", text="auth [success=ok", files=("/etc/pam.d/sudo",)),
    pam("password-optional", "sudo", "/^@include common-auth/c auth optional pam_unix.so", "auth optional pam_unix.so", also=("stack-undecided",)),
    line("one-field", "/etc/pam.d/vsftpd", f"auth requisite pam_unix.so\n{LINE}", named="auth [success=ok"),
    policy("entry-separate", 'name = "ftp"; services = ["vsftpd"]; entry = "separate"',
           f"printf '{LINE}\nauth requisite pam_unix.so\n' >/etc/pam.d/vsftpd", file="/etc/pam.d/vsftpd", text="auth [success=ok",
           files=("/etc/pam.d/vsftpd",)),
    policy("entry-appended", 'name = "one field"; services = ["sudo", "sudo-i"]; entry = "appended"', file="/etc/pam.d/sudo", text="auth [success=ok",
           status=0),
    line("asks-again", "/etc/pam.d/vsftpd", f"{LINE}\nauth sufficient pam_krb5.so\nauth requisite pam_unix.so", named="pam_krb5.so"),
    line("greeter-asks", "/etc/pam.d/gdm-launch-environment", f"{LINE}\nauth required pam_permit.so", named="auth [success=ok"),
    Fault("locker-unprotected", "echo '@include common-auth' >/etc/pam.d/i3lock; touch /usr/bin/i3lock", "/etc/pam.d/i3lock",
          files=("/etc/pam.d/i3lock", "/usr/bin/i3lock"), status=0),
    Fault("locked-in", f"printf '{LINE}\n@include common-auth\n' >/etc/pam.d/i3lock; useradd -m -s /bin/bash dora; echo dora:none-of-it | chpasswd",
          "/etc/pam.d/i3lock", files=("/etc/pam.d/i3lock",), undo="userdel -r dora 2>/dev/null", status=4, also=("not-enrolled",)),
    Fault("agent-hangs", "touch /usr/bin/lxpolkit", "/etc/pam.d/polkit-1", "auth [success=ok", ("/usr/bin/lxpolkit",), status=4),
    pam("guard-missing", "sshd", "/^account .*countersign/d", status=4),
    line("job-guarded", "/etc/pam.d/cron", GUARD),
    Fault("jobs-unasked", "rm /etc/cron.allow", "/etc/pam.d/cron", files=("/etc/cron.allow",), status=0),
    mode("pam-writable", "/etc/pam.d/sudo", "o+w", back="o-w"),
    Fault("module-missing", f"m={MODULE}; mv $m $m.gone", undo="cd /usr/lib/*/security; mv pam_countersign.so.gone pam_countersign.so", file="/etc/pam.d/*"),
    Fault("module-writable", f"chmod o+w {MODULE}", "/usr/lib/*/security/pam_countersign.so", undo=f"chmod o-w {MODULE}"),
    Fault("module-twice", f"mkdir -p /usr/lib/security; cp -p {MODULE} /usr/lib/security/", "/usr/lib/security/pam_countersign.so",
          undo="rm -r /usr/lib/security", status=4),
    Fault("versions-differ", f"m={MODULE}; cp -p $m /root/module; sed -i 's/{{pam_countersign version [0-9]/{{pam_countersign version 9/' $m",
          "/usr/lib/*/security/pam_countersign.so", undo=f"m={MODULE}; cp -p /root/module $m.new; mv $m.new $m", status=4),
    ssh("ssh-config-wrong", "NoSuchSetting yes"),
    ssh("ssh-without-pam", "UsePAM no"),
    Fault("ssh-key-alone", f"echo 'AuthenticationMethods any' >{ABOVE}; sed -i '/^account .*countersign/d' /etc/pam.d/sshd", ABOVE,
          "AuthenticationMethods any", (ABOVE, "/etc/pam.d/sshd"), also=("guard-missing",)),
    Fault("ssh-other-alone", f"printf 'AuthenticationMethods hostbased\\nHostbasedAuthentication yes\\n' >{ABOVE}; sed -i '/^account .*countersign/d' /etc/pam.d/sshd",
          ABOVE, "AuthenticationMethods hostbased", (ABOVE, "/etc/pam.d/sshd"), also=("guard-missing",)),
    ssh("ssh-refused-unasked", "AuthenticationMethods any", status=4),
    Fault("ssh-refused-unasked", f"printf 'Match User bob\\n  AuthenticationMethods publickey\\n' >>{SSHD}", SSHD, "AuthenticationMethods publickey",
          (SSHD,), status=4),
    ssh("ssh-cannot-ask", "KbdInteractiveAuthentication no"),
    Fault("ssh-password-method", f"printf 'AuthenticationMethods publickey,password\\nPasswordAuthentication yes\\n' >{ABOVE}", ABOVE,
          "PasswordAuthentication yes", (ABOVE,), status=4),
    ssh("ssh-root-login", "PermitRootLogin yes", status=4),
    ssh("ssh-empty-passwords", "PermitEmptyPasswords yes"),
    ssh("ssh-grace-short", "LoginGraceTime 20", status=4),
    ssh("ssh-tries-few", "MaxAuthTries 1", status=4),
    Fault("ssh-startups-few", f"sed -i s/^MaxStartups.*/MaxStartups\\ 2/ {SSHD}", SSHD, "MaxStartups 2", (SSHD,), status=4),
    Fault("ssh-old", "mv /usr/sbin/sshd /usr/sbin/sshd.real; printf '#!/bin/sh\\n[ \"$1\" != -V ] || { echo OpenSSH_8.4p1 >&2; exit 1; }\\n"
          "exec /usr/sbin/sshd.real \"$@\"\\n' >/usr/sbin/sshd; chmod 755 /usr/sbin/sshd", "/usr/sbin/sshd",
          undo="mv /usr/sbin/sshd.real /usr/sbin/sshd", status=4),
    line("sudo-nopasswd", SUDOERS, "alice ALL=(ALL) NOPASSWD: ALL"),
    line("sudo-nopasswd-command", SUDOERS, "alice ALL=(root) NOPASSWD: /usr/bin/less", status=4),
    line("sudo-no-authenticate", SUDOERS, "Defaults:alice !authenticate"),
    line("sudo-exempt-group", SUDOERS, "Defaults exempt_group=users"),
    line("sudo-timestamp", SUDOERS, "Defaults timestamp_timeout=-1", status=4),
    line("sudo-other-service", SUDOERS, "Defaults pam_service=chsh"),
    line("autologin", "/etc/systemd/system/getty@tty1.service.d/fault.conf", "ExecStart=-/sbin/agetty --autologin alice %I"),
    line("polkit-yes", "/etc/polkit-1/rules.d/49-fault.rules", "return polkit.Result.YES;", status=4),
    line("doas-nopass", "/etc/doas.conf", "permit nopass alice"),
    Fault("empty-password", "passwd -d bob", "/etc/shadow", "bob:", ("/etc/shadow",)),
    Fault("not-enrolled", "useradd -m -s /bin/bash dora; echo dora:none-of-it | chpasswd", undo="userdel -r dora 2>/dev/null", status=4),
    Fault("root-not-enrolled", "usermod -p '$5$x$y' root", undo="usermod -p '*' root", status=4),
    Fault("record-stale", "id -u bob >/root/uid; usermod -u 4711 bob", undo="usermod -u $(cat /root/uid) bob", status=4, also=("not-enrolled",)),
    Fault("record-foreign", "usermod -l robert bob", undo="usermod -l bob robert"),
    Fault("unconfirmed", "useradd -s /bin/bash erin; countersignctl enroll erin --json >/dev/null", undo="countersignctl reset erin --yes; userdel erin", status=0),
    policy("nothing-demanded", 'name = "all"; require = "none"'),
    policy("report-mode", 'name = "trial"; services = ["sshd"]; mode = "report"', status=4),
    policy("not-enrolled-pass", 'name = "staff"; not-enrolled = "pass"', "useradd -m -s /bin/bash dora; echo dora:none-of-it | chpasswd",
           "userdel -r dora 2>/dev/null", status=4),
    policy("enroll-by-passed", 'name = "staff"; not-enrolled = "enroll"; enroll-by = 2026-01-31', "useradd -m -s /bin/bash dora; echo dora:none-of-it | chpasswd",
           "userdel -r dora 2>/dev/null", status=4),
    Fault("config-not-taken", "echo 'no-such = 1' >/etc/countersign/countersign.toml.d/fault.toml; countersignctl reload || true",
          undo="rm /etc/countersign/countersign.toml.d/fault.toml; countersignctl reload", also=("config-wrong",)),
    Fault("clock-unsynchronised", "printf '#!/bin/sh\\necho no\\n' >/usr/bin/timedatectl", files=("/usr/bin/timedatectl",), status=4),
    Fault("clock-wrong", f"touch -d '+3 days' {DAEMON}", undo=f"touch -d '-1 day' {DAEMON}"),
    mode("key-readable", "/etc/countersign/master.key", "o+r", back="o-r"),
    Fault("key-missing", "mv /etc/countersign/master.key /root/", "/etc/countersign/master.key", undo="mv /root/master.key /etc/countersign/"),
    Fault("key-damaged", "echo more >>/etc/countersign/master.key", "/etc/countersign/master.key", files=("/etc/countersign/master.key",)),
    Fault("store-missing", "mv /var/lib/countersign/store.db /var/lib/countersign/moved", "/var/lib/countersign/store.db",
          undo="mv /var/lib/countersign/moved /var/lib/countersign/store.db; systemctl restart countersignd.service", also=("daemon-unusable",)),
    mode("store-open", "/var/lib/countersign", "o+rx", back="o-rx"),
    Fault("disk-full", "mkdir /root/small; mount -t tmpfs -o size=$(($(du -sm /var/lib/countersign | cut -f1) + 8))m tmpfs /root/small; cp -a /var/lib/countersign/. /root/small/; "
          "chown countersign: /root/small; chmod 700 /root/small; mount --bind /root/small /var/lib/countersign", "/var/lib/countersign",
          undo="umount -l /var/lib/countersign; umount -l /root/small; rmdir /root/small; systemctl restart countersignd.service", status=4),
    mode("config-writable", "/etc/countersign/countersign.toml", "o+w", back="o-w"),
    line("config-wrong", "/etc/countersign/countersign.toml.d/fault.toml", "no-such-setting = 1", also=("config-not-taken",)),
    Fault("protect-pending", "mkdir -p /var/lib/countersign-protect; echo '{\"pending\":{\"until\":4102444800,\"since\":null,\"changes\":[]},\"kept\":[]}' "
          ">/var/lib/countersign-protect/ledger.json", "/var/lib/countersign-protect/ledger.json", undo="rm -r /var/lib/countersign-protect", status=4),
    Fault("bus-policy-altered", f"sed -i 's/<deny send_destination/<allow send_destination/' {BUS}", BUS, "<allow send_destination", (BUS,)),
    line("bus-policy-elsewhere", "/etc/dbus-1/system.d/fault.conf", '<!-- org.countersign.Countersign1 --><busconfig></busconfig>'),
    Fault("bus-policy-missing", f"rm {BUS}", BUS, files=(BUS,), status=4),
    Fault("unit-not-enabled", "systemctl disable countersignd.socket 2>/dev/null", undo="systemctl enable countersignd.socket 2>/dev/null"),
    Fault("revert-not-enabled", "systemctl disable countersign-revert.service 2>/dev/null", undo="systemctl enable countersign-revert.service 2>/dev/null", status=4),
    Fault("unit-replaced", "cp /usr/lib/systemd/system/countersignd.service /etc/systemd/system/; systemctl daemon-reload",
          "/etc/systemd/system/countersignd.service", undo="rm /etc/systemd/system/countersignd.service; systemctl daemon-reload", status=4),
    line("unit-weakened", "/etc/systemd/system/countersignd.service.d/fault.conf", "PrivateNetwork=no", status=4, also=("unit-not-reloaded",)),
    Fault("unit-not-reloaded", "touch -d '+1 day' /usr/lib/systemd/system/countersignd.socket", undo="touch -d '-1 day' /usr/lib/systemd/system/countersignd.socket", status=0),
    mode("socket-open", "/run/countersign/socket", "666", back="600"),
    mode("socket-directory", "/run/countersign", "777", back="755"),
]


def prepare(product, _report):
    """Installed, everybody enrolled, and all that lets people in asks them."""
    machine = product.machine
    machine.run("cp", "-a", "/etc/pam.d", "/root/pam.d")
    product.install()
    product.ask_in_sshd("key")
    machine.run("cp", "/usr/lib/pam.d/polkit-1", "/etc/pam.d/")
    product.ask_after_password("sudo", "sudo-i", "su", "login", "other", "polkit-1")
    machine.sh('sed -i "/countersign/a $1" /etc/pam.d/sshd /etc/pam.d/probe; sed -i "/pam_permit/a $2" /etc/pam.d/sshd', PERMIT, GUARD)
    product.people.make("alice", "bob")
    machine.write("/etc/cron.allow", "root\n")
    # A container's clock is its host's, and whether that is synchronised is no matter of ours.
    machine.write("/usr/bin/timedatectl", "#!/bin/sh\necho yes\n", "0755")


def doctor(product):
    """What doctor says, and its exit status."""
    done = product.machine.run("countersignctl", "doctor", "--json", check=False)
    require(done.stdout, f"doctor said nothing: {done.stderr}")
    return json.loads(done.stdout), done.returncode


def require_silence(product):
    """Nothing is found, and nothing was left out."""
    said, status = doctor(product)
    require((said["findings"], said["not-checked"], status) == ([], [], 0), f"{status}: {json.dumps(said, indent=1)}")


@case("a well set-up system: nothing found, all of the checks ran, status 0")
def silent(product, report):
    require_silence(product)
    said, _ = doctor(product)
    listed = json.loads(product.machine.run("countersignctl", "doctor", "--list", "--json").stdout)
    require(said["checks"] == len(listed), f"{said['checks']} of {len(listed)} checks")
    done = product.machine.run("countersignctl", "doctor")
    require(done.stdout == f"Nothing found by {len(listed)} checks.\n", done.stdout)
    report.note(done.stdout.strip())


@case("somebody who is not root is told that it needs root")
def needs_root(product, _report):
    done = product.machine.run("runuser", "-u", "alice", "--", "countersignctl", "doctor", check=False)
    require(done.returncode == 1 and "sudo" in done.stderr, f"{done.returncode}: {done.stderr}")


def fits(file, pattern):
    """Whether a path is the one meant; `*` stands for one name."""
    parts, wanted = file.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(w in ("*", p) for p, w in zip(parts, wanted))


def planted(fault):
    """The case of a fault."""

    def run(product, report):
        machine = product.machine
        machine.sh('tar -C / -cpf "$1" --files-from /dev/null; shift; for f; do [ ! -e "$f" ] || tar -C / -rpf /root/kept.tar "${f#/}"; done',
                   KEPT, *fault.files)
        machine.sh(fault.plant)
        try:
            said, status = doctor(product)
            found = [one for one in said["findings"] if one["id"] == fault.id]
            require(found, f"not found; {json.dumps(said, indent=1)}")
            one = next((one for one in found if fits(one.get("file", ""), fault.file)), found[0])
            require(fits(one.get("file", ""), fault.file), f"in {one.get('file')}, not in {fault.file}")
            if fault.text:
                text = machine.sh('sed -n "$1p" "$2"', one.get("line", 0), one["file"]).strip()
                require(fault.text in text, f"line {one.get('line')} says {text}")
            others = {other["id"] for other in said["findings"]} - {fault.id, *fault.also}
            require(not others, f"found as well: {others}")
            require(status == fault.status, f"status {status}, not {fault.status}")
            require(one["found"] and one["means"] and one["mends"], f"{one}")
            report.note(f"{one['id']} {one.get('file', '')}:{one.get('line', '')} {one['found']}")
        finally:
            machine.sh(fault.undo)
            machine.sh('for f; do rm -f "$f"; done; tar -C / -xpf /root/kept.tar', *fault.files)
            machine.run("systemctl", "daemon-reload")
        require_silence(product)

    return run


for _fault in FAULTS:
    case(f"planted: {_fault.id}: found where it is, undone, silent again")(planted(_fault))


@case("what the policy demands nothing of is no way around it")
def meant(product, _report):
    machine = product.machine
    machine.sh("sed -i /countersign/d /etc/pam.d/login")
    said, status = doctor(product)
    require([one["id"] for one in said["findings"]] == ["login-unprotected"] and status == 5, f"{said}")
    machine.write("/etc/countersign/countersign.toml.d/console.toml", '[[rule]]\nname = "console"\nservices = ["login"]\nrequire = "none"\n')
    machine.run("countersignctl", "reload")
    require_silence(product)
    machine.sh("rm /etc/countersign/countersign.toml.d/console.toml; countersignctl reload")
    product.ask_after_password("login")
    require_silence(product)


@case("the daemon stopped: said as the one danger, what only it knows is not checked, status 3")
def stopped(product, _report):
    machine = product.machine
    machine.run("systemctl", "stop", "countersignd.socket", "countersignd.service")
    try:
        said, status = doctor(product)
    finally:
        machine.run("systemctl", "start", "countersignd.socket", "countersignd.service")
    found = {one["id"] for one in said["findings"]}
    require(found == {"daemon-unreachable", "unit-inactive", "socket-missing"}, f"{found}")
    require(status == 3, f"status {status}")
    left_out = {one["id"] for one in said["not-checked"]}
    require({"not-enrolled", "versions-differ", "record-stale"} <= left_out, f"{left_out}")
    require_silence(product)


@case("few recovery codes, then none, then wrong codes: each is told")
def used_up(product, _report):
    machine, bob = product.machine, product.people.all[1]
    for left, (wanted, expected) in zip(range(9, -1, -1), [(None, 0)] * 6 + [("recovery-few", 0)] * 3 + [("recovery-none", 4)]):
        require("success" in product.try_code(bob, bob.recovery[left]), f"recovery code {left} was refused")
        said, status = doctor(product)
        found = [one["id"] for one in said["findings"]]
        require(found == ([wanted] if wanted else []) and status == expected, f"{left}: {found}, {status}")
    machine.run("countersignctl", "recovery-codes", bob.name, "--json")
    require_silence(product)


@case("what protect makes of a system that asked nobody is well")
def protected(product, _report):
    machine = product.machine
    machine.sh('rm /etc/pam.d/polkit-1; cp -a /root/pam.d/. /etc/pam.d/; rm "$1"', SSHD)
    machine.run("countersignctl", "protect", "sshd", "sudo", "su", "login", "other", "polkit-1", "--no-try", "--yes", "--user", "alice")
    require_silence(product)


@case("nobody enrolled any more while services ask: nobody-enrolled")
def nobody(product, _report):
    for person in product.people.all:
        product.machine.run("countersignctl", "reset", person.name, "--yes")
    said, status = doctor(product)
    require([one["id"] for one in said["findings"]] == ["nobody-enrolled"] and status == 5, f"{status}: {said}")
