"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path


def describe_machine() -> str:
    """Processor, cores, memory, system, Python, and how busy it was with other work when the run began."""
    processor = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    kilobytes = re.search(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(), re.M)
    gigabytes = round(int(kilobytes[1]) / 2**20) if kilobytes else 0
    name = processor[1] if processor else platform.machine()
    load = os.getloadavg()[0]
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{name}, {os.cpu_count()} cores, {gigabytes} GiB, {system}; load average {load:.1f} from other work."
