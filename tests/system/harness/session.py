"""A desktop session that does nothing but prove that somebody was logged in."""

from harness.machine import GUEST
from harness.report import require
from harness.terminal import Unexpected

ENTRY = f"[Desktop Entry]\nName=Proof\nExec={GUEST}/session\nType=Application\n"


def offer(machine):
    """It is the only session that login screens know, and one of logind's at a seat with a screen."""
    machine.sh("rm -f /usr/share/xsessions/* /usr/share/wayland-sessions/*")
    machine.write("/usr/share/xsessions/proof.desktop", ENTRY)
    # They say it were on a virtual terminal, which logind refuses to believe where there is none.
    machine.write("/etc/security/no-terminal.conf", "XDG_VTNR DEFAULT=0 OVERRIDE=0\n")
    line = "session required pam_env.so conffile=/etc/security/no-terminal.conf"
    machine.sh('sed -i "/pam_systemd.so/i $1" /etc/pam.d/common-session /etc/pam.d/*-greeter', line)
    # Some wait for a screen: /dev/null is one, as if udev had said so.
    machine.write("/run/udev/data/c1:3", "I:1\nE:ID_SEAT=seat0\nG:seat\nQ:seat\nG:master-of-seat\nQ:master-of-seat\nV:1\n")
    machine.write("/run/udev/tags/master-of-seat/c1:3", "")
    machine.run("systemctl", "restart", "systemd-logind")


def began(machine, person, limit=20.0):
    """Wait for the session of that person; what its login session is, as logind tells it."""
    proof = f"/home/{person.name}/session"
    machine.until(f"[ -s {proof} ]", f"a session of {person.name}", limit=limit)
    told = machine.read(proof)
    require(f"uid={person.uid}({person.name})" in told, f"the session is another's: {told}")
    name = told.split("session=")[1].split(" ")[0]
    require(name, f"it is no login session:\n{told}")
    shown = machine.run("loginctl", "show-session", name).stdout
    properties = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    require(properties["Name"] == person.name and properties["Class"] == "user", shown)
    return properties


def none(machine, person):
    """There was no session of that person, or the case fails."""
    if machine.run("test", "-e", f"/home/{person.name}/session", check=False).returncode == 0:
        raise Unexpected(f"{person.name} was let in: " + machine.read(f"/home/{person.name}/session"))


def end(machine, person):
    """End that person's session, and forget its proof."""
    machine.run("loginctl", "terminate-user", person.name, check=False)
    # The user's manager stays for a while, and is a session from systemd 256 on.
    sessions = f"loginctl list-sessions --no-legend | grep -w {person.name} | grep -vqw manager"
    machine.until(f"! {sessions}", f"an end of {person.name}'s session")
    machine.run("rm", "-f", f"/home/{person.name}/session")
