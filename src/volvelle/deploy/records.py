"""The records of the deployment room."""

from __future__ import annotations

from volvelle.spec.requirements import Record


class Release(Record, frozen=True):
    """A folder of named files and their hashes, made only when the gates allow it."""

    name: str
    """``<problem name>-<run>``; also the folder's name."""
    run: int
    made: str
    """UTC, ISO 8601."""
    by: str
    """Who released it."""
    model: str
    """SHA-256 of model.onnx."""
    dataset: str
    """Version of the data."""
    accepted: tuple[str, ...]
    """Gates that were not proven and that a person accepted."""
    reason: str
    """Why they were accepted."""
    files: dict[str, str]
    """File name to SHA-256."""
