"""What `bench/quality.py` has measured, kept in one JSON file of one entry a line, and the tables made of it."""

from __future__ import annotations

import fcntl
import json
import math
import statistics
import tempfile
from pathlib import Path
from typing import Any

from bench.sets import SETS

Entry = dict[str, Any]
TOOLS = ("lightgbm", "linear", "flaml", "mljar", "autogluon")
"""Whom Volvelle is compared with."""
_IDENTITY = ("set", "seed", "budget", "tool")


def entries(kept: Path) -> list[Entry]:
    """All that was measured."""
    return list(json.loads(kept.read_text(encoding="utf-8"))) if kept.exists() else []


def holds(kept: Path, asked: Entry) -> bool:
    """Whether there is an entry with all these facts."""
    return any(all(entry.get(k) == v for k, v in asked.items()) for entry in entries(kept))


def keep(kept: Path, entry: Entry) -> None:
    """Put an entry in, in the place of the one for the same set, seed, budget and tool."""
    with (Path(tempfile.gettempdir()) / "volvelle-bench.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        others = [e for e in entries(kept) if any(e[k] != entry[k] for k in _IDENTITY)]
        lines = sorted((json.dumps(e) for e in [*others, entry]), key=_place)
        fresh = kept.with_suffix(".new")
        fresh.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
        fresh.replace(kept)


def _place(line: str) -> tuple[Any, ...]:
    entry = json.loads(line)
    return tuple(entry[k] for k in ("set", "budget", "seed", "tool"))


def ratios(kept: Path, budget: float) -> list[Entry]:
    """Of each set and seed that Volvelle was measured on: its loss over each tool's, and over the least of them."""
    found = entries(kept)
    rows = []
    for own in (e for e in found if e["tool"] == "own" and e["budget"] == budget and "loss" in e):
        losses = {t: _of(found, own, t, budget).get("loss") for t in TOOLS}
        measured = {t: own["loss"] / other for t, other in losses.items() if other}
        row = {**{k: own[k] for k in ("set", "seed", "kind", "loss")}, "ratios": measured}
        # The best of them is known only where all that can be run were.
        if measured and all(t in measured or _of(found, own, t, budget).get("failed") for t in TOOLS):
            row["best"] = max(measured, key=lambda t: measured[t])
        rows.append(row)
    order = {name: place for place, name in enumerate(SETS)}
    return sorted(rows, key=lambda row: (order.get(row["set"], 0), row["seed"]))


def document(kept: Path) -> str:
    """All ratios and their geometric means as JSON."""
    budgets = sorted({e["budget"] for e in entries(kept) if e["tool"] == "own"})
    return json.dumps([{"budget": b, "rows": (rows := ratios(kept, b)), "means": means(rows)} for b in budgets])


def means(rows: list[Entry]) -> dict[str, float]:
    """Geometric means of the ratios, to each tool and to the best of them."""
    columns = {t: [row["ratios"][t] for row in rows if t in row["ratios"]] for t in TOOLS}
    columns["best"] = [row["ratios"][row["best"]] for row in rows if "best" in row]
    return {t: math.exp(sum(map(math.log, v)) / len(v)) for t, v in columns.items() if v}


def _leaning(rows: list[Entry]) -> list[str]:
    """How much the means to the best and to FLAML lean on single sets."""
    names = {row["set"] for row in rows}
    lines = []
    for tool, called in (("best", "the best"), ("flaml", "FLAML")):
        without = {n: means([row for row in rows if row["set"] != n]).get(tool) for n in sorted(names)}
        known = {name: mean for name, mean in without.items() if mean is not None}
        if len(known) > 1:
            low, high = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
            between = f"{known[low]:.3f} (no {low}) to {known[high]:.3f} (no {high})"
            lines.append(f"- Without one set the mean to {called} is {between}.")
    return [*lines, ""] if lines else []


def tables(kept: Path) -> str:
    """Markdown: losses and ratios for each budget, then what they cost."""
    found = entries(kept)
    text = []
    for budget in sorted({e["budget"] for e in found if e["tool"] == "own"}):
        rows = ratios(kept, budget)
        head = ["set", "seed", "loss", "Volvelle", *(f"/ {t}" for t in TOOLS), "/ best"]
        lines = [[r["set"], str(r["seed"]), _metric(r), f"{r['loss']:.5g}", *_cells(r)] for r in rows]
        mean = means(rows)
        last = ["geometric mean", "", "", "", *(f"{mean[t]:.3f}" if t in mean else "" for t in (*TOOLS, "best"))]
        text += [f"{budget:g} CPU seconds", "", _markdown(head, [*lines, last]), "", *_leaning(rows)]
        text += [
            _markdown(["tool", "sets", "CPU / budget", "largest", "one row, ms", "KiB"], _costs(found, budget)),
            "",
        ]
        kept_ = [e["search"] / budget for e in found if "search" in e and e["budget"] == budget]
        text += [f"Volvelle's search used {min(kept_):.2f} to {max(kept_):.2f} of it, the rest is the last fits'.", ""]
        text += _failures([e for e in found if e.get("failed") and e["budget"] == budget])
    return "\n".join(text)


def _of(found: list[Entry], own: Entry, tool: str, budget: float) -> Entry:
    """The entry of another tool for the very same rows."""
    same = {k: own[k] for k in ("set", "seed", "train", "test")} | {"tool": tool}
    return next((e for e in found if all(e.get(k) == v for k, v in same.items()) and e["budget"] in (0, budget)), {})


def _failures(found: list[Entry]) -> list[str]:
    """What failed, in a line each: on which sets and seeds, and the first sentence of why it first did."""
    seeds: dict[tuple[str, str], list[Entry]] = {}
    for entry in found:
        seeds.setdefault((entry["tool"], entry["set"]), []).append(entry)
    lines = []
    for (tool, name), entries_ in seeds.items():
        why = entries_[0]["failed"].removeprefix("CalledProcessError: ").partition(". ")[0]
        lines.append(f"- {tool} fails on {name} (seed {', '.join(str(e['seed']) for e in entries_)}): `{why}`")
    return [*lines, ""] if lines else []


def _metric(row: Entry) -> str:
    return "RMSE" if row["kind"] == "regression" else "log loss"


def _cells(row: Entry) -> list[str]:
    cells = [f"{row['ratios'][t]:.3f}" if t in row["ratios"] else "" for t in TOOLS]
    return [*cells, f"{row['ratios'][row['best']]:.3f}" if "best" in row else ""]


def _costs(found: list[Entry], budget: float) -> list[list[str]]:
    """Of each tool: CPU seconds of learning over the budget, and medians of one row's time and of the size."""
    lines = []
    for tool in ("own", *TOOLS):
        mine = [e for e in found if e["tool"] == tool and e["budget"] == budget and "cpu" in e]
        if mine:
            shares = [e["cpu"] / budget for e in mine]
            row, size = (statistics.median(e[k] for e in mine) for k in ("row_ms", "bytes"))
            cells = [f"{statistics.median(shares):.2f}", f"{max(shares):.2f}", f"{row:.3g}", f"{size / 1024:,.0f}"]
            lines.append(["Volvelle" if tool == "own" else tool, str(len(mine)), *cells])
    return lines


def _markdown(head: list[str], lines: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *lines])
