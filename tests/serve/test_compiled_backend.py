"""Compiled C in the place of onnxruntime: the same answers, also from threads, and refused where they differ."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
import pytest
from msgspec.structs import replace
from onnx import TensorProto, helper, numpy_helper
from tests.serve.serving import ROW, SPEC, served, typed, wait

from volvelle.compiler.prove import compiled
from volvelle.errors import InputError
from volvelle.flow import libraries
from volvelle.flow.registry import champion_model
from volvelle.flow.turn import Project
from volvelle.serve.answering import Answerer
from volvelle.serve.library import Compiled, Library

ROWS: list[dict[str, Any]] = [
    {"heat": k / 3, "site": ("n", "s", "x", None)[k % 4], "started": (f"2024-03-{k % 28 + 1:02}", None)[k % 3 == 0]}
    for k in range(300)
]


@pytest.fixture(scope="module")
def plain(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of pumps with a third release, which knows no site; the first cannot be compiled."""
    folder = tmp_path_factory.mktemp("plain") / "project"
    shutil.copytree(released, folder, ignore=shutil.ignore_patterns("live"))
    spec = SPEC.replace("ESTIMATOR", "logistic").replace("[require]", 'ignore = ["site"]\n[require]')
    (folder / "volvelle.toml").write_text(spec, encoding="utf-8")
    typed(folder, "run", "--release")
    uncompilable(folder / ".volvelle" / "releases" / "pumps-1")
    return folder


def uncompilable(folder: Path) -> None:
    """Let a release take its sines in double precision, which the compiler does not do."""
    model = onnx.load(folder / "model.onnx")
    for at, node in reversed(list(enumerate(model.graph.node))):
        if node.op_type == "Sin":
            angle, sine = node.input[0], node.output[0]
            before = helper.make_node("Cast", [angle], [f"{angle} double"], to=TensorProto.DOUBLE)
            after = helper.make_node("Cast", [f"{sine} double"], [sine], to=TensorProto.FLOAT)
            node.input[0], node.output[0] = before.output[0], after.input[0]
            model.graph.node.insert(at + 1, after)
            model.graph.node.insert(at, before)
    content = model.SerializeToString()
    (folder / "model.onnx").write_bytes(content)
    told = msgspec.json.decode((folder / "release.json").read_bytes())
    told["model"] = told["files"]["model.onnx"] = hashlib.sha256(content).hexdigest()
    (folder / "release.json").write_bytes(msgspec.json.encode(told))


@pytest.fixture(scope="module")
def built(plain: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Library]:
    """The libraries of two releases."""
    live = tmp_path_factory.mktemp("live")
    folders = [plain / ".volvelle" / "releases" / name for name in ("pumps-2", "pumps-3")]
    return {folder.name: libraries.build(Project(plain), folder, live) for folder in folders}


def test_a_compiled_backend_answers_as_the_model_does(plain: Path) -> None:
    """Over HTTP, before and after a rollback, which is compiled too; a champion that cannot be is refused, once."""
    with served(plain, "--backend", "c") as server:
        for name in ("pumps-3", "pumps-2"):
            wait(lambda name=name: server.ask("/v1/predict", ROW).json["release"] == name)
            wanted = champion_model(Project(plain))[0].predict(ROWS)
            said = server.ask("/v1/predict", {"rows": ROWS}).json
            assert said["predictions"] == wanted["prediction"].to_list()
            given = np.array([list(shares.values()) for shares in said["probabilities"]])
            assert np.abs(given - wanted.select("probability_no", "probability_yes").to_numpy()).max() <= 1e-6
            one = server.ask("/v1/predict", ROWS[7]).json
            assert one["probabilities"] == said["probabilities"][7:8]
            assert server.ask("/v1/predict", ROW | {"heat": None}).status == 422
            typed(plain, "rollback")
        wait(lambda: "pumps-1 cannot be compiled: Sin of double" in server.errors.read_text("utf-8"))
        time.sleep(3)
        assert server.ask("/v1/predict", ROW).json["release"] == "pumps-2"
        assert server.errors.read_text("utf-8").count("cannot be compiled") == 1
        worker = Path(f"/proc/{server.workers[0]}/maps").read_text("utf-8")
    assert len(set(re.findall(r"/compiled/[0-9a-f]{64}\.so", worker))) == 2


def test_threads_take_turns(built: dict[str, Library], plain: Path) -> None:
    """Two large batches at once get the answers that each gets alone, although the C has one working memory."""
    folder = plain / ".volvelle" / "releases" / "pumps-3"
    digest = msgspec.json.decode((folder / "release.json").read_bytes())["model"]
    answerer = Answerer(folder, digest, built["pumps-3"])
    bodies = [msgspec.json.encode({"rows": (ROWS * 40)[at::2]}) for at in (0, 1)]
    rows = [answerer.rows(body) for body in bodies]
    alone = [answerer.answer(several).scores.tobytes() for several in rows]
    assert alone[0] != alone[1]
    wrong: list[int] = []

    def asking(which: int) -> None:
        wrong.extend(which for _ in range(30) if answerer.answer(rows[which]).scores.tobytes() != alone[which])

    threads = [threading.Thread(target=asking, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_c_that_answers_otherwise_is_refused(built: dict[str, Library], plain: Path, tmp_path: Path) -> None:
    """C of slightly larger weights does not stand for the model: how far they are apart is told."""
    content = (plain / ".volvelle" / "releases" / "pumps-3" / "model.onnx").read_bytes()
    made = compiled(content, "model", "speed", "as written")
    libraries.compare(content, made, built["pumps-3"], None)
    model = onnx.load_from_string(content)
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and np.abs(values).max(initial=0) < 1e30:
            tensor.CopyFrom(numpy_helper.from_array(values * np.float32(1.01), tensor.name))
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    other = libraries.build(None, tmp_path, tmp_path)
    with pytest.raises(InputError, match=r"of \d+ rows \d+ get another class, numbers differ by up to") as caught:
        libraries.compare(content, made, other, None)
    assert "--backend onnxruntime" in caught.value.next_move


def test_a_library_that_was_changed_is_not_loaded(built: dict[str, Library], tmp_path: Path) -> None:
    """A worker loads the bytes that were compared and no others."""
    path = tmp_path / "model.so"
    path.write_bytes(Path(built["pumps-3"].path).read_bytes() + b"\0")
    with pytest.raises(InputError, match="was changed"):
        Compiled(replace(built["pumps-3"], path=str(path)))
    with pytest.raises(InputError, match="cannot be loaded"):
        Compiled(replace(built["pumps-3"], path=str(tmp_path / "absent.so")))
    with pytest.raises(InputError, match="cannot be loaded"):
        Compiled(replace(built["pumps-3"], entry="absent"))


def test_without_a_compiler_the_next_move_is_told(project: Path, tmp_path: Path) -> None:
    """Where there is neither gcc nor zig, serving ends with 2 and says what to do."""
    (tmp_path / "bare" / "ziglang").mkdir(parents=True)
    (tmp_path / "bare" / "ziglang" / "__init__.py").touch()
    bare = os.environ | {"PATH": "", "PYTHONPATH": f"{tmp_path / 'bare'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    command = [sys.executable, "-m", "volvelle", "serve", "--port", "0", "--backend", "c"]
    done = subprocess.run(command, cwd=project, env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no C compiler on this machine" in done.stderr
    assert "--backend onnxruntime serves it as it is" in done.stderr
    assert "Traceback" not in done.stderr
