"""report.py RESULT.json: the figures of one run as text."""

import json
import sys


def table(kind, base):
    """One line per target: medians over the rounds; the ratio is of the same round's base."""
    lines = [f"{kind['title']}: {kind['rounds']} rounds of {kind['logins']} logins; ratio to {base} in the same round"]
    lines.append(
        f"  {'target':22}{'p50 us':>9}{'p95 us':>9}{'taken/s':>8}{'cpu us':>8}{'peers':>7}"
        f"{'ratio':>8} {'quartiles':>13} {'range':>13}{'cpu ratio':>11} {'refused':>12}"
    )
    for name, target in sorted(kind["targets"].items(), key=lambda item: item[1]["p50_us"]):
        ratio = target["ratio"]
        quartiles = "{:.2f}..{:.2f}".format(*ratio["quartiles"])
        extremes = "{:.2f}..{:.2f}".format(*ratio["range"])
        refused = f"{target['refused']}/{target['logins']}"
        lines.append(
            f"  {name:22}{target['p50_us']:9.0f}{target['p95_us']:9.0f}{target['accepted_per_s']:8.0f}{target['cpu_us']:8.0f}"
            f"{target['peers_cpu_us']:7.0f}{ratio['median']:8.2f} {quartiles:>13} {extremes:>13}{target['cpu_ratio']:11.2f} {refused:>12}"
        )
    return "\n".join(lines)


def report(result):
    """The whole result as lines."""
    machine = result["machine"]
    yield f"{result['date']}  {machine['processor']} x {machine['processors']}, {machine['distribution']}, {machine['filesystem']}"
    yield f"load {machine['load_before']} before, {machine['load_after']} after; commit {machine['commit']}"
    for kind in result["kinds"].values():
        yield ""
        yield table(kind, result["base"])
    yield ""
    yield f"one code, {result['races']['logins_at_once']} logins at once: how many were let in, round by round"
    for name, accepted in result["races"]["accepted"].items():
        yield f"  {name:22}{' '.join(map(str, accepted))}"
    yield ""
    yield "added to the process that logs in: threads, resident KiB, of that anonymous"
    for name, host in result["host"].items():
        for when in ("during", "after"):
            if host[when]:
                yield f"  {name:22}{when:8}{' '.join(f'{value:6}' for value in host[when].values())}"
        yield f"  {'':22}differs after: {' '.join(host['differs_after']) or 'nothing'}"
    module = result["module"]
    yield ""
    yield f"module: {module['bytes']} bytes, exports {' '.join(module['exports'])}, needs {' '.join(module['needs'])}"
    for state, memory in result["daemon"].items():
        yield f"daemon, {state}: " + ", ".join(f"{name} {value}" for name, value in memory.items())
    yield f"cold start to first verdict, ms: {' '.join(map(str, sorted(result['cold_start_ms'])))}"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        print("\n".join(report(json.load(file))))
