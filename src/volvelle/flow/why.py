"""Why the model of a run answers single rows as it does."""

from __future__ import annotations

import polars as pl

from volvelle.data.versions import from_bytes
from volvelle.errors import InputError
from volvelle.evaluate.explain.reasons import taken_apart
from volvelle.evaluate.explain.records import Attribution
from volvelle.evaluate.explain.shipped import Shipped
from volvelle.flow.result import Result

MOST = 20
"""Rows that are explained at once."""


def stored_row(result: Result, number: int) -> pl.DataFrame:
    """One row of the test side, counted from 1, from the rows that `validate` has stored.

    Raises:
        InputError: there is no such row.
    """
    rows = from_bytes(result.project.store.get(result.scored.rows))
    if not 1 <= number <= len(rows):
        raise InputError(
            f"there is no test row {number}",
            where="--row",
            next_move=f"run {result.run.id} has test rows 1 to {len(rows)}",
        )
    return rows[number - 1 : number]


def why(result: Result, rows: pl.DataFrame) -> tuple[Attribution, ...]:
    """The answers for up to 20 rows, taken apart against 100 rows of the training side.

    Raises:
        DataError: a row does not fit the model's signature.
        InputError: there are more rows.
    """
    if len(rows) > MOST:
        raise InputError(
            f"{len(rows):,} rows are too many to explain one by one",
            next_move=f"give a file of at most {MOST} rows; for all of them volvelle explain shows what matters",
        )
    model, store = result.model, result.project.store
    shipped = Shipped(store.get(model.onnx), model.signature)
    return taken_apart(shipped, rows, from_bytes(store.get(result.split.train)), model.seed)
