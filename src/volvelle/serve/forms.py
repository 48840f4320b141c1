"""The forms in which rows come, and the refusal of a request that is in none of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec


class Refusal(Exception):
    """A request that gets no answer.

    Args:
        status: of HTTP.
        problem: one sentence that echoes no data.
        field: which field it is about.
        row: which row, from 1; 0 where it is not about one.
        found: what was found, which terse mode leaves out.
        next_move: what to do about it.
        reason: why, in a word that can be counted; by the status where it is not given.
    """

    def __init__(
        self,
        status: int,
        problem: str,
        *,
        field: str = "",
        row: int = 0,
        found: str = "",
        next_move: str = "",
        reason: str = "",
    ) -> None:
        super().__init__(problem)
        self.status, self.problem, self.field, self.row = status, problem, field, row
        self.found, self.next_move = found, next_move
        self.reason = reason or {408: "late", 413: "size", 503: "late"}.get(status, "form")


def decoded(body: bytes) -> Any:
    """A body as plain values.

    Raises:
        Refusal: it is no JSON, or holds a number that nothing can hold.
    """
    try:
        return msgspec.json.decode(body)
    except msgspec.ValidationError as error:
        raise Refusal(422, f"a number is out of range: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise no_json(error) from None


def no_json(error: Exception) -> Refusal:
    """The refusal of a body that cannot be decoded."""
    return Refusal(400, "the body is no JSON", found=str(error), next_move="send JSON in UTF-8")


def records(body: Any) -> list[Any]:
    """The records of a decoded body in any of its forms.

    >>> records({"columns": ["a"], "data": [[1]]}) == records({"rows": [{"a": 1}]}) == records({"a": 1})
    True

    Raises:
        Refusal: it is in none of them.
    """
    if isinstance(body, dict):
        if isinstance(body.get("rows"), list):
            return list(body["rows"])
        columns, data = body.get("columns"), body.get("data")
        if isinstance(columns, list) and isinstance(data, list):
            if not all(isinstance(name, str) for name in columns):
                raise Refusal(422, "the columns are not all names", next_move="name each column by a text")
            return [named(columns, cells, k) for k, cells in enumerate(data, 1)]
        return [body]
    raise Refusal(
        422,
        f"the body is a {type(body).__name__}, not an object",
        next_move='send {"rows": [{...}]}, one record, or {"columns": [...], "data": [[...]]}',
    )


def named(columns: Sequence[Any], cells: Any, row: int) -> dict[str, Any]:
    """One row of a table as a record.

    Raises:
        Refusal: it has not one cell a column.
    """
    if not isinstance(cells, (list, tuple)) or len(cells) != len(columns):
        raise Refusal(422, f"a row has not {len(columns)} cells, one for each column", row=row)
    return dict(zip(columns, cells, strict=True))
