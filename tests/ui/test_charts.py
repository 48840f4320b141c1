"""The charts: sound SVG with a name, whatever the numbers and labels are."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from volvelle.ui import charts
from volvelle.ui.charts import Axis, Cells, Curve

HOSTILE = "<script>alert('x')</script>&\"\x00\u202e" + "w" * 500
DRAWN: dict[str, Callable[[str, float], str]] = {
    "interval": lambda n, s: charts.interval(s, 0.5 * s, 2 * s, bound=s, ends=(0, 3 * s), kind="f1"),
    "bars": lambda n, s: charts.bars([(n, s), ("b", 0.0)], n, n),
    "lines": lambda n, s: charts.lines([Curve([(0, 0), (s, s)], "l1", n)], Axis(n, 0, s), Axis(n, 0, s), n, n),
    "progress": lambda n, s: charts.progress([(1, s), (2, 2 * s)], better="up", x=n, y=n, name=n, about=n),
    "histogram": lambda n, s: charts.histogram([1, 0, 5], -s, s, n, n, n),
    "spark": lambda n, s: charts.spark([0, 3, 1], n),
    "heatmap": lambda n, s: charts.heatmap([[5, 1], [0, 0]], [n, "b"], n, n),
    "cloud": lambda n, s: charts.cloud(Cells([[0, 1], [900, 0]], -s, s), n, n, n, n),
    "dots": lambda n, s: charts.cloud(Cells([[0, 1], [1, 0]], -s, s, [(s, -s)]), n, n, n, n),
}


@pytest.mark.parametrize("size", [1.0, 1e-12, 1e300, 7.0e5])
@pytest.mark.parametrize("kind", DRAWN)
def test_every_chart_is_sound(kind: str, size: float) -> None:
    """Each chart is well-formed, has a role and a title, and holds finite positions only, at any scale."""
    text = DRAWN[kind]("plain", size)
    root = ElementTree.fromstring(text)
    assert root.get("role") == "img"
    assert root[0].tag == "title"
    assert root[0].text
    assert not re.search(r"\b(nan|inf)\b", text)


@pytest.mark.parametrize("kind", DRAWN)
def test_labels_cannot_inject(kind: str) -> None:
    """Markup, control characters and very long words in labels stay text, and short."""
    text = DRAWN[kind](HOSTILE, 1.0)
    tags = {element.tag for element in ElementTree.fromstring(text).iter()}
    assert tags <= {"svg", "title", "desc", "g", "rect", "line", "circle", "polyline", "text"}
    assert "\x00" not in text
    assert "w" * 260 not in text


def test_interval_is_drawn_to_scale() -> None:
    """Value, ends and bound lie where the scale puts them: the golden drawing of one gate."""
    drawn = charts.interval(0.5, 0.25, 0.75, bound=1.0, ends=(0, 1), kind="pass")
    assert drawn == (
        '<svg class="chart small" viewBox="0 0 160 28" role="img">'
        "<title>value 0.5, interval 0.25 to 0.75, bound 1</title>"
        '<line class="grid" x1="8" x2="152" y1="14" y2="14"/>'
        '<rect class="pass" x="44" y="11" width="72" height="6" opacity=".45" rx="3"/>'
        '<line class="bound" x1="152" x2="152" y1="3" y2="25"/>'
        '<circle class="pass" cx="80" cy="14" r="4.5"/></svg>'
    )


def test_heatmap_shows_counts_and_row_shares() -> None:
    """A confusion matrix prints each count with its share of the true class."""
    drawn = charts.heatmap([[30, 10], [0, 5]], ["no", "yes"], "n", "a")
    assert re.findall(r">([\d.]+%?)</text>", drawn) == ["30", "75.0%", "10", "25.0%", "0", "0.0%", "5", "100.0%"]


def test_progress_follows_the_best() -> None:
    """The line falls when lower is better, and never rises again."""
    drawn = charts.progress([(1, 5.0), (2, 3.0), (3, 4.0)], better="down", x="trial", y="s", name="n", about="a")
    line = re.search(r'polyline class="l1" points="([^"]*)"', drawn)
    assert line
    heights = [float(p.partition(",")[2]) for p in line[1].split()]
    assert heights == sorted(heights)
    assert heights[-1] == pytest.approx(224 - 214 * 0.16 / 2.32, abs=0.1)


def test_colours_come_from_the_page() -> None:
    """No chart names a colour: light and dark are the page's own business."""
    for draw in DRAWN.values():
        assert not re.search(r"#[0-9a-f]{3,6}\b|rgb\(|fill=|stroke=", draw("plain", 1.0))
