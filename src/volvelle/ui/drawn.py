"""The report of a run as a file, drawn again only when evidence, deep explanation, code or a template has changed."""

from __future__ import annotations

from pathlib import Path

from volvelle.catalog import ROOT, import_late
from volvelle.flow.aside import deep_of
from volvelle.flow.closure import stamp
from volvelle.flow.context import digest_json
from volvelle.flow.result import Result


def report_of(result: Result) -> Path:
    """The path of the HTML report. Nothing that draws is imported where the file still holds."""
    path = result.project.state / "reports" / f"run-{result.run.id}.html"
    templates = [stamp(part) for part in sorted((ROOT / "ui" / "templates").iterdir())]
    code = result.project.code.closure("volvelle.ui.report:render").digest
    mark = [result.digest("judge"), code, digest_json(templates), *deep_of(result)]
    if not path.exists() or result.project.ledger.recall("report", str(result.run.id)) != mark:
        path = Path(import_late("volvelle.ui.report", "the report").write(result))
        result.project.ledger.remember("report", str(result.run.id), mark)
    return path


def report_bytes(result: Result) -> bytes:
    """The HTML report, as a release holds it."""
    return report_of(result).read_bytes()
