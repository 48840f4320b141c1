"""Rebuilds a run from its record and compares the hashes of everything on the way to its predictions."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from volvelle.errors import NotFound
from volvelle.flow.context import Context, Notify
from volvelle.flow.environment import environment
from volvelle.flow.ledger import Ledger
from volvelle.flow.result import Result
from volvelle.flow.stages.build import build
from volvelle.flow.stages.finish import finish
from volvelle.flow.stages.split import split
from volvelle.flow.stages.validate import validate
from volvelle.flow.store import Store


class Compared(NamedTuple):
    """One thing, then and now."""

    what: str
    recorded: str
    rebuilt: str

    @property
    def same(self) -> bool:
        """Whether it came out again."""
        return self.recorded == self.rebuilt


def reproduce(result: Result, notify: Notify) -> tuple[list[Compared], list[Compared]]:
    """Split, train and predict again from the pinned data and the recorded candidate, in an empty place.

    The search is not repeated: its winner is in the record. Opening the test side again is counted in the
    project's ledger.

    Returns:
        What was rebuilt, and how this environment differs from the recorded one.

    Raises:
        NotFound: the run did not finish, or its data are no longer in the store.
    """
    project, spec, dataset = result.project, result.spec, result.dataset
    recorded_model, recorded_split = result.model, result.split
    with tempfile.TemporaryDirectory(prefix="volvelle-") as place:
        store, ledger = Store(Path(place)), Ledger(Path(place) / "ledger.db")
        try:
            pinned = store.put(project.store.get(dataset.version))
        except NotFound as error:
            advice = "volvelle run collects the data again; the same rows give the same version"
            raise NotFound(f"data version {dataset.version[:12]} is gone", next_move=advice) from error
        project.ledger.open_side(recorded_split.test, result.run.id, recorded_model.onnx)
        notify("stage", {"stage": "split", "state": "start", "reason": "reproduce"})
        sides = split(spec, dataset, Context(project.folder, store, ledger, 0, notify))
        notify("stage", {"stage": "build", "state": "start", "reason": "reproduce"})
        context = Context(project.folder, store, ledger, 0, notify)
        trained = build(spec, dataset, sides, result.candidate, context)
        model = finish(sides, trained, result.calibrated, result.tuned, context)
        notify("stage", {"stage": "validate", "state": "start", "reason": "reproduce"})
        scored = validate(sides, model, Context(project.folder, store, ledger, 0, notify))
        ledger.close()
    rebuilt = [
        Compared("data", dataset.version, pinned),
        Compared("training side", recorded_split.train, sides.train),
        Compared("test side", recorded_split.test, sides.test),
        Compared("recipe", recorded_model.recipe, model.recipe),
        Compared("model", recorded_model.onnx, model.onnx),
        Compared("predictions", result.scored.digest, scored.digest),
    ]
    return rebuilt, _environment(result)


def _environment(result: Result) -> list[Compared]:
    then: dict[str, Any] = json.loads(result.run.environment) | result.model.versions
    packages = tuple(name for name in result.model.versions if name != "python")
    present: dict[str, Any] = environment(result.project.folder) | result.project.code.versions(packages)
    return [
        Compared(key, str(then.get(key, "")), str(present.get(key, "")))
        for key in sorted({*then, *present})
        if then.get(key) != present.get(key)
    ]
