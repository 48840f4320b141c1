"""Watches and acts while a server answers: ``volvelle watch --act`` on a schedule, in a process of its own.

A challenger is made beside the server and not in it, at a lower priority; the server takes up whatever champion comes
of it. A turn that the end of the server interrupts goes on with the next one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

_LATER = 10
"""By how much the priority is lower."""
_PATIENCE = 20.0
"""Seconds that an interrupted turn has to put away what it was doing."""


class Auto:
    """Acts at once, and then again and again.

    Args:
        spec: the spec file.
        every: seconds between two beginnings; one that takes longer delays the next.
    """

    def __init__(self, spec: Path, every: float) -> None:
        self._command = [sys.executable, "-m", "volvelle", "watch", "--act", "--spec", str(spec.resolve())]
        self._every, self._ending, self._turn = every, threading.Event(), threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="auto", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Interrupt what is being done, and do no more."""
        self._ending.set()
        with self._turn:
            process = self._process
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGINT)
        self._thread.join(_PATIENCE)
        if process is not None and process.poll() is None:
            process.kill()

    def _run(self) -> None:
        while not self._ending.is_set():
            with self._turn:
                if self._ending.is_set():
                    return
                # What it prints is told beside the server's own log; its standard output is nobody's.
                self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, start_new_session=True)
                os.setpriority(os.PRIO_PROCESS, self._process.pid, _LATER)
            self._process.wait()
            self._ending.wait(self._every)
