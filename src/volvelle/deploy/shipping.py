"""A release on its way to where it is served: what packages of a whole server are made from."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import msgspec

from volvelle.deploy import release as releasing
from volvelle.deploy.packing import plain
from volvelle.deploy.records import Release
from volvelle.deploy.wheels import own, pins
from volvelle.errors import InputError

SERVING = (
    *("msgspec", "polars", "numpy", "scipy", "onnx", "onnxruntime", "jinja2", "shtab"),
    *("uvicorn", "httptools", "uvloop", "starlette"),
)
"""What a server loads; libraries that only train are not among them."""


@dataclass(frozen=True)
class Shipping:
    """A release and what is said of it.

    Attributes:
        files: of the release folder.
        wheel: Volvelle itself, file name and content.
        pins: name and version of every distribution that a server needs.
        python: version of Python.
        title, statement: for people; any text.
        version: three numbers with dots.
        author, licence, url: as given; empty where they are not stated.
    """

    files: Mapping[str, bytes]
    wheel: tuple[str, bytes]
    pins: Mapping[str, str]
    python: str
    title: str = ""
    statement: str = ""
    version: str = "0.1.0"
    author: str = ""
    licence: str = ""
    url: str = ""

    @cached_property
    def release(self) -> Release:
        """Its manifest."""
        return msgspec.json.decode(self.files[releasing.MANIFEST], type=Release)

    @property
    def digest(self) -> str:
        """SHA-256 of the ONNX file."""
        return self.release.model

    @property
    def name(self) -> str:
        """The title as hosts, images and Kubernetes take it.

        >>> Shipping({}, ("", b""), {}, "3.12.1", "Pump failure_2!").name
        'pump-failure-2'
        """
        letters = re.sub(r"[^a-z0-9]+", "-", self.title.casefold()).strip("-")[:40].strip("-")
        return letters if letters[:1].isalpha() else f"model-{letters}".strip("-")

    @property
    def heading(self) -> str:
        """The title in letters that no format gives a meaning."""
        return plain(self.title) or self.name

    def next(self, move: str, folder: str) -> str:
        """What to do next: the `NEXT` of a package with its words filled in."""
        return move.replace("FOLDER", folder).replace("NAME", self.name)


class Server(Protocol):
    """A file in ``deploy/packages/`` that packs a release, not a compiled model."""

    OF: str
    """``release``."""
    NEXT: str
    """What its receiver does first; FOLDER stands for where it lies, NAME for the name of the service."""

    def write(self, shipping: Shipping) -> dict[str, bytes]:
        """File names, with ``/`` between folders, to contents; the same for the same shipping.

        Raises:
            InputError: this release cannot be packed so.
        """
        ...


def ship(folder: Path, **parts: str) -> Shipping:
    """A release folder with what serves it: the Python, the Volvelle and the libraries that are installed here.

    Args:
        folder: of the release; every file is compared with its hash.
        parts: those of `Shipping` that are said of it.

    Raises:
        NotFound: there is no release.
        InputError: a file of it was changed.
    """
    made = releasing.read(folder)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,80}", made.name):
        raise InputError("the manifest has a name that no release gets", where=str(folder / releasing.MANIFEST))
    files = {file: (folder / file).read_bytes() for file in (releasing.MANIFEST, *made.files)}
    return Shipping(files, own(), pins(SERVING), platform.python_version(), **parts)
