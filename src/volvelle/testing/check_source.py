"""Conformance kit of data sources: what every file in ``data/sources/`` promises.

A third party's test is three lines: write a frame in your format, and let the kit try it::

    def make(folder: Path, frame: pl.DataFrame) -> str:
        frame.write_ipc(folder / "t.arrow")
        return "t.arrow"

    def test_source() -> None:
        check_source(my_source, make)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import polars as pl

from volvelle.data.contract import Read
from volvelle.data.kinds import settle
from volvelle.data.records import Layout
from volvelle.errors import InputError
from volvelle.testing.check_metric import check_documented, check_literals

REFERENCE = pl.DataFrame(
    {
        "number": [0.5, -1.25e3, None, 4.75],
        "integer": [2**53 + 1, -7, 0, None],
        "text": ["plain", 'comma, quote " and ünï', None, "007x"],
        "flag": [True, False, None, True],
    }
)
"""The rows that a source is given and must hand on."""


def check_source(module: ModuleType, make: Callable[[Path, pl.DataFrame], str]) -> None:
    """Try every promise of a source.

    Args:
        module: what holds SUFFIXES, SCHEMES and `read`.
        make: writes a frame into a folder in the source's format and gives the `where` that names it.

    Raises:
        AssertionError: a promise is broken; the message says which.
    """
    check_documented(module)
    check_literals(module, ("SUFFIXES", "SCHEMES"))
    _check_names(module)
    if getattr(module, "LISTENS", False):
        _check_listening(module)
    with TemporaryDirectory() as name:
        folder = Path(name)
        where = make(folder, REFERENCE)
        before = _contents(folder)
        first = module.read(where, folder, Layout())
        _check_read(first)
        second = module.read(where, folder, Layout())
        assert second.frame.equals(first.frame), "the same file read twice gives different rows"
        assert second.layout == first.layout, "the same file read twice gives different layouts"
        assert _contents(folder) == before, "reading changed the folder"
        if module.SUFFIXES:
            _check_origins(first, before)
            _check_bad_files(module, folder, where)


def _check_names(module: ModuleType) -> None:
    for constant in ("SUFFIXES", "SCHEMES"):
        value = getattr(module, constant, None)
        assert isinstance(value, tuple), f"{constant} must be a tuple"
        assert all(isinstance(v, str) for v in value), f"{constant} must hold texts"
    assert module.SUFFIXES or module.SCHEMES, "a source reads at least one suffix or one scheme"
    for suffix in module.SUFFIXES:
        assert suffix == "." + suffix[1:].lower(), f"suffix {suffix!r} must begin with a point and be lower case"
    assert all(s.isidentifier() for s in module.SCHEMES), "schemes are plain words, without ':'"


def _check_listening(module: ModuleType) -> None:
    check_literals(module, ("LISTENS",))
    assert all(callable(getattr(module, n, None)) for n in ("table", "listen")), "LISTENS needs `table` and `listen`"
    with TemporaryDirectory() as name:
        found, advice = module.table("place", Path(name)), None
        growing = all(callable(getattr(found, method, None)) for method in ("append", "read", "count", "erase"))
        assert growing, "table() must give a data.growing.Growing"
        assert not any(Path(name).iterdir()), "table() alone must write nothing"
        try:
            module.table("place?no_such_option=1", Path(name))
        except InputError as refused:
            advice = refused.next_move
        assert advice, "an option that is not known must be refused by an InputError with a next move"


def _check_read(got: object) -> None:
    assert isinstance(got, Read), "read() must give a data.contract.Read"
    assert isinstance(got.frame, pl.DataFrame), "Read.frame must be a Polars data frame"
    assert isinstance(got.layout, Layout), "Read.layout must be a Layout"
    assert all(isinstance(note, str) and note for note in got.notes), "notes are sentences"
    assert got.frame.columns == REFERENCE.columns, f"columns or their order changed: {got.frame.columns}"
    assert got.frame.height == REFERENCE.height, f"{REFERENCE.height} rows were written and {got.frame.height} read"
    settled, _ = settle(got.frame, got.layout, {})
    assert settled.equals(REFERENCE, null_equal=True), f"values changed: {settled.to_dicts()}"


def _check_origins(got: Read, before: dict[str, bytes]) -> None:
    assert got.origins, "every file read is named in origins"
    for origin in got.origins:
        content = before.get(origin.name)
        assert content is not None, f"origin {origin.name!r} is no file; names are as the spec writes them"
        assert origin.size == len(content), f"origin {origin.name!r} states a wrong size"
        assert origin.sha256 == hashlib.sha256(content).hexdigest(), f"origin {origin.name!r} states a wrong SHA-256"


def _check_bad_files(module: ModuleType, folder: Path, where: str) -> None:
    good = (folder / where).read_bytes()
    suffix = module.SUFFIXES[0]
    _must_refuse(module, f"absent{suffix}", folder, "a file that does not exist")
    for name, content in (
        ("empty", b""),
        ("noise", bytes((i * 7919 + (i >> 3) * 104729) % 256 for i in range(4096))),
        ("zeros", bytes(1000)),
    ):
        (folder / f"{name}{suffix}").write_bytes(content)
        _must_refuse(module, f"{name}{suffix}", folder, f"a file of {name}" if content else "an empty file")
    (folder / f"half{suffix}").write_bytes(good[: len(good) // 2])
    half = _attempt(module, f"half{suffix}", folder)
    assert isinstance(half, InputError) or half.frame.height < REFERENCE.height, "half a file gives all rows"
    (folder / f"folder{suffix}").mkdir()
    _must_refuse(module, f"folder{suffix}", folder, "a folder")


def _must_refuse(module: ModuleType, where: str, folder: Path, what: str) -> None:
    got = _attempt(module, where, folder)
    assert isinstance(got, InputError), f"{what} is read without an error"
    assert got.next_move, f"the error for {what} names no next move"
    assert str(folder) not in str(got), f"the error for {what} shows an absolute path"


def _attempt(module: ModuleType, where: str, folder: Path) -> Read | InputError:
    try:
        got = module.read(where, folder, Layout())
    except InputError as error:
        return error
    assert isinstance(got, Read), "read() must give a data.contract.Read"
    return got


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
