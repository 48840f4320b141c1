"""What an answer costs: CPU per request of `volvelle serve`, as a ratio to a bare ASGI application in the same run.

Servers are pinned to one core and asked from another one over eight connections that stay open. The bare application
is a function of ASGI under uvicorn that decodes JSON, runs the same ONNX file and encodes JSON: no check, no id, no
count, no log. FastAPI stands there twice: as its documentation shows it, with pydantic models in and out, and with an
id, counters and a line of log behind a queue, which ours has by default. All run on uvloop. The model is linear, so
that the server is measured. CPU is that of the process which answers, its threads included; the supervisor, which
settles the log, is told beside it.

Wanted: one named row at most 0.70 of bare ASGI, 64 rows of JSON 0.95, 64 rows as binary tensors 0.50 of bare ASGI with
JSON, one row at most a fifth of FastAPI with pydantic, 90 MB of resident memory a worker. One row is also asked with a
key and under a rate limit, which ours checks, and with an id and a trace of the client's, which it takes on.

    python -m bench.serve [--json] [--rounds 7] [--write docs/benchmarks.md]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np

START, END = "<!-- measured: serve -->", "<!-- end -->"
OURS = ("volvelle", "compiled")
GUARDED = "one row, guarded"
"""With all that a request may bring."""
WANTED = {"one row": 0.70, "64 rows": 0.95, "64 rows, binary": 0.50}
FEATURES, ROWS, CONNECTIONS = 10, 64, 8
SPEC = """\
[problem]
name = "bench"
target = "y"

[data]
source = "rows.csv"

[search]
trials = 2
folds = 2
estimators = ["constant", "logistic"]
"""
PEERS = """\
import json, sys
import msgspec, numpy as np, onnxruntime as ort
options = ort.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = ort.InferenceSession(sys.argv[2], options, providers=["CPUExecutionProvider"])
names = [f"x{k}" for k in range(10)]
classes = json.loads(sys.argv[3])

def answered(rows):
    numbers = np.array(rows, dtype=np.float32)
    labels, scores = session.run(["label", "scores"], {"numbers": numbers})
    shares = [dict(zip(classes, row)) for row in scores.tolist()]
    return {"predictions": [classes[k] for k in labels.tolist()], "probabilities": shares}

async def bare(scope, receive, send):
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    rows = msgspec.json.decode(body)["rows"]
    content = msgspec.json.encode(answered([[row[name] for name in names] for row in rows]))
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})

def typed(duties):
    import logging, time, uuid
    from logging.handlers import QueueHandler, QueueListener
    from queue import SimpleQueue
    from fastapi import FastAPI, Response
    from pydantic import create_model, BaseModel
    counts, log, waiting = {}, logging.getLogger("answers"), SimpleQueue()
    log.setLevel(logging.INFO)
    log.addHandler(QueueHandler(waiting))
    QueueListener(waiting, logging.FileHandler(sys.argv[5])).start()
    Row = create_model("Row", **{name: (float | None, ...) for name in names})
    class Rows(BaseModel):
        rows: list[Row]
    class Answers(BaseModel):
        predictions: list[str]
        probabilities: list[dict[str, float]]
    made = FastAPI()
    @made.post("/v1/predict")
    async def predict(asked: Rows, response: Response) -> Answers:
        start = time.perf_counter()
        found = answered([[getattr(row, name) for name in names] for row in asked.rows])
        if duties:
            request = response.headers["x-request-id"] = uuid.uuid4().hex
            took = time.perf_counter() - start
            counts[200, round(took, 4)] = counts.get((200, round(took, 4)), 0) + 1
            line = {"id": request, "at": time.time(), "rows": msgspec.Raw(asked.model_dump_json().encode()), **found}
            log.info(msgspec.json.encode(line).decode())
        return found
    return made

import uvicorn
app = bare if sys.argv[1] == "bare" else typed(sys.argv[1] == "duties")
uvicorn.run(app, port=int(sys.argv[4]), http="httptools", loop="auto", access_log=False, log_level="warning")
"""


class Server(NamedTuple):
    """A server that runs: the process that answers, and who looks after it."""

    port: int
    answers: int
    all: tuple[int, ...]


def project(folder: Path) -> Path:
    """A project with a champion; the folder of the release."""
    noise = np.random.default_rng(7)
    x = noise.normal(size=(2_000, FEATURES))
    y = np.where(x[:, 0] + x[:, 1] * x[:, 2] + noise.normal(size=2_000) > 0, "yes", "no")
    lines = [",".join([*(f"{value:.4f}" for value in row), label]) for row, label in zip(x, y, strict=True)]
    head = ",".join([*(f"x{k}" for k in range(FEATURES)), "y"])
    (folder / "rows.csv").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    (folder / "volvelle.toml").write_text(SPEC, encoding="utf-8")
    subprocess.run([sys.executable, "-m", "volvelle", "run", "--release"], cwd=folder, check=True, capture_output=True)
    return next((folder / ".volvelle" / "releases").iterdir())


def pinned(core: int, *command: str) -> list[str]:
    """A command that stays on one core."""
    code = f"import os, sys; os.sched_setaffinity(0, {{{core}}}); os.execv(sys.argv[1], sys.argv[1:])"
    return [sys.executable, "-c", code, *command]


def own(folder: Path, *words: str) -> tuple[subprocess.Popen[str], Server]:
    """``volvelle serve`` on the first core."""
    command = pinned(0, sys.executable, "-m", "volvelle", "serve", "--port", "0", "--json", *words)
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    text = ""
    while not text.endswith("}\n"):
        text += process.stdout.readline()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii").split()
    return process, Server(json.loads(text)["port"], int(children[0]), (process.pid, int(children[0])))


def peer(kind: str, release: Path, script: Path) -> tuple[subprocess.Popen[str], Server]:
    """A server to compare with, on the first core."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    classes = json.dumps(json.loads((release / "signature.json").read_bytes())["classes"])
    place = [str(script), kind, str(release / "model.onnx"), classes, str(port), str(script.with_suffix(f".{kind}"))]
    process = subprocess.Popen(pinned(0, sys.executable, *place), text=True)
    return process, Server(port, process.pid, (process.pid,))


def posted(path: str, body: bytes, kind: str = "application/json", more: str = "") -> bytes:
    """A request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def guarded(folder: Path) -> tuple[subprocess.Popen[str], Server, str]:
    """``volvelle serve`` with a key and a rate that is not reached, and the lines of a head that it lets in."""
    command = [sys.executable, "-m", "volvelle", "serve", "--new-key", "predict"]
    made = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
    lines = f"Authorization: Bearer {made}\r\nX-Request-ID: 7f1c\r\ntraceparent: 00-{'a' * 32}-{'b' * 16}-01\r\n"
    return *own(folder, "--rate", "1000000/s"), lines


def requests(lines: str) -> dict[str, bytes]:
    """What is asked, by name.

    Args:
        lines: of the guarded request's head.
    """
    rows = np.random.default_rng(3).normal(size=(ROWS, FEATURES)).round(4)
    named = [{f"x{k}": float(value) for k, value in enumerate(row)} for row in rows]
    inputs = [
        {"name": f"x{k}", "shape": [ROWS], "datatype": "FP32", "parameters": {"binary_data_size": 4 * ROWS}}
        for k in range(FEATURES)
    ]
    head = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
    binary = head + rows.T.astype("<f4").tobytes()
    length = f"Inference-Header-Content-Length: {len(head)}\r\n"
    return {
        "one row": posted("/v1/predict", json.dumps({"rows": named[:1]}).encode()),
        GUARDED: posted("/v1/predict", json.dumps({"rows": named[:1]}).encode(), more=lines),
        "64 rows": posted("/v1/predict", json.dumps({"rows": named}).encode()),
        "64 rows, binary": posted("/v2/models/bench/infer", binary, "application/octet-stream", length),
    }


def ask(port: int, request: bytes, count: int) -> None:
    """Send so many requests over connections that stay open, and read every answer, which must be 200."""
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]
    for made in connections:
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for _ in range(count // CONNECTIONS):
        for made in connections:
            made.sendall(request)
        for made in connections:
            data = made.recv(262_144)
            stop = data.index(b"\r\n\r\n") + 4
            assert data.startswith(b"HTTP/1.1 200"), data[:400]
            wanted = int(data[: data.index(b"\r\n", data.lower().index(b"content-length:"))].rpartition(b":")[2])
            while len(data) < stop + wanted:
                data += made.recv(262_144)
    for made in connections:
        made.close()


def cpu(process: int) -> float:
    """Seconds of processor time of a process and its threads (the process clock of clock_getcpuclockid)."""
    return time.clock_gettime(((~process) << 3) | 2)


def resident(process: int) -> float:
    """MB of resident memory."""
    text = Path(f"/proc/{process}/status").read_text("ascii")
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) * 1024 / 1e6  # type: ignore[index]


def measured(servers: dict[str, Server], lines: str, rounds: int) -> dict[str, Any]:
    """Microseconds of CPU per request: medians of rounds that go around the servers, ratios within each round."""
    asked = requests(lines)
    pairs = [
        (kind, name)
        for kind in asked
        for name in servers
        if (kind == GUARDED) == (name == "guarded") and ("binary" not in kind or name in OURS)
    ]
    taken: dict[tuple[str, str], list[float]] = {pair: [] for pair in pairs}
    supervisor = next(number for number in servers["volvelle"].all if number != servers["volvelle"].answers)
    beside, rows = cpu(supervisor), 0
    for turn in range(rounds + 1):
        for kind, name in pairs:
            server, count = servers[name], 4_000 if kind.startswith("one row") else 1_600
            before = cpu(server.answers)
            ask(server.port, asked[kind], count)
            # What is done behind the answers counts too.
            time.sleep(0.3)
            used = cpu(server.answers) - before
            # The first round warms up.
            if turn:
                taken[kind, name].append(used / count * 1e6)
            rows += (1 if kind == "one row" else ROWS) * count * (name == "volvelle")
    found: dict[str, Any] = {kind: {} for kind in asked} | {"ratio": {}}
    for (kind, name), values in taken.items():
        found[kind][name] = median(values)
        bare = taken.get((kind, "bare"), taken["one row" if kind == GUARDED else "64 rows", "bare"])
        found["ratio"][f"{kind}, {name}"] = median(a / b for a, b in zip(values, bare, strict=True))
    mine_all = {name: taken["one row", name] for name in OURS} | {"guarded": taken[GUARDED, "guarded"]}
    for name in ("fastapi", "duties"):
        for mine, theirs in mine_all.items():
            several = zip(taken["one row", name], theirs, strict=True)
            found["ratio"][f"{name} to {mine}"] = median(a / b for a, b in several)
    # The last journals are settled a little later.
    time.sleep(6)
    found["supervisor"] = (cpu(supervisor) - beside) / rows * 1e6
    found["resident"] = {name: resident(server.answers) for name, server in servers.items()}
    return found


def table(found: dict[str, Any]) -> str:
    """What was measured, as Markdown."""
    heads = "request | bare ASGI | FastAPI + pydantic | with id, counters, log | volvelle | ratio to bare | wanted"
    lines = [f"| {heads} | volvelle, `--backend c` |", "| --- " * 8 + "|"]
    ratio = found["ratio"]
    for kind, wanted in WANTED.items():
        bare, *typed = (found[kind].get(n, found["64 rows"][n]) for n in ("bare", "fastapi", "duties"))
        ours = found[kind]["volvelle"]
        others = " | ".join(f"{value:.0f} us" for value in (bare, *typed))
        told = f"| {kind} | {others} | {ours:.0f} us | {ratio[f'{kind}, volvelle']:.2f} | {wanted:.2f} |"
        lines.append(f"{told} {found[kind]['compiled']:.0f} us, {ratio[f'{kind}, compiled']:.2f} |")
    memory = found["resident"]
    lines.append("")
    lines.append(
        f"One row takes {ratio['fastapi to volvelle']:.1f} times less than FastAPI with pydantic (wanted: 5), "
        f"{ratio['duties to volvelle']:.1f} times less than the same with an id, counters and a log, as ours has them; "
        f"with `--backend c` {ratio['fastapi to compiled']:.1f} and {ratio['duties to compiled']:.1f}. "
        f"With a key, a rate limit, an id and a trace of the client's it takes {found[GUARDED]['guarded']:.0f} us: "
        f"{ratio[f'{GUARDED}, guarded']:.2f} of bare ASGI, {ratio['fastapi to guarded']:.1f} times less than FastAPI. "
        f"The supervisor adds {found['supervisor']:.1f} us a row for settling the log, on any core. A worker "
        f"has {memory['volvelle']:.0f} MB of resident memory after this load (wanted: 90), bare ASGI "
        f"{memory['bare']:.0f} MB, FastAPI {memory['fastapi']:.0f} MB."
    )
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure, then print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write", type=Path, help="a document to put the table into")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="volvelle-serve-") as place:
        release = project(Path(place))
        script = Path(place) / "peers.py"
        script.write_text(PEERS, encoding="utf-8")
        beside = Path(place) / "compiled"
        locked = Path(place) / "locked"
        for copy in (beside, locked):
            shutil.copytree(place, copy, ignore=shutil.ignore_patterns("compiled", "locked"))
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        started = {kind: peer(kind, release, script) for kind in ("bare", "fastapi", "duties")}
        started |= {"volvelle": own(Path(place)), "compiled": own(beside, "--backend", "c")}
        process, server, lines = guarded(locked)
        started["guarded"] = process, server
        try:
            found = measured({name: server for name, (_, server) in started.items()}, lines, options.rounds)
        finally:
            for process, _ in started.values():
                process.terminate()
                process.wait()
    if options.json:
        print(json.dumps(found, indent=1))
    elif options.write:
        text = options.write.read_text(encoding="utf-8")
        made = re.sub(f"{START}.*?{END}", lambda _: f"{START}\n{table(found)}{END}", text, flags=re.DOTALL)
        options.write.write_text(made, encoding="utf-8")
    else:
        print(table(found), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
