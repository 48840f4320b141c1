"""Wheels as archives, Volvelle's own among them, and the versions of what is installed here.

Source: PEP 427 (wheels). An archive is stored, not compressed, with one date for all, so that equal content gives equal
bytes.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import volvelle

_EPOCH = (1980, 1, 1, 0, 0, 0)
_REQUIRED = re.compile(r"([A-Za-z0-9._-]+)[^;]*(;.*)?")


def archive(files: Mapping[str, bytes], name: str, version: str) -> bytes:
    """A stored zip with its RECORD last."""
    record = f"{name}-{version}.dist-info/RECORD"
    rows = []
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(content)}\n")
    whole = {**files, record: "".join([*rows, f"{record},,\n"]).encode()}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for path, content in whole.items():
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            archive.writestr(entry, content)
    return made.getvalue()


def own() -> tuple[str, bytes]:
    """Volvelle itself as it is installed here, also from a checkout: the name of its wheel, and the bytes."""
    place = Path(volvelle.__file__).parent
    version, told = volvelle.__version__, distribution("volvelle").metadata
    files = {
        f"volvelle/{path.relative_to(place).as_posix()}": path.read_bytes()
        for path in sorted(place.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    information = f"volvelle-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {line}\n" for line in told.get_all("Requires-Dist") or ())
    about = f"Metadata-Version: 2.4\nName: volvelle\nVersion: {version}\nLicense-Expression: Apache-2.0\n{needs}"
    tags = "Wheel-Version: 1.0\nGenerator: volvelle\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files |= {f"{information}/METADATA": about.encode(), f"{information}/WHEEL": tags.encode()}
    return f"volvelle-{version}-py3-none-any.whl", archive(files, "volvelle", version)


def pins(wanted: Iterable[str]) -> dict[str, str]:
    """Distributions that are installed here, with all that they need, and their versions.

    >>> pins(["msgspec"]).keys()
    dict_keys(['msgspec'])
    """
    found: dict[str, str] = {}
    waiting = list(wanted)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        try:
            known = distribution(name)
        except PackageNotFoundError:
            # Another platform's, or another Python's.
            continue
        if name not in found:
            found[name] = known.version
            needed = [_REQUIRED.match(line) for line in known.requires or ()]
            waiting += [one[1] for one in needed if one and "extra ==" not in (one[2] or "")]
    return dict(sorted(found.items()))
