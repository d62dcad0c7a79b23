"""What processes have used so far, as the kernel counts it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
NAMED = ("minio", "etcd", "kube-apiserver")


def children() -> dict[str, int]:
    """The process ids of the servers that this process has started, by name."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text("utf-8")
        except OSError:
            continue
        name, _, rest = text.partition("(")[2].rpartition(")")
        known = next((each for each in NAMED if name.startswith(each)), None)
        if known and int(rest.split()[1]) == os.getpid():
            found[known] = int(stat.parent.name)
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def cpu_of(processes: Mapping[str, int]) -> dict[str, float]:
    """The same of several, by name, and of this process as `benchmark`."""
    return {name: cpu_seconds(pid) for name, pid in processes.items()} | {"benchmark": cpu_seconds(os.getpid())}


def memory(pid: int) -> tuple[float, float]:
    """The resident memory now and at its peak since the start or `forget_peak`, in MB (2**20 bytes)."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    values = dict(line.split(":", 1) for line in status.splitlines())
    return int(values["VmRSS"].split()[0]) / 1024, int(values["VmHWM"].split()[0]) / 1024
