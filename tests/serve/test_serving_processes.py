"""Faults, with real processes: swaps under load, a polite end, killed workers, a full disk, a clock that goes back."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from tests.serve.serving import ROW, clients, read, request, served, typed, wait

from volvelle.flow import registry
from volvelle.flow.turn import Project
from volvelle.serve import log


def test_forty_swaps_and_a_rollback_fail_no_request(project: Path) -> None:
    """While the champion changes forty times and is rolled back once, every request is answered, by either release."""
    ledger = Project(project).ledger
    ids = {entry["name"]: entry["id"] for entry in ledger.releases()}
    key = typed(project, "serve", "--new-key", "admin").strip()
    with served(project, "--workers", "2") as server:
        secret = {"Authorization": f"Bearer {key}"}
        body = request().replace(b"\r\n\r\n", f"\r\nAuthorization: Bearer {key}\r\n\r\n".encode(), 1)
        asking = clients(server.port, body=body)
        for turn in range(40):
            name = f"pumps-{turn % 2 + 1}"
            ledger.crown(ids[name], "promoted")
            # The server's own look, once a second, may have come first.
            assert server.ask("/v1/admin/reload", {}, **secret).json["told"] in {
                f"{name} answers now",
                f"{name} answers already",
            }
            assert server.ask("/v1/predict", ROW, **secret).json["release"] == name
        registry.rollback(Project(project))
        server.ask("/v1/admin/reload", {}, **secret)
        assert server.ask("/v1/predict", ROW, **secret).json["release"] == "pumps-1"
        for client in asking:
            client.end()
        swaps = server.counted("model_swaps_total")
    assert [client.failed for client in asking] == [[]] * 4
    assert all(set(client.releases) == {"pumps-1", "pumps-2"} for client in asking)
    assert swaps == 41
    told = [i for client in asking for i in client.ids]
    logged = log.predictions(project / ".volvelle" / "live")["id"].to_list()
    assert len(set(logged)) == len(logged)
    assert {f"{i}-0" for i in told} <= set(logged)


def test_who_asks_during_a_swap_is_answered_after_it(project: Path) -> None:
    """However many ask to reload at once, the answer to each comes when every worker answers by the new champion."""
    ledger = Project(project).ledger
    ids = {entry["name"]: entry["id"] for entry in ledger.releases()}
    key = {"Authorization": f"Bearer {typed(project, 'serve', '--new-key', 'admin').split()[0]}"}
    with served(project, "--workers", "2") as server, ThreadPoolExecutor(8) as crowd:

        def ask(_: int) -> tuple[str, str]:
            told = server.ask("/v1/admin/reload", {}, **key).json["told"]
            return told.split()[0], server.ask("/v1/predict", ROW, **key).json["release"]

        for turn in range(10):
            name = f"pumps-{turn % 2 + 1}"
            ledger.crown(ids[name], "promoted")
            assert set(crowd.map(ask, range(8))) == {(name, name)}


def test_the_champion_is_followed_without_being_told(project: Path) -> None:
    """A rollback in another process reaches the server by itself."""
    with served(project) as server:
        assert server.ask("/v1/predict", ROW).json["release"] == "pumps-2"
        typed(project, "rollback")
        wait(lambda: server.ask("/v1/predict", ROW).json["release"] == "pumps-1")
        champion = project / ".volvelle" / "releases" / "pumps-2"
        (champion / "model.onnx").write_bytes(b"damaged")
        ledger = Project(project).ledger
        ledger.crown(next(r["id"] for r in ledger.releases() if r["name"] == "pumps-2"), "promoted")
        wait(lambda: "was changed after the release" in server.errors.read_text("utf-8"))
        assert server.ask("/v1/predict", ROW).json["release"] == "pumps-1"


def test_sigterm_answers_all_in_flight(project: Path) -> None:
    """A server that is told to stop under load answers what it took up, and what it answered is in the log."""
    with served(project, "--workers", "2") as server:
        asking = clients(server.port, 6)
        slow = socket.create_connection(("127.0.0.1", server.port))
        whole = request()
        slow.sendall(whole[:-5])
        wait(lambda: all(len(client.ids) > 50 for client in asking))
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.7)
        slow.sendall(whole[-5:])
        late = read(slow)
        slow.close()
        for client in asking:
            client.join(30)
        assert server.process.wait(30) == 0
    assert late.status == 200
    assert [client.failed for client in asking] == [[]] * 6
    logged = set(log.predictions(project / ".volvelle" / "live")["id"].to_list())
    assert {f"{i}-0" for client in asking for i in [*client.ids, late.json["id"]]} <= logged


def test_a_server_that_leaves_is_not_ready(project: Path) -> None:
    """Between signal and end readiness is a 503 that closes its connection, while requests are answered still."""
    with served(project) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as kept:
            kept.sendall(request())
            assert read(kept).status == 200
            assert server.ask("/v2/health/ready").status == 200
            server.process.send_signal(signal.SIGTERM)
            wait(lambda: server.ask("/v2/health/ready").status == 503)
            left = server.ask("/v2/models/pumps/ready")
            assert (left.status, left.json, left.headers["connection"]) == (503, {"ready": False}, "close")
            assert server.ask("/healthz").status == 200
            kept.sendall(request())
            last = read(kept)
        assert (last.status, last.headers["connection"]) == (200, "close")
        assert server.process.wait(30) == 0


def test_a_killed_worker_is_started_again(project: Path) -> None:
    """One of two workers is killed: the other answers meanwhile, a new one is counted; only its last rows are gone."""
    with served(project, "--workers", "2") as server:
        asking = clients(server.port)
        wait(lambda: all(len(client.ids) > 100 for client in asking))
        victim = server.workers[0]
        os.kill(victim, signal.SIGKILL)
        wait(lambda: victim not in server.workers and len(server.workers) == 2)
        wait(lambda: server.counted("worker_restarts_total") == 1)
        for client in asking:
            client.end()
        # Each connection of the dead worker may have lost the one request that was on its way.
        assert sum(len(client.failed) for client in asking) <= 4
        assert server.ask("/v1/predict", ROW).status == 200
    told = {f"{i}-0" for client in asking for i in client.ids}
    logged = log.predictions(project / ".volvelle" / "live")["id"].to_list()
    assert len(set(logged)) == len(logged)
    lost = told - set(logged)
    assert len({_worker(i) for i in lost}) <= 1
    answered = sorted(_place(i) for i in told if _worker(i) in {_worker(i) for i in lost})
    assert sorted(map(_place, lost)) == answered[len(answered) - len(lost) :]
    assert len(lost) < max(len(answered), 1)


def _worker(row: str) -> str:
    return row[:10]


def _place(row: str) -> int:
    return int(row[10:].partition("-")[0], 16)


def test_a_full_disk_fails_no_request(project: Path) -> None:
    """Where a journal cannot grow, every request is answered, and the rows that are lost are counted."""
    with served(project) as server:
        resource.prlimit(server.workers[0], resource.RLIMIT_FSIZE, (5_000, 5_000))
        assert [server.ask("/v1/predict", {"rows": [ROW] * 300}).status for _ in range(5)] == [200] * 5
        wait(lambda: server.counted("log_lost_rows_total") == 1500)
        assert server.ask("/v1/predict", ROW).status == 200


def test_a_log_that_cannot_be_settled_waits(project: Path) -> None:
    """Where Parquet cannot be written, it is counted and tried again; once there is room, every row is there once."""
    with served(project) as server:
        full, free = (100, resource.RLIM_INFINITY), (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, full)
        ids = [server.ask("/v1/predict", ROW).json["id"] for _ in range(3)]
        wait(lambda: server.counted("log_failures_total") >= 1)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, free)
        wait(lambda: server.counted("log_settled_rows_total") == 3)
    logged = log.predictions(project / ".volvelle" / "live")["id"].to_list()
    assert sorted(logged) == sorted(f"{i}-0" for i in ids)


def test_a_file_of_the_log_that_is_torn(project: Path) -> None:
    """A Parquet file that is cut while the server runs is set aside and counted; what comes later is kept."""
    live = project / ".volvelle" / "live"
    with served(project) as server:
        assert server.ask("/v1/predict", {"rows": [ROW] * 5}).status == 200
        wait(lambda: server.counted("log_settled_rows_total") == 5)
        [path] = (live / log.PREDICTIONS).rglob("*.parquet")
        path.write_bytes(path.read_bytes()[:-20])
        ids = [server.ask("/v1/predict", ROW).json["id"] for _ in range(3)]
        wait(lambda: server.counted("log_settled_rows_total") == 8)
        assert (server.counted("log_torn_total"), server.counted("log_failures_total")) == (1, 0)
        assert server.ask("/v2/health/ready").status == 200
    assert sorted(log.predictions(live)["id"]) == sorted(f"{i}-0" for i in ids)
    assert [torn.name for torn in log.torn(live)] == [f"{path.name}.torn"]
    assert '"level": "error"' not in server.errors.read_text("utf-8")


def test_old_days_are_let_go_of_and_told(project: Path) -> None:
    """With [monitor] keep a running server removes what is older, counts it and says so, and keeps what is not."""
    live, answers = project / ".volvelle" / "live", pl.DataFrame({"prediction": ["no"] * 3})
    for days, name in ((40, "a"), (20, "b")):
        rows = pl.DataFrame({"id": [f"{name}{k}" for k in range(3)], "heat": [1.0] * 3})
        log.record(live, rows, answers, release="pumps-2", at=datetime.now(UTC) - timedelta(days=days))
    spec = project / "volvelle.toml"
    spec.write_text(spec.read_text("utf-8") + '\n[monitor]\nkeep = "30 d"\n', encoding="utf-8")
    with served(project) as server:
        wait(lambda: server.counted("log_let_go_rows_total") == 3)
        assert server.ask("/v1/predict", ROW).status == 200
    assert "lets go of 1 days and 3 rows" in server.errors.read_text("utf-8")
    logged = log.predictions(live)["id"].to_list()
    assert logged[:3] == ["b0", "b1", "b2"]
    assert len(logged) == 4


@pytest.mark.parametrize("jump", [-86_400, 86_400])
def test_a_clock_that_jumps(project: Path, jump: int) -> None:
    """A worker whose clock is set back or forth goes on answering and logging; each row is there once."""
    code = project / "sitecustomize.py"
    code.write_text(
        "import os, time\n_real = time.time_ns\n"
        f"time.time_ns = lambda: _real() + os.path.exists({str(project / 'jumped')!r}) * {jump} * 10**9\n",
        encoding="utf-8",
    )
    before = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = f"{project}{os.pathsep}{before}"
    try:
        with served(project) as server:
            ids = []
            for turn in range(40):
                ids.append(server.ask("/v1/predict", ROW).json["id"])
                time.sleep(0.05)
                if turn == 20:
                    (project / "jumped").touch()
    finally:
        os.environ["PYTHONPATH"] = before
    logged = log.predictions(project / ".volvelle" / "live")
    assert sorted(logged["id"].to_list()) == sorted(f"{i}-0" for i in ids)
    assert logged["at"].dt.date().n_unique() == 2


def test_a_port_in_use_is_one_clear_error(project: Path) -> None:
    """Two servers cannot have one port; the second one says so and what to do."""
    with served(project) as server:
        with pytest.raises(AssertionError) as caught:
            typed(project, "serve", "--port", str(server.port))
        assert "is in use" in str(caught.value)
        assert "--port 0 takes a free one" in str(caught.value)
        assert "Traceback" not in str(caught.value)
        json.dumps(server.facts)
