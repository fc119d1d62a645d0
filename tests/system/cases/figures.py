"""Figures: logins during a flood, and what refusals tell by their time."""

import json
import statistics
from collections import Counter

from harness.machine import GUEST
from harness.report import case, require

FLOOD = 20  # seconds
PEOPLE = 60


def prepare(product, _report):
    """Many people, since each gives two codes only without waiting."""
    product.install()
    product.crowd = product.people.make(*(f"p{number:03}" for number in range(PEOPLE)))


def logins(product, crowd):
    """One login after the other by the root door; the milliseconds of each, all accepted."""
    lines = "".join(f"{person.name} {person.codes.fresh()}\n" for person in crowd)
    said = product.machine.run("python3", f"{GUEST}/logins.py", "probe", stdin=lines, limit=120).stdout
    rows = [line.split(" ", 1) for line in said.splitlines()]
    refused = [row for row in rows if "successfully" not in row[1]]
    require(len(rows) == len(crowd) and not refused, f"{len(refused)} of {len(rows)} refused: {refused[:5]}")
    return sorted(float(row[0]) for row in rows)


def summary(values):
    """Median, 90th and 99th percentile and maximum of sorted values."""
    at = lambda share: values[min(len(values) - 1, int(share * len(values)))]
    return {"n": len(values), "p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "max": values[-1]}


def memory(product):
    """The daemon's resident set and its maximum, in KiB."""
    status = product.machine.read(f"/proc/{product.daemon_pid()}/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    return {name: int(fields[field].split()[0]) for name, field in (("rss", "VmRSS"), ("peak", "VmHWM"))}


@case("during a flood of the public door by nobody, every login by the root door succeeds")
def flood(product, report):
    figures = {"quiet": summary(logins(product, product.crowd)), "memory before": memory(product)}
    flooding = product.machine.start("python3", f"{GUEST}/flood.py", str(FLOOD), user="nobody")
    try:
        taken = []
        while flooding.poll() is None and len(taken) < len(product.crowd):
            part = product.crowd[len(taken) : len(taken) + 10]
            taken += logins(product, part)
        figures["flooded"] = summary(sorted(taken))
        figures["memory during"] = memory(product)
        said = flooding.communicate(timeout=FLOOD + 40)[0]
        figures["calls"], figures["connections"] = map(int, said.split())
    finally:
        flooding.kill()
    figures["memory after"] = memory(product)
    report.save("flood.json", json.dumps(figures, indent=2) + "\n")
    report.note(json.dumps(figures))
    require(figures["calls"] > 1000, f"that was no flood: {said}")
    # Far from the figures: whatever the machine does, the daemon must not grow without bound.
    require(figures["memory after"]["peak"] < 64 * 1024, f"the daemon grew: {figures['memory after']}")


@case("refusals of enrolled and unenrolled people read alike and take the same time")
def timing(product, report):
    # Each person once: how a login goes on depends on the wrong answers before it.
    strangers = product.people.make(*(f"s{number:03}" for number in range(PEOPLE)), enrolled=False)
    wrong = "271828"
    alternating = [person for pair in zip(product.crowd, strangers) for person in pair]
    lines = "".join(f"{person.name} {' '.join([wrong] * 6)}\n" for person in alternating)
    said = product.machine.run("python3", f"{GUEST}/logins.py", "probe", stdin=lines, limit=300).stdout
    rows = [line.split(" ", 1) for line in said.splitlines()]
    words = [Counter(row[1] for row in rows[start::2]) for start in (0, 1)]
    require("successfully" not in str(words), f"let in: {words}")
    times = [sorted(float(row[0]) for row in rows[start::2]) for start in (0, 1)]
    figures = {"enrolled, wrong code": summary(times[0]), "unenrolled": summary(times[1])}
    report.save("refusals.json", json.dumps(figures, indent=2) + "\n")
    report.note(json.dumps(figures))
    # A login that falls across the second in which a delay ends goes on otherwise.
    usual = [each.most_common(1)[0] for each in words]
    require(usual[0][0] == usual[1][0], f"the words differ: {words}")
    require(min(count for _, count in usual) > 0.8 * PEOPLE, f"the words differ: {words}")
    medians = [statistics.median(each) for each in times]
    require(max(medians) < 2 * min(medians), f"medians {medians} ms tell who is enrolled")
