"""How closely a run keeps its time budget: asked against used, on real tables.

What counts is the clock from the beginning of the search to the finished model: trials, selection, refit, export.
Beside it stands how many processors this process tree got: on a machine that others use as well, the clock is theirs.

Usage: python bench/budget.py [--json] [--data FOLDER] [--budgets 10 30 120] [--tables adult]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from volvelle.flow.result import find
from volvelle.flow.turn import Project, turn
from volvelle.spec.requirements import Data, Problem, Search, Spec

BUDGETS = (10.0, 30.0)
TABLES = {
    "adult": ("tabular/adult_train.csv.gz", "income"),
    "wine": ("tabular/wine_quality.csv.gz", "quality"),
    "california": ("regression/california_housing.csv.gz", "median_house_value"),
    "diamonds": ("regression/diamonds.csv.gz", "price"),
}
COUNTED = ("search", "choose", "build", "calibrate", "tune", "finish")
LIMIT = 1.03


def measure(folder: Path, tables: Sequence[str], budgets: Sequence[float]) -> list[dict[str, object]]:
    """One run for each table and budget, each in an empty project."""
    rows: list[dict[str, object]] = []
    for name in tables:
        source, target = TABLES[name]
        for seconds in budgets:
            with tempfile.TemporaryDirectory() as place:
                spec = Spec(
                    problem=Problem(target=target),
                    data=Data(source=str(folder / source)),
                    search=Search(budget=f"{seconds:g} s"),
                )
                project = Project(Path(place))
                before = os.times()
                finished = turn(project, spec, lambda event, facts: None)
                after = os.times()
                found = find(project, finished.run).searched
            used = sum(row.seconds for row in finished.stages if row.name in COUNTED)
            rows.append(
                {
                    "table": name,
                    "asked": seconds,
                    "used": round(used, 2),
                    "ratio": round(used / seconds, 4),
                    "search": found.spent,
                    "trials": len(found.trials),
                    "processors": round((sum(after[:4]) - sum(before[:4])) / finished.seconds, 2),
                }
            )
    return rows


def main() -> int:
    """Print the table; 1 if a budget is overrun by more than 3 %."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VOLVELLE_DATA", "../shared/data")))
    parser.add_argument("--tables", nargs="+", choices=list(TABLES), default=list(TABLES))
    parser.add_argument("--budgets", type=float, nargs="+", default=list(BUDGETS))
    options = parser.parse_args()
    rows = measure(options.data.resolve(), options.tables, options.budgets)
    if options.json:
        print(json.dumps(rows))
    else:
        print(f"{'table':<11}{'asked s':>8}{'used s':>9}{'ratio':>8}{'search s':>10}{'trials':>8}{'processors':>12}")
        for row in rows:
            print(
                f"{row['table']:<11}{row['asked']:>8g}{row['used']:>9.2f}{row['ratio']:>8.3f}{row['search']:>10.2f}"
                f"{row['trials']:>8}{row['processors']:>12.2f}"
            )
    return 0 if all(float(str(row["ratio"])) <= LIMIT for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
