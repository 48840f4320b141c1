"""Does a file hold a proper package? `check_package` says yes, or raises and says what is wrong."""

from __future__ import annotations

import io
import os
import re
import tempfile
import zipfile
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

from volvelle.deploy.packing import Packing
from volvelle.deploy.shipping import Shipping
from volvelle.errors import InputError
from volvelle.testing.check_metric import check_documented, check_literals
from volvelle.testing.named_models import HARD, model_of, nameless, packed, shipping_of, signature_of

_SAFE = re.compile(r"\.?[A-Za-z0-9_][A-Za-z0-9_.+-]{0,119}")
_RESERVED = {"con", "prn", "aux", "nul"} | {f"{n}{k}" for n in ("com", "lpt") for k in range(1, 10)}
_MACHINE = re.compile(rb"(?<![\w./-])/(?:tmp|home|Users|root|work)/\w|[A-Z]:\\\\Users")
_PACKINGS: dict[str, dict[str, Any]] = {
    "binary": {"title": "Pump failure", "statement": "Warn a day before a pump fails", "licence": "CC-BY-4.0"},
    "multiclass": {"title": HARD[0], "statement": HARD[0] * 9, "author": HARD[0], "licence": "a\nb: c\n"},
    "regression": {"version": "12.0.3", "url": "https://example.com/pump", "author": "Ana <ana@example.com>"},
}


def check_package(package: ModuleType) -> None:
    """Hold a package against its contract (`volvelle.deploy.packing.Package`).

    It is made for models of every task, with names that end comments, strings and tags, and for an ONNX file that tells
    no names, which a package may refuse with an `InputError`. A package whose `OF` is ``release`` gets a release
    (`volvelle.deploy.shipping.Server`).

    Raises:
        AssertionError: one sentence that says what is wrong.
    """
    name = package.__name__
    check_documented(package)
    check_literals(package, ("NEXT",))
    assert isinstance(package.NEXT, str), f"NEXT of {name} must be a text"
    assert "FOLDER" in package.NEXT, f"NEXT of {name} must say where the package lies by the word FOLDER"
    if getattr(package, "OF", "model") == "release":
        for parts in _PACKINGS.values():
            _check_files(name, package, shipping_of("pump", **parts))
        return
    for task, parts in _PACKINGS.items():
        content = model_of(signature_of(task, hard=task == "multiclass", refuse=task == "multiclass"))  # type: ignore[arg-type]
        _check_files(name, package, packed(content, "pump", **parts))
    refused: InputError | None = None
    try:
        _check_files(name, package, packed(nameless(), "pump"))
    except InputError as error:
        refused = error
    assert refused is None or refused.next_move, f"{name} refuses a model without names and does not say what to do"


def _check_files(name: str, package: ModuleType, packing: Packing | Shipping) -> None:
    found = _written(name, package, packing)
    assert found == _written(name, package, packing), f"{name} makes different bytes from the same model"
    assert isinstance(found, dict), f"write of {name} returns {type(found).__name__}, not a dict"
    assert found, f"write of {name} makes no file"
    _check_names(name, tuple(found))
    assert "README.md" in found, f"{name} makes no README.md"
    told = found["README.md"].decode()
    for heading in ("## Next", "## Licence"):
        assert f"\n{heading}\n" in told, f"the README.md of {name} has no part '{heading}'"
    assert packing.digest in told, f"the README.md of {name} does not name the SHA-256 of the ONNX file"
    for file, content in _inside(found).items():
        assert isinstance(content, bytes), f"{name} gives {type(content).__name__}, not bytes, for {file}"
        place = _MACHINE.search(content) if not file.endswith(".onnx") else None
        assert not place, f"{file} of {name} names a place of this machine: {place[0]!r}" if place else ""
        if file.endswith((".md", ".html", ".c", ".h", ".ino", ".txt", ".json", ".yml", ".yaml", ".properties")):
            _check_text(name, file, content.decode())


def _written(name: str, package: ModuleType, packing: Packing | Shipping) -> Any:
    """What is made, while nothing else is: a package writes no file itself."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="volvelle-package-") as place:
        os.chdir(place)
        try:
            found = package.write(packing)
        finally:
            os.chdir(before)
        assert not list(Path(place).iterdir()), f"{name} writes into the folder that it is called in"
    return found


def _check_names(name: str, files: tuple[str, ...]) -> None:
    for file in files:
        parts = PurePosixPath(file).parts
        safe = [_SAFE.fullmatch(part) and part.split(".")[0].lower() not in _RESERVED for part in parts]
        assert all(safe), f"{name} makes a file called {file!r}, which not every system takes"
    folded = [file.lower() for file in files]
    assert len(set(folded)) == len(folded), f"{name} makes two files whose names differ in case alone"


def _inside(files: dict[str, bytes]) -> dict[str, bytes]:
    """All files, those inside archives too."""
    found = dict(files)
    for file, content in files.items():
        if file.endswith((".whl", ".zip")):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                assert {e.date_time for e in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}, f"{file} holds times"
                found |= {f"{file}/{e}": archive.read(e) for e in archive.namelist()}
    return found


def _check_text(name: str, file: str, text: str) -> None:
    """Hostile names stay names: none ends a comment, begins a tag, or turns the direction of letters."""
    if file.endswith(".html"):
        assert "<script>alert" not in text, f"{file} of {name} holds a tag that a name brought along"
    if file.endswith((".c", ".h", ".ino")):
        plain = re.sub(r'"(?:[^"\\\n]|\\.)*"', "", text)
        assert "*/" not in re.sub(r"/\*.*?\*/", "", plain, flags=re.S), f"in {file} of {name} a comment ends early"
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", text), f"{file} of {name} holds marks of direction"
