"""bench.py --programs DIR --config FILE --tools DIR --work DIR --out FILE [--quick]     started by ./run

Measures logins through pam_countersign and its peers in interleaved, shuffled rounds, what the module
adds to its host, what the daemon takes, and how many of several logins at once one code lets in.
Writes one JSON file. Asserts no time; it fails only where a login ended otherwise than it must.
"""

import argparse
import datetime
import json
import os
import random
import statistics
import subprocess
import sys

import daemon
import machine
import targets

BASE = "google-authenticator"
USERS = 640
RACERS = 40

# How each kind of run drives pam-load, its rounds and the logins of a round (one per user).
KINDS = {
    "fresh": {"title": "one process per login", "arguments": ["-p"], "rounds": 31, "logins": 32},
    "same": {"title": "all logins in one process", "arguments": [], "rounds": 31, "logins": 32},
    "parallel": {"title": "64 processes at once", "arguments": ["-P", "64"], "rounds": 9, "logins": 640},
}


class Bench:
    """One run of everything."""

    def __init__(self, options):
        self.options = options
        self.confdir = os.path.join(options.work, "pam.d")
        os.mkdir(self.confdir)
        # libpam reads this one too, and logs an error in every login where it is missing.
        with open(os.path.join(self.confdir, "other"), "w", encoding="utf-8") as other:
            other.write("auth required pam_deny.so\n")
        self.daemon = daemon.Daemon(options.programs, options.config, options.work)
        self.module = os.path.join(options.programs, "libpam_countersign.so")
        line = f"auth [success=ok ignore=ignore default=die] {self.module} socket={self.daemon.socket}"
        work = options.work
        self.targets = {
            target.name: target
            for target in [
                targets.Target("permit", "auth required pam_permit.so", work),
                targets.Stepwise("countersign", line, work, USERS),
                targets.GoogleAuthenticator(BASE, work, USERS, RACERS),
                targets.Oath("oath", work, USERS),
            ]
        }

    def load(self, name, arguments, logins):
        """pam-load's figures for one run; its exit status only says that some login was refused."""
        command = [os.path.join(self.options.tools, "pam-load"), "-c", self.confdir, "-s", name, "-n", str(logins)]
        if name == "countersign" and self.daemon.process:
            command += ["-C", str(self.daemon.process.pid)]
        done = subprocess.run(command + arguments, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            sys.exit(f"{' '.join(command + arguments)}: exit {done.returncode}\n{done.stderr}")
        return json.loads(done.stdout)

    def rounds(self, kind):
        """All rounds of one kind: every target once per round, in an order drawn anew."""
        plan = KINDS[kind]
        count = 3 if self.options.quick else plan["rounds"]
        figures = {name: [] for name in self.targets}
        for number in range(count):
            for name in random.sample(sorted(self.targets), len(self.targets)):
                prepared = self.targets[name].prepare(plan["logins"])
                figures[name].append(self.load(name, prepared + plan["arguments"], plan["logins"]))
            progress(f"{plan['title']}: round {number + 1} of {count}", number + 1 == count)
        return {"title": plan["title"], "rounds": count, "logins": plan["logins"], "targets": summaries(figures, kind)}

    def races(self):
        """How many of several simultaneous logins one code lets in, round by round: it must be one."""
        accepted = {}
        for name in (BASE, "countersign"):
            prepared = self.targets[name].prepare_race(RACERS)
            accepted[name] = self.load(name, [*prepared, "-R", "-P", "8", "-1"], 8 * RACERS)["accepted"]
        return {"logins_at_once": 8, "accepted": accepted}

    def host(self):
        """What a login adds to the process that makes it, and what stays after 320 of them."""
        added = {}
        for name, target in self.targets.items():
            load = self.load(name, target.prepare(320) + ["-L", "-w", "1"], 319)
            start, end, inside = load["start"], load["end"], load["inside"]
            asked = inside["most_tasks"] > 0  # pam_permit asks nothing, so nothing is seen from within
            added[name] = {"during": None, "after": None, "differs_after": load["left"]}
            if inside["most_tasks"]:  # pam_permit asks nothing, so nothing is seen from within
                added[name]["during"] = {
                    "threads": inside["most_tasks"] - start["tasks"],
                    "resident_kib": inside["most_resident_kib"] - start["resident_kib"],
                    "anonymous_kib": inside["most_anonymous_kib"] - start["anonymous_kib"],
                }
            added[name]["after"] = {
                field: end[key] - start[key]
                for field, key in (("threads", "tasks"), ("resident_kib",) * 2, ("anonymous_kib",) * 2)
            }
        return added

    def cold_starts(self):
        """Milliseconds of a login whose connection starts the daemon, several times."""
        return [self.daemon.cold_start(self._one_login) for _ in range(3 if self.options.quick else 15)]

    def _one_login(self):
        arguments = self.targets["countersign"].prepare(1)
        command = [os.path.join(self.options.tools, "pam-load"), "-c", self.confdir, "-s", "countersign", "-n", "1"]
        return subprocess.Popen(command + arguments, stdout=subprocess.PIPE, text=True)

    def module_file(self):
        """Size, exported symbols and needed libraries of the module as it is shipped."""
        symbols = subprocess.run(["nm", "-D", "--defined-only", self.module], capture_output=True, text=True, check=True)
        dynamic = subprocess.run(["objdump", "-p", self.module], capture_output=True, text=True, check=True)
        lines = [line.split() for line in dynamic.stdout.splitlines()]
        return {
            "bytes": os.path.getsize(self.module),
            "exports": sorted(line.split()[-1] for line in symbols.stdout.splitlines()),
            "needs": [line[1] for line in lines if line[:1] == ["NEEDED"]],
        }

    def all(self):
        """Everything, as one value."""
        result = {"date": datetime.date.today().isoformat(), "base": BASE, "users": USERS}
        result["machine"] = machine.describe(self.options.work, os.path.dirname(os.path.abspath(__file__)))
        result["module"] = self.module_file()
        self.daemon.start()
        result["daemon"] = {"empty": self.daemon.memory()}
        progress(f"enrolling {USERS + RACERS} users", True)
        self.daemon.enroll(USERS + RACERS)
        result["daemon"]["after_enrolling"] = self.daemon.memory()
        self.daemon.stop()
        self.daemon.start()
        result["daemon"]["idle"] = self.daemon.memory()
        result["kinds"] = {kind: self.rounds(kind) for kind in KINDS}
        result["daemon"]["after_load"] = self.daemon.memory()
        result["host"] = self.host()
        result["races"] = self.races()
        self.daemon.stop()
        result["cold_start_ms"] = [round(ms, 1) for ms in self.cold_starts()]
        result["machine"]["load_after"] = round(os.getloadavg()[0], 2)
        return result


def progress(text, last):
    """Tells how far it is: on a terminal always, elsewhere only at the end of each part."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="\n" if last else "", file=sys.stderr, flush=True)
    elif last:
        print(text, file=sys.stderr, flush=True)


def summaries(figures, kind):
    """Per target: medians over the rounds, and its ratio to the base within each round."""
    key = "accepted_per_s" if kind == "parallel" else "p50_us"
    summary = {}
    for run in (run for rounds in figures.values() for run in rounds):
        run["accepted_per_s"] = run["per_s"] * (1 - run["unexpected"] / run["n"])
        run["all_cpu_us"] = run["cpu_us"] + run["peers_cpu_us"]
    for name, rounds in figures.items():
        ratios = [run[key] / base[key] for run, base in zip(rounds, figures[BASE], strict=True)]
        quarters = statistics.quantiles(ratios, n=4)
        summary[name] = {
            field: round(statistics.median(run[field] for run in rounds), 1)
            for field in ("p50_us", "p95_us", "p99_us", "accepted_per_s", "cpu_us", "peers_cpu_us")
        }
        summary[name]["ratio"] = {
            "of": key,
            "median": round(statistics.median(ratios), 3),
            "quartiles": [round(quarters[0], 3), round(quarters[2], 3)],
            "range": [round(min(ratios), 3), round(max(ratios), 3)],
        }
        cpu_ratios = [run["all_cpu_us"] / base["all_cpu_us"] for run, base in zip(rounds, figures[BASE], strict=True)]
        summary[name]["cpu_ratio"] = round(statistics.median(cpu_ratios), 3)
        summary[name]["refused"] = sum(run["unexpected"] for run in rounds)
        summary[name]["logins"] = sum(run["n"] for run in rounds)
        summary[name]["ratios"] = [round(ratio, 3) for ratio in ratios]
    return summary


def wrong(result):
    """What must not be, whatever the speed."""
    for kind in (result["kinds"]["fresh"], result["kinds"]["same"]):
        for name, target in kind["targets"].items():
            if target["refused"] == target["logins"]:
                yield f"{kind['title']}: {name} refuses everyone, so it is no comparison (is its module installed?)"
    for kind in result["kinds"].values():
        refused = kind["targets"]["countersign"]["refused"]
        if refused:
            yield f"{kind['title']}: {refused} right codes refused"
    twice = [n for n in result["races"]["accepted"]["countersign"] if n != 1]
    if twice:
        yield f"race: one code let in {twice} logins in {len(twice)} rounds, instead of one"
    for when in ("during", "after"):
        if result["host"]["countersign"][when]["threads"]:
            yield f"the module's host has more threads {when} a login"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", required=True, help="release builds: countersignd, countersignctl, the module")
    parser.add_argument("--config", required=True, help="the configuration that is shipped")
    parser.add_argument("--tools", required=True, help="where tests/pam/build put pam-load")
    parser.add_argument("--work", required=True, help="an empty directory, on a real disk")
    parser.add_argument("--out", required=True, help="the JSON file to write")
    parser.add_argument("--quick", action="store_true", help="three rounds: tries the benchmark itself")
    options = parser.parse_args()
    bench = Bench(options)
    try:
        result = bench.all()
    finally:
        if bench.daemon.process:
            bench.daemon.stop()
    with open(options.out, "w", encoding="utf-8") as out:
        json.dump(result, out, indent=1)
        out.write("\n")
    faults = list(wrong(result))
    for fault in faults:
        print("WRONG: " + fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
