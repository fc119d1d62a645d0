"""Real ssh logins."""

import os
import subprocess
from pathlib import Path

from harness.machine import SERVER
from harness.terminal import Unexpected

CODE = "One-time code: "
HERE = Path(__file__).resolve().parent


def arguments(person, *options, key=True):
    """The ssh client's command line, without its remote command."""
    words = ["ssh", "-F", "none", "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no"]
    words += ["-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=10"]
    words += ["-o", "NumberOfPasswordPrompts=1", "-i", str(person.key) if key else "/dev/null"]
    return [*words, *options, f"{person.name}@{SERVER}"]


def on_terminal(machine, person, *command, key=True, limit=20.0, env=None, options=()):
    """Log in from a terminal; the Dialogue."""
    words = (*arguments(person, "-tt", *options, key=key), *(command or ("id", "-un")))
    return machine.client_dialogue(*words, limit=limit, env=env)


def login(machine, person, *answers, key=True, env=None):
    """Log in from a terminal, one answer to each prompt; the exit status and all that was said."""
    dialogue = on_terminal(machine, person, key=key, env=env)
    for prompt, reply in answers:
        dialogue.answer(prompt, reply)
    status, _ = dialogue.ends()
    return status, dialogue.transcript


def by_key_alone(machine, person, *options):
    """Log in at the port that takes the key alone; nobody is there to be asked."""
    words = arguments(person, "-o", "BatchMode=yes", "-p", "2222", *options)
    done = subprocess.run(
        machine.client(*words, "id", "-un"), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=60, check=False,
    )
    return done.returncode, done.stdout + done.stderr


def require_guarded(person, outcome):
    """The key was taken, and the guard ended the login: nothing ran."""
    status, said = outcome
    if status != 255 or person.name in said.splitlines():
        raise Unexpected(f"the guard let {person.name} by (status {status}):\n{said}")


def by_askpass(machine, person, *answers, key=True):
    """Log in with no terminal: each prompt is answered by SSH_ASKPASS, in order."""
    answers_file = person.key.with_name(f"answers-{person.name}")
    answers_file.write_text("".join(f"{answer}\n" for answer in answers))
    environment = os.environ | {
        "SSH_ASKPASS": str(HERE / "askpass"), "SSH_ASKPASS_REQUIRE": "force",
        "DISPLAY": ":none", "ANSWERS": str(answers_file),
    }
    done = subprocess.run(
        machine.client(*arguments(person, key=key), "id", "-un"), env=environment,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )
    return done.returncode, done.stdout + done.stderr


def require_in(person, outcome):
    """The login got a shell as that person."""
    status, said = outcome
    if status != 0 or person.name not in said.splitlines()[-1:]:
        raise Unexpected(f"{person.name} was not let in (status {status}):\n{said}")


def require_refused(outcome):
    """The login was refused by sshd, and nothing ran."""
    status, said = outcome
    if status != 255 or "Permission denied" not in said:
        raise Unexpected(f"the login was not refused (status {status}):\n{said}")
