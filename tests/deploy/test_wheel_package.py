"""The wheels: installed by pip into an empty environment, and asked."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.tags import sys_tags
from packaging.utils import parse_wheel_filename
from packed_models import answers_of, rows_of, same  # type: ignore[import-not-found]

from volvelle.deploy.folder import put
from volvelle.deploy.packages.wheel import PLATFORMS, write
from volvelle.deploy.packing import Packing
from volvelle.errors import InputError
from volvelle.model.signature import ModelTask
from volvelle.testing.named_models import model_of, packed, packing_of, signature_of, spoken, unnamed

ASK = """
import inspect, json, sys
import {name} as model
given = json.load(open("rows.json"))
names = [argument for _, argument, *_ in model.FEATURES]
assert list(inspect.signature(model.predict).parameters) == names
out = []
for row in given:
    answer = model.predict_row(row | {{"another": 1}})
    assert model.predict(**dict(zip(names, row.values()))) == answer
    out.append([answer] if isinstance(answer, float) else
               [model.CLASSES.index(answer.label), *answer.scores.values()])
print(json.dumps(out))
"""
MAGIC = {"so": b"\x7fELF", "dylib": b"\xcf\xfa\xed\xfe", "dll": b"MZ"}


def installed(packing: Packing, place: Path) -> str:
    """The Python of a new environment in which pip chose and installed the wheel of this platform."""
    put(place / "wheels", write(packing))
    venv.create(place / "venv", with_pip=False)
    python = str(place / "venv" / "bin" / "python")
    offline = ["--no-index", "--quiet", "--disable-pip-version-check", "--find-links", str(place / "wheels")]
    command = [sys.executable, "-m", "pip", "--python", python, "install", *offline, packing.name]
    subprocess.run(command, check=True)
    return python


def asked(python: str, code: str, folder: Path) -> Any:
    """What a program prints in that environment."""
    done = subprocess.run([python, "-I", "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_pip_installs_it_and_it_answers_as_onnxruntime(task: ModelTask, tmp_path: Path) -> None:
    """100 rows, by argument and by column, with hard names, missing values and unseen categories."""
    packing = packing_of(task, "pump", hard=True, title='"""', statement='""" + evil')
    python = installed(packing, tmp_path)
    rows = rows_of(packing, 100)
    (tmp_path / "rows.json").write_text(json.dumps(rows.to_dicts()))
    made = asked(python, ASK.format(name="pump"), tmp_path)
    shown = re.search(r"```python\n(.*?)```", (tmp_path / "wheels" / "README.md").read_text(), re.S)
    assert shown
    answer = asked(python, f"{shown[1]}\nprint(__import__('json').dumps(answer))", tmp_path)
    assert answer == made[0][0] or answer[1] == dict(zip(packing.named().signature.classes, made[0][1:], strict=True))
    wanted = answers_of(packing, rows)
    assert [k for k in range(100) if not same(made[k], wanted[k])] == []


def test_free_text_is_parted_and_hashed_as_in_training(tmp_path: Path) -> None:
    """100 rows of texts of many alphabets; what is no text, or missing where it is needed, is a ValueError."""
    packing = packed(spoken(), "spam")
    python = installed(packing, tmp_path)
    rows = rows_of(packing, 100)
    (tmp_path / "rows.json").write_text(json.dumps(rows.to_dicts()))
    made, wanted = asked(python, ASK.format(name="spam"), tmp_path), answers_of(packing, rows)
    assert [k for k in range(100) if not same(made[k], wanted[k])] == []
    assert len({str(w) for w in wanted}) > 50
    code = """
import json, spam
told = []
for odd in ({"note": None}, {"said": 3}):
    try:
        spam.predict(**{"said": "a", "heat": 1, "note": "b"} | odd)
    except ValueError as error:
        told.append(str(error))
print(json.dumps(told))
"""
    assert asked(python, code, tmp_path) == ["note: None is no text", "said: 3 is no text"]


def test_a_model_without_names_is_asked_by_arrays(tmp_path: Path) -> None:
    """Real and whole numbers in and out under names that are words of Python; another count is a ValueError."""
    packing = packed(unnamed(), "pump")
    python = installed(packing, tmp_path)
    code = """
import json, pump
told = []
for odd in ({"lambda_": [1, 2]}, {"lambda_": "abc"}, {"lambda_": 3}):
    try:
        pump.predict(**{"lambda_": [1, 2, 3], "places": [5, -6]} | odd)
    except ValueError as error:
        told.append(str(error))
none = float("nan")
first, second = ([1.5, 2, -3], [5, -6]), ([none] * 3, [1e300, 2])
print(json.dumps([*(pump.predict(lambda_=a, places=b) for a, b in (first, second)), told]))
"""
    first, second, told = asked(python, code, tmp_path)
    assert first == {"y": [1.5, 4.0, 3.0], "rest": [5, 1]}
    assert [v != v for v in second["y"]] == [True] * 3
    assert second["rest"] == [0, 2]
    assert [t.partition(":")[0] for t in told] == ["lambda"] * 3
    text = (tmp_path / "wheels" / "README.md").read_text()
    assert "predict(" in text


def test_values_of_other_kinds(tmp_path: Path) -> None:
    """Times with a zone, flags, whole numbers as categories; what is of no kind, or refused, is a ValueError."""
    content = model_of(signature_of("binary", refuse=True))
    python = installed(packed(content, "pump"), tmp_path)
    code = """
import datetime as d, json, pump
zone = d.timezone(d.timedelta(hours=2))
row = dict(heat=1, site="north", turns=5, since=d.datetime(2024, 1, 1, 2, tzinfo=zone), pump_age=None, colour=None,
           on=True, seen=None)
first = pump.predict(**row)
same = first == pump.predict(**row | {"since": 1704067200, "on": "true", "pump_age": float("nan")})
told = []
for odd in ({"heat": None}, {"site": "west"}, {"turns": "many"}, {"since": "soon"}):
    try:
        pump.predict(**row | odd)
        told.append("")
    except ValueError as error:
        told.append(str(error))
print(json.dumps([same, told]))
"""
    [equal, told] = asked(python, code, tmp_path)
    assert equal
    assert "the model needs: heat, site" in told[0]
    assert told[1] == told[0]
    assert told[2:] == ["turns: 'many' is no integer", "since: 'soon' is no time"]


def test_every_platform_has_a_wheel_and_this_one_may_use_exactly_one() -> None:
    """The tags are those of the standard, and each library is of its platform."""
    packing = packing_of("binary", "pump")
    found = {n: c for n, c in write(packing).items() if n.endswith(".whl")}
    assert len(found) == len(PLATFORMS)
    here = set(sys_tags())
    assert sum(bool(parse_wheel_filename(name)[3] & here) for name in found) == 1
    for name, content in found.items():
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            [library] = [n for n in archive.namelist() if n.startswith("pump/model.")]
            assert archive.read(library).startswith(MAGIC[library.rpartition(".")[2]]), name
            assert "Root-Is-Purelib: false" in archive.read("pump-0.1.0.dist-info/WHEEL").decode()


def test_a_name_of_python_is_refused() -> None:
    """A wheel cannot be called json: the error says how to name it."""
    with pytest.raises(InputError) as caught:
        write(packing_of("binary", "json"))
    assert "--name" in str(caught.value)
