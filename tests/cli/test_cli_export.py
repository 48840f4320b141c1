"""A released run in a real MLflow server: seen there, not doubled, and answering there as it does here."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

import mlflow_server  # type: ignore[import-not-found]
from own_environment import environment  # type: ignore[import-not-found]
from volvelle.deploy.mlflow.records import Asked
from volvelle.deploy.mlflow.send import send
from volvelle.deploy.mlflow.server import Server
from volvelle.errors import ServiceError
from volvelle.flow.export import chosen, outgoing
from volvelle.flow.turn import Project

Typed = Callable[..., subprocess.CompletedProcess[str]]
pytestmark = pytest.mark.xdist_group("mlflow")
ANSWER = """
import json, sys, mlflow, pandas
mlflow.set_tracking_uri(sys.argv[1])
rows = pandas.read_csv("pumps.csv").iloc[:50]
loaded = mlflow.pyfunc.load_model(sys.argv[2])
given = loaded.predict(rows[["site", "heat"]])
raw = mlflow.onnx.load_model(sys.argv[2])
print(json.dumps({
    "answers": {name: column.tolist() for name, column in given.items()},
    "inputs": loaded.metadata.signature.inputs.input_names(),
    "producer": raw.producer_name,
    "requirements": mlflow.pyfunc.get_model_dependencies(sys.argv[2]),
}))
"""


def asked(address: str, call: str, **query: str) -> Any:
    with urlopen(f"{address}/api/2.0/mlflow/{call}?{urlencode(query)}", timeout=60) as answer:
        return json.load(answer)


def posted(address: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    return Server(address, {}).call("POST", f"mlflow/{path}", body)


@pytest.fixture(scope="module")
def exported(mlflow: str, turned: Typed) -> dict[str, Any]:
    """What the command says of the champion's first export."""
    done = turned("export", "mlflow", mlflow, "--json")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_the_run_is_seen(exported: dict[str, Any], mlflow: str, turned: Typed) -> None:
    """Metrics with their intervals, parameters, the digest of the data, tags, evidence and the model are all there."""
    ours = json.loads(turned("show", "1", "--json").stdout)
    run = asked(mlflow, "runs/get", run_id=exported["run_id"])["run"]
    assert (run["info"]["run_name"], run["info"]["status"]) == ("pumps-1", "FINISHED")
    metrics = {m["key"]: m["value"] for m in run["data"]["metrics"]}
    for found in ours["evidence"]["metrics"]:
        assert metrics[f"{found.get('side')}/{found['metric']}"] == pytest.approx(found["value"])
    assert metrics["test/roc_auc low"] <= metrics["test/roc_auc"] <= metrics["test/roc_auc high"]
    parameters = {p["key"]: p["value"] for p in run["data"]["params"]}
    assert (parameters["estimator"], parameters["target"]) == (ours["model"]["estimator"], "fails")
    tags = {t["key"]: t["value"] for t in run["data"]["tags"]}
    assert (tags["volvelle.model"], tags["volvelle.gates"]) == (ours["model"]["onnx"], "1 pass")
    assert "roc_auc >= 0.7" in tags["mlflow.note.content"]
    [data] = run["inputs"]["dataset_inputs"]
    assert ours["dataset"]["version"].startswith(data["dataset"]["digest"])
    assert json.loads(data["dataset"]["profile"])["num_rows"] == 300
    assert [m["model_id"] for m in run["outputs"]["model_outputs"]] == [exported["model_id"]]
    files = asked(mlflow, "artifacts/list", run_id=exported["run_id"], path="volvelle")["files"]
    assert {"volvelle/evidence.json", "volvelle/report.html", "volvelle/volvelle.toml"} < {f["path"] for f in files}


def test_it_answers_there_as_here(exported: dict[str, Any], mlflow: str, turned: Typed, turned_folder: Path) -> None:
    """MLflow loads the alias in an environment without Volvelle, feeds it a table, and gets the same answers."""
    python = str(environment(mlflow_server.NAME))
    command = [python, "-c", ANSWER, mlflow, "models:/pumps@champion"]
    done = subprocess.run(command, cwd=turned_folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    there = json.loads(done.stdout.splitlines()[-1])
    ours = json.loads(turned("predict", "pumps.csv", "--json").stdout)["predictions"][:50]
    for name, column in there["answers"].items():
        assert column == [pytest.approx(row[name], abs=1e-7) for row in ours], name
    assert sorted(there["inputs"]) == ["heat", "site"]
    assert there["producer"] == "volvelle"
    assert Path(there["requirements"]).name == "requirements.txt"


def test_a_second_export_doubles_nothing(exported: dict[str, Any], mlflow: str, turned: Typed) -> None:
    """The run, its metrics, its model and its version are found again; the command says so."""
    again = json.loads(turned("export", "mlflow", mlflow, "--release", "pumps-1", "--json").stdout)
    assert {**again, "new_run": True, "new_version": True, "uploaded": exported["uploaded"]} == exported
    assert (again["new_run"], again["new_version"], again["uploaded"]) == (False, False, 0)
    said = turned("export", "mlflow", mlflow)
    assert "was there; brought up to date" in said.stdout
    assert "all were there" in said.stdout
    assert "models:/pumps@champion" in said.stderr
    runs = posted(mlflow, "runs/search", {"experiment_ids": [exported["experiment_id"]]})["runs"]
    assert [run["info"]["run_id"] for run in runs] == [exported["run_id"]]
    assert len(runs[0]["inputs"]["dataset_inputs"]) == 1
    history = asked(mlflow, "metrics/get-history", run_id=exported["run_id"], metric_key="test/roc_auc")
    assert len(history["metrics"]) == 1
    versions = asked(mlflow, "model-versions/search", filter="name = 'pumps'")["model_versions"]
    assert [version["version"] for version in versions] == ["1"]


def test_only_a_release_is_the_champion(exported: dict[str, Any], mlflow: str, turned: Typed) -> None:
    """A run that was not released is shown without an alias, or under another one, and never as the champion."""
    plain = turned("export", "mlflow", mlflow, "--run", "2", "--name", "others")
    assert plain.returncode == 0
    assert "none: the run is not released" in plain.stdout
    assert turned("export", "mlflow", mlflow, "--run", "2", "--alias", "champion").returncode == 1
    done = turned("export", "mlflow", mlflow, "--run", "2", "--alias", "challenger", "--json")
    assert json.loads(done.stdout)["version"] == "2"
    version = asked(mlflow, "registered-models/alias", name="pumps", alias="champion")["model_version"]
    assert (version["version"], version["run_id"]) == ("1", exported["run_id"])


def test_a_broken_export_is_finished_by_the_next(
    mlflow: str, empty: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the upload of the model breaks off there is no version; the next attempt finishes the same run."""
    text = 'problem = {target = "fails", name = "broken"}\ndata = {source = "pumps.csv"}\nsearch = {trials = 1}\n'
    (tmp_path / "volvelle.toml").write_text(text, encoding="utf-8")
    assert empty("run").returncode == 0
    out = outgoing(chosen(Project(tmp_path, existing=True)), b"report")
    server, name = Server(mlflow, {}), Asked("broken", "broken", "tried")
    put = Server.put

    def breaking(self: Server, place: str, content: bytes) -> None:
        if place.endswith("MLmodel"):
            raise ServiceError("the line is cut")
        put(self, place, content)

    with monkeypatch.context() as patch:
        patch.setattr(Server, "put", breaking)
        with pytest.raises(ServiceError, match="the line is cut"):
            send(server, out, name)
    none = asked(mlflow, "model-versions/search", filter="name = 'broken'")
    assert none.get("model_versions", []) == []
    sent = send(server, out, name)
    assert (sent.new_run, sent.new_version, sent.uploaded) == (False, True, 1)
    models = posted(mlflow, "logged-models/search", {"experiment_ids": [sent.experiment_id]})["models"]
    assert [m["info"]["status"] for m in models] == ["LOGGED_MODEL_READY"]
