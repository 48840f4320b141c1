"""Puts together what a run shows elsewhere: the facts, the evidence and the model that an MLflow server is given."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from volvelle.deploy import release as releasing
from volvelle.deploy.mlflow.records import Outgoing
from volvelle.errors import NotFound, near
from volvelle.evaluate.records import Evidence
from volvelle.flow import registry
from volvelle.flow.context import digest_json
from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project
from volvelle.model.columns import by_column
from volvelle.spec.check import gates
from volvelle.spec.units import show


class Exported(NamedTuple):
    """A run that is to be shown elsewhere."""

    result: Result
    folder: Path | None
    """Its release; None where it was not released."""
    champion: bool


def chosen(project: Project, *, number: int | None = None, release: str = "") -> Exported:
    """The run of a number or a release; by default the champion, or the newest run where nothing was released.

    Raises:
        NotFound: there is no such run or release.
        InputError: a file of the release is absent or was changed.
    """
    releases = project.ledger.releases()
    crowned = registry.current(project)
    if release:
        found = [r for r in releases if r["name"] == release]
        if not found:
            advice = near(release, [r["name"] for r in releases]) if releases else "volvelle release makes one"
            raise NotFound(f"there is no release {release!r}", where=str(project.folder), next_move=advice)
    elif number is not None:
        found = [r for r in releases if r["run"] == number]
    else:
        found = [crowned] if crowned else []
    if not found:
        return Exported(find(project, number), None, False)
    entry = found[-1]
    folder = project.folder / entry["path"]
    releasing.read(folder)
    return Exported(find(project, entry["run"]), folder, crowned is not None and crowned["id"] == entry["id"])


def outgoing(exported: Exported, report: bytes) -> Outgoing:
    """What MLflow is given of a run.

    Args:
        exported: the run.
        report: its HTML report; a release brings the one that was released.
    """
    result, folder = exported.result, exported.folder
    files = registry.contents(folder) if folder else registry.files(result, report)
    files.pop("model.onnx")
    run, model, evidence = result.run, result.model, result.evidence
    environment = json.loads(run.environment)
    started = _milliseconds(run.started)
    return Outgoing(
        key=digest_json([result.spec.problem.name, run.id, run.started, model.onnx, result.digest("judge")]),
        name=f"{result.spec.problem.name}-{run.id}",
        user=registry.user(),
        started=started,
        ended=_milliseconds(run.finished) if run.finished else started,
        metrics=_metrics(evidence, {"model_size": float(model.size), "parity": model.parity}),
        parameters=_parameters(result),
        tags=_tags(result, folder, environment),
        note=_note(result),
        dataset=result.dataset,
        files=files,
        onnx=by_column(result.onnx, model.signature),
        signature=model.signature,
        versions={"python": environment["python"], **model.versions},
    )


def _milliseconds(stamp: str) -> int:
    return round(datetime.fromisoformat(stamp).timestamp() * 1000)


def _metrics(evidence: Evidence, more: dict[str, float]) -> dict[str, float]:
    """Every metric by side, slice and end of its interval; the constant baseline beside them."""
    made = dict(more)
    for found in evidence.metrics:
        name = f"{found.side}/{found.metric}" + (f" where {found.slice}" if found.slice else "")
        ends = {"": found.value, " low": found.low, " high": found.high}
        made.update({name + end: value for end, value in ends.items() if value is not None})
    for found in evidence.baseline:
        if found.value is not None and not found.slice:
            made[f"baseline/{found.metric}"] = found.value
    return made


def _parameters(result: Result) -> dict[str, str]:
    """How the model was made: estimator, settings, search, split."""
    candidate, searched, evidence = result.candidate, result.searched, result.evidence
    made = {
        "estimator": result.model.estimator,
        "task": evidence.task,
        "target": evidence.target,
        "features": str(len(result.model.signature.features)),
        "seed": str(candidate.seed),
        "search/metric": candidate.metric,
        "search/trials": str(len(searched.trials)),
        "search/folds": str(searched.folds),
        "search/budget_s": f"{searched.budget:g}",
        "rows/train": str(evidence.rows_train),
        "rows/test": str(evidence.rows_test),
    }
    if result.model.signature.threshold is not None:
        made["threshold"] = str(result.model.signature.threshold)
    for position, part in enumerate(candidate.parts(), 1):
        place = f"member {position}/" if candidate.members else "setting/"
        if candidate.members:
            made |= {f"{place}estimator": part.estimator, f"{place}weight": f"{part.weight:g}"}
        made |= {f"{place}{key}": str(value) for key, value in part.settings.items()}
    return made


def _tags(result: Result, folder: Path | None, environment: dict[str, str]) -> dict[str, str]:
    verdicts = [v.verdict for v in result.evidence.verdicts]
    counted = ", ".join(f"{verdicts.count(kind)} {kind}" for kind in dict.fromkeys(verdicts))
    made = {
        "volvelle.run": str(result.run.id),
        "volvelle.version": environment["volvelle"],
        "volvelle.gates": counted or "none asked for",
        "volvelle.model": result.model.onnx,
        "volvelle.dataset": result.dataset.version,
        "volvelle.release": folder.name if folder else "not released",
        "mlflow.source.name": "volvelle.toml",
        "mlflow.source.type": "LOCAL",
    }
    if environment.get("git"):
        made["mlflow.source.git.commit"] = environment["git"]
    return made


def _note(result: Result) -> str:
    """The problem and its gates, as Markdown."""
    dimensions = {gate.text: gate.dimension for gate in gates(result.spec)}
    lines = [result.spec.problem.statement or f"Predicts `{result.evidence.target}`.", ""]
    if result.evidence.verdicts:
        lines += ["| gate | measured | verdict |", "| --- | --- | --- |"]
    for verdict in result.evidence.verdicts:
        measured = "-" if verdict.value is None else show(verdict.value, dimensions.get(verdict.gate, "1"))
        text = verdict.gate.replace("|", "\\|")
        lines.append(f"| {text} | {measured} | {verdict.verdict} |")
    return "\n".join(lines)
