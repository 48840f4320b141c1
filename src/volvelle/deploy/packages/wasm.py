"""WebAssembly: a module, and one page that runs it: a form with every feature, and the answer as one types.

The page fetches nothing, works from a folder or an e-mail, follows the reader's light or dark scheme, and its content
security policy (W3C, Content Security Policy Level 3) lets only its own style and script run. The module exports five
functions, the same as the library in the wheels; no host function is imported. A model without names is asked by
arrays: a field for each input takes its numbers.

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
from volvelle.compiler.sources import Sources
from volvelle.compiler.typed import Member, Typed
from volvelle.deploy import arrays, palette
from volvelle.deploy.packing import Packing, filled, middle, plain, readme
from volvelle.deploy.shim import EXPORTS, head, shim
from volvelle.errors import visible

TARGETS = ("wasm32-freestanding",)
NEXT = "open FOLDER/index.html in a browser"
_TEMPLATES = Path(__file__).parent.parent / "templates"
COLOURS = ("page", "panel", "line", "ink", "soft", "link", "doubt", "quiet", "series-1")
"""Those of the palette that the page wears."""


def write(packing: Packing) -> dict[str, bytes]:
    """The module, the page with the module inside, and a README.

    Raises:
        MissingExtra: the `device` extra is not installed.
    """
    typed = packing.sources.typed
    exports = EXPORTS if typed else arrays.EXPORTS
    flags = ("-nostdlib", "-Wl,--no-entry", *(f"-Wl,--export={name}" for name in exports))
    more = shim(packing.name, typed) if typed else arrays.shim(packing.sources, head(packing.name))
    module: bytes = TOOLCHAINS.load("zig").shared(packing.sources, more, TARGETS[0], flags)
    facts = _facts(typed, module) if typed else _plain_facts(packing.sources, module)
    told = "The model as a WebAssembly module, and `index.html`, which runs it."
    return {
        f"{packing.name}.wasm": module,
        "index.html": _page(packing, facts).encode(),
        "README.md": readme(packing, told, NEXT, _use(typed) if typed else _plain_use(packing.sources)),
    }


def _page(packing: Packing, told: dict[str, Any]) -> str:
    typed = packing.sources.typed
    style, script = _style(), _script(typed)
    # In a script a tag must not begin: JSON has another way to write the sign.
    facts = json.dumps(told, ensure_ascii=True, sort_keys=True).replace("<", "\\u003c")
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
            "TARGET": html.escape(visible(typed.signature.target)) if typed else "Answer",
            "TYPICAL": "Typical values" if typed else "All 0",
            "TERMS": html.escape(terms),
            "DIGEST": packing.digest,
        },
    )


def _script(typed: Typed | None) -> str:
    """What the page runs; where a feature is free text, what parts and hashes words before it."""
    names = ["page.js"] if typed else ["arrays.js"]
    if typed and typed.signature.of("words"):
        names.insert(0, "words.js")
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


def _plain_use(sources: Sources) -> str:
    """How another page asks a model without names."""
    puts = [
        f"for (let i = 0; i < {size}; i++) model.vv_put({k}, i, {name}[i]);"
        for k, (name, _, size) in enumerate(sources.inputs)
    ]
    gets = [
        f"const {name} = Array.from({{length: {size}}}, (_, i) => model.vv_get({k}, i));"
        for k, (name, _, size) in enumerate(sources.outputs)
    ]
    code = "\n".join([*puts, "model.vv_run();", *gets])
    return f"```js\nconst model = made.instance.exports; // of WebAssembly.instantiate\n{code}\n```"


def _plain_facts(sources: Sources, module: bytes) -> dict[str, Any]:
    """What the script reads of a model without names."""
    ends = [
        [{"name": n, "size": s, "real": arrays.real(k)} for n, k, s in e] for e in (sources.inputs, sources.outputs)
    ]
    return {"wasm": base64.b64encode(module).decode(), "inputs": ends[0], "outputs": ends[1]}


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
