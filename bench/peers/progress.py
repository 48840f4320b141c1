"""A clock that advances with the CPU time of this process and its children, instead of with the sun.

Budgets are kept by each tool itself, with whatever clock it reads. On a machine that others use as well, seconds of the
wall say little about the work that was done; so `install`, called before a tool is imported, puts this clock in the
place of `time.time`, `time.monotonic` and `time.perf_counter`. With one thread a tool on an idle machine sees no
difference. What only waits (a sleep, a disk) costs nothing. The clock ids of other processes are Linux's, see
clock_getcpuclockid(3).

>>> before = cpu(); _ = sum(range(100_000)); cpu() > before
True
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

_BEGAN = time.time()


def cpu() -> float:
    """CPU seconds of this process, of its living children, and of those that it has waited for."""
    ended = os.times()
    return time.process_time() + ended.children_user + ended.children_system + sum(map(_child, _children()))


def install() -> None:
    """Let everything that is imported from now on tell the time by CPU progress."""
    time.time = lambda: _BEGAN + cpu()
    clocks: dict[str, Callable[[], float]] = {"monotonic": cpu, "perf_counter": cpu}
    for name, clock in clocks.items():
        setattr(time, name, clock)
        setattr(time, f"{name}_ns", lambda clock=clock: int(clock() * 1e9))
    time.time_ns = lambda: int((_BEGAN + cpu()) * 1e9)


def _children() -> list[int]:
    found: list[int] = []
    for listed in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, listed.read_text(encoding="ascii").split())
    return found


def _child(pid: int) -> float:
    # A process that ends in between is counted among those waited for the next time.
    with contextlib.suppress(OSError):
        return time.clock_gettime((~pid << 3) | 2)
    return 0.0
