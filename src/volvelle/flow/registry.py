"""The local registry: releases, the champion among them, and the way back."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import Any

import msgspec

from volvelle.deploy import release as releasing
from volvelle.deploy.records import Release
from volvelle.errors import NotFound
from volvelle.flow.ledger import now
from volvelle.flow.result import Result
from volvelle.flow.turn import Project
from volvelle.model.predictor import Predictor
from volvelle.model.signature import Signature
from volvelle.spec.check import gates
from volvelle.spec.write import write


def release(result: Result, report: bytes, *, by: str = "", accept_unproven: str = "") -> tuple[Release, Path]:
    """Release a run and make it the champion; the manifest and the folder.

    Args:
        result: a finished run.
        report: the HTML report.
        by: who releases; the system's user by default.
        accept_unproven: a person's reason to release gates that are met but not proven.

    Raises:
        Refused: a gate has not passed.
        InputError: the folder cannot be written.
    """
    evidence, project = result.evidence, result.project
    dimensions = {g.text: g.dimension for g in gates(result.spec)}
    accepted = releasing.approve(evidence, dimensions, accept_unproven=accept_unproven)
    store, model = project.store, result.model
    files = {
        "model.onnx": result.onnx,
        "signature.json": pretty(model.signature),
        "volvelle.toml": (result.spec_text or write(result.spec)).encode(),
        "recipe.json": _indented(store.get(model.recipe)),
        "candidate.json": pretty(result.candidate),
        "evidence.json": pretty(evidence),
        "data.json": pretty(result.dataset),
        "environment.json": _indented(
            json.dumps({**json.loads(result.run.environment), "packages": model.versions}).encode()
        ),
        "report.html": report,
    }
    made = Release(
        name=f"{result.spec.problem.name}-{result.run.id}",
        run=result.run.id,
        made=now(),
        by=by or getpass.getuser(),
        model=model.onnx,
        dataset=evidence.dataset,
        accepted=accepted,
        reason=accept_unproven,
        files=releasing.hashes(files),
    )
    folder = releasing.write(project.state / "releases", made, files)
    standing = current(project)
    if standing is None or standing["name"] != made.name:
        project.ledger.add_release(
            made.name, made.run, made.by, accept_unproven, folder.relative_to(project.folder).as_posix()
        )
    return releasing.read(folder), folder


def current(project: Project) -> dict[str, Any] | None:
    """The ledger's entry of the champion, or None."""
    crowned = project.ledger.champions()
    if not crowned:
        return None
    return next(r for r in project.ledger.releases() if r["id"] == crowned[-1]["release"])


def champion(project: Project) -> tuple[Release, Path]:
    """The champion and its folder, every file compared with its hash.

    Raises:
        NotFound: nothing has been released.
        InputError: a file of the release is absent or was changed.
    """
    entry = current(project)
    if entry is None:
        raise NotFound("nothing has been released here", where=str(project.folder), next_move="volvelle release")
    folder = project.folder / entry["path"]
    return releasing.read(folder), folder


def rollback(project: Project, *, to: str = "") -> tuple[Release, Path]:
    """Make an earlier release the champion again: the one before, or the one named.

    Raises:
        NotFound: there is no such release.
    """
    entry = current(project)
    everything = project.ledger.releases()
    if entry is None:
        raise NotFound("nothing has been released here", where=str(project.folder), next_move="volvelle release")
    earlier = [r for r in everything if (r["name"] == to if to else r["id"] < entry["id"])]
    if not earlier:
        names = ", ".join(r["name"] for r in everything)
        raise NotFound(
            f"there is no release {to!r}" if to else f"{entry['name']} is the first release; there is none before",
            where=str(project.folder),
            next_move=f"releases here: {names}",
        )
    target = earlier[-1]
    folder = project.folder / target["path"]
    found = releasing.read(folder)
    project.ledger.crown(target["id"], f"rolled back from {entry['name']}")
    return found, folder


def champion_model(project: Project) -> Predictor:
    """The model of the champion release.

    Raises:
        NotFound: nothing has been released.
        InputError: a file of the release is absent or was changed.
    """
    _, folder = champion(project)
    return Predictor((folder / "model.onnx").read_bytes(), signature_of(folder))


def signature_of(folder: Path) -> Signature:
    """The signature that lies in a release folder."""
    return msgspec.json.decode((folder / "signature.json").read_bytes(), type=Signature)


def pretty(record: msgspec.Struct) -> bytes:
    """A record as indented JSON."""
    return _indented(msgspec.json.encode(record))


def _indented(content: bytes) -> bytes:
    return msgspec.json.format(content, indent=2)
