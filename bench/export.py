"""CPU of the client for one export to an MLflow server, against MLflow's own client: ``python bench/export.py``.

Both write the same metrics, parameters, tags, files and model, register a version and set its alias, on a real server
on this machine. What counts is the CPU time of the calls alone, without imports, user and system, the least of three.
MLflow's client is not asked to infer packages, which alone would take it seconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import polars as pl
from sklearn.datasets import load_breast_cancer

import mlflow_server  # type: ignore[import-not-found]
from volvelle import api
from volvelle.deploy.mlflow.records import Asked, Outgoing
from volvelle.deploy.mlflow.send import named, send
from volvelle.deploy.mlflow.server import Server
from volvelle.flow.export import chosen, outgoing
from volvelle.flow.turn import Project

TIMES = 3
SPEC = """
problem = {target = "target", name = "bench"}
data = {source = "rows.parquet"}
search = {trials = 1, folds = 2, estimators = ["logistic"]}
"""
THEIRS = """
import json, sys, time, mlflow, onnx
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec
import numpy
facts = json.load(open("facts.json"))
model = onnx.load("model.onnx")
mlflow.set_tracking_uri(sys.argv[1])
signature = ModelSignature(Schema([TensorSpec(numpy.dtype("float32"), (-1,), n) for n in facts["columns"]]))
spent = []
for k in range(int(sys.argv[2])):
    began = time.process_time()
    mlflow.set_experiment(f"theirs {k}")
    with mlflow.start_run():
        mlflow.log_metrics(facts["metrics"])
        mlflow.log_params(facts["parameters"])
        mlflow.set_tags(facts["tags"])
        mlflow.log_artifacts("files")
        told = mlflow.onnx.log_model(
            model, name="model", signature=signature, pip_requirements=["onnxruntime"],
            registered_model_name="theirs", save_as_external_data=False,
        )
    mlflow.MlflowClient().set_registered_model_alias("theirs", "champion", told.registered_model_version)
    spent.append(time.process_time() - began)
print(json.dumps(min(spent)))
"""


def main() -> int:
    """Measure both; 0 where ours costs less."""
    with TemporaryDirectory() as place, mlflow_server.server() as address:
        folder = Path(place)
        out = turned(folder)
        ours = min(once(address, out, k) for k in range(TIMES))
        theirs = foreign(address, out, folder)
    print(f"ours {ours * 1000:.0f} ms of CPU, MLflow's client {theirs * 1000:.0f} ms: {ours / theirs:.2f} of it")
    return 0 if ours < theirs else 1


def turned(folder: Path) -> Outgoing:
    """A run on 569 rows of 30 columns."""
    rows: Any = load_breast_cancer()
    columns = dict(zip(map(str, rows.feature_names), rows.data.T, strict=True))
    pl.DataFrame({**columns, "target": rows.target}).write_parquet(folder / "rows.parquet")
    (folder / "volvelle.toml").write_text(SPEC, encoding="utf-8")
    report = api.run(folder / "volvelle.toml", progress=False).report.path.read_bytes()
    return outgoing(chosen(Project(folder, existing=True)), report)


def once(address: str, out: Outgoing, number: int) -> float:
    """CPU seconds of one new export."""
    began = time.process_time()
    send(Server(address, {}), out, Asked(f"ours {number}", "ours", "champion"))
    return time.process_time() - began


def foreign(address: str, out: Outgoing, folder: Path) -> float:
    """CPU seconds of MLflow's own client for the same."""
    facts = {
        "metrics": named(out.metrics),
        "parameters": named(out.parameters),
        "tags": out.tags,
    }
    columns = [feature.name for feature in out.signature.features]
    (folder / "facts.json").write_text(json.dumps({**facts, "columns": columns}), encoding="utf-8")
    (folder / "model.onnx").write_bytes(out.onnx)
    (folder / "files").mkdir()
    for name, content in out.files.items():
        (folder / "files" / name).write_bytes(content)
    command = [str(mlflow_server.environment()), "-c", THEIRS, address, str(TIMES)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main())
