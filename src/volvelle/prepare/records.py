"""The records of the preparation room."""

from __future__ import annotations

from typing import Literal

from volvelle.spec.requirements import Record

Method = Literal["stratified", "random", "group", "time", "hash", "marked"]


class Split(Record, frozen=True):
    """How the rows of a data set version were divided."""

    method: Method
    seed: int
    test_share: float
    """The share asked for."""
    rows_train: int
    rows_test: int
    train: str
    """SHA-256 of the training rows in the store."""
    test: str
    """SHA-256 of the sealed test rows in the store."""
    rows: str = ""
    """SHA-256 of where the training rows lie in the data set: a table with one column ``row``, from 0."""
    duplicates: int = 0
    """Rows that equal an earlier row in every feature."""
    groups: int = 0
    """Number of groups; 0 without a group column."""
    left_out: int = 0
    """Test rows left out because they equal a training row."""
    dropped_duplicates: int = 0
    """Training rows dropped because they equal an earlier one in features and target, where the spec asks for it."""
    dropped_invalid: int = 0
    """Training rows dropped because of a cell that the spec does not allow, where it asks for it."""
    note: str = ""
