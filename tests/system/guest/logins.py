"""logins.py SERVICE: one login by the module for each line "USER ANSWER..." of standard input.

Prints for each the milliseconds and libpam's last words.
"""

import subprocess
import sys
import time


def main(service):
    """One after the other."""
    for line in sys.stdin.read().splitlines():
        user, *answers = line.split()
        start = time.monotonic()
        done = subprocess.run(
            ["pamtester", service, user, "authenticate"],
            input="".join(answer + "\n" for answer in answers).encode(),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )
        took = (time.monotonic() - start) * 1000
        said = done.stdout.decode(errors="replace").strip().splitlines() or [""]
        print("%.2f %s" % (took, said[-1]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
