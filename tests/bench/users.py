"""The users of a run: who has which TOTP steps left, so that no measured login has to wait for one."""

import os
import struct
import time

SECRET = b"12345678901234567890"
SECRET_HEX = SECRET.hex()
SECRET_BASE32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
NAME = "u%06u"
PERIOD = 30


def name(number):
    """The name that tests/pam/namespace gives user `number`."""
    return NAME % number


class Users:
    """Users 0 to `count` - 1 of one verifier, taken in windows that go round and round.

    A verifier takes the steps -1, 0 and +1, each once and only upwards. The file at `path` is
    pam-load's: the last step each user has used, as an unsigned 64-bit number.
    """

    def __init__(self, path, count):
        self.path = path
        self.count = count
        self.cursor = 0

    def window(self, size):
        """The first of `size` users who can all log in now; waits until they can."""
        if self.cursor + size > self.count:
            self.cursor = 0
        first, self.cursor = self.cursor, self.cursor + size
        while time.time() // PERIOD + 1 < self._latest_step(first, size) + 1:
            time.sleep(0.2)
        return first

    def _latest_step(self, first, size):
        if not os.path.exists(self.path):
            return 0
        with open(self.path, "rb") as state:
            state.seek(8 * first)
            used = state.read(8 * size)
        return max(struct.unpack(f"={len(used) // 8}Q", used), default=0)
