"""Makes a release: a folder of named files and hashes, refused while a gate has not passed."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from volvelle.deploy.records import Release
from volvelle.errors import ContractBroken, InputError, NotFound, Refused
from volvelle.evaluate.records import Evidence, Verdict
from volvelle.spec.units import show

MANIFEST, EVIDENCE = "release.json", "evidence.json"


def approve(evidence: Evidence, dimensions: Mapping[str, str], *, accept_unproven: str = "") -> tuple[str, ...]:
    """The gates that are released although they are not proven.

    Args:
        evidence: what was measured.
        dimensions: gate text to the dimension of its bound, for messages.
        accept_unproven: a person's reason to accept gates whose value meets the bound while its interval
            does not. Failed and unmeasured gates are never accepted.

    Raises:
        Refused: a gate has not passed; the message names each with its shortfall. Or the C for the device answers
            otherwise than the ONNX file, whatever the gates are.
    """
    there = evidence.footprint
    if there is not None and not there.agrees():
        raise Refused(
            f"nothing was released: the C for {there.device} answers otherwise than the ONNX file: {there.differs()}",
            next_move="keep the ONNX file and tell the authors of Volvelle; no reason makes such C fit to ship",
        )
    blocking = [v for v in evidence.verdicts if v.verdict != "pass"]
    unproven = [v for v in blocking if v.verdict == "not proven"]
    if accept_unproven:
        blocking = [v for v in blocking if v.verdict != "not proven"]
    if blocking:
        lines = "\n".join(f"  - {_why(v, dimensions.get(v.gate, '1'))}" for v in blocking)
        only_unproven = all(v.verdict == "not proven" for v in blocking)
        advice = (
            "get more test rows, or accept with --accept-unproven 'WHO AND WHY'"
            if only_unproven
            else ("improve the model (longer [search] budget, more data) or change the requirement")
        )
        raise Refused(
            f"{len(blocking)} of {len(evidence.verdicts)} gates have not passed, so nothing was released:\n{lines}",
            next_move=advice,
        )
    return tuple(v.gate for v in unproven)


def room_for(folder: Path, release: Release) -> tuple[Release, Release | None]:
    """The release under a name that is free for it, and the same release if it stands there already.

    A folder whose files were changed is moved aside, so that the release can be made again.
    """
    for count in itertools.count(1):
        name = release.name if count == 1 else f"{release.name}-{count}"
        place = folder / name
        if not place.exists():
            return msgspec.structs.replace(release, name=name), None
        try:
            standing = read(place)
        except InputError:
            place.rename(folder / f".damaged-{name}-{time.time_ns()}")
            return msgspec.structs.replace(release, name=name), None
        if (standing.model, standing.files.get(EVIDENCE)) == (release.model, release.files.get(EVIDENCE)):
            return standing, standing
    raise ContractBroken("counting ended")


def write(folder: Path, release: Release, files: Mapping[str, bytes]) -> Path:
    """Write the release folder whole or not at all; the folder.

    Raises:
        InputError: a folder of that name holds something else.
    """
    target = folder / release.name
    content = {**files, MANIFEST: msgspec.json.format(msgspec.json.encode(release), indent=2)}
    folder.mkdir(parents=True, exist_ok=True)
    if target.exists():
        kept = read(target)
        if kept.files != release.files:
            raise InputError(f"a release {release.name} with other files exists", where=str(target))
        return target
    staged = Path(tempfile.mkdtemp(dir=folder, prefix=".new-"))
    try:
        for name, data in content.items():
            (staged / name).parent.mkdir(exist_ok=True)
            (staged / name).write_bytes(data)
        staged.chmod(0o755)
        os.rename(staged, target)
    except OSError as error:
        shutil.rmtree(staged, ignore_errors=True)
        raise InputError(f"the release cannot be written: {error.strerror}", where=str(target)) from error
    return target


def read(folder: Path) -> Release:
    """The manifest of a release folder, after every file was compared with its hash.

    Raises:
        NotFound: there is no release here.
        InputError: a file is absent or was changed.
    """
    try:
        release = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Release)
    except FileNotFoundError as error:
        raise NotFound("there is no release here", where=str(folder), next_move="volvelle release makes one") from error
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise InputError(f"the manifest is damaged: {error}", where=str(folder / MANIFEST)) from error
    for name, expected in release.files.items():
        path = folder / name
        found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "absent"
        if found != expected:
            state = "is absent" if found == "absent" else "was changed after the release"
            raise InputError(f"{name} {state}", where=str(folder), next_move="make the release again or roll back")
    return release


def hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    """File name to SHA-256."""
    return {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)}


def _why(verdict: Verdict, dimension: str) -> str:
    if verdict.value is None:
        return f"{verdict.gate}: {verdict.verdict}" + (f" ({verdict.reason})" if verdict.reason else "")
    measured = f"measured {show(verdict.value, dimension)}"
    if verdict.low is not None and verdict.high is not None:
        measured += f" [{show(verdict.low, dimension)}, {show(verdict.high, dimension)}]"
    missed = f", short by {show(verdict.shortfall, dimension)}" if verdict.shortfall else ""
    why = f"; {verdict.reason}" if verdict.verdict == "fail" and verdict.shortfall is None else ""
    return f"{verdict.gate}: {verdict.verdict}, {measured}{missed}{why}"
