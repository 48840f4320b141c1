"""Answer requests over HTTP with the champion, and log what was answered.

Example:
  volvelle serve
  volvelle serve --port 0 --workers 2 --json
  volvelle serve --new-key predict
  volvelle serve --challenger pump-failure-4 --canary 10%
  volvelle serve --backend c
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import re
import shlex
import signal
import socket
import sys
from pathlib import Path

from volvelle.cli.auto import Auto
from volvelle.cli.options import json_option, print_json, print_next, spec_option
from volvelle.errors import InputError, NotFound, near
from volvelle.flow import libraries
from volvelle.flow.registry import current
from volvelle.flow.turn import STATE, Project
from volvelle.model.encode import example
from volvelle.serve.keys import ROLES, new_key
from volvelle.serve.keys import read as keys_of
from volvelle.serve.service import Limits
from volvelle.serve.supervisor import Plan, Supervisor
from volvelle.serve.worker import log_to_stderr
from volvelle.spec.monitoring import kept_for
from volvelle.spec.read import FILE, read
from volvelle.spec.units import quantity

LIVE = "live"
_SHARE = re.compile(r"(\d{1,3}(?:\.\d+)?) ?%")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8080, help="port; 0 takes a free one (default: 8080)")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes that answer (default: 1)")
    parser.add_argument(
        "--new-key", choices=ROLES, metavar="ROLE", help=f"make a key for {', '.join(ROLES)}; no serving"
    )
    parser.add_argument("--release", type=Path, metavar="FOLDER", help="a release folder, with no project around it")
    parser.add_argument(
        "--live", type=Path, metavar="FOLDER", help="where the log and the keys lie (default: .volvelle/live)"
    )
    parser.add_argument("--challenger", metavar="RELEASE", help="a release beside the champion")
    parser.add_argument("--canary", default="", metavar="SHARE", help="requests it answers, e.g. 10%%")
    parser.add_argument("--shadow", action="store_true", help="it answers every request too, for the log alone")
    parser.add_argument("--rate", default="", metavar="RATE", help="of one key, e.g. 100/s (default: any)")
    parser.add_argument("--max-body", default="4 MiB", metavar="SIZE", help="of a request (default: 4 MiB)")
    parser.add_argument("--max-rows", type=int, default=10_000, metavar="N", help="of a request (default: 10000)")
    parser.add_argument("--time-limit", default="30 s", metavar="TIME", help="of a request (default: 30 s)")
    parser.add_argument("--terse", action="store_true", help="errors do not echo what was sent")
    parser.add_argument(
        "--backend",
        choices=("onnxruntime", "c"),
        default="onnxruntime",
        help="what computes: onnxruntime, or the model compiled here (default: onnxruntime)",
    )
    parser.add_argument("--log-requests", action="store_true", help="one JSON line a request on standard error")
    parser.add_argument("--certificate", type=Path, metavar="FILE", help="certificate chain for TLS, PEM")
    parser.add_argument("--key", type=Path, metavar="FILE", help="its private key, PEM")
    parser.add_argument("--auto", action="store_true", help="also watch, and retrain where [monitor] says so")
    spec_option(parser)
    json_option(parser)


def run(options: argparse.Namespace) -> int:
    """Serve until interrupted; what is on its way is answered."""
    alone = options.release or (options.new_key and options.live)
    project = None if alone else Project(options.spec.parent, existing=True)
    live = _live(options.live or options.spec.parent / STATE / LIVE)
    if options.new_key:
        return _new_key(options, live)
    plan = _plan(options, project, live)
    listening = _listen(options.host, options.port)
    log_to_stderr()
    build = (lambda folder: libraries.build(project, folder, live)) if options.backend == "c" else None
    extra = None if project is None else lambda: read(options.spec).serve.extra
    supervisor = Supervisor(plan, listening, lambda: _champion(options, project), build, extra)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, supervisor.end)
    supervisor.start()
    _announce(options, plan, listening, supervisor)
    auto = Auto(options.spec, quantity(read(options.spec).monitor.every, "seconds")) if options.auto else None
    try:
        supervisor.run()
    finally:
        if auto is not None:
            auto.close()
    print("stopped: every request that had come in was answered, the log is settled", file=sys.stderr)
    return 0


def _new_key(options: argparse.Namespace, live: Path) -> int:
    key = new_key(live, options.new_key)
    if options.json:
        print_json({"role": options.new_key, "key": key})
        return 0
    print(key)
    print("This is shown once; only its hash is stored. A server that runs knows it within a second.", file=sys.stderr)
    print_next(options, "volvelle serve")
    return 0


def _live(folder: Path) -> Path:
    """Where all that is live lies; it can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        problem = f"no log can be kept in {folder}: {error.strerror}"
        raise InputError(problem, where="--live", next_move="name a folder that this user can write") from error
    return folder.resolve()


def _plan(options: argparse.Namespace, project: Project | None, live: Path) -> Plan:
    """The options, checked."""
    if not 1 <= options.workers <= 256:
        raise InputError(f"{options.workers} workers were asked for", where="--workers", next_move="1 to 256")
    if bool(options.certificate) != bool(options.key):
        raise InputError("TLS needs a certificate and its key", where="--certificate", next_move="give both files")
    for flag, path in (("--certificate", options.certificate), ("--key", options.key)):
        if path is not None and not path.is_file():
            raise NotFound(f"there is no file {path}", where=flag, next_move="name a PEM file")
    share = _share(options.canary)
    if (share or options.shadow) and not options.challenger:
        raise InputError("there is no challenger", where="--canary", next_move="name one with --challenger RELEASE")
    if project is None and (options.challenger or options.auto):
        flag = "--challenger" if options.challenger else "--auto"
        raise InputError(f"{flag} needs a project", where="--release", next_move=f"leave out {flag}, or --release")
    challenger = str(_release(project, options.challenger)) if project and options.challenger else ""
    spec = options.release / FILE if options.release else options.spec
    if options.release and not spec.is_file():
        advice = "name a folder below .volvelle/releases"
        raise NotFound(f"there is no release in {options.release}", where="--release", next_move=advice)
    wanted = read(spec)
    return Plan(
        live=str(live),
        name=wanted.problem.name,
        limits=Limits(
            body=int(_quantity("--max-body", options.max_body, "bytes")),
            rows=options.max_rows,
            rate=_quantity("--rate", options.rate, "1/seconds") / options.workers if options.rate else 0.0,
            seconds=_quantity("--time-limit", options.time_limit, "seconds"),
            terse=options.terse,
            told=options.log_requests,
        ),
        workers=options.workers,
        certificate=str(options.certificate or ""),
        key=str(options.key or ""),
        challenger=challenger,
        canary=share,
        shadow=options.shadow,
        extra=wanted.serve.extra,
        keep=kept_for(wanted.monitor),
    )


def _quantity(flag: str, text: str, dimension: str) -> float:
    try:
        return quantity(text, dimension)
    except InputError as error:
        raise InputError(error.problem, where=flag, next_move=error.next_move) from error


def _share(text: str) -> float:
    if not text:
        return 0.0
    found = _SHARE.fullmatch(text.strip())
    if found is None or float(found[1]) > 100:
        raise InputError(f"{text!r} is no share", where="--canary", next_move="write it like 10%")
    return float(found[1]) / 100


def _release(project: Project, name: str) -> Path:
    known = [entry["name"] for entry in project.ledger.releases()]
    if name not in known:
        raise NotFound(f"there is no release {name!r}", where="--challenger", next_move=near(name, known))
    entry = next(e for e in project.ledger.releases() if e["name"] == name)
    return (project.folder / str(entry["path"])).resolve()


def _champion(options: argparse.Namespace, project: Project | None) -> Path:
    """The folder of what answers."""
    if project is None:
        return Path(options.release).resolve()
    entry = current(project)
    if entry is None:
        raise NotFound("nothing has been released here", where=str(project.folder), next_move="volvelle release")
    return (project.folder / str(entry["path"])).resolve()


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port < 65_536:
        raise InputError(f"{port} is no port", where="--port", next_move="0 to 65535; 0 takes a free one")
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        problem = (
            f"port {port} of {host} is in use"
            if taken
            else f"cannot listen on {host}:{port}: {error.strerror or error}"
        )
        advice = "--port 0 takes a free one" if taken else "name an address of this machine, and a port above 1023"
        raise InputError(problem, where="--port" if taken else "--host", next_move=advice) from error


def _announce(options: argparse.Namespace, plan: Plan, listening: socket.socket, supervisor: Supervisor) -> None:
    """Where it listens, and one request to copy."""
    host, port = listening.getsockname()[:2]
    shown = "localhost" if host in ("0.0.0.0", "::", "127.0.0.1", "::1") else host
    url = f"{'https' if plan.certificate else 'http'}://{shown}:{port}"
    keys = bool(keys_of(Path(plan.live)))
    row = json.dumps(example(supervisor.signature), ensure_ascii=False)
    secret = " -H 'Authorization: Bearer KEY'" if keys else ""
    curl = f"curl {url}/v1/predict -H 'Content-Type: application/json'{secret} -d {shlex.quote(row)}"
    if options.json:
        facts = {"url": url, "host": host, "port": port, "workers": plan.workers, "keys": keys}
        print_json({**facts, "docs": f"{url}/docs", "model": plan.name, "release": supervisor.release, "curl": curl})
        sys.stdout.flush()
        return
    print(f"{supervisor.release} answers at {url} ({plan.workers} worker{'s' * (plan.workers > 1)})")
    print(f"  docs   {url}/docs")
    print(f"  try    {curl}", flush=True)
    if not keys and shown != "localhost":
        print("  anybody may ask: volvelle serve --new-key predict makes a key", file=sys.stderr)
    print_next(options, "volvelle watch", "ctrl-C stops; requests on their way are answered")
