"""Names of the columns of a table whose cells are all text: from its first row, or made up."""

from __future__ import annotations

from collections import Counter

import polars as pl

from volvelle.errors import DataError


def name_columns(frame: pl.DataFrame, header: bool, where: str) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The rows below the header with its cells as names, and notes on what was made up or left out.

    >>> name_columns(pl.DataFrame({"0": ["a", "1"], "1": ["", "2"]}), True, "t.csv")[0].to_dicts()
    [{'a': '1', 'column_2': '2'}]

    Raises:
        DataError: a name stands there twice.
    """
    if not header:
        plain = frame.rename({name: f"column_{i + 1}" for i, name in enumerate(frame.columns)})
        return plain, (f"the file has no header; columns are named column_1 to column_{frame.width}",)
    names = [str(cell or "").strip() for cell in frame.row(0)]
    body = frame.slice(1)
    unnamed = [i for i, name in enumerate(names) if not name]
    for position in unnamed:
        names[position] = f"column_{position + 1}"
    refuse_repeated(names, where)
    body.columns = names
    notes: tuple[str, ...] = ()
    hollow = [names[i] for i in unnamed if body.height and bool((_stripped(body[names[i]]) == "").all())]
    if hollow:
        notes += (f"{len(hollow)} columns without a name and without a value were left out",)
    renamed = [names[i] for i in unnamed if names[i] not in hollow]
    if renamed:
        notes += (f"columns without a name are called {', '.join(renamed[:5])}{' ...' if len(renamed) > 5 else ''}",)
    return body.drop(hollow), notes


def refuse_repeated(names: list[str], where: str) -> None:
    """Refuse names that stand there twice.

    Raises:
        DataError: names the columns.
    """
    twice = [name for name, count in Counter(names).items() if count > 1]
    if not twice:
        return
    places = "; ".join(
        f"{name!r} in columns {', '.join(str(i + 1) for i, n in enumerate(names) if n == name)}" for name in twice[:5]
    )
    raise DataError(
        f"column names are repeated: {places}{' ...' if len(twice) > 5 else ''}",
        where=f"{where}, header",
        next_move="give every column its own name (blanks around a name do not count)",
    )


def without_hollow_end(frame: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Without rows at the end whose cells are all empty."""
    if frame.width < 2 or not frame.height or any(str(cell or "").strip() for cell in frame.row(-1)):
        return frame, ()
    cells = pl.all().fill_null("").str.strip_chars()
    filled = frame.select(pl.any_horizontal(cells != "").arg_true().max()).item()
    height = 0 if filled is None else int(filled) + 1
    return frame.head(height), (f"{frame.height - height} rows without any value at the end were left out",)


def _stripped(column: pl.Series) -> pl.Series:
    return column.fill_null("").str.strip_chars()
