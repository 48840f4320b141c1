"""What the peers write, compiled and linked as ours is: each file in processes of its own, within a limit of time."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from volvelle.compiler import elf
from volvelle.compiler.device import device
from volvelle.compiler.image import FLAGS, FLASH_AT, LAYOUT, RAM_AT, Image
from volvelle.compiler.toolchains import zig

DEVICE = device("cortex-m4f")
SECONDS = 600
"""For a peer to write a file, and for the compiler to compile it."""
STUBS = {
    "math.h": '#define NAN __builtin_nanf("")\n#define INFINITY __builtin_inff()\n'
    "#define powf __builtin_powf\n#define pow __builtin_pow\n"
    "float expf(float); double exp(double); float fabsf(float); float fmaxf(float, float); "
    "float sqrtf(float); double sqrt(double); double log(double); float logf(float); double fabs(double); "
    "double tanh(double); static inline float tanhf(float x) { return x; } float roundf(float); double round(double);",
    "string.h": "#include <stddef.h>\nvoid *memcpy(void *, const void *, size_t); void *memset(void *, int, size_t);",
    "stdlib.h": "#include <stddef.h>",
    "stdio.h": "#include <stddef.h>",
}
"""A freestanding compiler has no library headers; what the peers call is in its runtime, but tanhf, that none needs. A
power of two becomes a product, as with a library."""


def images(python: str, name: str, wanted: str) -> Iterator[tuple[str, Image | str]]:
    """Every way in which a peer writes a model: its name, and the program or why there is none.

    Args:
        python: of an environment with the peers.
        name: of the model.
        wanted: what tells the fitted model from others.
    """
    command = [str(Path(python).absolute()), "-m", "bench.peers.with_emlearn"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with tempfile.TemporaryDirectory() as place:

        def told(*asked: str) -> subprocess.CompletedProcess[str]:
            # One of the peers leaves what it builds in the folder where it runs.
            return _limited([*command, place, name, *asked], Path(place), environment)

        listed = told()
        if listed.returncode:
            sys.exit(f"the environment of the peers does not work: {listed.stderr[-500:]}")
        for peer in json.loads(listed.stdout.splitlines()[-1]):
            try:
                answer = told(peer)
                if answer.returncode:
                    yield peer, f"not written: {(answer.stderr.strip().splitlines() or ['no message'])[-1][:80]}"
                    continue
                file = json.loads(answer.stdout.splitlines()[-1])
                if file["fingerprint"] != wanted:
                    sys.exit(f"the two environments fitted different models of {name!r}: install equal versions")
                yield peer, built(Path(file["path"]).read_text(encoding="utf-8"), Path(file["include"]))
            except subprocess.TimeoutExpired:
                yield peer, f"not done after {SECONDS} s"


def built(text: str, include: Path) -> Image | str:
    """A peer's C, compiled and linked as ours is; or what became of the compiler."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "peer.c").write_text(text, encoding="utf-8")
        for header, content in STUBS.items():
            (folder / header).write_text(f"#pragma once\n{content}\n", encoding="utf-8")
        layout = LAYOUT.format(entry="peer_run", flash=FLASH_AT, ram=RAM_AT)
        (folder / "layout.ld").write_text(layout, encoding="utf-8")
        linked = ["-Wl,--gc-sections", "-Wl,--entry=peer_run", "-T", "layout.ld", "-o", "peer.elf"]
        command = [*zig.COMMAND, "cc", *DEVICE.target.split(), *FLAGS, "-fno-sanitize=all", "-w", *linked]
        command += ["-I.", f"-I{include}", "peer.c"]
        done = _limited(command, folder, dict(os.environ))
        if done.returncode:
            said = done.stderr.strip().splitlines()
            return f"not compiled: exit {done.returncode}, {said[0][:80] if said else 'no message'}"
        return elf.read(folder / "peer.elf", zig.version())


def _limited(command: list[str], folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command; where the time is up it is ended with all that it has started."""
    # A compiler that walks expressions of thousands of terms needs all the stack that there is.
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    resource.setrlimit(resource.RLIMIT_STACK, (hard, hard))
    pipe = subprocess.PIPE
    running = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )
    try:
        said, complaint = running.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate()
        raise
    return subprocess.CompletedProcess(command, running.returncode, said, complaint)
