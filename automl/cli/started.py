"""When this process began, so that a timeout counts from the command's start and not from its first own line."""

from __future__ import annotations

import os
import time
from pathlib import Path

_LONGEST_START = 10.0
"""An interpreter is up within this many seconds; an older process did other things before it became this command."""


def process_started(stat: Path = Path("/proc/self/stat")) -> float:
    """Give the `time.monotonic()` at which the process began, or now where the system does not say.

    Args:
        stat: The file in which Linux describes the process.
    """
    now = time.monotonic()
    try:
        ticks = int(stat.read_text().rpartition(")")[2].split()[19])  # field 22: start, in clock ticks after boot
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):
        return now
    return now - age if 0.0 <= age <= _LONGEST_START else now
