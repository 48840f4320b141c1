"""Predicts frames with the one ONNX graph: rows in by name, answers out by class name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import polars as pl

from volvelle.errors import DataError
from volvelle.model.encode import encode
from volvelle.model.session import Session
from volvelle.model.signature import Signature


@runtime_checkable
class ArrowStream(Protocol):
    """A table that can be handed over without copying (the Arrow PyCapsule interface)."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


Rows = pl.DataFrame | ArrowStream | Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]]


def as_frame(rows: Rows) -> pl.DataFrame:
    """Rows in any of the usual forms as a Polars frame.

    >>> as_frame([{"a": 1, "b": "x"}, {"a": None, "b": "y"}]).shape
    (2, 2)

    Raises:
        DataError: it is no table.
    """
    if isinstance(rows, pl.DataFrame):
        return rows
    try:
        if isinstance(rows, Mapping):
            return pl.DataFrame(dict(rows), strict=False)
        if isinstance(rows, ArrowStream):
            return pl.DataFrame(rows)
        return pl.from_dicts([dict(row) for row in rows], infer_schema_length=None)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise DataError(
            f"a {type(rows).__name__} is no table: {error}",
            next_move="give a Polars or pandas frame, a mapping of columns, or a list of rows as mappings",
        ) from error


class Predictor:
    """A model with its signature.

    Args:
        onnx: bytes of the ONNX file.
        signature: names, types, ranges and categories of what it takes.

    Raises:
        ModelError: the file is damaged or not to be trusted.
    """

    def __init__(self, onnx: bytes, signature: Signature) -> None:
        self.signature = signature
        self._session = Session(onnx)

    def predict(self, frame: Rows) -> pl.DataFrame:
        """One row of answers for each row of `frame`; columns that are no feature do not matter.

        `frame` is a Polars frame, anything that speaks the Arrow stream protocol (pandas, PyArrow, DuckDB), a
        mapping of columns, or a list of rows as mappings.

        Classification: ``prediction`` (class name) and ``probability_<class>``. Regression: ``prediction``.

        Raises:
            DataError: it is no table, a feature is absent, or a cell does not fit its type or policy.
        """
        answers = self._session.run(encode(as_frame(frame), self.signature))
        if self.signature.task == "regression":
            return pl.DataFrame({"prediction": answers["prediction"][:, 0]})
        classes = pl.Series(self.signature.classes, dtype=pl.String)
        columns = {"prediction": classes.gather(pl.Series(answers["label"], dtype=pl.Int64))}
        scores = {f"probability_{name}": answers["scores"][:, k] for k, name in enumerate(self.signature.classes)}
        return pl.DataFrame({**columns, **scores})
