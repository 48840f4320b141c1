"""The report before axe-core in a real browser: no violation in light and dark, on a telephone and on a desk."""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from chromium import chromium  # type: ignore[import-not-found]
from volvelle.flow.result import Result
from volvelle.ui.report import render

AROUND = """<!doctype html><meta charset="utf-8"><title>wait</title>
<iframe src="report.html" width="390" height="900" style="border:0"></iframe>
<iframe src="report.html" width="1280" height="900" style="border:0"></iframe><pre id="found"></pre>"""
WIDTHS = [390, 1280]
# The report itself can run nothing, so the copy under test has its policy taken out and axe put in.
INSIDE = """<script src="axe.min.js"></script><script>
document.querySelectorAll("details").forEach(d => d.open = true);
axe.run(document, {resultTypes: ["violations", "passes"]}).then(r => {
  const told = r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + n.target + " " + n.failureSummary));
  const all = parent.all = parent.all || [];
  all.push({violations: told, passes: r.passes.map(p => p.id), width: innerWidth});
  if (all.length == 2) parent.document.getElementById("found").textContent = JSON.stringify(all);
});
</script></body>"""


def tried(browser: str, axe: Path, folder: Path, page: str, *, scheme: str) -> list[dict[str, Any]]:
    """What axe says about a page at each width in CSS pixels."""
    without = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    assert without != page
    (folder / "report.html").write_text(without.replace("</body>", INSIDE), encoding="utf-8")
    (folder / "around.html").write_text(AROUND, encoding="utf-8")
    shutil.copy(axe, folder)
    shown = chromium(browser, folder, scheme, "--dump-dom", "--virtual-time-budget=20000", target="around.html")
    found = re.search(r'<pre id="found">(.*?)</pre>', shown, re.S)
    assert found, shown[-300:]
    assert found[1], "axe gave no answer"
    return sorted(json.loads(html.unescape(found[1])), key=lambda one: one["width"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["binary", "deep", "multiclass", "regression", "hostile", "device", "whole"])
def test_no_violation(
    name: str, scheme: str, browser: str, axe: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """axe-core finds no violation, contrast included, on a telephone and on a desk, with every fold opened."""
    found = tried(browser, axe, tmp_path, render(request.getfixturevalue(name)), scheme=scheme)
    assert [one["width"] for one in found] == WIDTHS
    assert all({"color-contrast", "html-has-lang"} <= set(one["passes"]) for one in found)
    assert [one["violations"] for one in found] == [[], []]


def test_axe_sees_what_is_wrong(browser: str, axe: Path, tmp_path: Path, multiclass: Result) -> None:
    """The same trial finds letters too pale and a drawing without a name when they are put in."""
    page = render(multiclass).replace("</main>", '<p style="color:#ddd">pale</p><svg role="img"></svg></main>')
    found = tried(browser, axe, tmp_path, page, scheme="light")
    kinds = {line.partition(":")[0] for one in found for line in one["violations"]}
    assert {"color-contrast", "svg-img-alt"} <= kinds
