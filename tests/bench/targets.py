"""What is measured: one PAM service per target, and what must be on disk before it runs."""

import os

import users


class Target:
    """A PAM service that takes any code: the floor of all others."""

    code = "fixed:000000"

    def __init__(self, name, line, work):
        self.name = name
        self.work = work
        with open(os.path.join(work, "pam.d", name), "w", encoding="utf-8") as service:
            service.write(line + "\n")

    def prepare(self, size):
        """Makes ready for a run in which `size` users log in once each; returns pam-load's arguments."""
        del size  # any user will do
        return ["-u", "u000000", "-k", self.code]


class Stepwise(Target):
    """A verifier that takes each step once; its users and what they used live on from run to run."""

    code = "unused:" + users.SECRET_HEX

    def __init__(self, name, line, work, count):
        super().__init__(name, line, work)
        self.users = users.Users(os.path.join(work, name + ".steps"), count)

    def prepare(self, size):
        return self._arguments(self.users.window(size), size)

    def prepare_race(self, rounds):
        """Arguments for a race: a user per round, none of them in the timed runs."""
        return self._arguments(self.users.count, rounds)

    def _arguments(self, first, size):
        return ["-u", users.NAME, "-f", str(first), "-N", str(size), "-k", self.code, "-S", self.users.path]


class GoogleAuthenticator(Stepwise):
    """pam_google_authenticator as it is no less safe than we are: no code twice, guesses limited."""

    # Its own setup writes 3 per 30 s; a user here may log in four times within 30 s at a step's edge.
    FILE = '\n" RATE_LIMIT 10 30\n" WINDOW_SIZE 3\n" DISALLOW_REUSE\n" TOTP_AUTH\n'

    def __init__(self, name, work, count, racers):
        secrets = os.path.join(work, name)
        line = f"auth required pam_google_authenticator.so user=root secret={secrets}/${{USER}}"
        super().__init__(name, line, work, count)
        os.mkdir(secrets, mode=0o700)
        for number in range(count + racers):
            path = os.path.join(secrets, users.name(number))
            with open(path, "w", encoding="ascii") as file:
                file.write(users.SECRET_BASE32 + self.FILE)
            os.chmod(path, 0o400)


class Oath(Target):
    """pam_oath (HOTP: it keeps no used TOTP steps), all users in one file, written anew for each run."""

    def __init__(self, name, work, count):
        self.count = count
        self.file = os.path.join(work, name, "users.oath")
        os.mkdir(os.path.dirname(self.file), mode=0o700)
        super().__init__(name, f"auth required pam_oath.so usersfile={self.file} window=5 digits=6", work)

    def prepare(self, size):
        for leftover in (self.file + ".lock", self.file + ".new"):
            if os.path.exists(leftover):
                os.unlink(leftover)
        with open(self.file, "w", encoding="ascii") as file:
            file.writelines(f"HOTP\t{users.name(n)}\t-\t{users.SECRET_HEX}\n" for n in range(self.count))
        return ["-u", users.NAME, "-N", str(size), "-k", f"hotp:{users.SECRET_HEX}:0"]
