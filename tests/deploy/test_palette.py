"""The colours: contrast in both schemes, and hues that stay apart for eyes that see two cones."""

from __future__ import annotations

import pytest

from volvelle.deploy.palette import DARK, HEAT_LEVELS, LIGHT, contrast

SCHEMES = {"light": LIGHT, "dark": DARK}
# Viénot, Brettel and Mollon 1999: linear RGB as deuteranopes see it.
DEUTERANOPIA = ((0.29275, 0.70725, -0.02234), (0.29275, 0.70725, -0.02234), (-0.02234, 0.02234, 1.0))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_text_has_enough_contrast(scheme: str) -> None:
    """Every colour of text reaches 4.5:1 on every ground that it stands on."""
    colours = SCHEMES[scheme]
    pairs = [(ink, ground) for ink in ("ink", "soft", "link") for ground in ("page", "panel")]
    pairs += [(kind, ground) for kind in ("pass", "fail", "doubt", "none") for ground in ("page", f"{kind}-tint")]
    pairs += [("ink", f"{kind}-tint") for kind in ("pass", "fail", "doubt", "none")]
    pairs += [(f"on-heat-{k}", f"heat-{k}") for k in range(HEAT_LEVELS)]
    low = {pair: round(contrast(*(colours[c] for c in pair)), 2) for pair in pairs}
    assert {pair: value for pair, value in low.items() if value < 4.5} == {}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_marks_stand_out(scheme: str) -> None:
    """Lines and dots of charts reach 3:1 on the page."""
    colours = SCHEMES[scheme]
    marks = ("series-1", "series-2", "series-3", "quiet", "pass", "fail", "doubt", "none", "ink")
    assert [m for m in marks if contrast(colours[m], colours["page"]) < 3] == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_series_differ_for_deuteranopes(scheme: str) -> None:
    """Series 1 and 2, and pass and fail, keep apart in the simulated colours of the commonest blindness."""
    colours = SCHEMES[scheme]
    for one, other in (("series-1", "series-2"), ("pass", "fail")):
        distance = sum((a - b) ** 2 for a, b in zip(_seen(colours[one]), _seen(colours[other]), strict=True)) ** 0.5
        assert distance > 0.12, (one, other, distance)


def test_both_schemes_name_the_same_colours() -> None:
    """No colour is missing in one of the schemes."""
    assert list(LIGHT) == list(DARK)


def test_contrast_of_known_pairs() -> None:
    """Contrast agrees with published values: mid grey #767676 on white is the edge of 4.5:1."""
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
    assert contrast("#ffffff", "#767676") == contrast("#767676", "#ffffff")


def _seen(colour: str) -> list[float]:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return [sum(m * p for m, p in zip(row, linear, strict=True)) for row in DEUTERANOPIA]
