"""The report in a real browser: nothing overflows on a telephone, letters stay large enough, both schemes work."""

from __future__ import annotations

import html
import json
import os
import re
import struct
from pathlib import Path
from typing import Any

import pytest

from chromium import chromium  # type: ignore[import-not-found]
from volvelle.deploy.palette import DARK, LIGHT
from volvelle.flow.result import Result
from volvelle.ui.report import render

# The page around the report measures it; the report itself can run nothing.
AROUND = """<!doctype html><meta charset="utf-8"><title>wait</title>
<iframe src="report.html" width="%d" height="900" style="border:0"></iframe><pre id="found"></pre><script>
document.querySelector("iframe").onload = function () {
  const page = this.contentDocument, wide = page.documentElement.clientWidth;
  page.querySelectorAll("details").forEach(d => d.open = true);
  const out = [], small = [], cut = [];
  page.querySelectorAll("body *").forEach(e => {
    if (e.closest("svg") || e.closest(".scroll") || e.closest(".skip") || e.closest("thead")) return;
    const box = e.getBoundingClientRect();
    if (box.width && (box.right > wide + 1 || box.left < -1)) out.push(e.tagName + "." + e.className + " " + box.right);
  });
  page.querySelectorAll("svg text").forEach(t => {
    const svg = t.ownerSVGElement, inside = t.getBoundingClientRect(), frame = svg.getBoundingClientRect();
    if (!frame.width) return;
    const letter = frame.width / svg.viewBox.baseVal.width * 12;
    if (letter < 10) small.push(t.textContent + " " + letter);
    if (inside.left < frame.left - 1 || inside.right > frame.right + 1 || inside.top < frame.top - 1
        || inside.bottom > frame.bottom + 1) cut.push(t.textContent);
  });
  document.getElementById("found").textContent = JSON.stringify({
    scroll: page.documentElement.scrollWidth, wide: wide, tall: page.documentElement.scrollHeight,
    out: out, small: small, cut: cut,
    ground: getComputedStyle(page.body).backgroundColor, letters: getComputedStyle(page.body).color});
};
</script>"""


def measured(browser: str, folder: Path, result: Result, *, width: int, scheme: str = "light") -> dict[str, Any]:
    """What the browser says about the report of a run at a width in CSS pixels."""
    (folder / "report.html").write_text(render(result), encoding="utf-8")
    (folder / "around.html").write_text(AROUND % width, encoding="utf-8")
    shown = chromium(browser, folder, scheme, "--dump-dom", "--virtual-time-budget=3000", target="around.html")
    found = re.search(r'<pre id="found">(.*?)</pre>', shown, re.S)
    assert found, shown[-500:]
    return dict(json.loads(html.unescape(found[1])))


KINDS = ["binary", "deep", "multiclass", "regression", "hostile", "device", "whole"]


@pytest.mark.parametrize("name", KINDS)
def test_fits_a_telephone(name: str, browser: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """At 390 px nothing sticks out (wide tables scroll in their own frame), no label is cut or under 10 px."""
    found = measured(browser, tmp_path, request.getfixturevalue(name), width=390)
    assert found["wide"] == 390
    assert found["scroll"] == 390
    assert (found["out"], found["small"], found["cut"]) == ([], [], [])


@pytest.mark.parametrize("name", KINDS)
def test_fits_a_desk(name: str, browser: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """At 1280 px nothing sticks out either, and no chart's label is cut."""
    found = measured(browser, tmp_path, request.getfixturevalue(name), width=1280)
    assert (found["scroll"], found["out"], found["cut"]) == (1280, [], [])


@pytest.mark.parametrize(("scheme", "colours"), [("light", LIGHT), ("dark", DARK)])
def test_follows_the_scheme(
    scheme: str, colours: dict[str, str], browser: str, tmp_path: Path, multiclass: Result
) -> None:
    """Ground and letters take the colours of the reader's scheme."""
    found = measured(browser, tmp_path, multiclass, width=390, scheme=scheme)
    assert found["ground"] == _rgb(colours["page"])
    assert found["letters"] == _rgb(colours["ink"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", KINDS)
def test_screenshot(
    name: str, width: int, scheme: str, browser: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Chromium paints each whole page, every fold open: a PNG of the asked size that is not one flat colour.

    With VOLVELLE_SCREENSHOTS set the pictures are kept in that folder, to be looked at.
    """
    result = request.getfixturevalue(name)
    tall = measured(browser, tmp_path, result, width=width)["tall"]
    page = render(result).replace("<details", "<details open")
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    shot = Path(os.environ.get("VOLVELLE_SCREENSHOTS", tmp_path)).resolve() / f"{name}-{width}-{scheme}.png"
    shot.parent.mkdir(parents=True, exist_ok=True)
    shot.unlink(missing_ok=True)
    chromium(browser, tmp_path, scheme, f"--window-size={width},{tall}", f"--screenshot={shot}", target="report.html")
    content = shot.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", content[16:24]) == (width, tall)
    assert len(content) > 20_000


def _rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[k : k + 2], 16)) for k in (1, 3, 5))})"
