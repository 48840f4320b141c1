"""Words and numbers as people read them; the same in the terminal, the notebook and the report.

Nothing here imports more than the spec and the records.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import NamedTuple

from volvelle.catalog import ESTIMATORS, GATES, METRICS
from volvelle.data.records import Layout, Quoting
from volvelle.errors import InputError
from volvelle.evaluate.records import Evidence, Verdict, VerdictKind
from volvelle.spec.gates import parse
from volvelle.spec.units import show

NAMES = {
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "f1": "F1",
    "mcc": "Matthews correlation",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
    "brier": "Brier score",
    "ece": "ECE",
    "platt": "Platt",
    "mape": "MAPE",
    "pinball": "pinball loss",
    "top_k": "top-k accuracy",
    "ram": "RAM",
    "lightgbm": "LightGBM",
    "catboost": "CatBoost",
    "mlp": "MLP",
    "rbf_svm": "RBF SVM",
    "linear_svm": "linear SVM",
}
SHAPES: dict[VerdictKind, tuple[str, str]] = {
    "pass": ("✓", "+"),
    "fail": ("✗", "x"),
    "not proven": ("~", "~"),
    "not measured": ("?", "?"),
}
"""The mark of each verdict: in Unicode, and where only ASCII can be shown."""

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "blank"}
_QUOTES: dict[Quoting, str] = {
    "double": "double quotes",
    "backslash": "double quotes with backslashes",
    "single": "single quotes",
    "none": "no quotes",
}


class Outcome(NamedTuple):
    """What all verdicts together say."""

    kind: VerdictKind
    headline: str
    detail: str


def title(name: str) -> str:
    """A metric, gate or estimator for people.

    >>> title("roc_auc"), title("balanced_accuracy")
    ('ROC-AUC', 'balanced accuracy')
    """
    return NAMES.get(name, name.replace("_", " "))


def sentence(text: str) -> str:
    """A finding's words with names as people write them, and a capital in front; what stands in quotes stays.

    >>> sentence("roc_auc 0.9 by 'roc_auc'"), sentence("the last doubling")
    ("ROC-AUC 0.9 by 'roc_auc'", 'The last doubling')
    """

    def named(found: re.Match[str]) -> str:
        name = found[0]
        known = name in NAMES or ("_" in name and (name in METRICS or name in ESTIMATORS))
        return title(name) if known else name

    told = re.sub(r"(?<!['\"\w])[a-z]\w*(?!['\"\w])", named, text)
    return told[:1].upper() + told[1:]


def clean(text: object, limit: int = 80) -> str:
    """Text from outside as one short line: control and direction marks made visible, the middle left out.

    >>> clean("a\\tb"), clean("x" * 500, 9)
    ('a�b', 'xxxxxx…xx')
    """
    shown = "".join("�" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in str(text))
    if len(shown) <= limit:
        return shown
    tail = max(1, limit // 4)
    return f"{shown[: limit - tail - 1]}…{shown[-tail:]}"


def read_as(layout: Layout) -> str:
    """How a text file or a sheet was read; empty for what tells its own layout, such as Parquet or a database.

    >>> read_as(Layout(delimiter=";", quoting="double", encoding="utf-8", decimal=",", header=True))
    'cells apart by semicolon, double quotes, UTF-8, decimal comma, a header'
    """
    apart = layout.delimiter or ""
    parts = [
        apart and f"cells apart by {_DELIMITERS.get(apart, repr(apart))}",
        _QUOTES[layout.quoting] if layout.quoting else "",
        (layout.encoding or "").upper(),
        {",": "decimal comma", ".": "decimal point"}.get(layout.decimal or "", ""),
        {True: "a header", False: "no header", None: ""}[layout.header],
    ]
    return ", ".join(part for part in parts if part)


def dimension_of(gate: str) -> str:
    """The dimension of a gate's bound, "1" where the line cannot be parsed any more."""
    try:
        return parse(gate).dimension
    except InputError:
        return "1"


def show_value(value: float | None, dimension: str = "1") -> str:
    """A value with its unit; a dash where there is none.

    >>> show_value(65536, "bytes"), show_value(None)
    ('64.0 KiB', '–')
    """
    return "–" if value is None else show(value, dimension)


def show_interval(low: float | None, high: float | None, dimension: str = "1") -> str:
    """An interval as text, empty where there is none.

    >>> show_interval(0.1, 0.2)
    '0.100 to 0.200'
    """
    return "" if low is None or high is None else f"{show(low, dimension)} to {show(high, dimension)}"


def show_bound(verdict: Verdict) -> str:
    """Comparison and bound of a gate."""
    return f"{verdict.comparison} {show(verdict.bound, dimension_of(verdict.gate))}"


def show_level(level: float) -> str:
    """A level of confidence.

    >>> show_level(0.95), show_level(0.999)
    ('95 %', '99.9 %')
    """
    return f"{level * 100:.4g} %"


def show_seconds(seconds: float) -> str:
    """A duration.

    >>> show_seconds(0.0123), show_seconds(75), show_seconds(7260)
    ('12 ms', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 1:
        return f"{seconds * 1e3:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def show_setting(value: object) -> str:
    """A hyperparameter, short.

    >>> show_setting(0.000123456), show_setting("gini"), show_setting(None)
    ('0.0001235', 'gini', 'none')
    """
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        # The models that a student learns from.
        return " and ".join(clean(one.get("estimator", one) if isinstance(one, dict) else one, 40) for one in value)
    return "none" if value is None else clean(value, 40)


def show_settings(settings: dict[str, object]) -> str:
    """Hyperparameters in one line."""
    return ", ".join(f"{clean(name, 40)} {show_setting(value)}" for name, value in settings.items()) or "defaults"


def show_time(stamp: str | None) -> str:
    """An ISO 8601 time to the minute.

    >>> show_time("2025-03-04T05:06:07.890Z")
    '2025-03-04 05:06 UTC'
    """
    if not stamp:
        return "not finished"
    try:
        return datetime.fromisoformat(stamp).strftime("%Y-%m-%d %H:%M UTC")
    except ValueError:
        return clean(stamp)


def rate(name: str) -> tuple[float, float] | None:
    """The range of a metric where both ends are finite."""
    if name not in METRICS:
        return None
    low, high = METRICS.fact(name, "RANGE") or (0.0, float("inf"))
    return (float(low), float(high)) if high - low < 1e300 else None


def direction(name: str) -> str:
    """ "up" or "down", whichever is better; empty where unknown."""
    for known in (METRICS, GATES):
        if name in known:
            return str(known.fact(name, "DIRECTION") or "")
    return ""


def explain(name: str) -> str:
    """One line on a metric or gate, from the head of its own file."""
    for known in (METRICS, GATES):
        if name in known:
            return known.summary(name)
    return ""


def outcome(evidence: Evidence) -> Outcome:
    """Whether the gates allow a release, in two sentences."""
    counts = {kind: [v for v in evidence.verdicts if v.verdict == kind] for kind in SHAPES}
    total = len(evidence.verdicts)
    if not total:
        return Outcome(
            "not measured",
            "No requirement was stated",
            "The spec holds no gate, so nothing was judged. The numbers below describe the model and prove nothing.",
        )
    if len(counts["pass"]) == total:
        detail = "Every requirement is met by measurement, with its interval. The model can be released."
        return Outcome(
            "pass", {1: "The gate passes", 2: "Both gates pass"}.get(total, f"All {total} gates pass"), detail
        )
    parts = [f"{len(found)} {_verb(kind, len(found))}" for kind, found in counts.items() if found and kind != "pass"]
    headline = f"Of {total} gates, {_joined(parts)}" if total > 1 else f"The gate {parts[0].partition(' ')[2]}"
    if counts["fail"] or counts["not measured"]:
        names = "; ".join(clean(v.gate, 60) for v in (*counts["fail"], *counts["not measured"]))
        kind: VerdictKind = "fail" if counts["fail"] else "not measured"
        return Outcome(kind, headline, f"The model cannot be released. In the way: {names}.")
    detail = "Every measured value meets its bound, yet an interval leaves room for a miss. "
    return Outcome("not proven", headline, detail + "A release needs more test rows, or a named person who accepts it.")


def size(count: int) -> str:
    """Bytes for people.

    >>> size(2048)
    '2.0 KiB'
    """
    return show(count, "bytes") if count < 2**20 else f"{count / 2**20:.1f} MiB"


def _verb(kind: VerdictKind, count: int) -> str:
    if kind == "fail":
        return "fails" if count == 1 else "fail"
    return f"{'is' if count == 1 else 'are'} {kind}"


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
