"""LightDM in a machine, and one of its greeters on a screen."""

from harness import session
from harness.machine import GUEST
from harness.screen import Screen

CONFIG = f"""\
[Seat:*]
greeter-session=%s
xserver-command={GUEST}/xvfb
user-session=proof
allow-guest=false
greeter-hide-users=true
greeter-show-manual-login=true
"""
LOG = "/var/log/lightdm/lightdm.log"
# It says in its log when it asks something, since the GTK greeter does not show the first question.
# Where what asks is ended before itself it may ask anew while it stops, and never stop.
UNIT = """\
[Unit]
StartLimitIntervalSec=0
[Service]
ExecStart=
ExecStart=/usr/sbin/lightdm --debug
KillMode=mixed
TimeoutStopSec=5
"""

# Where its dialog is. Slick's prompt is pale words in an empty field.
DIALOG = {"lightdm-gtk-greeter": "346x210+339+280", "slick-greeter": "300x70+103+330 284x32+112+404@80"}


def prepare(product):
    """LightDM asks for a code after the password, and its X server is Xvfb."""
    machine = product.machine
    product.ask_after_password("lightdm")
    session.offer(machine)
    machine.write("/etc/X11/default-display-manager", "/usr/sbin/lightdm\n")
    machine.write("/etc/systemd/system/lightdm.service.d/tests.conf", UNIT)
    machine.run("systemctl", "daemon-reload")


class Greeter:
    """A new greeter, that waits for a name."""

    def __init__(self, product, name):
        self.machine = product.machine
        self.machine.run("systemctl", "stop", "lightdm")
        self.machine.run("rm", "-f", LOG)
        self.machine.write("/etc/lightdm/lightdm.conf.d/50-tests.conf", CONFIG % name)
        self.machine.run("systemctl", "start", "lightdm")
        self.screen = Screen.x(self.machine, ":0", authority="/run/lightdm/root/:0", dialog=DIALOG[name])
        self._questions = 0
        self.asks()

    def asks(self):
        """Wait until LightDM hands one more question, or message, to the greeter."""
        self._questions += 1
        self.machine.until(
            f'[ "$(grep -c "Prompt greeter with" {LOG})" -ge {self._questions} ]', f"question {self._questions} of LightDM")

    def introduce(self, person, password=None):
        """Type the name and the password."""
        self.screen.type(person.name)
        self.asks()
        self.screen.type(password or person.password)
