"""Volvelle from Python: the same turn as the command line makes, with objects to look at."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, cast

import polars as pl

from volvelle.evaluate.explain.records import Explanation
from volvelle.evaluate.records import Evidence
from volvelle.flow import registry
from volvelle.flow.aside import deepen_if_asked
from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project
from volvelle.flow.turn import turn as turn_wheel
from volvelle.model.predictor import Predictor, Rows
from volvelle.spec.read import FILE, read, sound
from volvelle.spec.requirements import Spec
from volvelle.spec.write import write
from volvelle.train.records import Searched
from volvelle.ui import notebook
from volvelle.ui.drawn import report_of
from volvelle.ui.terminal import Progress


class Model(Predictor):
    """A model that predicts frames and shows itself in a notebook."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.onnx, result.model.signature)
        self._result = result

    def _repr_html_(self) -> str:
        return notebook.model_html(self._result.model)


class Report:
    """The HTML report of a turn; `path` is the file."""

    def __init__(self, result: Result) -> None:
        self.path = report_of(result)
        self._result = result

    def _repr_html_(self) -> str:
        return notebook.report_html(self._result, str(self.path))

    def __repr__(self) -> str:
        return f"Report({str(self.path)!r})"


class View:
    """A record that shows itself in a notebook; its attributes are the record's."""

    def __init__(self, record: Any, html: str) -> None:
        self._record, self._html = record, html

    def __getattr__(self, name: str) -> Any:
        # Copying and pickling ask for attributes before there is a record to ask.
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._record, name)

    def __repr__(self) -> str:
        return repr(self._record)

    def _repr_html_(self) -> str:
        return self._html


class Turn:
    """One finished turn of the wheel.

    Attributes:
        run: number of the run.
        fresh: whether nothing had changed and an earlier run stands.
    """

    def __init__(self, result: Result, *, fresh: bool = False) -> None:
        self.result, self.fresh = result, fresh
        self.run = result.run.id

    @cached_property
    def evidence(self) -> Evidence:
        """What was measured and judged; its fields are those of `volvelle.evaluate.records.Evidence`."""
        found = self.result.evidence
        return cast(Evidence, View(found, notebook.evidence_html(found)))

    @cached_property
    def leaderboard(self) -> Searched:
        """The trials; its fields are those of `volvelle.train.records.Searched`."""
        found = self.result.searched
        return cast(Searched, View(found, notebook.leaderboard_html(found)))

    @property
    def explanation(self) -> Explanation | None:
        """What the model leans on and what its numbers mean; None for a run made before there was such a stage."""
        return self.result.explanation

    @cached_property
    def model(self) -> Model:
        """The model, ready to predict."""
        return Model(self.result)

    @cached_property
    def report(self) -> Report:
        """The HTML report, written when first asked for."""
        return Report(self.result)

    @property
    def passed(self) -> bool:
        """Whether every gate has passed."""
        return all(v.verdict == "pass" for v in self.result.evidence.verdicts)

    def release(self, *, by: str = "", accept_unproven: str = "") -> Path:
        """Release this turn and make it the champion; the release folder.

        Raises:
            Refused: a gate has not passed.
        """
        content = self.report.path.read_bytes()
        return registry.release(self.result, content, by=by, accept_unproven=accept_unproven).folder

    def _repr_html_(self) -> str:
        return notebook.turn_html(self.result)

    def __repr__(self) -> str:
        state = "all gates passed" if self.passed else "not all gates passed"
        return f"Turn(run {self.run}: {self.result.evidence.estimator}, {state})"


def run(spec: str | Path | Spec = FILE, *, folder: str | Path | None = None, progress: bool = True) -> Turn:
    """Turn the wheel.

    Args:
        spec: a spec file, or a spec built in Python.
        folder: where relative paths and ``.volvelle/`` are; the spec file's folder, or the current one.
        progress: show progress on standard error.

    Raises:
        InputError: the spec or the data are wrong.
    """
    if isinstance(spec, Spec):
        wanted, text, place = sound(spec), write(spec), Path(folder or ".")
    else:
        path = Path(spec)
        wanted, text, place = read(path), path.read_text(encoding="utf-8-sig"), Path(folder or path.parent)
    project = Project(place)
    notify = Progress() if progress else _silent
    finished = turn_wheel(project, wanted, notify, source=text)
    result = find(project, finished.run)
    deepen_if_asked(result, notify)
    return Turn(result, fresh=finished.fresh)


def load(number: int | None = None, *, folder: str | Path = ".") -> Turn:
    """An earlier turn by its run number; the newest finished one by default.

    Raises:
        NotFound: there is none.
    """
    return Turn(find(Project(Path(folder), existing=True), number), fresh=True)


def predict(frame: Rows, *, folder: str | Path = ".") -> pl.DataFrame:
    """Predictions of the champion for a frame.

    Raises:
        InputError: there is no champion, or the frame does not fit its signature.
    """
    return registry.champion_model(Project(Path(folder), existing=True))[0].predict(frame)


def _silent(event: str, facts: dict[str, Any]) -> None:
    """Show nothing."""
