"""Python: wheels without an extension module, for every usual platform; the C inside is called through ctypes.

zig builds the library for each platform on any machine, and it needs no other library: a wheel serves every Python from
3.9 on, with glibc and with musl. An installer picks the wheel of its platform.

Sources: PEP 427 (wheels), PEP 600 (manylinux), PEP 656 (musllinux), core metadata 2.4.

>>> from volvelle.testing.named_models import packing_of
>>> sorted(name.partition("none-")[2] for name in write(packing_of("regression", "pump")))[1:3]
['macosx_11_0_arm64.whl', 'macosx_11_0_x86_64.whl']
"""

from __future__ import annotations

import inspect
import keyword
import sys
from pathlib import Path

from volvelle.catalog import TOOLCHAINS
from volvelle.compiler.naming import comment
from volvelle.compiler.typed import Member, Typed
from volvelle.deploy import arrays
from volvelle.deploy.packing import Packing, filled, middle, plain, readme
from volvelle.deploy.shim import head, shim
from volvelle.deploy.wheels import archive
from volvelle.errors import InputError
from volvelle.model import word_codes

NEXT = "python -m pip install --no-index --find-links FOLDER NAME"
PLATFORMS = {
    "manylinux_2_17_x86_64.musllinux_1_1_x86_64": ("x86_64-linux-gnu.2.17", "model.so"),
    "manylinux_2_17_aarch64.musllinux_1_1_aarch64": ("aarch64-linux-gnu.2.17", "model.so"),
    "macosx_11_0_arm64": ("aarch64-macos.11.0", "model.dylib"),
    "macosx_11_0_x86_64": ("x86_64-macos.11.0", "model.dylib"),
    "win_amd64": ("x86_64-windows-gnu", "model.dll"),
}
"""Tag of a platform to zig's name of it, and what its library is called."""
TARGETS = tuple(target for target, _ in PLATFORMS.values())
_TEMPLATE = Path(__file__).parent.parent / "templates" / "predict.py.txt"
_KINDS = {
    "number": "float",
    "integer": "float",
    "boolean": "bool",
    "time": "datetime | int",
    "text": "str",
}
_ANSWER = '''class Answer(NamedTuple):
    """The class, and the score of every class."""

    label: Literal[{classes}]
    scores: dict[str, float]


'''
_RETURN = """scores = {name: float(_LIBRARY.vv_score(place)) for place, name in enumerate(CLASSES)}
        return Answer(CLASSES[_LIBRARY.vv_label()], scores)  # type: ignore[arg-type]"""
_SPOKEN = """        for place, most in _LENGTHS.items():
            told = [word_code(word) for word in words_of(values[place] or "")[:most]]  # type: ignore[arg-type]
            for at in range(most):
                _LIBRARY.vv_word(place, at, told[at] if at < len(told) else -1)
"""
_METADATA = """Metadata-Version: 2.4
Name: {name}
Version: {version}
Summary: {summary}
Requires-Python: >=3.9
"""


def write(packing: Packing) -> dict[str, bytes]:
    """A wheel for each platform, and a README.

    Raises:
        InputError: the model is called as Python calls something of its own.
        MissingExtra: the `device` extra is not installed.
    """
    typed, name = packing.sources.typed, packing.name
    if keyword.iskeyword(name) or name in sys.stdlib_module_names:
        raise InputError(f"{name!r} is a word of Python's own", where="--name", next_move="give another --name")
    text = readme(
        packing,
        "The model as Python wheels, one for each platform.",
        NEXT,
        _use(name, typed) if typed else _plain_use(packing),
    )
    found = {"README.md": text}
    for tag, (target, library) in PLATFORMS.items():
        flags = ("-shared", "-fPIC", "-nostdlib")
        more = shim(name, typed) if typed else arrays.shim(packing.sources, head(name))
        content = TOOLCHAINS.load("zig").shared(packing.sources, more, target, flags)
        module = _module(packing, typed, library) if typed else _plain_module(packing, library)
        files = {
            f"{name}/__init__.py": module.encode(),
            f"{name}/{library}": content,
            f"{name}/py.typed": b"",
            **({f"{name}/_words.py": inspect.getsource(word_codes).encode()} if typed and _lengths(typed) else {}),
            f"{name}-{packing.version}.dist-info/METADATA": _metadata(packing, name, text),
            f"{name}-{packing.version}.dist-info/WHEEL": _tags(tag).encode(),
        }
        found[f"{name}-{packing.version}-py3-none-{tag}.whl"] = archive(files, name, packing.version)
    return found


def _use(name: str, typed: Typed) -> str:
    """How it is asked, with plausible values."""
    lines = []
    for argument, member in zip(arguments(typed), typed.members, strict=True):
        kind, known, value = member.feature.kind, member.feature.categories, middle(member).item()
        if kind == "text":
            lines.append(f"    {argument}='some words',")
            continue
        shown = ascii(known[0] if known else None) if kind == "category" else str(False) if kind == "boolean" else value
        lines.append(f"    {argument}={shown},")
    code = "\n".join(["answer = predict(", *lines, ")"])
    return f"```python\nfrom {name} import predict\n\n{code}\n```"


def _plain_use(packing: Packing) -> str:
    """How a model without names is asked."""
    given = [
        f"    {n}=[0] * {size}," for n, (_, _, size) in zip(_arguments(packing), packing.sources.inputs, strict=True)
    ]
    code = "\n".join(["answer = predict(", *given, ")"])
    return f"```python\nfrom {packing.name} import predict\n\n{code}\n```"


def _arguments(packing: Packing) -> list[str]:
    return [name + "_" * keyword.iskeyword(name) for name, _, _ in packing.sources.inputs]


def _plain_module(packing: Packing, library: str) -> str:
    names = _arguments(packing)
    inputs, outputs = (
        "(\n" + "".join(f"    ({n!a}, {size}, {arrays.real(kind)}),\n" for n, kind, size in ends) + ")"
        for ends in (packing.sources.inputs, packing.sources.outputs)
    )
    told = zip(names, packing.sources.inputs, strict=True)
    return filled(
        (_TEMPLATE.parent / "arrays.py.txt").read_text(encoding="utf-8"),
        {
            "ABOUT": plain(f"{packing.heading}. {packing.statement}", 400),
            "DIGEST": packing.digest,
            "VERSION": ascii(packing.version),
            "INPUTS": inputs,
            "OUTPUTS": outputs,
            "LIBRARY": library,
            "ARGUMENTS": "\n".join(f"    {n}: Sequence[float]," for n in names),
            "TOLD": "\n".join(f"        {n}: {size} numbers of {kind}." for n, (_, kind, size) in told),
            "NAMES": "".join(f"{n}, " for n in names).rstrip(),
        },
    )


def arguments(typed: Typed) -> list[str]:
    """The names of what `predict` takes: those of the struct, but no word of Python."""
    made: list[str] = []
    for member in typed.members:
        name = member.name + "_" * keyword.iskeyword(member.name)
        while name in made:
            name += "_"
        made.append(name)
    return made


def _module(packing: Packing, typed: Typed, library: str) -> str:
    names = arguments(typed)
    lengths = _lengths(typed)
    words = f"\nfrom ._words import word_code, words_of\n\n_LENGTHS = {lengths!r}" if lengths else ""
    features = [
        (f.name, n, f.kind, f.categories, f.missing == "refuse" or f.unseen == "refuse")
        for n, f in zip(names, (m.feature for m in typed.members), strict=True)
    ]
    classes = typed.signature.classes
    return filled(
        _TEMPLATE.read_text(encoding="utf-8"),
        {
            "ABOUT": plain(f"{packing.heading}. {packing.statement}", 400),
            "DIGEST": packing.digest,
            "VERSION": ascii(packing.version),
            "FEATURES": "(\n" + "".join(f"    {feature!a},\n" for feature in features) + ")",
            "WORDS": words,
            "SPOKEN": _SPOKEN if lengths else "",
            "CLASSES": ascii(classes),
            "LIBRARY": library,
            "ANSWER": _ANSWER.format(classes=", ".join(map(ascii, classes))) if classes else "",
            "ARGUMENTS": "\n".join(f"    {n}: {_hint(m)}," for n, m in zip(names, typed.members, strict=True)),
            "GIVES": "Answer" if classes else "float",
            "TOLD": "\n".join(f"        {n}: {_told(m)}" for n, m in zip(names, typed.members, strict=True)),
            "NAMES": "".join(f"{n}, " for n in names).rstrip(),
            "RETURN": _RETURN if classes else "return float(_LIBRARY.vv_score(0))",
        },
    )


def _lengths(typed: Typed) -> dict[int, int]:
    """How many words are read of each feature that is free text, by its position."""
    return {k: m.feature.length for k, m in enumerate(typed.members) if m.tensor == "words"}


def _hint(member: Member) -> str:
    feature = member.feature
    if feature.kind != "category":
        return f"{_KINDS[feature.kind]} | None"
    few = 0 < len(feature.categories) <= 20
    return (f"Literal[{', '.join(map(ascii, feature.categories))}] | " if few else "") + "str | None"


def _told(member: Member) -> str:
    """One line on a feature, in letters that end no docstring."""
    feature = member.feature
    told = comment(feature.name).replace('"', "'")
    unit = f" {comment(feature.unit)}" if feature.unit else ""
    if feature.kind in ("number", "integer") and feature.low is not None and feature.high is not None:
        told += f"; {feature.low:g} to {feature.high:g}{unit}" + (", outside it is missing" if feature.bounded else "")
    elif feature.kind == "time":
        told += "; a time, in UTC where it names no zone, or seconds since 1970"
    elif feature.kind == "text":
        told += f"; free text, of which {feature.length} words are read"
    elif feature.kind == "category":
        told += f"; one of {len(feature.categories)} categories"
    return told + ("." if not unit or feature.low is not None else f";{unit}.")


def _metadata(packing: Packing, name: str, text: bytes) -> bytes:
    summary = plain(packing.statement, 200) or f"The model {packing.heading}, compiled"
    lines = _METADATA.format(name=name.replace("_", "-"), version=packing.version, summary=summary)
    if packing.author:
        lines += f"Author: {plain(packing.author)}\n"
    if packing.licence:
        lines += f"License: {plain(packing.licence)}\n"
    if packing.url:
        lines += f"Project-URL: Homepage, {packing.url}\n"
    return f"{lines}Description-Content-Type: text/markdown\n\n".encode() + text


def _tags(tag: str) -> str:
    tags = "".join(f"Tag: py3-none-{one}\n" for one in tag.split("."))
    return f"Wheel-Version: 1.0\nGenerator: volvelle\nRoot-Is-Purelib: false\n{tags}"
