"""Compile a model for a device and prove it: on this machine, under sanitizers, and on the emulated core."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from volvelle.catalog import EMULATORS, TOOLCHAINS, import_late
from volvelle.compiler.code import Wish
from volvelle.compiler.front import front
from volvelle.compiler.golden import golden
from volvelle.compiler.host import KINDS, Host, sanitized
from volvelle.compiler.image import Image, Run
from volvelle.compiler.ir import Graph
from volvelle.compiler.limits import read
from volvelle.compiler.lower import lower
from volvelle.compiler.memory import placed
from volvelle.compiler.parity import Case, Rows, compared, gaps, joined, reference
from volvelle.compiler.records import TOLERANCE, Device, Footprint, Goal, Layer, Parity, Precision, Spread
from volvelle.compiler.reference import plain
from volvelle.compiler.relax import relaxed
from volvelle.compiler.rows import made_up
from volvelle.compiler.sources import Sources, c_name, sources
from volvelle.compiler.stack import deepest
from volvelle.compiler.suited import suited
from volvelle.compiler.typed import cleaned, fits
from volvelle.errors import ContractBroken, MissingExtra
from volvelle.model.signature import Signature

FIRST_TIME = "the first time on a machine takes some seconds more"
CORE_ROWS, GOLDEN_ROWS, MADE_UP, CHOICE_SEED = 64, 24, 256, 11
"""Rows that the emulated core answers at least, that the golden program holds, that are made up; a seed."""
FEW, STRICT = 64, TOLERANCE / 10
"""Rows of each kind with which precision is foretold, and how near their answers must be."""
CORE_INSTRUCTIONS = 200_000_000
"""The emulated core answers further rows until about so many instructions are spent."""
NOWHERE = Footprint(
    device="",
    onnx="",
    source="",
    flash=0,
    ram=0,
    stack=0,
    instructions=Spread(0, 0, 0),
    cycles=Spread(0, 0, 0),
    parity=(),
    memory=(),
    seed=0,
    compiler="",
    emulator="",
)
"""The footprint of a model that runs on no device."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A model in C.

    Attributes:
        sources: the C.
        graph: the lowered graph.
        onnx: SHA-256 of the ONNX file.
        signature: names of features and classes, where the file tells them and they fit it.
        goal: what was chosen where there was a choice.
        precision: of what the file computes in double.
        ram: bytes of the device that packed weights may be unpacked into, as far as there is room.
        narrow: whether it is for a core with an int of 16 bits and a double of 32.
    """

    sources: Sources
    graph: Graph
    onnx: str
    signature: Signature | None
    goal: Goal = "size"
    precision: Precision = "as written"
    ram: int | None = None
    narrow: bool = False


def compiled(
    content: bytes,
    name: str = "model",
    goal: Goal = "size",
    precision: Precision | None = None,
    rows: Rows | None = None,
    ram: int | None = None,
    narrow: bool = False,
) -> Compiled:
    """An ONNX file as C.

    Args:
        content: the ONNX file.
        name: the prefix of everything public in the C.
        goal: what is chosen where there is a choice, little flash or few instructions.
        precision: of what the file computes in double; measured and chosen where it is left out.
        rows: real rows of every input ``[n, ...]`` to choose with; made-up ones are added.
        ram: bytes of the device; where there is room beside the working memory, packed weights are unpacked once.
        narrow: whether it is for a core with an int of 16 bits and a double of 32.

    Raises:
        ModelError: it is damaged, or uses what is not supported.
    """
    signature = signature_of(content)
    graph = front(content, bounds(signature))
    if signature is not None and not fits(graph, signature):
        signature, graph = None, front(content)
    digest = hashlib.sha256(content).hexdigest()
    made = None if precision == "as written" else relaxed(graph, narrow=narrow)
    if made is not None:
        text = sources(made, c_name(name), digest, signature, Wish(goal, relaxed=True, ram=ram, narrow=narrow))
        tried = Compiled(text, made, digest, signature, goal, "single", ram, narrow)
        if precision == "single" or _equal(content, tried, graph, rows):
            return tried
    made = lower(graph)
    text = sources(made, c_name(name), digest, signature, Wish(goal, ram=ram, narrow=narrow))
    return Compiled(text, made, digest, signature, goal, ram=ram, narrow=narrow)


def _equal(content: bytes, made: Compiled, graph: Graph, rows: Rows | None) -> bool:
    """Whether C on this machine answers as onnxruntime does; no where there is no compiler to tell.

    Every label must be the same, and every score of real rows. Where there are such, those that are made up lie far
    outside of them too, and their scores are held against exact arithmetic where they differ.
    """
    case = case_of(content, made, rows, CHOICE_SEED)
    try:
        own = Host(made.sources).run(case.typed)
    except MissingExtra:
        return False
    real = len(next(iter(rows.values()))) if rows else len(own[0])
    for mine, theirs, name in zip(own, case.wanted, graph.outputs, strict=True):
        allowed = TOLERANCE if graph.tensors[name].dtype.kind == "f" else 0
        if (gaps(mine[:real], theirs[:real]) > allowed).any():
            return False
    found = compared("host", own, case)
    return not found.label_differences and found.largest <= TOLERANCE


def single_enough(content: bytes, made: Compiled, rows: Rows | None) -> bool:
    """Whether single precision will agree, foretold in NumPy: stricter, for its sums err less than those of C."""
    case = case_of(content, made, None if rows is None else {n: a[:FEW] for n, a in rows.items()}, CHOICE_SEED, FEW)
    for row in range(len(case.typed[0])):
        answers = plain(made.graph, {n: a[row] for n, a in zip(made.graph.inputs, case.typed, strict=True)})
        for mine, theirs in zip(answers, case.wanted, strict=True):
            if not (gaps(mine, theirs[row]) <= (STRICT if mine.dtype.kind == "f" else 0)).all():
                return False
    return True


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


def prove(
    content: bytes,
    made: Compiled,
    device: Device,
    rows: Rows | None = None,
    seed: int = 7,
    way: tuple[str, str] | None = None,
) -> Footprint:
    """Measure a compiled model.

    Args:
        content: the ONNX file.
        made: its C.
        device: where it must run.
        rows: real rows of every input ``[n, ...]``; made-up ones are added.
        seed: of the made-up rows.
        way: names of a toolchain and an emulator; those of the device where it is left out.

    Raises:
        MissingExtra: the `device` extra is not installed, or a tool that the device needs.
        ModelError: the device cannot compute it.
        ContractBroken: the C does not compile, or touches memory that is not its own.
    """
    suited(made.sources, device)
    case, way = case_of(content, made, rows, seed), way or device.way
    host = Host(made.sources)
    own = host.run(case.typed)
    parity = [by_numpy(case), compared("host", own, case), *_sanitized(made, host, _held(content, made, case))]
    image, runs, on_core, parts = _on_core(made, case, device, way, own)
    spent = list(runs.values())
    return Footprint(
        device=device.name,
        onnx=made.onnx,
        source=hashlib.sha256((made.sources.header + made.sources.source).encode()).hexdigest(),
        flash=image.flash,
        ram=image.ram,
        stack=max(r.stack for r in spent),
        instructions=_spread([r.instructions for r in spent]),
        cycles=_spread([r.cycles for r in spent]),
        parity=(*parity, on_core),
        memory=placed(made.sources.plan),
        seed=seed,
        compiler=image.compiler,
        emulator=EMULATORS.load(way[1]).version(),
        clock=device.clock,
        **_choices(made),
        stack_bound=_bound(image, device, max(r.stack for r in spent)),
        layers=parts,
        real=_of_real(runs, rows),
    )


def _choices(made: Compiled) -> dict[str, Any]:
    """What was chosen where there was a choice."""
    return {"precision": made.precision, "goal": made.goal, "weights": made.sources.weights, "room": made.ram}


def _of_real(runs: Mapping[int, Run], rows: Rows | None) -> Spread | None:
    """Instructions over the real rows alone, which come first."""
    given = len(next(iter(rows.values()))) if rows else 0
    real = [run.instructions for row, run in runs.items() if row < given]
    return _spread(real) if real else None


def cold(device: Device, toolchain: str | None = None) -> bool:
    """Whether the toolchain has yet to make what it links to every program for this core, which takes seconds once."""
    asked = getattr(TOOLCHAINS.load(toolchain or device.way[0]), "cold", None)
    return bool(asked and asked(device.target))


def by_numpy(case: Case) -> Parity:
    """The operators' own definitions in NumPy beside onnxruntime, on the rows of the golden program."""
    few = case.part(case.some(GOLDEN_ROWS))
    answers = [plain(case.made, few.row(row)) for row in range(len(few.typed[0]))]
    return compared("NumPy", [np.stack(each) for each in zip(*answers, strict=True)], few)


def _sanitized(made: Compiled, host: Host, held: Case) -> list[Parity]:
    """The golden program under the sanitizers; nothing where this machine has none."""
    answers = host.run(held.typed)
    complaint = sanitized(made.sources, golden(made.sources, held.typed, answers))
    if complaint:
        raise ContractBroken(f"the sanitizers complain: {complaint[:2000]}")
    return [] if complaint is None else [compared("host with sanitizers", answers, held)]


def _on_core(
    made: Compiled, case: Case, device: Device, way: tuple[str, str], own: list[NDArray[Any]]
) -> tuple[Image, dict[int, Run], Parity, tuple[Layer, ...]]:
    """The linked program, as many rows as the emulator has time for, how their answers compare, and what parts cost."""
    image = TOOLCHAINS.load(way[0]).build(made.sources, device)
    module = EMULATORS.load(way[1])
    ends = [(KINDS[kind], size) for _, kind, size in made.sources.outputs]
    core = module.Core(image, device)
    first = core.run([a[0] for a in case.typed], ends)
    least, enough = getattr(module, "ROWS", (CORE_ROWS, CORE_INSTRUCTIONS))
    picked = case.some(max(least, enough // max(first.instructions, 1)))
    runs = [core.run([a[row] for a in case.typed], ends) for row in picked]
    answers = [np.stack([r.outputs[k] for r in runs]) for k in range(len(ends))]
    slowest = picked[int(np.argmax([r.instructions for r in runs]))]
    costs = import_late("volvelle.compiler.costs", "a proof on a core")
    parts = costs.layers(made.sources, image, core, [a[slowest] for a in case.typed], ends)
    found = compared("emulated core", answers, case.part(picked))
    same = all(_bits(a, mine[picked]) for a, mine in zip(answers, own, strict=True))
    return image, dict(zip(picked.tolist(), runs, strict=True)), structs.replace(found, same=same), parts


def _bits(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Whether two arrays have the same bits, but for which of the many forms of no number one is."""
    none = (a != a) & (b != b)
    return (
        bool(((a == b) & (np.signbit(a) == np.signbit(b)) | none).all())
        if a.dtype.kind == "f"
        else bool((a == b).all())
    )


def _bound(image: Image, device: Device, painted: int) -> int | None:
    """The proven bound on the stack; no row may have gone below it."""
    bound = deepest(image, device.machine)
    if bound is not None and painted > bound:
        raise ContractBroken(f"a row took {painted} bytes of stack, and {bound} were the bound")
    return bound


def agreement(
    content: bytes, made: Compiled, run: Callable[[list[NDArray[Any]]], list[NDArray[Any]]], rows: Rows | None = None
) -> Parity:
    """How something that runs the C answers beside onnxruntime, to a millionth.

    Args:
        content: the ONNX file.
        made: its C.
        run: gives answers ``[n, size]`` to rows ``[n, size]`` of every input, in the types of the C.
        rows: real rows of every input; made-up ones are added.
    """
    case = case_of(content, made, rows, CHOICE_SEED)
    return compared("host", run(case.typed), case, STRICT)


def vectors(content: bytes, made: Compiled, rows: Rows | None = None, seed: int = 7) -> str:
    """The program of golden vectors: some of the rows of `prove`, with the answers of this machine."""
    held = _held(content, made, case_of(content, made, rows, seed))
    return golden(made.sources, held.typed, Host(made.sources).run(held.typed))


def case_of(content: bytes, made: Compiled, rows: Rows | None, seed: int, more: int = MADE_UP) -> Case:
    """The given rows and so many that are made up, with what onnxruntime says of them."""
    given = joined(rows, made_up(made.graph, made.signature, more, seed, made.precision), made.graph.inputs)
    count = len(next(iter(given.values())))
    typed = [
        np.ascontiguousarray(given[name].reshape(count, -1), dtype=KINDS[kind])
        for name, (_, kind, _) in zip(made.graph.inputs, made.sources.inputs, strict=True)
    ]
    read = front(content, bounds(made.signature))
    return Case(typed, reference(content, given, made.graph), made.graph, read)


def _held(content: bytes, made: Compiled, case: Case) -> Case:
    """The rows of the golden program; where the model is asked by name, as names hand them on."""
    few = case.part(case.some(GOLDEN_ROWS))
    if made.signature is None:
        return few
    rows = cleaned(made.signature, dict(zip(made.graph.inputs, few.typed, strict=True)))
    given = {n: a.astype(np.float32 if n == "numbers" else np.int64) for n, a in rows.items()}
    typed = [rows[n] for n in made.graph.inputs]
    return replace(few, typed=typed, wanted=reference(content, given, made.graph))


def _spread(values: list[int]) -> Spread:
    return Spread(least=min(values), median=int(np.median(values)), most=max(values))
