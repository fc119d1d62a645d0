"""Cases, and what came of them."""

import contextlib
import sys
import time
import traceback

from harness.terminal import Unexpected

_cases = {}


def case(sentence):
    """Mark a function as a case of its module; `sentence` says what is so when it passes."""

    def register(function):
        _cases.setdefault(function.__module__, []).append((sentence, function))
        return function

    return register


def cases_of(module):
    """The cases of a module, in the order they are written."""
    return _cases.get(module.__name__, [])


def require(condition, otherwise):
    """A case fails with the message `otherwise` unless `condition` holds."""
    if not condition:
        raise Unexpected(otherwise)


class Report:
    """Prints `ok N - sentence` as it goes."""

    def __init__(self, artefacts, label):
        self.artefacts, self.label = artefacts, label
        self.passed = self.failed = 0
        self.failures = []
        self._start = time.monotonic()
        artefacts.mkdir(parents=True, exist_ok=True)

    @contextlib.contextmanager
    def judge(self, sentence, transcripts):
        """Judge the body of the `with`; `transcripts()` is what was said in it."""
        number = self.passed + self.failed + 1
        start = time.monotonic()
        try:
            yield
        except (Exception, AssertionError) as error:  # the suite goes on whatever a case meets
            self.failed += 1
            self.failures.append(sentence)
            self._say(f"not ok {number} - {sentence}")
            reason = str(error) if isinstance(error, Unexpected) else traceback.format_exc()
            for line in (reason + "\n" + transcripts()).splitlines():
                self._say(f"#   {line.rstrip()}")
        else:
            transcripts()
            self.passed += 1
            self._say(f"ok {number} - {sentence} ({time.monotonic() - start:.1f} s)")

    def note(self, text):
        """A figure, or where something was saved."""
        for line in text.splitlines():
            self._say(f"# {line}")

    def save(self, name, text):
        """Keep an artefact."""
        path = self.artefacts / name
        path.write_text(text)
        self.note(f"saved {path}")

    def end(self):
        """The last line; the exit status."""
        for sentence in self.failures:
            self._say(f"failed: {sentence}")
        self._say(f"in {time.monotonic() - self._start:.0f} s")
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed or not self.passed else 0

    def _say(self, line):
        print(f"{self.label}: {line}" if self.label else line, flush=True)
        sys.stdout.flush()
