"""What happens at the same time, and where nothing can be written: two servers, releases meanwhile, no room."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from tests.serve.serving import ROW, clients, served, typed, wait

from volvelle.serve import log

CHANGES = (("release", "1"), ("rollback", "--to", "pumps-2"), ("release", "2"), ("rollback",))


def begun(folder: Path, *words: str) -> subprocess.Popen[str]:
    """A command that has begun."""
    command = [sys.executable, "-m", "volvelle", *words]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def test_two_servers_and_changes_of_the_champion_at_once(project: Path) -> None:
    """No request fails at either, both come to answer by the champion, and each row is in the one log once."""
    with served(project) as one, served(project, "--workers", "2") as two:
        crowd = [*clients(one.port, 2), *clients(two.port, 2)]
        for _ in range(2):
            changes = [begun(project, *words) for words in CHANGES]
            for change in changes:
                # Whoever comes second may find that it is so already.
                problem = change.communicate(timeout=300)[1]
                assert change.returncode in (0, 2), problem
                assert "Traceback" not in problem
        typed(project, "release", "1")
        for server in (one, two):
            wait(lambda server=server: server.ask("/v1/predict", ROW).json["release"] == "pumps-1")
        for client in crowd:
            client.end()
        assert [failure for client in crowd for failure in client.failed] == []
        ids = [f"{name}-0" for client in crowd for name in client.ids]
    logged = log.predictions(project / ".volvelle" / "live")["id"].to_list()
    assert len(set(logged)) == len(logged)
    assert set(ids) <= set(logged)


def test_a_champion_that_cannot_be_taken_up_waits(project: Path) -> None:
    """Where nothing can be written the old release goes on answering and says why; with room the new one is taken."""
    key = {"Authorization": f"Bearer {typed(project, 'serve', '--new-key', 'admin').split()[0]}"}
    with served(project) as server:
        free = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
        typed(project, "rollback")
        # Its own look once a second says so too, into a file that cannot grow either.
        told = server.ask("/v1/admin/reload", {}, **key).json["told"]
        assert told.startswith("the champion stays as it is: ")
        assert "the signature of pumps-1 cannot be kept" in told
        assert server.ask("/v1/predict", ROW, **key).json["release"] == "pumps-2"
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, free)
        assert server.ask("/v1/admin/reload", {}, **key).json["told"] == "pumps-1 answers now"
        assert server.ask("/v1/predict", ROW, **key).json["release"] == "pumps-1"
    assert not list((project / ".volvelle" / "live").rglob(".new-*"))


def test_keys_that_cannot_be_read_are_kept(project: Path) -> None:
    """A file of keys that becomes unreadable ends no worker: those that were known count, until it can be read."""
    key = {"Authorization": f"Bearer {typed(project, 'serve', '--new-key', 'predict').split()[0]}"}
    keys = project / ".volvelle" / "live" / "keys.json"
    with served(project) as server:
        worker = server.workers
        keys.rename(keys.with_suffix(".old"))
        # Also root cannot read a folder as a file.
        keys.mkdir()
        wait(lambda: "the keys cannot be read" in server.errors.read_text("utf-8"))
        assert server.ask("/v1/predict", ROW, **key).status == 200
        assert server.ask("/v1/predict", ROW).status == 401
        assert server.workers == worker


@pytest.mark.parametrize("place", ["signatures", "served"])
def test_a_start_without_room_is_told(project: Path, place: str) -> None:
    """Where the folder of the log takes no files, the server does not start, and says what and where in one message."""
    live = project / ".volvelle" / "live"
    live.mkdir(exist_ok=True)
    (live / place).write_text("in the way")
    done = begun(project, "serve", "--port", "0")
    problem = done.communicate(timeout=120)[1]
    assert (done.returncode, "Traceback" in problem, str(live / place) in problem) == (2, False, True)


@pytest.mark.skipif(os.getuid() != 0, reason="only root mounts")
def test_a_disk_for_reading_alone_is_told(project: Path, tmp_path: Path) -> None:
    """On a file system that cannot be written serving is refused with the folder's name."""
    place = tmp_path / "mounted"
    place.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "ro", "none", str(place)], capture_output=True, check=False
    ).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        done = begun(project, "serve", "--port", "0", "--live", str(place / "live"))
        problem = done.communicate(timeout=120)[1]
    finally:
        subprocess.run(["umount", str(place)], check=True)
    assert (done.returncode, f"no log can be kept in {place}" in problem) == (2, True)
