"""Show one run: its stages, its gates, its leaderboard and every hash.

Example:
  volvelle show            the newest finished run
  volvelle show 3 --json
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import msgspec

from volvelle.cli.options import json_option, print_json, print_next, print_rows, run_argument, spec_option
from volvelle.flow.decisions import of_run
from volvelle.flow.result import Result, find
from volvelle.flow.turn import Project
from volvelle.ui import terminal
from volvelle.ui.watched import decided


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    run_argument(parser)
    spec_option(parser)
    json_option(parser)


def run(options: argparse.Namespace) -> int:
    """Everything in the record of a run."""
    result = find(Project(options.spec.parent, existing=True), options.run_number)
    environment = json.loads(result.run.environment)
    decision = of_run(result.project.ledger, result.run.id)
    if options.json:
        document = {
            "run": result.run.id,
            "started": result.run.started,
            "finished": result.run.finished,
            "state": result.run.status,
            "environment": environment,
            "stages": [step._asdict() for step in result.steps],
            "spec": msgspec.to_builtins(result.spec),
            "evidence": msgspec.to_builtins(result.evidence),
            "candidate": msgspec.to_builtins(result.candidate),
            "model": msgspec.to_builtins(result.model),
            "dataset": msgspec.to_builtins(result.dataset),
            "decision": msgspec.to_builtins(decision),
        }
        print_json(document)
        return 0
    print(f"Run {result.run.id}, {result.run.started} to {result.run.finished or '?'}: {result.run.status}\n")
    print_rows(
        [
            ("stage", "record", "seconds", "why"),
            *(
                (s.stage, s.output[:12], f"{s.seconds:.2f}", s.reason if not s.reused else "reused")
                for s in result.steps
            ),
        ]
    )
    print()
    print(terminal.board(result.evidence, result.spec), end="\n\n")
    print(terminal.leaderboard(result.searched, candidate=result.candidate), end="\n\n")
    print(terminal.front(result.evidence), end="\n\n")
    _print_model(result, environment)
    if decision is not None:
        print(f"\nDecision {decision.number}, {decision.at}\n{decided(decision)}")
    print_next(options, f"volvelle reproduce {result.run.id}", f"volvelle report {result.run.id}")
    return 0


def _print_model(result: Result, environment: dict[str, Any]) -> None:
    """What was made, and of what."""
    model = result.model
    print_rows(
        [
            ("what", "value"),
            ("data version", result.dataset.version),
            ("model (SHA-256)", model.onnx),
            ("model size", f"{model.size} bytes, {model.operators} operators, {model.operations} operations a row"),
            ("parity", f"{model.parity:.1e}, {model.label_differences} labels differ"),
            ("settings", json.dumps(msgspec.to_builtins(model.members) or model.settings)),
            ("calibration", result.calibrated.method),
            ("threshold", f"{result.tuned.threshold or 'none'}: {result.tuned.why}"),
            ("seed", str(model.seed)),
            ("environment", ", ".join(f"{k} {v}" for k, v in environment.items() if v)),
            ("packages", ", ".join(f"{k} {v}" for k, v in model.versions.items())),
        ]
    )
