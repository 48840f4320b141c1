"""What people see of a fleet of devices."""

from __future__ import annotations

import sys

from volvelle.flow.fleets import Counted
from volvelle.monitor.fleet import FEWEST
from volvelle.ui import terminal
from volvelle.ui.wording import clean

_SHOWN = 10
_WORDS = {"ok": "all is well", "notice": "the inputs have drifted", "broken": "the contract is broken"}
_WORDS |= {"warning": "quality is estimated to be too low", "fail": "a gate is missed"}


def state(counted: Counted) -> str:
    """How many devices, what has drifted over all of them, and which devices are unlike the others."""
    fleet, report = counted.fleet, counted.report
    lines = [f"{counted.release}: {_WORDS[report.state]}"]
    lines.append(f"  {fleet.whole.rows:,} rows of {fleet.devices:,} devices, {fleet.fair.rows:,} of them weighed alike")
    odd = [f"{fleet.repeats:,} windows came twice and count once"] if fleet.repeats else []
    odd += [f"{fleet.conflicts:,} came again with other counts"] if fleet.conflicts else []
    odd += [f"{fleet.uncounted:,} rows passed the end of a window"] if fleet.uncounted else []
    lines += [f"  {'; '.join(odd)}"] if odd else []
    lines += [f"  {a.severity}: {clean(a.sentence, 200)}" for a in report.alarms[:_SHOWN]]
    if not fleet.members:
        lines += ["", f"  Single devices are shown from {FEWEST} of them on."]
    elif not fleet.odd:
        lines += ["", "  No device is unlike the others."]
    else:
        heads = ["device", "windows", "rows", "unlike the others in", "share of rows", "p"]
        rows = [
            [m.device, f"{m.windows:,}", f"{m.rows:,}", clean(m.feature, 40), f"{m.effect:.0%}", f"{m.p:.1g}"]
            for m in fleet.odd[:_SHOWN]
        ]
        lines += ["", *terminal.aligned(heads, rows, right=range(1, 3))]
        more = len(fleet.odd) - _SHOWN
        lines += [f"  and {more} more"] if more > 0 else []
    return terminal.fitting("\n".join(lines), sys.stdout)
