"""What the devices of a release counted, added up and held against its reference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from volvelle.deploy import release as releasing
from volvelle.errors import NotFound, near
from volvelle.flow import registry
from volvelle.flow.gathering import live_folder
from volvelle.flow.turn import Project
from volvelle.flow.watching import importance, policy_of, reference_of
from volvelle.monitor.fleet import Fleet, fleet
from volvelle.monitor.records import Report
from volvelle.monitor.watch import watch
from volvelle.monitor.wire import Received, received
from volvelle.spec.requirements import Spec

SKETCHES = "sketches"
"""Folder of the live state into which a server writes what devices send."""


class Counted(NamedTuple):
    """A fleet and what is to be said of it."""

    release: str
    fleet: Fleet
    report: Report
    """Of one window: the fair sum of all devices."""


def look(project: Project, spec: Spec, files: Sequence[Path], *, release: str = "") -> Counted:
    """Read the records of devices and watch them as one window.

    Args:
        project: where the release lies.
        spec: the requirements, those of ``[monitor]`` among them.
        files: of records, one after another in each; those that a server took where none is named.
        release: that the devices run; the champion by default.

    Raises:
        NotFound: there is no such release, no such file, or no record.
        InputError: a file holds something else, or records of another release.
    """
    name, folder = _release(project, release)
    reference = reference_of(folder)
    given = list(files) or sorted((live_folder(project) / SKETCHES).glob("*.bin"))
    records: list[Received] = []
    for file in given:
        if not file.is_file():
            raise NotFound(f"there is no file {file}", where="--sketch", next_move="name a file that a device sent")
        records += received(file.read_bytes(), reference.edges, str(file))
    policy = policy_of(spec, [], reference.window)
    found = fleet(records, reference.edges, policy)
    run = releasing.read(folder).run
    report = watch(reference, [found.fair], policy, importance=importance(project, run))
    return Counted(name, found, report)


def _release(project: Project, name: str) -> tuple[str, Path]:
    if not name:
        made, folder = registry.champion(project)
        return made.name, folder
    known = {r["name"]: r["path"] for r in project.ledger.releases()}
    if name not in known:
        raise NotFound(f"there is no release {name!r}", where="--release", next_move=near(name, known))
    return name, project.folder / known[name]
