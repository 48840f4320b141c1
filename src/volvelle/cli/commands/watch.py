"""Watch the champion: drift, estimated and measured quality by window. 1 on an alarm, for cron.

Example:
  volvelle watch
  volvelle watch --act              and retrain where [monitor] says so
  volvelle watch --sketch a.bin     what devices counted, instead of the live log
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from volvelle.cli.options import json_option, print_json, print_next, shown, spec_option
from volvelle.errors import InputError
from volvelle.flow import fleets
from volvelle.flow.auto import Acted, act
from volvelle.flow.gathering import live_folder
from volvelle.flow.store import write_atomic
from volvelle.flow.turn import Project
from volvelle.serve.metrics import PAGE, STATE
from volvelle.spec.read import read
from volvelle.spec.requirements import Spec
from volvelle.ui import fleet, terminal
from volvelle.ui.drawn import report_bytes
from volvelle.ui.live import write
from volvelle.ui.watched import decided, state


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    spec_option(parser)
    json_option(parser)
    parser.add_argument(
        "--since", metavar="TIME", help="from when on, e.g. 2026-03-01 (default: since the champion is)"
    )
    parser.add_argument(
        "--sketch",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="watch what devices counted: records in files, or those that a server took",
    )
    parser.add_argument("--release", default="", metavar="NAME", help="that the devices run (default: the champion)")
    parser.add_argument("--act", action="store_true", help="turn the wheel where [monitor] retrain says so")


def run(options: argparse.Namespace) -> int:
    """Settle the log, look, tell, perhaps turn. 1 where something is wrong."""
    spec = read(options.spec)
    project = Project(options.spec.parent, existing=True)
    if options.sketch is not None:
        return _fleet(project, spec, options)
    since = _time(options.since) if options.since else None
    with terminal.Progress() as progress:
        acted = act(project, spec, progress, report=report_bytes, turn=options.act, since=since)
    page = write(project, spec, acted.watched, live_folder(project) / PAGE)
    document = _document(acted)
    write_atomic(live_folder(project) / STATE, msgspec.json.encode(document))
    for problem in acted.problems:
        print(f"Note: {problem}", file=sys.stderr)
    if options.json:
        print_json({**document, "page": str(page)})
    else:
        print(state(acted.watched, spec))
        if acted.decision is not None:
            print(f"\n{decided(acted.decision)}")
        print(f"\nReport:  {shown(page)}", flush=True)
        print_next(options, *_next(acted))
    return 1 if acted.alarming else 0


def _fleet(project: Project, spec: Spec, options: argparse.Namespace) -> int:
    """Add up what devices counted. 1 where the fleet has an alarm or a device is unlike the others."""
    counted = fleets.look(project, spec, options.sketch, release=options.release)
    if options.json:
        print_json(
            {
                "release": counted.release,
                **msgspec.to_builtins(counted.fleet, str_keys=True),
                "report": msgspec.to_builtins(counted.report),
            }
        )
    else:
        print(fleet.state(counted))
        print_next(options, "volvelle retrain" if counted.report.state != "ok" else "volvelle watch")
    return 1 if counted.report.state != "ok" or counted.fleet.odd else 0


def _document(acted: Acted) -> dict[str, object]:
    return {
        **msgspec.to_builtins(acted.watched),
        "alarming": acted.alarming,
        "fresh": msgspec.to_builtins(acted.fresh),
        "reasons": acted.reasons,
        "decision": msgspec.to_builtins(acted.decision),
        "problems": acted.problems,
    }


def _next(acted: Acted) -> tuple[str, ...]:
    if acted.decision is not None:
        return ("volvelle runs",)
    if acted.alarming:
        return ("volvelle retrain",)
    if not acted.watched.coverage.known:
        return ("volvelle outcomes FILE --id COLUMN",)
    return ("volvelle score FILE -o FILE",)


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is no time", where="--since", next_move="e.g. 2026-03-01") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
