"""The colours of every page: one light and one dark set, as CSS custom properties.

Series and verdict hues follow Okabe and Ito, "Color Universal Design" (2008), moved in lightness until
text reaches a contrast of 4.5:1 and marks 3:1 (WCAG 2.2, criteria 1.4.3 and 1.4.11). Colour never
stands alone: every verdict also has a shape and a word.
"""

from __future__ import annotations

LIGHT = {
    "page": "#ffffff",
    "panel": "#f5f7f9",
    "line": "#d5dbe2",
    "ink": "#17212b",
    "soft": "#51606f",
    "link": "#0b5ea8",
    "pass": "#005a41",
    "fail": "#b3360b",
    "doubt": "#855400",
    "none": "#5a6672",
    "pass-tint": "#e3f4ee",
    "fail-tint": "#fdebe4",
    "doubt-tint": "#fdf2d8",
    "none-tint": "#eceff2",
    "series-1": "#0b66ab",
    "series-2": "#c24d00",
    "series-3": "#00805c",
    "quiet": "#7d8894",
    "band": "#cfe2f2",
    "heat-0": "#f3f6f9",
    "heat-1": "#d9e8f4",
    "heat-2": "#b4d2ea",
    "heat-3": "#86b6dc",
    "heat-4": "#2a6ea6",
    "heat-5": "#0d4675",
    "on-heat-0": "#17212b",
    "on-heat-1": "#17212b",
    "on-heat-2": "#17212b",
    "on-heat-3": "#10181f",
    "on-heat-4": "#ffffff",
    "on-heat-5": "#ffffff",
}
DARK = {
    "page": "#11161d",
    "panel": "#1a212a",
    "line": "#37424e",
    "ink": "#e8edf2",
    "soft": "#a9b6c3",
    "link": "#86bff2",
    "pass": "#56cfa3",
    "fail": "#ff9d7a",
    "doubt": "#f0c04c",
    "none": "#aeb9c4",
    "pass-tint": "#12302a",
    "fail-tint": "#3a2019",
    "doubt-tint": "#332a12",
    "none-tint": "#252d36",
    "series-1": "#62aeea",
    "series-2": "#ff9a57",
    "series-3": "#4ccf9f",
    "quiet": "#8794a1",
    "band": "#22405a",
    "heat-0": "#1a212a",
    "heat-1": "#1b3146",
    "heat-2": "#1f4768",
    "heat-3": "#24608f",
    "heat-4": "#7dbbec",
    "heat-5": "#bfe0fa",
    "on-heat-0": "#e8edf2",
    "on-heat-1": "#e8edf2",
    "on-heat-2": "#eef3f7",
    "on-heat-3": "#ffffff",
    "on-heat-4": "#0d151c",
    "on-heat-5": "#0d151c",
}
HEAT_LEVELS = 6


def properties(colours: dict[str, str]) -> str:
    """CSS custom properties.

    >>> properties({"ink": "#000"})
    '--ink:#000;'
    """
    return "".join(f"--{name}:{value};" for name, value in colours.items())


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours ``#rrggbb``, from 1 to 21 (WCAG 2.2, definition of contrast ratio).

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
