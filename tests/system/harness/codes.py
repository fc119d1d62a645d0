"""RFC 4226 and RFC 6238, and one person's supply of codes."""

import base64
import hashlib
import hmac
import struct
import time

PERIOD = 30


def hotp(key, counter, digits=6):
    """The code of `key` for the counter, or the time step."""
    digest = hmac.new(key, struct.pack(">Q", counter), hashlib.sha1).digest()
    at = digest[-1] & 15
    return str((struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF) % 10**digits).zfill(digits)


def from_base32(secret):
    """The bytes of a secret without padding; of an odd length, the bits that are left over are dropped."""
    return base64.b32decode(secret + "=" * (-len(secret) % 8))


def totp(secret, step, digits=6):
    """The code of `secret` (base32) for time step `step`."""
    return hotp(from_base32(secret), step, digits)


def now():
    """The present time step."""
    return int(time.time()) // PERIOD


class Codes:
    """Codes of one secret; `said` holds every one that was handed out."""

    def __init__(self, secret):
        self.secret = secret
        self.said = set()
        self._last = 0

    def at(self, steps):
        """The code of `steps` time steps from now."""
        return self._say(totp(self.secret, now() + steps))

    def fresh(self):
        """A code that was not handed out before, and good for 25 seconds at least.

        The present step's, then the next one's, which a skew of one step allows;
        after that the next step is waited for.
        """
        self._last = max(self._last + 1, now())
        self._wait(self._last)
        return self._say(totp(self.secret, self._last))

    def pass_over(self, step):
        """Hand out none of this step or an earlier one."""
        self._last = max(self._last, step)

    def pair(self):
        """Two consecutive codes, neither handed out before."""
        first = max(self._last + 1, now())
        self._last = first + 1
        self._wait(self._last)
        return self._say(totp(self.secret, first)), self._say(totp(self.secret, first + 1))

    def wrong(self):
        """A code that is not right at any step near."""
        near = {totp(self.secret, now() + steps) for steps in range(-20, 21)}
        return self._say(next(code for code in ("271828", "314159", "141421") if code not in near))

    @staticmethod
    def _wait(step):
        """Until `step` is no more than one step ahead."""
        time.sleep(max(0.0, (step - 1) * PERIOD - time.time()))

    def _say(self, code):
        self.said.add(code)
        return code


class Token:
    """A phone or a key fob; `said` holds every code that was handed out."""

    def __init__(self, key, digits=6, period=30):
        self.key, self.digits, self.period = key, digits, period
        self.secret = key.hex()
        self.said = set()

    @classmethod
    def of_base32(cls, secret, **settings):
        """One with a secret in base 32."""
        token = cls(from_base32(secret), **settings)
        token.secret = secret
        return token

    def at(self, counter):
        """The code of a counter, or of so many time steps from now."""
        if self.period:
            counter += int(time.time()) // self.period
        code = hotp(self.key, counter, self.digits)
        self.said.add(code)
        return code
