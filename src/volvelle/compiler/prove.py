"""Compile a model for a device and prove it: on this machine, under sanitizers, and on the emulated core."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from volvelle.catalog import EMULATORS, TOOLCHAINS
from volvelle.compiler.front import front
from volvelle.compiler.golden import golden
from volvelle.compiler.host import KINDS, Host, sanitized
from volvelle.compiler.ir import Graph
from volvelle.compiler.limits import read
from volvelle.compiler.lower import lower
from volvelle.compiler.records import Device, Footprint, Parity, Placed, Spread
from volvelle.compiler.rows import made_up
from volvelle.compiler.sources import Sources, c_name, sources
from volvelle.errors import ContractBroken
from volvelle.model.session import Session
from volvelle.model.signature import Signature

Rows = Mapping[str, NDArray[Any]]
CORE_ROWS, GOLDEN_ROWS, MADE_UP = 64, 24, 256
"""Rows that the emulated core answers, that are written into the golden program, and that are made up."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A model in C.

    Attributes:
        sources: the C.
        graph: the lowered graph.
        onnx: SHA-256 of the ONNX file.
        signature: names of features and classes, where the file tells them.
    """

    sources: Sources
    graph: Graph
    onnx: str
    signature: Signature | None


def compiled(content: bytes, name: str = "model") -> Compiled:
    """An ONNX file as C.

    Raises:
        ModelError: it is damaged, or uses what is not supported.
    """
    signature = signature_of(content)
    graph = lower(front(content, bounds(signature)))
    digest = hashlib.sha256(content).hexdigest()
    return Compiled(sources(graph, c_name(name), digest, signature), graph, digest, signature)


def signature_of(content: bytes) -> Signature | None:
    """The signature that Volvelle writes into its models; None for a file from elsewhere."""
    told = {p.key: p.value for p in read(content).metadata_props}.get("signature")
    try:
        return msgspec.json.decode(told, type=Signature) if told else None
    except msgspec.DecodeError:
        return None


def bounds(signature: Signature | None) -> dict[str, tuple[int, int]]:
    """What the whole numbers of each input may be: codes are positions in the list of categories."""
    codes = signature.of("codes") if signature else ()
    return {"codes": (-2, max(1, *(len(f.categories) for f in codes)))} if codes else {}


def prove(content: bytes, made: Compiled, device: Device, rows: Rows | None = None, seed: int = 7) -> Footprint:
    """Measure a compiled model.

    Args:
        content: the ONNX file.
        made: its C.
        device: where it must run.
        rows: real rows of every input ``[n, ...]``; made-up ones are added.
        seed: of the made-up rows.

    Raises:
        MissingExtra: the `device` extra is not installed.
        ContractBroken: the C does not compile, or touches memory that is not its own.
    """
    given = _joined(rows, made_up(made.graph, made.signature, MADE_UP, seed), made.graph.inputs)
    wanted = _reference(content, given, made.graph)
    arrays = [given[name] for name in made.graph.inputs]
    own = Host(made.sources).run(arrays)
    parity = [_parity("host", own, wanted, made.graph)]
    count = len(arrays[0])
    some = np.unique(np.linspace(0, count - 1, min(count, GOLDEN_ROWS)).astype(int))
    typed = [
        np.ascontiguousarray(a.reshape(count, -1), dtype=KINDS[kind])
        for a, (_, kind, _) in zip(arrays, made.sources.inputs, strict=True)
    ]
    complaint = sanitized(made.sources, golden(made.sources, [a[some] for a in typed], [a[some] for a in own]))
    if complaint:
        raise ContractBroken(f"the sanitizers complain: {complaint[:2000]}")
    if complaint == "":
        parity.append(_parity("host with sanitizers", [a[some] for a in own], [w[some] for w in wanted], made.graph))
    image = TOOLCHAINS.load("zig").build(made.sources, device)
    emulator = EMULATORS.load("unicorn")
    core = emulator.Core(image, device)
    picked = np.unique(np.linspace(0, count - 1, min(count, CORE_ROWS)).astype(int))
    ends = [(KINDS[kind], size) for _, kind, size in made.sources.outputs]
    runs = [core.run([a[row] for a in typed], ends) for row in picked]
    answers = [np.stack([r.outputs[k] for r in runs]) for k in range(len(ends))]
    parity.append(_parity("emulated core", answers, [w[picked] for w in wanted], made.graph))
    return Footprint(
        device=device.name,
        onnx=made.onnx,
        source=hashlib.sha256((made.sources.header + made.sources.source).encode()).hexdigest(),
        flash=image.flash,
        ram=image.ram,
        stack=max(r.stack for r in runs),
        instructions=_spread([r.instructions for r in runs]),
        cycles=_spread([r.cycles for r in runs]),
        parity=tuple(parity),
        memory=_memory(made.sources),
        seed=seed,
        compiler=image.compiler,
        emulator=emulator.VERSION,
        clock=device.clock,
    )


def _joined(rows: Rows | None, more: Rows, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    if rows is None:
        return dict(more)
    return {n: np.concatenate([rows[n].reshape(len(rows[n]), -1), more[n].reshape(len(more[n]), -1)]) for n in names}


def _reference(content: bytes, given: Rows, graph: Graph) -> list[NDArray[Any]]:
    """onnxruntime's answers ``[n, size]``, in the types of the ONNX file."""
    session = Session(content, check=read)
    shaped = {n: given[n].reshape(-1, *graph.tensors[n].shape[1:]) for n in graph.inputs}
    count = len(next(iter(shaped.values())))
    if session.open_rows:
        answers = session.run(shaped)
        return [np.asarray(answers[o]).reshape(count, -1) for o in graph.outputs]
    single = [session.run({n: a[k : k + 1] for n, a in shaped.items()}) for k in range(count)]
    return [np.stack([np.asarray(s[o]).reshape(-1) for s in single]) for o in graph.outputs]


def _parity(where: str, own: list[NDArray[Any]], wanted: list[NDArray[Any]], graph: Graph) -> Parity:
    labels, largest = 0, 0.0
    for mine, theirs, name in zip(own, wanted, graph.outputs, strict=True):
        if graph.tensors[name].dtype.kind in "iub":
            labels += int((mine.astype(np.int64) != theirs.astype(np.int64)).any(axis=1).sum())
            continue
        a, b = mine.astype(np.float64), theirs.astype(np.float64)
        with np.errstate(invalid="ignore"):
            gap = np.abs(a - b) / np.maximum(1.0, np.abs(b))
        gap[(a == b) | (np.isnan(a) & np.isnan(b))] = 0.0
        largest = max(largest, float(np.max(np.where(np.isnan(gap), np.inf, gap), initial=0.0)))
    return Parity(where=where, rows=len(own[0]), label_differences=labels, largest=largest)


def _spread(values: list[int]) -> Spread:
    return Spread(least=min(values), median=int(np.median(values)), most=max(values))


def _memory(made: Sources) -> tuple[Placed, ...]:
    return tuple(
        Placed(
            name=s.name,
            pool=s.pool,
            offset=s.offset,
            bytes=s.size * KINDS[s.pool].itemsize,
            first=s.first,
            last=s.last,
        )
        for s in made.plan.slots
    )
