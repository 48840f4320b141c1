"""Release a run: a folder of named files and hashes, refused while a gate has not passed.

Example:
  volvelle release
  volvelle release 3 --by ana@example.com
  volvelle release --accept-unproven "Li: 40 rows are all there are; recall is 1.0 on them"
"""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from volvelle.cli.options import json_option, print_json, print_next, run_argument, shown, spec_option
from volvelle.errors import InputError, visible
from volvelle.flow import registry
from volvelle.flow.result import find
from volvelle.flow.turn import Project
from volvelle.spec.read import read
from volvelle.spec.requirements import Spec
from volvelle.ui.drawn import report_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    run_argument(parser)
    spec_option(parser)
    json_option(parser)
    parser.add_argument("--by", default="", metavar="WHO", help="who releases (default: the system's user)")
    parser.add_argument(
        "--accept-unproven",
        default="",
        metavar="WHO AND WHY",
        help="release although some gates are met but not proven; the sentence is kept in the release",
    )


def run(options: argparse.Namespace) -> int:
    """Make the release and the champion of it. 1 when it is refused."""
    result = find(Project(options.spec.parent, existing=True), options.run_number)
    content = report_of(result).read_bytes()
    asked = registry.release(result, content, by=options.by, accept_unproven=options.accept_unproven)
    made, changed = asked.release, _changed(options.spec, result.spec)
    if options.json:
        print_json({"folder": str(asked.folder), "new": asked.new, "changed": changed, **msgspec.to_builtins(made)})
        return 0
    if asked.new:
        print(f"Released {made.name}, now the champion: {shown(asked.folder)}")
    else:
        print(f"{made.name} was released by {made.by} on {made.made} and stands as it is; it is the champion.")
    for name, digest in made.files.items():
        print(f"  {name:<18}{digest[:16]}")
    for gate in made.accepted:
        print(f"  accepted though not proven: {gate} ({visible(made.reason)})")
    if changed:
        sections = " and ".join(f"[{name}]" for name in changed)
        print(f"Note: {sections} of the spec changed since run {made.run}: this release holds what that run had.")
    again = ("volvelle run --release",) if changed else ()
    print_next(options, *again, "volvelle predict FILE", "volvelle rollback")
    return 0


def _changed(place: Path, then: Spec) -> list[str]:
    """Sections about what comes after a release that say something else now than when the run was made.

    The release stands on the spec of its run: one that cannot be read now is told by the command that needs it.
    """
    try:
        now = read(place)
    except (InputError, OSError):
        return []
    return [name for name in ("serve", "monitor") if getattr(now, name) != getattr(then, name)]
