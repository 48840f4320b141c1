"""``volvelle listen`` as a real process: what it says, how it ends, and that a run takes what it kept."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

SPEC = """\
[problem]
name = "pumps"
target = "label"

[data]
source = "ingest:pumps?port=0"
group = "sample"
ignore = ["device_type", "units", "elapsed_ms"]

[require]
gates = ["accuracy >= 0.2"]

[search]
trials = 2
folds = 2
estimators = ["constant", "logistic"]
"""


@contextmanager
def listening(folder: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A listener, and the port that it says."""
    command = [sys.executable, "-m", "volvelle", "listen", *words]
    process = subprocess.Popen(
        command, cwd=folder, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        found = re.search(r":(\d+)/api", process.stderr.readline())
        assert found is not None
        assert "ctrl-C ends it" in process.stderr.readline()
        yield process, int(found[1])
    finally:
        process.kill()


def send(port: int, number: int, label: str) -> int:
    """One sample of four moments; the status of the answer."""
    payload = {
        "device_type": "PUMP",
        "interval_ms": 10,
        "sensors": [{"name": "heat", "units": "Cel"}],
        "values": [number + k / 10 + (50 if label == "hot" else 0) for k in range(4)],
    }
    message = {"protected": {"ver": "v1", "alg": "none"}, "signature": "0", "payload": payload}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(
        "POST", "/api/training/data", json.dumps(message), {"content-type": "application/json", "x-label": label}
    )
    return connection.getresponse().status


def test_received_rows_become_a_pinned_version(empty: Any, tmp_path: Path) -> None:
    """Samples sent while listening are the data of the next run, which pins them; more of them make another version."""
    (tmp_path / "volvelle.toml").write_text(SPEC, encoding="utf-8")
    nothing = empty("run")
    assert nothing.returncode == 2
    assert "volvelle listen" in nothing.stderr
    with listening(tmp_path) as (process, port):
        assert {send(port, n, ("hot", "cold")[n % 2]) for n in range(30)} == {200}
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Kept 120 rows of 30 messages" in out
    assert err.endswith("Next: volvelle run\n")
    done = empty("run", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["evidence"]["verdicts"][0]["verdict"] == "pass"
    again = json.loads(empty("run", "--json").stdout)
    assert [s["name"] for s in again["stages"] if not s["reused"]] == ["collect"]
    with listening(tmp_path, "--json") as (process, port):
        assert send(port, 99, "hot") == 200
        process.terminate()
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    document = json.loads(out)
    assert (document["rows"], document["rows_in_table"], document["aside"]) == (4, 124, {})
    assert empty("run").returncode == 0
    assert [v["rows"] for v in json.loads(empty("data", "log", "--json").stdout)["versions"]] == [120, 124]


def test_rows_of_a_device_are_erased(empty: Any, tmp_path: Path) -> None:
    """Erasing takes the rows of one value out of what was received, and names the versions that still hold them."""
    (tmp_path / "volvelle.toml").write_text(SPEC, encoding="utf-8")
    with listening(tmp_path) as (process, port):
        assert {send(port, n, ("hot", "cold", "odd")[n % 3]) for n in range(30)} == {200}
        process.terminate()
        process.communicate(timeout=60)
    empty("run")
    done = json.loads(empty("data", "erase", "label=odd", "--json").stdout)
    assert (done["rows"], len(done["versions"])) == (40, 1)
    assert json.loads(empty("data", "erase", "label=odd", "--json").stdout)["rows"] == 0
    wrong = empty("data", "erase", "labels=odd")
    assert wrong.returncode == 2
    assert "did you mean 'label'" in wrong.stderr
    assert empty("data", "erase", "label").returncode == 2


def test_without_a_spec_one_can_be_written(empty: Any, tmp_path: Path) -> None:
    """An address on the command line is listened to without a spec, and init begins with what came."""
    address = "ingest:pumps?port=0"
    with listening(tmp_path, address) as (process, port):
        assert {send(port, n, ("hot", "cold")[n % 2]) for n in range(30)} == {200}
        process.terminate()
        _, err = process.communicate(timeout=60)
    assert err.endswith(f"Next: volvelle init '{address}' --target COLUMN\n")
    assert empty("init", address, "--target", "label").returncode == 0
    assert f'source = "{address}"' in (tmp_path / "volvelle.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "problem", "advice"),
    [
        (("pumps.csv",), "nobody sends it", "mqtt:, serial:"),
        (("mqqt://broker/x",), "nothing receives from this", "mqtt:"),
        (("mqtt://ana:s3cret@broker/x",), "a password is written out", "${NAME}"),
        (("mqtt://127.0.0.1:1/x",), "cannot be listened to", "volvelle listen"),
        (("ingest:x?port=99999",), "no whole number", "port"),
        (("ingest:x", "--for", "soon"), "not a number with a unit", "e.g."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value[:12],
)
def test_mistakes_are_told(empty: Any, words: tuple[str, ...], problem: str, advice: str) -> None:
    """What cannot be listened to is one error with a next move, exit code 2, and no secret in it."""
    done = empty("listen", *words)
    assert done.returncode == 2
    assert problem in done.stderr
    assert advice in done.stderr
    assert "s3cret" not in done.stderr
    assert "Traceback" not in done.stderr
