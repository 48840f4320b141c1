"""A finished run, read back from the ledger and the store; records are loaded when they are asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from volvelle.catalog import import_late
from volvelle.compiler.records import Footprint
from volvelle.data.finding import Finding
from volvelle.data.records import Dataset
from volvelle.errors import NotFound
from volvelle.evaluate.explain.records import Explanation
from volvelle.evaluate.records import Evidence, Scored
from volvelle.flow.ledger import Run, Step
from volvelle.flow.turn import Project
from volvelle.prepare.records import Split
from volvelle.spec.requirements import Spec
from volvelle.train.records import Calibrated, Candidate, Model, Searched, Tuned

if TYPE_CHECKING:
    from volvelle.data.profile import Profile

T = TypeVar("T", bound=msgspec.Struct)


class Known(msgspec.Struct, frozen=True):
    """The findings of a profile; its other fields are passed over, so that reading them costs little."""

    findings: tuple[Finding, ...] = ()


class Result:
    """Everything that one run gave.

    Args:
        project: where the run was made.
        run: its entry in the ledger.
    """

    def __init__(self, project: Project, run: Run) -> None:
        self.project, self.run = project, run
        self.steps: tuple[Step, ...] = tuple(project.ledger.steps(run.id))

    @cached_property
    def spec(self) -> Spec:
        """The requirements of that run."""
        return msgspec.convert(self._kept["spec"], Spec)

    @property
    def spec_text(self) -> str:
        """The spec file as it was; empty for a spec built in Python."""
        return str(self._kept["text"])

    @cached_property
    def _kept(self) -> dict[str, Any]:
        return msgspec.json.decode(self.project.store.get(self.run.spec), type=dict[str, Any])

    @cached_property
    def dataset(self) -> Dataset:
        """The pinned data."""
        return self._record("collect", Dataset)

    @cached_property
    def profile(self) -> Profile:
        """What exploring found."""
        kind: type[Profile] = import_late("volvelle.data.profile", "the profile").Profile
        return self._record("explore", kind)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What a person should know about the data, the gravest first."""
        return self._record("explore", Known).findings

    @cached_property
    def split(self) -> Split:
        """How rows were held back."""
        return self._record("split", Split)

    @cached_property
    def searched(self) -> Searched:
        """The trials."""
        return self._record("search", Searched)

    @cached_property
    def candidate(self) -> Candidate:
        """The trial that won."""
        return self._record("choose", Candidate)

    @cached_property
    def calibrated(self) -> Calibrated:
        """How scores are made better probabilities."""
        return self._record("calibrate", Calibrated)

    @cached_property
    def tuned(self) -> Tuned:
        """Where a binary model's yes begins."""
        return self._record("tune", Tuned)

    @cached_property
    def model(self) -> Model:
        """The artefact's record."""
        return self._record("finish", Model)

    @cached_property
    def scored(self) -> Scored:
        """The predictions' record."""
        return self._record("validate", Scored)

    @cached_property
    def evidence(self) -> Evidence:
        """What was proved."""
        return self._record("judge", Evidence)

    @cached_property
    def explanation(self) -> Explanation | None:
        """What the model leans on; None for a run made before there was such a stage."""
        known = any(step.stage == "explain" for step in self.steps)
        return self._record("explain", Explanation) if known else None

    @cached_property
    def footprint(self) -> Footprint | None:
        """What was measured on the device; None where the spec names none, or the run is older than that stage."""
        known = any(step.stage == "prove" for step in self.steps)
        found = self._record("prove", Footprint) if known else None
        return found if found and found.device else None

    @property
    def onnx(self) -> bytes:
        """The ONNX file."""
        return self.project.store.get(self.model.onnx)

    def digest(self, stage: str) -> str:
        """The hash of the record that a stage gave.

        Raises:
            NotFound: the run ended before that stage.
        """
        for step in self.steps:
            if step.stage == stage:
                return step.output
        raise NotFound(
            f"run {self.run.id} ended ({self.run.status}) before its stage {stage!r}",
            next_move="volvelle runs lists the runs; volvelle run turns the wheel again",
        )

    def _record(self, stage: str, kind: type[T]) -> T:
        return self.project.store.get_record(self.digest(stage), kind)


def find(project: Project, number: int | None = None) -> Result:
    """A run by its number, or the newest one that finished.

    Raises:
        NotFound: there is none.
    """
    if number is None:
        finished = [run for run in project.ledger.runs() if run.status == "done"]
        if not finished:
            raise NotFound("no run has finished here", where=str(project.folder), next_move="volvelle run")
        return Result(project, finished[-1])
    run = project.ledger.run(number)
    if run is None:
        known = [r.id for r in project.ledger.runs()]
        shown = f"runs 1 to {known[-1]} exist" if known else "volvelle run makes the first one"
        raise NotFound(f"there is no run {number}", where=str(project.folder), next_move=shown)
    return Result(project, run)


def released_as(result: Result) -> str | None:
    """The name of the release that was made of a run, or None."""
    return next((r["name"] for r in result.project.ledger.releases() if r["run"] == result.run.id), None)
