"""What a file in ``data/sources/`` or ``data/findings/`` must hold."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import polars as pl

from volvelle.data.records import Layout, Origin

if TYPE_CHECKING:
    from volvelle.data.finding import Finding
    from volvelle.data.growing import Growing
    from volvelle.data.intake import Intake
    from volvelle.data.table import Table


class Read:
    """What a source hands on.

    Args:
        frame: the rows; text columns may stay String, `data.typing` decides their kinds.
        layout: the layout as used, sniffed parts filled in.
        origins: the files read, with their hashes.
        notes: sentences about what was done.
    """

    __slots__ = ("frame", "layout", "notes", "origins")

    def __init__(
        self, frame: pl.DataFrame, layout: Layout, origins: tuple[Origin, ...], notes: tuple[str, ...] = ()
    ) -> None:
        self.frame, self.layout, self.origins, self.notes = frame, layout, origins, notes


class Source(Protocol):
    """A data source: reads what `where` names into a frame.

    A file may also hold ``blocks(where, folder, layout, size)``, an iterator of `Read` of about `size` rows each, all
    with the same columns, so that a batch larger than memory can be scored.
    """

    SUFFIXES: tuple[str, ...]
    """File endings it reads, e.g. ``(".csv", ".csv.gz")``; longest match wins."""
    SCHEMES: tuple[str, ...]
    """Prefixes it reads, e.g. ``("uci",)`` for ``uci:601``."""

    def read(self, where: str, folder: Path, layout: Layout) -> Read:
        """Read all rows. `where` is the spec's text without scheme; relative paths start at `folder`.

        Raises:
            DataError: it cannot be read; the message names file, line and the next move.
        """
        ...


class Listener(Protocol):
    """A source that also receives: it holds ``LISTENS = True``, and `read` gives what was received until now."""

    LISTENS: bool

    def table(self, where: str, folder: Path) -> Growing:
        """The table of what was received, below the folder of the spec. A changed option or password is no other table.

        Raises:
            DataError: the address is wrong.
        """
        ...

    def listen(self, where: str, folder: Path, intake: Intake) -> AbstractContextManager[None]:
        """Put what comes into `intake` for as long as the context lasts; entered when the sender can be heard.

        Raises:
            DataError: the address is wrong.
            ServiceError: there is nobody, or they refuse.
        """
        ...


class Finder(Protocol):
    """One kind of finding: looks at a table and says what a person should know."""

    def find(self, table: Table) -> list[Finding]:
        """All findings of this kind, named as the file is; empty for none.

        Each has a sentence, a proposed action, counts, one to five example rows and, where one helps, the line of spec
        that follows the proposal; a file whose findings no row can show says why in ``ROWLESS``. The same table gives
        the same findings; what was looked at in part says so.
        """
        ...
