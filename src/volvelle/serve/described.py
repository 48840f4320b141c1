"""What a server tells about itself: OpenAPI, a page that needs no network, and the gates of the release as metrics.

Written by the supervisor when a release begins to answer; workers only hand the files out.

Source: OpenAPI Specification 3.1, JSON Schema 2020-12.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from volvelle import __version__
from volvelle.deploy import release as releasing
from volvelle.deploy.palette import DARK, LIGHT, properties
from volvelle.errors import InputError
from volvelle.evaluate.records import Evidence
from volvelle.model.encode import example
from volvelle.model.signature import Feature, Signature
from volvelle.serve.inference import NUMERIC
from volvelle.serve.log import put
from volvelle.serve.metrics import escaped
from volvelle.spec.requirements import Extra

TEMPLATES = Path(__file__).parent / "templates"
FOLDER = "served"
_TYPES = {"number": "number", "integer": "number", "boolean": "boolean"}
_ERROR = {
    "type": "object",
    "required": ["id", "error"],
    "properties": {
        "id": {"type": "string"},
        "error": {
            "type": "object",
            "required": ["problem"],
            "properties": {
                "problem": {"type": "string"},
                "field": {"type": "string", "description": "which field it is about"},
                "row": {"type": "integer", "description": "which row, from 1"},
                "found": {"type": "string", "description": "what was found; left out in terse mode"},
                "next": {"type": "string", "description": "what to do about it"},
            },
        },
    },
}


def describe(folder: Path, name: str, live: Path, extra: Extra = "ignore") -> Path:
    """Write the documents of a release; the folder that they lie in.

    Raises:
        InputError: the release is damaged, or the documents cannot be written.
    """
    try:
        signature = msgspec.json.decode((folder / "signature.json").read_bytes(), type=Signature)
        evidence = msgspec.json.decode((folder / releasing.EVIDENCE).read_bytes(), type=Evidence)
    except (OSError, msgspec.MsgspecError) as error:
        raise InputError(f"the release cannot be read: {error}", where=str(folder)) from error
    # Another server of the same project may refuse what this one ignores.
    place = live / FOLDER / f"{folder.name}-{extra}"
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"), autoescape=True, undefined=StrictUndefined
    )
    row = example(signature)
    page = environment.get_template("page.html").render(
        name=name,
        release=folder.name,
        target=signature.target,
        classes=signature.classes,
        extra=extra,
        features=[{"kind": f.kind, "name": f.name, "unit": f.unit, "takes": takes(f)} for f in signature.features],
        row=json.dumps(row, indent=2, ensure_ascii=False),
        verdicts=evidence.verdicts,
    )
    schemes = f":root{{{properties(LIGHT)}}}@media (prefers-color-scheme:dark){{:root{{{properties(DARK)}}}}}\n"
    files = {
        "openapi.json": json.dumps(openapi(signature, name, folder.name, extra), ensure_ascii=False, indent=1),
        "page.html": page,
        "style.css": schemes + (TEMPLATES / "style.css").read_text(encoding="utf-8"),
        "gates.prom": gates(evidence, folder.name),
    }
    try:
        place.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            put(place / file, content.encode())
    except OSError as error:
        raise InputError(f"the documents cannot be written: {error.strerror}", where=str(place)) from error
    return place


def takes(feature: Feature) -> str:
    """The values of a feature, in words.

    >>> takes(Feature(name="a", kind="number", low=1.0, high=2.5, bounded=True, missing="refuse"))
    '1 to 2.5; another number counts as missing; must not be missing'
    """
    words: list[str] = []
    if feature.kind in ("number", "integer") and feature.low is not None and feature.high is not None:
        words.append(f"{feature.low:g} to {feature.high:g}" + ("" if feature.bounded else " in training"))
        words += ["another number counts as missing"] if feature.bounded else []
    elif feature.kind == "category":
        shown = ", ".join(feature.categories[:12])
        words.append(shown + (f" and {len(feature.categories) - 12} more" if len(feature.categories) > 12 else ""))
        words.append("others are refused" if feature.unseen == "refuse" else "others count as unknown")
    elif feature.kind == "time":
        words.append("ISO 8601, or seconds since 1970 UTC")
        if feature.low is not None and feature.high is not None:
            days = [datetime.fromtimestamp(second, UTC).date() for second in (feature.low, feature.high)]
            words.append(f"{days[0]} to {days[1]} in training")
    else:
        words.append({"boolean": "true or false"}.get(feature.kind, "free text"))
    words.append("may be null" if feature.missing == "allow" else "must not be missing")
    return "; ".join(words)


def schema(feature: Feature, value: Any) -> dict[str, Any]:
    """A feature as a JSON Schema.

    Cells are read as leniently as in training, so that ``"2.5"`` is a number too; the schema says how they are meant.
    """
    kinds = [_TYPES.get(feature.kind, "string")] + (["null"] if feature.missing == "allow" else [])
    made: dict[str, Any] = {"type": kinds if len(kinds) > 1 else kinds[0], "description": takes(feature)}
    if feature.unit:
        made["x-unit"] = feature.unit
    if feature.kind in ("number", "integer"):
        for key, bound in (("minimum", feature.low), ("maximum", feature.high)):
            if bound is not None:
                made[key if feature.bounded and feature.missing == "refuse" else f"x-{key}"] = bound
    if feature.kind == "category":
        listed = [*feature.categories, *([None] if feature.missing == "allow" else [])]
        made["enum" if feature.unseen == "refuse" else "x-categories"] = listed
    if feature.kind == "time":
        made["format"] = "date-time"
    made["examples"] = [value]
    return made


def openapi(signature: Signature, name: str, release: str, extra: Extra = "ignore") -> dict[str, Any]:
    """The document that generators of clients read."""
    row = example(signature)
    record = {
        "type": "object",
        "required": [feature.name for feature in signature.features],
        "properties": {feature.name: schema(feature, row[feature.name]) for feature in signature.features},
        "examples": [row],
    } | ({"additionalProperties": False} if extra == "refuse" else {})
    about = {
        "title": name,
        "version": release,
        "description": f"Predicts {signature.target}.",
        "x-made-by": __version__,
    }
    schemas = {
        "Row": record,
        "Predictions": _predictions(signature),
        "Outcome": _outcome(signature),
        "Inferred": _inferred(),
        "Error": _ERROR,
        # The protocol has a text; what never reaches it is refused as elsewhere.
        "Fault": _object(error={"type": ["string", "object"]}),
        **_STATES,
    }
    return {
        "openapi": "3.1.0",
        "info": about,
        "paths": _paths(signature, name, release, row),
        "components": {"schemas": schemas, "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
        "security": [{}, {"key": []}],
    }


def _paths(signature: Signature, name: str, release: str, row: dict[str, Any]) -> dict[str, Any]:
    told, several = {"$ref": "#/components/schemas/Outcome"}, {"$ref": "#/components/schemas/Row"}
    forms = [
        several,
        _object(rows=_array(several)),
        _object(columns=_array({"type": "string"}), data=_array(_array({}))),
    ]
    outcomes = [told, _object(outcomes=_array(told)) | {"additionalProperties": False}]
    tensors, about = [_tensors(signature)], "Predict tensors (Open Inference Protocol)"
    model = f"/v2/models/{name}"
    version = f"{model}/versions/{{version}}"
    posts = {
        "/v1/predict": _operation("predict", "Predict rows", forms, "Predictions", {"rows": [row]}),
        "/v1/outcomes": _operation("outcomes", "Tell what really happened", outcomes, "Taken", None),
        "/v1/sketchs": _operation("sketches", "Hand in what a device counted", [], "Taken", None),
        f"{model}/infer": _operation("infer", about, tensors, "Inferred", None, "Fault"),
        f"{version}/infer": _operation("inferByRelease", about, tensors, "Inferred", None, "Fault"),
        "/v1/admin/reload": _read("reload", "Look for the champion now; the role admin", "Told", ("401", "403", "429")),
    }
    reads = {
        "/healthz": _read("alive", "Whether the process lives", "Live"),
        "/metrics": _read("metrics", "Counters for Prometheus", ""),
        "/openapi.json": _read("openapi", "This document", ""),
        "/v1/state": _read("state", "What watching found last; the role watch", "State", ("401", "403", "429")),
        "/v2": _read("server", "What the server is", "Server"),
        "/v2/health/live": _read("live", "Whether the process lives", "Live"),
        "/v2/health/ready": _read("ready", "Whether it answers", "Ready"),
        model: _read("model", "Inputs and outputs", "Model"),
        f"{model}/ready": _read("modelReady", "Whether the model answers", "Ready"),
        version: _read("release", "Inputs and outputs of a release", "Model"),
        f"{version}/ready": _read("releaseReady", "Whether a release answers", "Ready"),
    }
    which = {"name": "version", "in": "path", "required": True, "schema": _TEXT, "example": release}
    which |= {"description": "the name of the release that answers; 404 for any other"}
    made: dict[str, Any] = {path: {"post": post} for path, post in posts.items()}
    made |= {path: {"get": read} for path, read in reads.items()}
    return {path: item | ({"parameters": [which]} if "{" in path else {}) for path, item in made.items()}


def _tensors(signature: Signature) -> dict[str, Any]:
    tensor = _object(
        name={"type": "string", "enum": [feature.name for feature in signature.features]},
        shape={"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1, "maxItems": 2},
        datatype={"type": "string", "enum": [*NUMERIC, "BYTES"]},
    )
    tensor["properties"]["data"] = _array({})
    return _object(inputs=_array(tensor))


def _inferred() -> dict[str, Any]:
    text = {"type": "string"}
    tensor = _object(name=text, datatype=text, shape=_array({"type": "integer"}))
    return _object(model_name=text, model_version=text, id=text, outputs=_array(tensor))


def _predictions(signature: Signature) -> dict[str, Any]:
    classes = list(signature.classes)
    answer = _object(
        id={"type": "string", "description": "of the request; that of a row is <id>-<position from 0>"},
        release={"type": "string", "description": "who answered"},
        predictions=_array({"type": "string", "enum": classes} if classes else {"type": "number"}),
    )
    if classes:
        shares = {"type": "object", "additionalProperties": {"type": "number"}}
        answer["properties"]["probabilities"] = _array(shares)
    return answer


def _outcome(signature: Signature) -> dict[str, Any]:
    made = _object(
        id={"type": "string", "minLength": 1, "maxLength": 200, "description": "of the row: <id>-<position>"},
        outcome={"type": ["string", "number", "boolean"]} if signature.classes else {"type": "number"},
    )
    return made | {"additionalProperties": False}


def _array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


_TEXT = {"type": "string"}
_STATES: dict[str, Any] = {
    "Taken": _object(id=_TEXT, taken={"type": "integer"}),
    "Told": _object(told=_TEXT),
    "State": _object(release=_TEXT, alarming={"type": "boolean"}, report={"type": "object"}),
    "Live": _object(live={"type": "boolean"}),
    "Ready": _object(ready={"type": "boolean"}),
    "Server": _object(name=_TEXT, version=_TEXT, extensions=_array(_TEXT)),
    "Tensor": _object(name=_TEXT, datatype=_TEXT, shape=_array({"type": "integer"})),
    "Model": _object(
        name=_TEXT,
        versions=_array(_TEXT),
        platform=_TEXT,
        inputs=_array({"$ref": "#/components/schemas/Tensor"}),
        outputs=_array({"$ref": "#/components/schemas/Tensor"}),
    ),
}


def _read(name: str, about: str, answer: str, codes: tuple[str, ...] = ()) -> dict[str, Any]:
    """An operation without a body; what answers by `Ready` says so with a 503 too."""
    done: dict[str, Any] = {"description": "as asked"}
    if answer:
        done["content"] = _answer(answer)
    refused = {"description": "refused", "content": _answer("Error")}
    late = done | {"description": "not now"} if answer == "Ready" else refused
    responses = {"200": done, **dict.fromkeys(("404", *codes), refused), "503": late}
    return {"operationId": name, "summary": about, "responses": responses}


def _answer(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _operation(
    name: str, about: str, forms: list[dict[str, Any]], answer: str, shown: Any, error: str = "Error"
) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"anyOf": forms}} | ({"example": shown} if shown else {})
    body = {"application/json": content} if forms else {"application/octet-stream": {}}
    refused = {"description": "refused", "content": _answer(error)}
    done = {"description": "done", "content": _answer(answer)}
    codes = ("400", "401", "403", "404", "408", "413", "415", "422", "429", "503")
    return {
        "operationId": name,
        "summary": about,
        "requestBody": {"required": True, "content": body},
        "responses": {"200": done, **dict.fromkeys(codes, refused)},
    }


def gates(evidence: Evidence, release: str) -> str:
    """The gates of a release as metrics: what was measured, and whether it passed."""
    lines = ["# HELP volvelle_release_info The release that answers.", "# TYPE volvelle_release_info gauge"]
    lines.append(f'volvelle_release_info{{release="{escaped(release)}"}} 1')
    lines += ["# HELP volvelle_gate_value What was measured before the release.", "# TYPE volvelle_gate_value gauge"]
    known = [v for v in evidence.verdicts if v.value is not None]
    lines += [f'volvelle_gate_value{{gate="{escaped(v.gate)}"}} {v.value:.9g}' for v in known]
    lines += ["# HELP volvelle_gate_passed Whether the gate passed.", "# TYPE volvelle_gate_passed gauge"]
    lines += [f'volvelle_gate_passed{{gate="{escaped(v.gate)}"}} {int(v.verdict == "pass")}' for v in evidence.verdicts]
    return "\n".join(lines) + "\n"
