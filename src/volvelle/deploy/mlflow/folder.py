"""A model as MLflow lays it out: the folder that its ``onnx`` and ``python_function`` flavours load.

Source: MLflow's model format, version 3.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from volvelle.deploy.mlflow.records import Outgoing
from volvelle.model.columns import ColumnType, inputs, outputs

MODEL = "model.onnx"
_DTYPES: dict[ColumnType, str] = {"float32": "float32", "string": "object", "int64": "int64"}


def files(out: Outgoing, *, run_id: str, model_id: str, server: str) -> dict[str, bytes]:
    """File name to content of the model's folder; the same arguments always give the same bytes.

    Args:
        out: the run.
        run_id: its number in MLflow.
        model_id: the number of the logged model in MLflow.
        server: version of MLflow, which the environment of the model asks for.
    """
    python = out.versions["python"]
    packages = [f"mlflow=={server}", *(f"{n}=={v}" for n, v in _runtime(out.versions).items())]
    environment = {
        "name": "mlflow-env",
        "channels": ["conda-forge"],
        "dependencies": [f"python={python}", "pip", {"pip": packages}],
    }
    build = {"python": python, "build_dependencies": ["pip", "setuptools", "wheel"]}
    return {
        MODEL: out.onnx,
        "requirements.txt": ("\n".join(packages) + "\n").encode(),
        "conda.yaml": yaml(environment),
        "python_env.yaml": yaml({**build, "dependencies": ["-r requirements.txt"]}),
        "MLmodel": yaml(_described(out, run_id, model_id, server)),
    }


def _runtime(versions: Mapping[str, str]) -> dict[str, str]:
    """What answering needs; a package that the run did not note is taken in any version by leaving it out."""
    return {name: versions[name] for name in ("numpy", "onnx", "onnxruntime") if name in versions}


def _described(out: Outgoing, run_id: str, model_id: str, server: str) -> dict[str, Any]:
    """The content of the file MLmodel."""
    python = {
        "data": MODEL,
        "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
        "loader_module": "mlflow.onnx",
        "python_version": out.versions["python"],
    }
    onnx = {
        "code": None,
        "data": MODEL,
        "onnx_session_options": None,
        "onnx_version": out.versions.get("onnx", ""),
        "providers": ["CPUExecutionProvider"],
    }
    made = datetime.fromtimestamp(out.ended / 1000, UTC)
    return {
        "artifact_path": None,
        "flavors": {"onnx": onnx, "python_function": python},
        "mlflow_version": server,
        "model_id": model_id,
        "model_size_bytes": len(out.onnx),
        "model_uuid": out.key[:32],
        "run_id": run_id,
        "signature": {
            "inputs": json.dumps([_tensor(*column) for column in inputs(out.signature).items()]),
            "outputs": json.dumps([_tensor(*column) for column in outputs(out.signature).items()]),
            "params": None,
        },
        "utc_time_created": made.strftime("%Y-%m-%d %H:%M:%S.%f"),
    }


def _tensor(name: str, kind: ColumnType) -> dict[str, Any]:
    """One column of a signature: as a tensor, since MLflow turns a table's cells into a tensor's type by itself."""
    return {"name": name, "type": "tensor", "tensor-spec": {"dtype": _DTYPES[kind], "shape": [-1]}}


def yaml(value: dict[str, Any]) -> bytes:
    """Nested mappings and lists as YAML; scalars are written as JSON, which YAML reads.

    >>> print(yaml({"a": {"b": "x: y"}, "c": ["d", {"e": [1]}]}).decode())
    a:
      b: "x: y"
    c:
      - "d"
      -
        e:
          - 1
    <BLANKLINE>
    """
    return "".join(f"{line}\n" for line in _lines(value, "")).encode()


def _lines(value: dict[str, Any] | list[Any], indent: str) -> list[str]:
    made = []
    pairs = ((f"{k}:", v) for k, v in value.items()) if isinstance(value, dict) else (("-", v) for v in value)
    for head, inner in pairs:
        if isinstance(inner, dict | list):
            made += [f"{indent}{head}", *_lines(inner, f"{indent}  ")]
        else:
            made.append(f"{indent}{head} {json.dumps(inner)}")
    return made
