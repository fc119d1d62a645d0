"""What the figures depend on and a reader must know; no name of the machine."""

import os
import platform
import subprocess


def _first(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()


def _processor():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _distribution():
    with open("/etc/os-release", encoding="utf-8") as release:
        for line in release:
            if line.startswith("PRETTY_NAME="):
                return line.partition("=")[2].strip().strip('"')
    return "unknown"


def describe(work, repository):
    """The machine, the versions measured, and the load others put on it."""
    packages = ["libpam0g", "libpam-google-authenticator", "libpam-oath"]
    return {
        "processor": _processor(),
        "processors": os.cpu_count(),
        "kernel": platform.release(),
        "distribution": _distribution(),
        "filesystem": _first(["findmnt", "--noheadings", "--output", "FSTYPE", "--target", work]),
        "packages": {name: _first(["dpkg-query", "--show", "--showformat=${Version}", name]) for name in packages},
        "commit": _first(["git", "-C", repository, "rev-parse", "--short=12", "HEAD"]),
        "load_before": round(os.getloadavg()[0], 2),
    }
