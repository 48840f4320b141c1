"""Show a run in an MLflow server: numbers, evidence, data, model, a version and the champion's alias.

Example:
  volvelle export mlflow http://127.0.0.1:5000
  volvelle export mlflow https://mlflow.example.com --run 3 --experiment pumps --alias challenger

Credentials are read from MLFLOW_TRACKING_TOKEN, or from MLFLOW_TRACKING_USERNAME and
MLFLOW_TRACKING_PASSWORD.
"""

from __future__ import annotations

import argparse
import os
import sys

from volvelle.cli.options import json_option, print_json, print_next, spec_option
from volvelle.deploy.mlflow.records import Asked, Sent
from volvelle.deploy.mlflow.send import send
from volvelle.deploy.mlflow.server import Server
from volvelle.errors import Refused, visible
from volvelle.flow.export import Exported, chosen, outgoing
from volvelle.flow.turn import Project
from volvelle.ui.drawn import report_of

_CHAMPION = "champion"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("to", choices=["mlflow"], help="what is written to")
    parser.add_argument("url", metavar="URL", help="the server: http:// or https:// and its host")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--run", type=int, dest="run_number", metavar="RUN", help="a run (default: the champion's)")
    which.add_argument("--release", default="", metavar="NAME", help="a release")
    parser.add_argument("--experiment", default="", metavar="NAME", help="default: the problem's name")
    parser.add_argument("--name", default="", metavar="NAME", help="the registered model (default: the problem's name)")
    parser.add_argument(
        "--alias", metavar="NAME", help="alias of the version (default: champion for the champion, else none)"
    )
    spec_option(parser)
    json_option(parser)


def run(options: argparse.Namespace) -> int:
    """Send; say what was made and what was there already."""
    server = Server(options.url, os.environ)
    exported = chosen(Project(options.spec.parent, existing=True), number=options.run_number, release=options.release)
    problem = exported.result.spec.problem.name
    asked = Asked(options.experiment or problem, options.name or problem, _alias(options, exported))
    sent = send(server, outgoing(exported, report_of(exported.result).read_bytes()), asked)
    if options.json:
        print_json(sent._asdict())
        return 0
    _show(sent, exported, options)
    return 0


def _alias(options: argparse.Namespace, exported: Exported) -> str:
    """The alias asked for.

    Raises:
        Refused: the champion's alias is asked for a run that was never released.
    """
    if options.alias is None:
        return _CHAMPION if exported.champion else ""
    if options.alias == _CHAMPION and exported.folder is None:
        number = exported.result.run.id
        raise Refused(
            f"run {number} is not released, so it is not shown as the champion",
            next_move=f"volvelle release {number}, or another --alias",
        )
    return str(options.alias)


def _show(sent: Sent, exported: Exported, options: argparse.Namespace) -> None:
    number = exported.result.run.id
    print(f"Run {number} in MLflow {sent.version_of_mlflow} at {visible(sent.server)}")
    print(f"  experiment  {visible(sent.experiment)}")
    print(f"  run         {sent.run_id} ({'new' if sent.new_run else 'was there; brought up to date'})")
    print(f"  files       {sent.uploaded} sent" + ("" if sent.uploaded else "; all were there"))
    print(f"  model       {visible(sent.model)}, version {sent.version} ({'new' if sent.new_version else 'was there'})")
    if sent.alias:
        print(f"  alias       {visible(sent.alias)}")
    elif exported.folder is None:
        print("  alias       none: the run is not released")
    else:
        print("  alias       none: it is not the champion")
    for note in sent.notes:
        print(f"Note: {note}", file=sys.stderr)
    which = f"{sent.model}@{sent.alias}" if sent.alias else f"{sent.model}/{sent.version}"
    print_next(options, f"mlflow.pyfunc.load_model('models:/{visible(which)}')")
