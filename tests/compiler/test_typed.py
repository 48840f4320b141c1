"""The model asked by names: on this machine, under sanitizers and on emulated cores, with real and with hard names."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
import polars as pl
import pytest
from numpy.typing import NDArray

from volvelle.catalog import EMULATORS, TOOLCHAINS
from volvelle.compiler.device import device
from volvelle.compiler.host import Host, sanitized
from volvelle.compiler.image import WARNINGS
from volvelle.compiler.prove import Compiled, compiled, prove, vectors
from volvelle.compiler.sources import Sources
from volvelle.compiler.typed import Typed
from volvelle.flow.result import find
from volvelle.flow.turn import Project, turn
from volvelle.model.encode import encode
from volvelle.model.predictor import Predictor
from volvelle.model.signature import Feature, ModelTask, Signature
from volvelle.spec.read import parse
from volvelle.testing.named_models import HARD, model_of, nameless, signature_of

TASKS: tuple[ModelTask, ...] = ("binary", "multiclass", "regression")
SPEC = """
problem.target = "cnt"
data.source = "{source}"
data.ignore = ["instant", "casual", "registered"]
features.season.categories = ["1", "2", "3", "4"]
features.workingday.role = "boolean"
search.trials = 1
search.estimators = ["decision_tree"]
search.ensemble = false
"""


def typed_of(made: Compiled) -> Typed:
    """The names, which the model must have."""
    assert made.sources.typed is not None
    return made.sources.typed


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("hard", [False, True])
def test_the_golden_program_asks_by_name_too(task: ModelTask, hard: bool, tmp_path: Path) -> None:
    """Hard names and policies give C and C++ without a warning, and answers by name are those by arrays to the byte."""
    compiler, plus = shutil.which("gcc"), shutil.which("g++")
    if compiler is None or plus is None:
        pytest.skip("needs gcc and g++")
    content = model_of(signature_of(task, hard=hard, refuse=hard))
    made = compiled(content, "pump")
    (tmp_path / "pump.h").write_text(made.sources.header)
    (tmp_path / "pump.c").write_text(made.sources.source)
    (tmp_path / "test.c").write_text(vectors(content, made))
    use = '#include "pump.h"\nbool f(const pump_row_t *r, pump_answer_t *a) { return pump_predict_row(r, a); }\n'
    (tmp_path / "use.cpp").write_text(use)
    strict = [*WARNINGS, "-Wpedantic"]
    subprocess.run([compiler, "-std=c11", *strict, "-o", "t", "pump.c", "test.c", "-lm"], cwd=tmp_path, check=True)
    subprocess.run([plus, "-std=c++17", *strict, "-c", "use.cpp"], cwd=tmp_path, check=True)
    done = subprocess.run(["./t"], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "24 rows, 0 wrong numbers\n")
    assert "by_name" in (tmp_path / "test.c").read_text()


def test_members_in_another_order_are_found() -> None:
    """The golden program fails where a name leads to the column of another feature."""
    content = model_of(signature_of("binary"))
    made = compiled(content, "pump")
    header = made.sources.header.replace("row->heat,", "row->pump_age,")
    assert header != made.sources.header
    complaint = sanitized(replace(made.sources, header=header), vectors(content, made))
    if complaint is None:
        pytest.skip("this machine's compiler has no sanitizers")
    assert "by name: another answer than by arrays" in complaint


@pytest.fixture(scope="module")
def bikes(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Signature, pl.DataFrame]:
    """A model of bicycles rented an hour: numbers, a category, flags and a time."""
    folder = tmp_path_factory.mktemp("bikes")
    frame = pl.read_csv(real_data / "regression" / "bike_sharing_hour.csv.gz").head(3000)
    frame.write_csv(folder / "bikes.csv")
    project = Project(folder)
    result = find(project, turn(project, parse(SPEC.format(source="bikes.csv")), lambda event, facts: None).run)
    return result.onnx, result.model.signature, frame


def structs(typed: Typed, frame: pl.DataFrame, signature: Signature) -> tuple[Any, list[NDArray[np.uint8]]]:
    """The struct as any C compiler of these machines lays it out, and a frame's rows in it."""
    kinds = {"float": ctypes.c_float, "int64_t": ctypes.c_int64}
    fields = [(m.name, kinds.get(m.kind, ctypes.c_int)) for m in typed.members]
    layout = type("Row", (ctypes.Structure,), {"_fields_": fields})
    matrices = encode(frame, signature)
    by_name = {f.name: matrices[t][:, k] for t in ("numbers", "codes", "times") for k, f in enumerate(signature.of(t))}
    values = [by_name[m.feature.name] for m in typed.members]
    rows = [layout(*(v[k].item() for v in values)) for k in range(frame.height)]
    return layout, [np.frombuffer(bytes(r), np.uint8) for r in rows]


def asking(made: Compiled) -> str:
    """The C of a model with a function that is entered by a struct."""
    text = made.sources.source.replace('#include "bikes.h"', '#include "ask.h"')
    entry = "(const bikes_row_t *row, bikes_answer_t *answer)"
    return f"{text}\nvoid ask_run{entry};\nvoid ask_run{entry} {{ (void)bikes_predict_row(row, answer); }}\n"


@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m4f", "rv32imac"])
def test_a_real_model_answers_by_name(core: str, bikes: tuple[bytes, Signature, pl.DataFrame]) -> None:
    """Structs of real rows get the answers of onnxruntime on this machine, and the same bytes on an emulated core."""
    content, signature, frame = bikes
    made = compiled(content, "bikes")
    typed = typed_of(made)
    assert {m.tensor for m in typed.members} == {"numbers", "codes", "times"}
    some = frame.gather_every(60).head(40)
    layout, rows = structs(typed, some, signature)
    ends = [(np.dtype(np.float32), 1)]
    asked = Sources("ask", made.sources.header, asking(made), made.sources.plan, (), (("answer", "float", 1),))
    host = Host(asked).run([np.stack(rows)])[0][:, 0]
    wanted = Predictor(content, signature).predict(some)["prediction"].to_numpy()
    assert np.allclose(host, wanted, rtol=1e-5, atol=1e-5)
    emulated = EMULATORS.load("unicorn").Core(TOOLCHAINS.load("zig").build(asked, device(core)), device(core))
    answers = [emulated.run([row], ends).outputs[0][0] for row in rows]
    assert ctypes.sizeof(layout) == len(rows[0])
    assert np.array_equal(np.array(answers), host)


def test_names_that_nobody_uses_take_no_flash() -> None:
    """The program of the same model without names has the same size to the byte."""
    made = compiled(model_of(signature_of("multiclass")), "pump")
    typed = typed_of(made)
    bare = made.sources.header
    for line in (*typed.declared, *typed.defined):
        bare = bare.replace(f"{line}\n", "\n", 1) if line else bare
    assert "predict_row" not in bare
    build = TOOLCHAINS.load("zig").build
    sizes = [build(replace(made.sources, header=h), device("cortex-m4f")).flash for h in (made.sources.header, bare)]
    assert sizes[0] == sizes[1]


def test_what_encoding_would_make_missing_is_missing() -> None:
    """A number beyond its declared range or infinite, and a code of no category, answer as missing and unknown do."""
    content = model_of(signature_of("regression"))
    made = compiled(content, "bikes")
    asked = Sources("ask", made.sources.header, asking(made), made.sources.plan, (), (("answer", "float", 1),))
    names = [m.name for m in typed_of(made).members]
    kinds = {"float": ctypes.c_float, "int64_t": ctypes.c_int64}
    fields = [(m.name, kinds.get(m.kind, ctypes.c_int)) for m in typed_of(made).members]
    layout = type("Row", (ctypes.Structure,), {"_fields_": fields})

    def answer(**odd: float) -> float:
        row = dict.fromkeys(names, 1) | odd
        return float(Host(asked).run([np.frombuffer(bytes(layout(**row)), np.uint8).reshape(1, -1)])[0][0, 0])

    missing = float("nan")
    assert answer(turns=3001.0) == answer(turns=missing) != answer(turns=2999.0)
    assert answer(heat=float("inf")) == answer(heat=missing) != answer(heat=1000.0)
    assert answer(site=77) == answer(site=-2) != answer(site=-1)


def test_a_row_that_a_feature_refuses_has_no_answer() -> None:
    """The golden program expects no answer where a value is missing or unknown that the model does not go without."""
    content = model_of(signature_of("binary", refuse=True))
    made = compiled(content, "pump")
    told = vectors(content, made)
    flags = told.partition("answered[24] = {")[2].partition("}")[0].split(", ")
    assert {"true", "false"} == set(flags)
    assert prove(content, made, device("cortex-m4f")).agrees()


def with_signature(signature: Signature | dict[str, Any]) -> bytes:
    """The model of a plain signature with another one written into its file."""
    model = onnx.load_from_string(model_of(signature_of("binary")))
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {"signature": msgspec.json.encode(signature).decode()})
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(
    "change",
    [
        {"classes": ("a", "b", "c")},
        {"task": "regression"},
        {"features": signature_of("binary").features[1:]},
        {"features": (signature_of("binary").features[0],) * 8},
        {"features": tuple(msgspec.structs.replace(f, length=-4) for f in signature_of("binary").features)},
        {"features": tuple(msgspec.structs.replace(f, length=10**9) for f in signature_of("binary").features)},
        {"features": tuple(msgspec.structs.replace(f, kind="text") for f in signature_of("binary").features)},
    ],
)
def test_a_signature_of_another_model_is_not_believed(change: dict[str, Any]) -> None:
    """A file may claim anything: what does not fit the graph is left out, and the arrays still answer."""
    content = with_signature(msgspec.structs.replace(signature_of("binary"), **change))
    made = compiled(content, "pump")
    assert (made.signature, made.sources.typed) == (None, None)
    assert prove(content, made, device("cortex-m4f")).agrees()


def test_a_model_without_a_signature_keeps_its_arrays() -> None:
    """Any ONNX file compiles as before: there is no struct."""
    assert "_row_t" not in compiled(nameless(), "m").sources.header


def test_texts_stay_hashes_of_words() -> None:
    """A column of free text is an array of the struct, in its place among the hashes."""
    features = (Feature(name="note", kind="text", length=8), Feature(name="word", kind="text", length=16))
    signature = Signature(features=features, target="y", task="regression")
    nodes = [
        onnx.helper.make_node("Cast", ["words"], ["real"], to=1),
        onnx.helper.make_node("ReduceSum", ["real", "axis"], ["prediction"]),
    ]
    graph = onnx.helper.make_graph(
        nodes,
        "g",
        [onnx.helper.make_tensor_value_info("words", onnx.TensorProto.INT64, ["N", 24])],
        [onnx.helper.make_tensor_value_info("prediction", onnx.TensorProto.FLOAT, ["N", 1])],
        [onnx.numpy_helper.from_array(np.array([1]), "axis")],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 21)], ir_version=10)
    onnx.helper.set_model_props(model, {"signature": msgspec.json.encode(signature).decode()})
    made = compiled(bytes(model.SerializeToString()), "m")
    assert "int64_t note[8];" in made.sources.header
    assert "words[8 + i] = (int64_t)row->word[i];" in made.sources.header
    assert sanitized(made.sources, vectors(bytes(model.SerializeToString()), made)) in ("", None)


def test_hard_names_leave_no_trace() -> None:
    """No comment ends and no directive begins by a name, a unit, a category or a class."""
    made = compiled(model_of(signature_of("multiclass", hard=True)), "*/ evil")
    text = made.sources.header + made.sources.source + vectors(model_of(signature_of("multiclass", hard=True)), made)
    outside = text.replace("*/\n", "\n").replace(" */ ", "\n")
    assert "*/" not in outside
    directives = {line.split()[0] for line in text.splitlines() if line.lstrip().startswith("#")}
    assert directives <= {"#include", "#define", "#if", "#ifdef", "#ifndef", "#endif", "#pragma"}
    assert HARD[3] not in text
