"""WebAssembly: a module, and one page that runs it: a form with every feature, and the answer as one types.

The page fetches nothing, works from a folder or an e-mail, follows the reader's light or dark scheme, and its content
security policy (W3C, Content Security Policy Level 3) lets only its own style and script run. The module exports five
functions, the same as the library in the wheels; no host function is imported.

>>> from volvelle.testing.named_models import packing_of
>>> made = write(packing_of("regression", "pump"))
>>> sorted(made), made["pump.wasm"][:4]
(['README.md', 'index.html', 'pump.wasm'], b'\\x00asm')
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from pathlib import Path
from typing import Any

from volvelle.catalog import TOOLCHAINS
from volvelle.compiler.typed import Member, Typed
from volvelle.deploy import palette
from volvelle.deploy.packing import Packing, filled, middle, plain, readme
from volvelle.deploy.shim import EXPORTS, shim
from volvelle.errors import visible

TARGETS = ("wasm32-freestanding",)
NEXT = "open FOLDER/index.html in a browser"
_TEMPLATES = Path(__file__).parent.parent / "templates"
COLOURS = ("page", "panel", "line", "ink", "soft", "link", "doubt", "quiet", "series-1")
"""Those of the palette that the page wears."""


def write(packing: Packing) -> dict[str, bytes]:
    """The module, the page with the module inside, and a README.

    Raises:
        InputError: the model has no names.
        MissingExtra: the `device` extra is not installed.
    """
    typed = packing.named()
    flags = ("-nostdlib", "-Wl,--no-entry", *(f"-Wl,--export={name}" for name in EXPORTS))
    zig = TOOLCHAINS.load("zig")
    module: bytes = zig.shared(packing.sources, shim(packing.name, typed), TARGETS[0], flags)
    return {
        f"{packing.name}.wasm": module,
        "index.html": _page(packing, typed, module).encode(),
        "README.md": readme(
            packing, "The model as a WebAssembly module, and `index.html`, which runs it.", NEXT, _use(typed)
        ),
    }


def _page(packing: Packing, typed: Typed, module: bytes) -> str:
    style, script = _style(), _script(typed)
    # In a script a tag must not begin: JSON has another way to write the sign.
    facts = json.dumps(_facts(typed, module), ensure_ascii=True, sort_keys=True).replace("<", "\\u003c")
    policy = (
        f"default-src 'none'; style-src 'sha256-{_digest(style)}'; script-src 'sha256-{_digest(script)}' "
        "'wasm-unsafe-eval'; base-uri 'none'; form-action 'none'"
    )
    terms = f"Terms of the model: {plain(packing.licence)}." if packing.licence else ""
    return filled(
        (_TEMPLATES / "page.html").read_text(encoding="utf-8"),
        {
            "POLICY": policy,
            "STYLE": style,
            "SCRIPT": script,
            "FACTS": facts,
            "TITLE": html.escape(visible(packing.title or packing.name)),
            "LEAD": f'<p class="lead">{html.escape(visible(packing.statement))}</p>\n' if packing.statement else "",
            "TARGET": html.escape(visible(typed.signature.target)),
            "TERMS": html.escape(terms),
            "DIGEST": packing.digest,
        },
    )


def _script(typed: Typed) -> str:
    """What the page runs; where a feature is free text, what parts and hashes words before it."""
    names = ["words.js", "page.js"] if typed.signature.of("words") else ["page.js"]
    return "".join((_TEMPLATES / name).read_text(encoding="utf-8") for name in names)


def _use(typed: Typed) -> str:
    """How another page asks the module."""
    lines = [f"model.vv_set({k}, {_feature(m)['typical']}); // {m.name}" for k, m in _told(typed, text=False)]
    for k, m in _told(typed, text=True):
        lines.append(f"for (let i = 0; i < {m.feature.length}; i++) model.vv_word({k}, i, codes[i] ?? -1); // {m.name}")
    rest = ["const answered = model.vv_predict(); // 0 where the model needs a value that is missing or unknown"]
    rest += ["const label = model.vv_label();"] if typed.classes else []
    code = "\n".join([*lines, *rest, "const score = model.vv_score(0);"])
    told = "A category travels as its position, -1 if missing, -2 if never seen; a missing number or time as NaN."
    if typed.signature.of("words"):
        told += " `codes` are the words of a text as `codes(text)` in the script of `index.html` gives them."
    return f"```js\nconst model = made.instance.exports; // of WebAssembly.instantiate\n{code}\n```\n\n{told}"


def _told(typed: Typed, *, text: bool) -> list[tuple[int, Member]]:
    """Features with their positions: those of free text, or the others."""
    return [(k, m) for k, m in enumerate(typed.members) if (m.tensor == "words") is text]


def _style() -> str:
    light, dark = (palette.properties({name: c[name] for name in COLOURS}) for c in (palette.LIGHT, palette.DARK))
    scheme = f":root{{color-scheme:light dark;{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    return scheme + (_TEMPLATES / "page.css").read_text(encoding="utf-8").replace("\n", "")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _facts(typed: Typed, module: bytes) -> dict[str, Any]:
    """What the script reads."""
    told = typed.signature
    classes = [visible(c) for c in told.classes]
    positive = classes[told.positive] if told.positive is not None and classes else None
    return {
        "wasm": base64.b64encode(module).decode(),
        "classes": classes,
        "positive": positive,
        "threshold": told.threshold if positive is not None else None,
        "features": [_feature(m) for m in typed.members],
    }


def _feature(member: Member) -> dict[str, Any]:
    feature = member.feature
    return {
        "name": visible(feature.name),
        "kind": feature.kind,
        "unit": visible(feature.unit),
        "low": feature.low,
        "high": feature.high,
        "bounded": feature.bounded,
        "categories": [visible(c) for c in feature.categories],
        "refusesMissing": feature.missing == "refuse",
        "refusesUnseen": feature.unseen == "refuse",
        "length": feature.length,
        "typical": ""
        if member.tensor == "words"
        else float(f"{middle(member):.6g}")
        if member.tensor == "numbers"
        else int(middle(member)),
    }
