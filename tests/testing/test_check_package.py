"""The kit for packages finds what is wrong with one."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest

from volvelle.catalog import PACKAGES
from volvelle.deploy.packing import Packing, readme
from volvelle.testing import check_package as kit
from volvelle.testing.check_package import check_package

Files = dict[str, bytes]


@pytest.mark.parametrize("name", PACKAGES.names())
def test_every_package_keeps_its_promises(name: str) -> None:
    """Each makes the same safe files twice, for hard names too."""
    check_package(PACKAGES.load(name))


def sound(packing: Packing) -> Files:
    """A package that keeps its promises."""
    return {"README.md": readme(packing, "One file.", "cat FOLDER/a.h"), "a.h": packing.sources.header.encode()}


def module(write: Callable[[Packing], Files]) -> ModuleType:
    """A module that holds a package."""
    made = ModuleType("bad", "A package of a test.\n\n>>> 1\n1\n")
    made.__dict__.update(NEXT="cat FOLDER/a.h", write=write)
    return made


_COUNT = iter(range(10**6))
BAD: list[tuple[Callable[[Packing], Files], str]] = [
    (lambda p: {**sound(p), "../a": b""}, "not every system takes"),
    (lambda p: {**sound(p), "/a": b""}, "not every system takes"),
    (lambda p: {**sound(p), "Aux.txt": b""}, "not every system takes"),
    (lambda p: {**sound(p), "A.H": b""}, "differ in case alone"),
    (lambda p: {**sound(p), "b": str(next(_COUNT)).encode()}, "different bytes"),
    (lambda p: {"a.h": b""}, "makes no README.md"),
    (lambda p: {**sound(p), "README.md": b"# a"}, "has no part"),
    (lambda p: {**sound(p), "b": b"/" + b"home/ana/x"}, "a place of this machine"),
    (lambda p: {**sound(p), "b.c": f"/* {p.title} */".encode()}, "a comment ends early"),
    (lambda p: {**sound(p), "b.html": f"<h1>{p.title}</h1>".encode()}, "a tag that a name brought along"),
    (lambda p: {**sound(p), "b.md": p.named().members[1].feature.name.encode()}, "marks of direction"),
    (lambda p: {}, "makes no file"),
]


@pytest.mark.parametrize(("write", "said"), BAD, ids=[said for _, said in BAD])
def test_a_broken_promise_is_found(
    write: Callable[[Packing], Files], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence says which promise is broken."""
    monkeypatch.setattr(kit, "check_literals", lambda *given: None)
    with pytest.raises(AssertionError, match=said):
        check_package(module(write))


def test_a_package_that_keeps_them_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same module without a fault is found sound."""
    monkeypatch.setattr(kit, "check_literals", lambda *given: None)
    check_package(module(sound))
