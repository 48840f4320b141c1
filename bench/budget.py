"""How closely the search keeps its time budget: asked against used, on a real table.

Usage: python bench/budget.py [--json] [--data FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from volvelle.flow.result import find
from volvelle.flow.turn import Project, turn
from volvelle.spec.requirements import Data, Problem, Search, Spec

BUDGETS = (5, 10, 20, 40)
TABLES = {"adult": ("tabular/adult_train.csv.gz", "income"), "wine": ("tabular/wine_quality.csv.gz", "quality")}


def measure(folder: Path) -> list[dict[str, object]]:
    """One search for each table and budget, each in an empty project."""
    rows: list[dict[str, object]] = []
    for name, (source, target) in TABLES.items():
        for seconds in BUDGETS:
            with tempfile.TemporaryDirectory() as place:
                spec = Spec(
                    problem=Problem(target=target),
                    data=Data(source=str(folder / source)),
                    search=Search(budget=f"{seconds} s"),
                )
                project = Project(Path(place))
                found = find(project, turn(project, spec, lambda event, facts: None).run).searched
                rows.append(
                    {
                        "table": name,
                        "asked": seconds,
                        "used": found.spent,
                        "ratio": round(found.spent / seconds, 4),
                        "trials": len(found.trials),
                    }
                )
    return rows


def main() -> int:
    """Print the table; 1 if a budget is missed by more than 5 %."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VOLVELLE_DATA", "../shared/data")))
    options = parser.parse_args()
    rows = measure(options.data.resolve())
    if options.json:
        print(json.dumps(rows))
    else:
        print(f"{'table':<8}{'asked s':>8}{'used s':>9}{'ratio':>8}{'trials':>8}")
        for row in rows:
            print(f"{row['table']:<8}{row['asked']:>8}{row['used']:>9.2f}{row['ratio']:>8.3f}{row['trials']:>8}")
    return 0 if all(0.95 <= float(str(row["ratio"])) <= 1.05 for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
