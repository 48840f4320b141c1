"""Sends one run to an MLflow server, so that it is there once however often it is sent.

In this order: the run, the model's files, metrics and parameters, the end of the run, the version, the alias. What is
there already is found by its key and not made again, so a call that was cut off is finished by the next one, and an
alias never points at files that are not there.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlsplit

from volvelle.deploy.mlflow.folder import files
from volvelle.deploy.mlflow.records import Asked, Outgoing, Sent
from volvelle.deploy.mlflow.server import Server
from volvelle.errors import ServiceError

_ABSENT, _PRESENT = "RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS"
_KEY, _CONTENT, _MODEL = "volvelle.key", "volvelle.content", "volvelle.model_id"
_EVIDENCE = "volvelle"
_PARAMETER, _TAG, _NAME, _DIGEST = 6000, 8000, 250, 36
"""Longest value of a parameter and of a tag, longest name, longest digest that MLflow keeps."""
V = TypeVar("V")
_WORDS = {"'": "", "<=": "le", ">=": "ge", "!=": "ne", "<": "lt", ">": "gt", "=": "eq"}
_TYPES = {"number": "double", "integer": "long", "category": "string", "boolean": "boolean", "time": "datetime"}


def send(server: Server, out: Outgoing, asked: Asked) -> Sent:
    """Write a run, its model, a version of the registered model and its alias.

    Raises:
        ServiceError: the server does not answer or refuses; what was written before stands and is used by the next
            attempt.
    """
    version = server.version()
    experiment = _experiment(server, asked.experiment)
    run_id, place, new_run = _run(server, experiment, out)
    uploaded = _upload(server, f"{place}/{_EVIDENCE}", out.files)
    model_id, sent = _model(server, out, experiment, run_id, version)
    _facts(server, out, run_id, model_id)
    server.call(
        "POST",
        "mlflow/runs/update",
        {"run_id": run_id, "run_name": out.name, "status": "FINISHED", "end_time": out.ended},
        again=True,
    )
    number, new_version = _register(server, out, asked, run_id, model_id)
    if asked.alias:
        named = {"name": asked.registered, "alias": asked.alias, "version": number}
        server.call("POST", "mlflow/registered-models/alias", named, again=True)
    notes = ("the credentials travelled unencrypted: use https",) if server.exposed else ()
    return Sent(
        server=server.address,
        version_of_mlflow=version,
        experiment=asked.experiment,
        experiment_id=experiment,
        run_id=run_id,
        new_run=new_run,
        model_id=model_id,
        uploaded=uploaded + sent,
        model=asked.registered,
        version=number,
        new_version=new_version,
        alias=asked.alias,
        notes=notes,
    )


def name_of(text: str) -> str:
    """A name that MLflow takes for a metric, a parameter or a tag.

    >>> name_of("recall where site = 'n' and age >= 30")
    'recall where site eq n and age ge 30'
    """
    for sign, word in _WORDS.items():
        text = text.replace(sign, word)
    return re.sub(r"[^\w\-. :/]", "_", text)[:_NAME]


def named(values: Mapping[str, V]) -> dict[str, V]:
    """Values by names that MLflow takes; names that would become the same are numbered.

    >>> named({"a+": 1, "a*": 2})
    {'a_': 1, 'a_ 2': 2}
    """
    made: dict[str, V] = {}
    for text, value in values.items():
        name, count = name_of(text), 1
        while (free := name if count == 1 else f"{name[: _NAME - 8]} {count}") in made:
            count += 1
        made[free] = value
    return made


def _experiment(server: Server, name: str) -> str:
    """The experiment's number; it is made where there is none."""
    asked = {"experiment_name": name}
    found = server.call("GET", "mlflow/experiments/get-by-name", asked, absent=_ABSENT)
    if not found:
        # Another client may have made it in between.
        server.call("POST", "mlflow/experiments/create", {"name": name}, absent=_PRESENT)
        found = server.call("GET", "mlflow/experiments/get-by-name", asked)
    experiment = found["experiment"]
    if experiment.get("lifecycle_stage") == "deleted":
        raise ServiceError(
            f"the experiment {name!r} is deleted", where=server.address, next_move="restore it, or name another"
        )
    _place(server, experiment["artifact_location"])
    return str(experiment["experiment_id"])


def _run(server: Server, experiment: str, out: Outgoing) -> tuple[str, str, bool]:
    """The run's number, the place of its artifacts, and whether it was made."""
    query = {"experiment_ids": [experiment], "filter": f"tags.`{_KEY}` = '{out.key}'", "max_results": 1}
    found = server.call("POST", "mlflow/runs/search", query, again=True).get("runs", [])
    if found:
        info = found[0]["info"]
    else:
        body = {
            "experiment_id": experiment,
            "user_id": out.user,
            "run_name": out.name,
            "start_time": out.started,
            "tags": _pairs({_KEY: out.key, "mlflow.user": out.user}, _TAG),
        }
        info = server.call("POST", "mlflow/runs/create", body)["run"]["info"]
    return info["run_id"], _place(server, info["artifact_uri"]), not found


def _model(server: Server, out: Outgoing, experiment: str, run_id: str, version: str) -> tuple[str, int]:
    """The number of the logged model, whole and ready, and how many files were sent for it."""
    content = hashlib.sha256(out.onnx).hexdigest()
    query = {
        "experiment_ids": [experiment],
        "filter": f"tags.`{_CONTENT}` = '{content}' AND source_run_id = '{run_id}'",
        "max_results": 1,
    }
    found = server.call("POST", "mlflow/logged-models/search", query, again=True).get("models", [])
    if found:
        info = found[0]["info"]
    else:
        body = {
            "experiment_id": experiment,
            "name": out.name,
            "source_run_id": run_id,
            "model_type": "volvelle",
            "tags": _pairs({_CONTENT: content, **out.tags}, _TAG),
            "params": _pairs(dict(islice(out.parameters.items(), 100)), _PARAMETER),
        }
        info = server.call("POST", "mlflow/logged-models", body)["model"]["info"]
    model_id = str(info["model_id"])
    folder = files(out, run_id=run_id, model_id=model_id, server=version)
    sent = _upload(server, _place(server, info["artifact_uri"]), folder)
    if info.get("status") != "LOGGED_MODEL_READY":
        ready = {"model_id": model_id, "status": "LOGGED_MODEL_READY"}
        server.call("PATCH", f"mlflow/logged-models/{model_id}", ready, again=True)
    return model_id, sent


def _upload(server: Server, place: str, content: Mapping[str, bytes]) -> int:
    """Send the files that do not lie there in the same size; how many they were.

    Raises:
        ServiceError: a file does not lie there after it was sent.
    """

    def lacking() -> list[str]:
        listed = server.call("GET", "mlflow-artifacts/artifacts", {"path": place}).get("files", [])
        sizes = {entry["path"]: int(entry.get("file_size", -1)) for entry in listed}
        return [name for name in content if sizes.get(name) != len(content[name])]

    wanted = lacking()
    for name in wanted:
        server.put(f"{place}/{name}", content[name])
    if wanted and (lost := lacking()):
        raise ServiceError(
            f"{len(lost)} of {len(wanted)} files do not lie there after they were sent: {', '.join(lost)}",
            where=server.address,
            next_move="look at the server's artifact store and its log; no version was made of them",
        )
    return len(wanted)


def _facts(server: Server, out: Outgoing, run_id: str, model_id: str) -> None:
    """Metrics, parameters, tags, the data set and the model of a run; a repetition adds nothing."""
    metrics = [
        {"key": k, "value": v, "timestamp": out.ended, "step": 0, "model_id": model_id, "run_id": run_id}
        for k, v in named(out.metrics).items()
    ]
    tags = _pairs({**out.tags, "mlflow.note.content": out.note, _MODEL: model_id}, _TAG)
    for kind, entries in (("metrics", metrics), ("params", _pairs(out.parameters, _PARAMETER)), ("tags", tags)):
        for batch in _batches(entries):
            server.call("POST", "mlflow/runs/log-batch", {"run_id": run_id, kind: batch}, again=True)
    inputs = {"run_id": run_id, "datasets": [_dataset(out)]}
    server.call("POST", "mlflow/runs/log-inputs", inputs, again=True)
    run = server.call("GET", "mlflow/runs/get", {"run_id": run_id})["run"]
    if model_id not in [output["model_id"] for output in run.get("outputs", {}).get("model_outputs", [])]:
        models = {"run_id": run_id, "models": [{"model_id": model_id, "step": 0}]}
        server.call("POST", "mlflow/runs/outputs", models)


def _dataset(out: Outgoing) -> dict[str, Any]:
    """The data of the run as MLflow's dataset input: its digest, where it came from, its columns and its size."""
    data = out.dataset
    columns = [{"name": c.name, "type": _TYPES.get(c.kind, "string"), "required": not c.missing} for c in data.columns]
    described = {
        "name": data.source[:500],
        "digest": data.version[:_DIGEST],
        "source_type": "local" if all(origin.kind == "file" for origin in data.origins) else "volvelle",
        "source": json.dumps({"uri": data.source, "sha256": data.version})[:60_000],
        "schema": json.dumps({"mlflow_colspec": columns}),
        "profile": json.dumps({"num_rows": data.rows, "num_elements": data.rows * len(data.columns)}),
    }
    return {"tags": [{"key": "mlflow.data.context", "value": "training and test"}], "dataset": described}


def _register(server: Server, out: Outgoing, asked: Asked, run_id: str, model_id: str) -> tuple[str, bool]:
    """The version of the registered model that holds this model, and whether it was made."""
    server.call("POST", "mlflow/registered-models/create", {"name": asked.registered}, absent=_PRESENT, again=True)
    name = asked.registered.replace("'", "''")
    query = {"filter": f"name = '{name}' AND run_id = '{run_id}'", "max_results": 100}
    source = f"models:/{model_id}"
    for found in server.call("GET", "mlflow/model-versions/search", query).get("model_versions", []):
        if found["source"] == source:
            return str(found["version"]), False
    body = {
        "name": asked.registered,
        "source": source,
        "run_id": run_id,
        "model_id": model_id,
        "description": out.note,
        "tags": _pairs(out.tags, _TAG),
    }
    made = server.call("POST", "mlflow/model-versions/create", body)["model_version"]
    return str(made["version"]), True


def _place(server: Server, uri: str) -> str:
    """The path of an artifact location that the server itself takes uploads for.

    Raises:
        ServiceError: files are to be written somewhere else, which this command has no way to.
    """
    parts = urlsplit(uri)
    here = urlsplit(server.address)
    if parts.scheme != "mlflow-artifacts" or parts.hostname not in (None, "", here.hostname):
        raise ServiceError(
            f"artifacts are kept at {uri}, where clients are to write themselves",
            where=server.address,
            next_move="start the server with --serve-artifacts, and name a new --experiment",
        )
    return parts.path.strip("/")


def _pairs(values: Mapping[str, str], longest: int) -> list[dict[str, str]]:
    return [{"key": key, "value": value[:longest]} for key, value in named(values).items()]


def _batches(entries: Iterable[dict[str, Any]], size: int = 100) -> Iterator[list[dict[str, Any]]]:
    left = iter(entries)
    while batch := list(islice(left, size)):
        yield batch
