"""The one template environment: autoescape on, an unknown name is an error, styles in the page.

Pages carry no script and fetch nothing, so a page can say so itself: its content security policy allows
only its own style sheet, by hash.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from volvelle.deploy.palette import DARK, LIGHT, properties
from volvelle.evaluate.records import VerdictKind
from volvelle.ui import charts, curves
from volvelle.ui.wording import clean, title

TEMPLATES = Path(__file__).parent / "templates"
STYLES: dict[VerdictKind, str] = {"pass": "pass", "fail": "fail", "not proven": "doubt", "not measured": "none"}
"""A verdict's class in style sheets and charts."""


@cache
def environment() -> Environment:
    """The templates of this room."""
    found = Environment(
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters.update(clean=clean, title_of=title, style=lambda kind: STYLES[kind])
    return found


def render(template: str, facts: dict[str, Any]) -> str:
    """A template with its facts."""
    return environment().get_template(template).render(facts)


def drawn(svg: str) -> Markup:
    """A chart of `charts`, which has escaped its own text."""
    return Markup(svg)


@cache
def style(page: bool) -> Markup:
    """The style sheet: of a whole page, or of a fragment inside somebody else's page."""
    sheet = (TEMPLATES / "style.css").read_text(encoding="utf-8") + charts.STYLE
    light, dark = properties(LIGHT), properties(DARK)
    scheme = f".vv{{{light}}}@media (prefers-color-scheme:dark){{.vv{{{dark}}}}}"
    if page:
        sheet += (TEMPLATES / "page.css").read_text(encoding="utf-8") + curves.STYLE
    else:
        # A notebook's own theme goes before the system's.
        themes = '[data-jp-theme-light="{}"] .vv,.vscode-{} .vv{{{}}}'
        scheme += themes.format("true", "light", light) + themes.format("false", "dark", dark)
        sheet += ".vv.note{background:var(--page);padding:1rem;border-radius:8px;max-width:64rem}"
    return Markup(re.sub(r"\s*\n\s*", "", scheme + sheet))


def policy(sheet: str) -> str:
    """The content security policy of a page with this style sheet (W3C, Content Security Policy Level 3)."""
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
