"""The page with the model inside, in a real browser: asked through its form, judged by axe-core, measured."""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from packed_models import answers_of, rows_of, same  # type: ignore[import-not-found]

from chromium import chromium  # type: ignore[import-not-found]
from volvelle.deploy.folder import put
from volvelle.deploy.packages import wasm
from volvelle.deploy.packages.wasm import write
from volvelle.deploy.packing import Packing
from volvelle.deploy.palette import DARK, LIGHT
from volvelle.model.signature import ModelTask
from volvelle.testing.named_models import model_of, packed, packing_of, signature_of, spoken, unnamed

# The page around sets what a person would, and reads what a person sees; the page inside keeps its own policy.
AROUND = """<!doctype html><meta charset="utf-8"><title>wait</title>
<iframe src="index.html" width="%d" height="900" style="border:0"></iframe><pre id="found"></pre><script>
const rows = %s;
function asked(page, row) {
  row.forEach((value, place) => {
    const box = page.getElementById("f" + place);
    box.value = value;
    if (box.value !== value) throw new Error("field " + place + " does not take " + value);
  });
  page.getElementById("form").dispatchEvent(new Event("input", {bubbles: true}));
  const numbers = [...page.querySelectorAll("#answer data")].map(d => Number(d.value));
  const items = [...page.querySelectorAll(".scores li")];
  return {text: page.getElementById("big").textContent, numbers: numbers, note: page.getElementById("note").textContent,
    chosen: items.findIndex(i => i.className === "chosen"), odd: page.querySelectorAll(".hint.odd").length};
}
function look() {
  const page = document.querySelector("iframe").contentDocument;
  if (!page || !page.getElementById("big") || page.getElementById("big").textContent === "…") {
    return setTimeout(look, 20);
  }
  const wide = page.documentElement.clientWidth, out = [];
  page.querySelectorAll("body *:not(.skip)").forEach(e => {
    const box = e.getBoundingClientRect();
    if (box.width && (box.right > wide + 1 || box.left < -1)) out.push(e.tagName + " " + e.id + " " + box.right);
  });
  const typical = [...page.querySelectorAll("input, select, textarea")].map(b => b.value);
  document.getElementById("found").textContent = JSON.stringify({
    answers: rows.map(row => asked(page, row)), typical: typical, out: out, wide: wide,
    scroll: page.documentElement.scrollWidth, ground: getComputedStyle(page.body).backgroundColor,
    labels: [...page.querySelectorAll("input, select, textarea")].map(b => b.labels.length),
    high: Math.min(...[...page.querySelectorAll("input, select, textarea, button")]
      .map(b => b.getBoundingClientRect().height))});
}
document.querySelector("iframe").onload = look;
</script>"""
AXE = """<script src="axe.min.js"></script><script>
setTimeout(() => axe.run(document, {resultTypes: ["violations", "passes"]}).then(r => {
  const told = r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + n.target + " " + n.failureSummary));
  parent.document.getElementById("found").textContent = JSON.stringify({
    violations: told, passes: r.passes.map(p => p.id), width: innerWidth});
}), 300);
</script></body>"""


def typed_in(packing: Packing, rows: pl.DataFrame) -> list[list[str]]:
    """Every cell as it is put into its field."""
    made = []
    for row in rows.iter_rows():
        cells = []
        for member, value in zip(packing.named().members, row, strict=True):
            kind, known = member.feature.kind, member.feature.categories
            if kind in ("category", "boolean"):
                cells.append(str(-1 if value is None else known.index(value) if value in known else -2))
            elif kind == "text" or value is None:
                cells.append(value or "")
            elif kind == "time":
                stamp = str(pl.select(pl.lit(value).mul(1000).cast(pl.Datetime("ms")).dt.strftime("%FT%T")).item())
                cells.append(stamp.removesuffix(":00") if stamp.endswith(":00") else stamp)
            else:
                cells.append(repr(value).removesuffix(".0"))
        made.append(cells)
    return made


def looked_at(
    browser: str, folder: Path, packing: Packing, rows: list[list[str]], width: int = 1280, scheme: str = "light"
) -> dict[str, Any]:
    """What the page shows."""
    put(folder / "page", write(packing))
    (folder / "page" / "around.html").write_text(
        AROUND % (width, json.dumps(rows).replace("<", "\\u003c")), encoding="utf-8"
    )
    more = ("--dump-dom", "--virtual-time-budget=8000")
    shown = chromium(browser, folder / "page", scheme, *more, target="around.html")
    found = re.search(r'<pre id="found">(.*?)</pre>', shown, re.S)
    assert found, shown[-500:]
    assert found[1], shown[-500:]
    return dict(json.loads(html.unescape(found[1])))


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_form_gives_the_answers_of_onnxruntime(task: ModelTask, browser: str, tmp_path: Path) -> None:
    """60 rows put into the form of a page from a folder, with hard names, missing values and strange categories."""
    packing = packing_of(task, "pump", hard=True, title="<b>Pump</b>", statement="</script>")
    rows = rows_of(packing, 60)
    found = looked_at(browser, tmp_path, packing, typed_in(packing, rows))
    wanted = answers_of(packing, rows)
    made = [a["numbers"] if task == "regression" else [float(a["chosen"]), *a["numbers"]] for a in found["answers"]]
    assert [k for k in range(60) if not same(made[k], wanted[k])] == []
    assert any(a["odd"] for a in found["answers"])
    assert set(found["labels"]) == {1}


def test_free_text_is_parted_and_hashed_as_in_training(browser: str, tmp_path: Path) -> None:
    """60 rows of texts of many alphabets through the form; a text that the model needs is asked for."""
    packing = packed(spoken(), "spam")
    rows = rows_of(packing, 60)
    found = looked_at(browser, tmp_path, packing, [*typed_in(packing, rows), ["a", "1", ""]])
    wanted = answers_of(packing, rows)
    made = [[float(a["chosen"]), *a["numbers"]] for a in found["answers"]]
    assert [k for k in range(60) if not same(made[k], wanted[k])] == []
    assert (found["answers"][-1]["text"], found["answers"][-1]["odd"]) == ("no answer", 1)


def test_a_model_without_names_has_a_field_for_each_input(browser: str, tmp_path: Path) -> None:
    """Numbers parted by blanks or commas; too few of them, and words, give no answer and say why."""
    rows = [["1.5, 2;-3", "5 -6"], ["1 2", "0 0"], ["1 2 x", "0 0"], ["nan 0 0", "7 7"]]
    found = looked_at(browser, tmp_path, packed(unnamed(), "pump"), rows)
    assert found["answers"][0]["numbers"] == [1.5, 4, 3, 5, 1]
    assert [a["text"] for a in found["answers"]] == ["y, rest", "no answer", "no answer", "y, rest"]
    assert [a["odd"] for a in found["answers"]] == [0, 1, 1, 0]
    assert found["typical"] == ["0 0 0", "0 0"]
    assert set(found["labels"]) == {1}


def test_typical_values_are_shown_first(browser: str, tmp_path: Path) -> None:
    """The form opens with the middle of each range and the first category, and a class by its name."""
    packing = packing_of("binary", "pump")
    found = looked_at(browser, tmp_path, packing, typed_in(packing, rows_of(packing, 1)))
    assert found["typical"] == typed_in(packing, rows_of(packing, 1))[0]
    assert found["answers"][0]["text"] in ("no", "yes")


def test_what_the_model_needs_is_told(browser: str, tmp_path: Path) -> None:
    """Where a value is missing that the model does not go without, there is no answer, and the field says why."""
    packing = packed(model_of(signature_of("binary", refuse=True)), "pump")
    row = typed_in(packing, rows_of(packing, 1))[0]
    found = looked_at(browser, tmp_path, packing, [["", *row[1:]], [row[0], "-2", *row[2:]], row])
    assert [a["text"] == "no answer" for a in found["answers"]] == [True, True, False]
    assert [a["odd"] for a in found["answers"]] == [1, 1, 0]


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_it_fits_and_follows_the_scheme(width: int, scheme: str, browser: str, tmp_path: Path) -> None:
    """Nothing sticks out on a telephone or a desk, fields are large enough, the colours are the reader's."""
    packing = packing_of("multiclass", "pump", hard=True, title="x" * 200, statement="y" * 300)
    found = looked_at(browser, tmp_path, packing, [], width, scheme)
    assert (found["wide"], found["scroll"], found["out"]) == (width, width, [])
    assert found["high"] >= 44
    colour = (DARK if scheme == "dark" else LIGHT)["page"]
    assert found["ground"] == f"rgb({', '.join(str(int(colour[k : k + 2], 16)) for k in (1, 3, 5))})"


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_axe_finds_no_violation(width: int, scheme: str, browser: str, axe: Path, tmp_path: Path) -> None:
    """axe-core finds nothing to complain of, contrast included."""
    packing = packing_of("multiclass", "pump", hard=True, title="Pump", statement="Warns")
    page = write(packing)["index.html"].decode()
    without = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page).replace("</body>", AXE)
    assert without != page
    (tmp_path / "index.html").write_text(without, encoding="utf-8")
    around = f'<!doctype html><iframe src="index.html" width="{width}" height="900"></iframe><pre id="found"></pre>'
    (tmp_path / "around.html").write_text(around, encoding="utf-8")
    shutil.copy(axe, tmp_path)
    shown = chromium(browser, tmp_path, scheme, "--dump-dom", "--virtual-time-budget=20000", target="around.html")
    found = re.search(r'<pre id="found">(.*?)</pre>', shown, re.S)
    assert found, shown[-300:]
    told = json.loads(html.unescape(found[1]))
    assert {"color-contrast", "label", "select-name"} <= set(told["passes"])
    assert told["violations"] == []


def test_the_page_lets_nothing_else_run() -> None:
    """Its policy names its own style and script by their hashes, and it holds no address of another place."""
    page = write(packing_of("multiclass", "pump", hard=True))["index.html"].decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy
    rules = dict(rule.split(" ", 1) for rule in policy[1].split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert re.fullmatch(r"'sha256-[\w+/=]+' 'wasm-unsafe-eval'", rules["script-src"])
    assert page.count("<script") == 2
    assert not re.search(r"""(?:src|href)=["'](?!#)""", page)


def test_every_colour_of_its_style_is_defined() -> None:
    """Every colour that the page's style asks for is one that it defines."""
    page = (Path(wasm.__file__).parent.parent / "templates" / "page.css").read_text(encoding="utf-8")
    assert set(re.findall(r"var\(--([\w-]+)\)", page)) == set(wasm.COLOURS)
