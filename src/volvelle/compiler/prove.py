"""Compile a model for a device and prove it: on this machine, under sanitizers, and on the emulated core."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
from volvelle.compiler.records import TOLERANCE, Device, Footprint, Goal, Layer, Parity, Placed, Precision, Spread
from volvelle.compiler.reference import exact, plain
from volvelle.compiler.relax import relaxed
from volvelle.compiler.rows import made_up
from volvelle.compiler.sources import Sources, c_name, sources
from volvelle.compiler.stack import deepest
from volvelle.compiler.texts import as_positions, without_maps
from volvelle.compiler.typed import cleaned, fits
from volvelle.errors import ContractBroken, MissingExtra
from volvelle.model.session import Session
from volvelle.model.signature import Signature

Rows = Mapping[str, NDArray[Any]]
CORE_ROWS, GOLDEN_ROWS, MADE_UP, CHOICE_SEED = 64, 24, 256, 11
"""Rows that the emulated core answers at least, that the golden program holds, that are made up; a seed."""
ALLOWED = 4.0
"""Where more than the tolerance differs, how many times the error of onnxruntime, or the rounding of the largest number
on the way, the C may be away from exact arithmetic."""
FEW, STRICT = 64, TOLERANCE / 10
"""Rows of each kind with which precision is foretold, and how near their answers must be."""
CORE_INSTRUCTIONS = 200_000_000
"""The emulated core answers further rows until about so many instructions are spent."""
_WIDE = (np.dtype(np.int32), np.dtype(np.int64))
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
    """

    sources: Sources
    graph: Graph
    onnx: str
    signature: Signature | None
    goal: Goal = "size"
    precision: Precision = "as written"


def compiled(
    content: bytes,
    name: str = "model",
    goal: Goal = "size",
    precision: Precision | None = None,
    rows: Rows | None = None,
) -> Compiled:
    """An ONNX file as C.

    Args:
        content: the ONNX file.
        name: the prefix of everything public in the C.
        goal: what is chosen where there is a choice, little flash or few instructions.
        precision: of what the file computes in double; measured and chosen where it is left out.
        rows: real rows of every input ``[n, ...]`` to choose with; made-up ones are added.

    Raises:
        ModelError: it is damaged, or uses what is not supported.
    """
    signature = signature_of(content)
    graph = front(content, bounds(signature))
    if signature is not None and not fits(graph, signature):
        signature, graph = None, front(content)
    digest = hashlib.sha256(content).hexdigest()
    made = None if precision == "as written" else relaxed(graph)
    if made is not None:
        text = sources(made, c_name(name), digest, signature, Wish(goal, relaxed=True))
        tried = Compiled(text, made, digest, signature, goal, "single")
        if precision == "single" or _equal(content, tried, graph, rows):
            return tried
    made = lower(graph)
    return Compiled(sources(made, c_name(name), digest, signature, Wish(goal)), made, digest, signature, goal)


def _equal(content: bytes, made: Compiled, graph: Graph, rows: Rows | None) -> bool:
    """Whether C on this machine answers as onnxruntime does; no where there is no compiler to tell.

    Every label must be the same, and every score of real rows. Where there are such, those that are made up lie far
    outside of them too, and their scores are held against exact arithmetic where they differ.
    """
    case = _case(content, made, rows, CHOICE_SEED)
    try:
        own = Host(made.sources).run(case.typed)
    except MissingExtra:
        return False
    real = len(next(iter(rows.values()))) if rows else len(own[0])
    for mine, theirs, name in zip(own, case.wanted, graph.outputs, strict=True):
        allowed = TOLERANCE if graph.tensors[name].dtype.kind == "f" else 0
        if (_gaps(mine[:real], theirs[:real]) > allowed).any():
            return False
    found = _parity("host", own, case, graph)
    return not found.label_differences and found.largest <= TOLERANCE


def single_enough(content: bytes, made: Compiled, rows: Rows | None) -> bool:
    """Whether single precision will agree, foretold in NumPy: stricter, for its sums err less than those of C."""
    case = _case(content, made, None if rows is None else {n: a[:FEW] for n, a in rows.items()}, CHOICE_SEED, FEW)
    for row in range(len(case.typed[0])):
        answers = plain(made.graph, {n: a[row] for n, a in zip(made.graph.inputs, case.typed, strict=True)})
        for mine, theirs in zip(answers, case.wanted, strict=True):
            if not (_gaps(mine, theirs[row]) <= (STRICT if mine.dtype.kind == "f" else 0)).all():
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
        MissingExtra: the `device` extra is not installed.
        ContractBroken: the C does not compile, or touches memory that is not its own.
    """
    case, way = _case(content, made, rows, seed), way or device.way
    host = Host(made.sources)
    own = host.run(case.typed)
    parity = [_parity("host", own, case, made.graph)]
    parity += _sanitized(made, host, _held(content, made, case))
    image, runs, compared, parts = _on_core(made, case, device, way, own)
    return Footprint(
        device=device.name,
        onnx=made.onnx,
        source=hashlib.sha256((made.sources.header + made.sources.source).encode()).hexdigest(),
        flash=image.flash,
        ram=image.ram,
        stack=max(r.stack for r in runs),
        instructions=_spread([r.instructions for r in runs]),
        cycles=_spread([r.cycles for r in runs]),
        parity=(*parity, compared),
        memory=_memory(made.sources),
        seed=seed,
        compiler=image.compiler,
        emulator=EMULATORS.load(way[1]).version(),
        clock=device.clock,
        precision=made.precision,
        goal=made.goal,
        stack_bound=_bound(image, device, max(r.stack for r in runs)),
        layers=parts,
    )


def _sanitized(made: Compiled, host: Host, held: _Case) -> list[Parity]:
    """The golden program under the sanitizers; nothing where this machine has none."""
    answers = host.run(held.typed)
    complaint = sanitized(made.sources, golden(made.sources, held.typed, answers))
    if complaint:
        raise ContractBroken(f"the sanitizers complain: {complaint[:2000]}")
    return [] if complaint is None else [_parity("host with sanitizers", answers, held, made.graph)]


def _on_core(
    made: Compiled, case: _Case, device: Device, way: tuple[str, str], own: list[NDArray[Any]]
) -> tuple[Image, list[Run], Parity, tuple[Layer, ...]]:
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
    compared = _parity("emulated core", answers, case.part(picked), made.graph)
    same = all(_bits(a, mine[picked]) for a, mine in zip(answers, own, strict=True))
    return image, runs, structs.replace(compared, same=same), parts


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


def vectors(content: bytes, made: Compiled, rows: Rows | None = None, seed: int = 7) -> str:
    """The program of golden vectors: some of the rows of `prove`, with the answers of this machine."""
    held = _held(content, made, _case(content, made, rows, seed))
    return golden(made.sources, held.typed, Host(made.sources).run(held.typed))


@dataclass(frozen=True, slots=True)
class _Case:
    """Rows in the types of the C, and onnxruntime's answers."""

    typed: list[NDArray[Any]]
    wanted: list[NDArray[Any]]

    def some(self, count: int) -> NDArray[np.int64]:
        """Positions of at most so many rows, spread evenly."""
        rows = len(self.typed[0])
        return np.unique(np.linspace(0, rows - 1, min(rows, count)).astype(np.int64))

    def part(self, rows: NDArray[np.int64]) -> _Case:
        """Some of the rows."""
        return _Case([a[rows] for a in self.typed], [w[rows] for w in self.wanted])


def _case(content: bytes, made: Compiled, rows: Rows | None, seed: int, more: int = MADE_UP) -> _Case:
    given = _joined(rows, made_up(made.graph, made.signature, more, seed), made.graph.inputs)
    count = len(next(iter(given.values())))
    typed = [
        np.ascontiguousarray(given[name].reshape(count, -1), dtype=KINDS[kind])
        for name, (_, kind, _) in zip(made.graph.inputs, made.sources.inputs, strict=True)
    ]
    return _Case(typed, _reference(content, given, made.graph))


def _held(content: bytes, made: Compiled, case: _Case) -> _Case:
    """The rows of the golden program; where the model is asked by name, as names hand them on."""
    few = case.part(case.some(GOLDEN_ROWS))
    if made.signature is None:
        return few
    rows = cleaned(made.signature, dict(zip(made.graph.inputs, few.typed, strict=True)))
    given = {n: a.astype(np.float32 if n == "numbers" else np.int64) for n, a in rows.items()}
    return _Case([rows[n] for n in made.graph.inputs], _reference(content, given, made.graph))


def _joined(rows: Rows | None, more: Rows, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    if rows is None:
        return dict(more)
    return {n: np.concatenate([rows[n].reshape(len(rows[n]), -1), more[n].reshape(len(more[n]), -1)]) for n in names}


def _reference(content: bytes, given: Rows, graph: Graph) -> list[NDArray[Any]]:
    """onnxruntime's answers ``[n, size]``, in the types of the ONNX file."""
    session = Session(without_maps(content), check=read)
    count = len(next(iter(given.values())))
    if session.open_rows:
        answers = session.run({n: given[n].reshape(-1, *graph.tensors[n].shape[1:]) for n in graph.inputs})
        answers = {o: as_positions(a, graph.words) for o, a in answers.items()}
        if all(np.shape(answers[o])[:1] == (count,) for o in graph.outputs):
            return [np.asarray(answers[o]).reshape(count, -1) for o in graph.outputs]
    # A shape is fixed, or an operator mixes rows: they are asked one by one.
    shapes = {n: graph.tensors[n].shape for n in graph.inputs}
    single = [session.run({n: given[n][k].reshape(s) for n, s in shapes.items()}) for k in range(count)]
    return [np.stack([as_positions(s[o], graph.words).reshape(-1) for s in single]) for o in graph.outputs]


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
    case = _case(content, made, rows, CHOICE_SEED)
    return _parity("host", run(case.typed), case, made.graph, STRICT)


def _parity(where: str, own: list[NDArray[Any]], case: _Case, graph: Graph, tolerance: float = TOLERANCE) -> Parity:
    """Compare answers; a number that differs is held against exact arithmetic before it counts.

    Two orders of one sum may differ by more than the tolerance where large terms cancel; what counts is whether the
    C is farther from the truth than onnxruntime is.
    """
    labels, largest = 0, 0.0
    for position, (mine, theirs, name) in enumerate(zip(own, case.wanted, graph.outputs, strict=True)):
        if graph.tensors[name].dtype.kind in "iub":
            # What becomes of no number as a whole one is up to the machine that onnxruntime runs on.
            told = theirs != np.iinfo(theirs.dtype).min if theirs.dtype in _WIDE else np.ones(theirs.shape, bool)
            labels += int(((mine.astype(np.int64) != theirs.astype(np.int64)) & told).any(axis=1).sum())
            continue
        gap = _gaps(mine, theirs)
        for row in np.flatnonzero((gap > tolerance).any(axis=1)):
            inputs = {n: a[row] for n, a in zip(graph.inputs, case.typed, strict=True)}
            answers, size = exact(graph, inputs)
            truth = answers[position]
            rounding = size * np.finfo(np.float32).eps / np.maximum(1.0, np.abs(truth))
            closer = _gaps(mine[row], truth) <= ALLOWED * np.maximum(_gaps(theirs[row], truth), rounding)
            gap[row, closer] = 0.0
        largest = max(largest, float(np.max(gap, initial=0.0)))
    return Parity(where=where, rows=len(own[0]), label_differences=labels, largest=largest)


def _gaps(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    """Differences relative to the larger of 1 and the size of b; infinite where one of the two is no number."""
    first, second = a.astype(np.float64), b.astype(np.float64)
    with np.errstate(invalid="ignore"):
        gap = np.abs(first - second) / np.maximum(1.0, np.abs(second))
    gap[(first == second) | (np.isnan(first) & np.isnan(second))] = 0.0
    return np.where(np.isnan(gap), np.inf, gap)


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
