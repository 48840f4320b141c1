"""A live model by its commands alone: a server, its clients, and whoever watches, each in a process of its own."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import polars as pl
import pytest
from tests.flow.live_project import pumps, released
from tests.serve.serving import served, wait

from volvelle.serve import log

ROW = {"heat": 40.0, "site": "n"}


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has just been released."""
    folder: Path = tmp_path_factory.mktemp("live") / "project"
    released(folder)
    return folder


@pytest.fixture
def own(fresh: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(fresh, tmp_path / "own"))


def typed(folder: Path, *words: str) -> tuple[int, str]:
    """Exit code and standard output of ``volvelle WORDS``."""
    command = [sys.executable, "-m", "volvelle", *words]
    done = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, done.stdout


def watched(folder: Path) -> tuple[int, dict[str, Any]]:
    """Exit code and document of ``volvelle watch``."""
    code, text = typed(folder, "watch", "--json")
    return code, json.loads(text)


def test_a_renamed_field_is_seen_by_who_watches(own: Path) -> None:
    """A client that calls heat by another name is refused; watch says which field, with 1, and tells it once."""
    renamed = {"temp-s3cret": 40.0, "site": "n"}
    with served(own) as server:
        assert {server.ask("/v1/predict", renamed).status for _ in range(15)} == {422}
        lane = server.ask("/v1/predict", {"rows": [ROW] * 3}, X_Request_ID="good")
        assert lane.status == 200
        assert {server.ask("/v1/predict", renamed, Accept_Encoding="br").status for _ in range(9)} == {422}
        tensors = [{"name": "site", "shape": [1], "datatype": "BYTES", "data": ["n"]}]
        assert server.ask("/v2/models/pumps/infer", {"inputs": tensors}).status == 422
        assert server.ask("/v1/outcomes", {"id": 3}).status == 422
        assert server.ask("/nothing").status == 404
    code, told = watched(own)
    assert code == 1
    assert told["report"]["state"] == "broken"
    assert [(a["what"], a.get("feature", "")) for a in told["fresh"]] == [("errors", ""), ("schema", "heat")]
    assert told["fresh"][1]["sentence"] == "heat: does not come in 25 of 26 requests, which were refused"
    assert told["refused"] == {"absent heat": 25}
    again, told = watched(own)
    assert (again, told.get("fresh", [])) == (1, [])
    code, text = typed(own, "watch")
    assert code == 1
    assert "the contract is broken" in text
    assert "25 requests refused: 25 absent heat" in text
    logs = b"".join(path.read_bytes() for path in (own / ".volvelle" / "live").rglob("*") if path.is_file())
    assert b"temp-s3cret" not in logs


def test_a_refusal_now_and_then_is_none_of_the_models_faults(own: Path) -> None:
    """Some requests that are wrong among many that are right are counted and are no alarm."""
    with served(own) as server:
        for k in range(60):
            server.ask("/v1/predict", ROW | {"heat": "hot"} if k % 6 == 0 else ROW)
    code, told = watched(own)
    assert (code, told["report"]["state"]) == (0, "ok")
    assert told["refused"] == {"type heat": 10}
    assert told["waiting"] == 50


def by_the_model(folder: Path, rows: pl.DataFrame) -> tuple[list[str], list[list[float]]]:
    """Classes and scores by the release's own ONNX file, asked directly."""
    release = folder / ".volvelle" / "releases" / "pumps-1"
    signature = json.loads((release / "signature.json").read_bytes())
    [site] = [f for f in signature["features"] if f["name"] == "site"]
    codes = [[site["categories"].index(name)] for name in rows["site"]]
    heat = rows["heat"].to_numpy().astype(np.float32).reshape(-1, 1)
    session = onnxruntime.InferenceSession((release / "model.onnx").read_bytes())
    given = {"numbers": heat, "codes": np.array(codes, dtype=np.int64)}
    label, scores = session.run(["label", "scores"], given)
    return [signature["classes"][k] for k in label.tolist()], scores.tolist()


def test_a_table_is_scored_as_the_model_answers(own: Path) -> None:
    """The answers beside the rows are those of the ONNX file, ids and order are kept, the log has each row once."""
    rows = pumps(700, seed=5, start=10_000).drop("fails")
    rows.write_csv(own / "new.csv")
    code, text = typed(own, "score", "new.csv", "-o", "answers.csv", "--id", "job", "--json")
    assert (code, json.loads(text)["rows"]) == (0, 700)
    found = pl.read_csv(own / "answers.csv")
    assert found.select("job", "heat", "site").equals(rows.select("job", "heat", "site"))
    classes, scores = by_the_model(own, rows)
    assert found["prediction"].to_list() == classes
    np.testing.assert_allclose(found.select("probability_no", "probability_yes").to_numpy(), scores, rtol=0, atol=1e-7)
    logged = log.predictions(own / ".volvelle" / "live", release="pumps-1")
    assert sorted(logged["id"]) == sorted(rows["job"])
    beside = rows.join(logged, left_on="job", right_on="id", maintain_order="left")
    assert beside["heat"].equals(beside["heat_right"])
    assert beside["prediction"].to_list() == classes
    np.testing.assert_allclose(beside.select("score_0", "score_1").to_numpy(), scores, rtol=0, atol=1e-7)


def test_a_query_is_scored_into_parquet(own: Path) -> None:
    """Of a database the rows of one SELECT are answered, with made ids that outcomes are joined by, into Parquet."""
    rows = pumps(120, seed=6, start=20_000)
    with closing(sqlite3.connect(own / "plant.db")) as made, made:
        made.execute("CREATE TABLE readings (job TEXT, heat REAL, site TEXT)")
        made.execute("CREATE TABLE others (a TEXT)")
        made.executemany("INSERT INTO readings VALUES (?, ?, ?)", rows.select("job", "heat", "site").rows())
    query = "SELECT * FROM readings WHERE heat > 50 ORDER BY job"
    code, _ = typed(own, "score", "sqlite:plant.db", "--query", query, "-o", "answers.parquet")
    assert code == 0
    asked = rows.filter(pl.col("heat") > 50).sort("job")
    found = pl.read_parquet(own / "answers.parquet")
    assert 20 < found.height < 100
    assert found.select("job", "heat", "site").equals(asked.select("job", "heat", "site"))
    classes, scores = by_the_model(own, asked)
    assert found["prediction"].to_list() == classes
    np.testing.assert_allclose(found.select("probability_no", "probability_yes").to_numpy(), scores, rtol=0, atol=1e-7)
    found.select("prediction_id").with_columns(asked["fails"]).write_csv(own / "labels.csv")
    typed(own, "outcomes", "labels.csv", "--id", "prediction_id")
    covered = watched(own)[1]["coverage"]
    assert (covered["known"], covered["due"], covered["orphans"]) == (found.height, found.height, 0)


def test_the_same_rows_give_the_same_answers_in_every_form(own: Path) -> None:
    """CSV, JSON lines and Parquet hold one and the same table."""
    pumps(30, seed=7, start=30_000).drop("fails").write_csv(own / "new.csv")
    for name in ("answers.csv", "answers.jsonl", "answers.parquet"):
        typed(own, "score", "new.csv", "-o", name, "--id", "job")
    parquet = pl.read_parquet(own / "answers.parquet")
    assert parquet.columns == ["job", "heat", "site", "prediction", "probability_no", "probability_yes"]
    assert pl.read_ndjson(own / "answers.jsonl", schema=parquet.schema).equals(parquet)
    assert pl.read_csv(own / "answers.csv", schema=parquet.schema).equals(parquet)


def test_a_hundred_thousand_late_outcomes(own: Path) -> None:
    """Over HTTP and by a table, with repeats that contradict and strangers: each row gets what was told first, once."""
    rows = pumps(20_000, seed=8, start=0)
    ids = [f"b{k // 1000}-{k % 1000}" for k in range(rows.height)]
    flipped = {"yes": "no", "no": "yes"}
    true = list(zip(ids, rows["fails"], strict=True))
    by_http = [*true, *((name, flipped[said]) for name, said in true), *((f"x{k}", "yes") for k in range(20_000))]
    with served(own, "--workers", "2") as server:
        for k in range(20):
            batch = {"rows": rows.select("heat", "site").slice(1000 * k, 1000).to_dicts()}
            assert server.ask("/v1/predict", batch, X_Request_ID=f"b{k}").status == 200
        for k in range(0, len(by_http), 10_000):
            told = [{"id": name, "outcome": said} for name, said in by_http[k : k + 10_000]]
            assert server.ask("/v1/outcomes", {"outcomes": told}).json["taken"] == 10_000
        wait(lambda: server.counted("log_settled_rows_total") == 20_000, 120)
        again = [*true, *((f"y{k}", "no") for k in range(20_000))]
        pl.DataFrame(again, schema=["job", "fails"], orient="row").write_csv(own / "labels.csv")
        assert json.loads(typed(own, "outcomes", "labels.csv", "--id", "job", "--json")[1]) == {"outcomes": 40_000}
    code, seen = watched(own)
    assert (code, seen["report"]["state"]) == (0, "ok")
    covered = {"predictions": 20_000, "repeated": 0, "young": 0, "due": 20_000, "known": 20_000, "outcomes": 60_000}
    assert seen["coverage"] == covered | {"duplicates": 40_000, "contradicting": 20_000, "orphans": 40_000}
    assert seen["known"] == [200] * 100
    logged = log.predictions(own / ".volvelle" / "live").select("id", "prediction")
    right = logged.join(pl.DataFrame(true, schema=["id", "told"], orient="row"), on="id", maintain_order="left")
    shares = (right["prediction"] == right["told"]).cast(pl.Float64).to_numpy().reshape(100, 200).mean(axis=1)
    np.testing.assert_allclose([verdicts[0]["value"] for verdicts in seen["measured"]], shares)


def test_the_state_is_served(own: Path) -> None:
    """What watch found last is JSON and a page without script or network, for whoever may watch."""
    with served(own) as server:
        nobody = server.ask("/v1/state")
        assert (nobody.status, nobody.json["error"]["problem"]) == (404, "nobody has watched yet")
        assert server.ask("/state").status == 404
        assert server.ask("/v1/predict", {"rows": [ROW] * 200}).status == 200
        code, told = watched(own)
        del told["page"]
        found = server.ask("/v1/state")
        assert (found.status, found.json, found.json["alarming"]) == (200, told, code == 1)
        assert found.headers["last-modified"].endswith("GMT")
        page = server.ask("/state")
        assert page.body == (own / ".volvelle" / "live" / "report.html").read_bytes()
        assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
        assert not re.findall(rb"<script|(?:src|href)=[\"']?(?:https?:)?//", page.body)
        keys = {role: typed(own, "serve", "--new-key", role)[1].strip() for role in ("predict", "watch", "admin")}
        # The file is read again now and then: the key that was made last tells that all are known.
        wait(lambda: server.ask("/v1/state", Authorization=f"Bearer {keys['admin']}").status == 200)
        wait(lambda: server.ask("/v1/state").status == 401)
        for role, status in (("predict", 403), ("watch", 200), ("admin", 200)):
            basic = base64.b64encode(f"ana:{keys[role]}".encode()).decode()
            for path in ("/v1/state", "/state"):
                assert server.ask(path, Authorization=f"Bearer {keys[role]}").status == status
                assert server.ask(path, Authorization=f"Basic {basic}").status == status
        assert server.ask("/v1/predict", ROW, Authorization=f"Bearer {keys['watch']}").status == 403
        asked = server.ask("/state", Authorization="Basic ?")
        assert (asked.status, asked.headers["www-authenticate"]) == (401, 'Basic realm="volvelle"')
