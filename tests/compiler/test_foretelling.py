"""What a model is foretold to take on a device, beside what it takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from volvelle.catalog import DEVICES, EMULATORS, ESTIMATORS, TOOLCHAINS
from volvelle.compiler.device import device
from volvelle.compiler.foretellers.counted import FLASH, WORK, costs_of, flash_of, foretell
from volvelle.compiler.host import KINDS
from volvelle.compiler.prove import compiled
from volvelle.data.collect import collect
from volvelle.model.derive import derive, target_codes
from volvelle.model.encode import encode
from volvelle.model.graph import Graph
from volvelle.prepare import recipe as preparing
from volvelle.spec.read import parse
from volvelle.train import learning
from volvelle.train.assemble import Part, assemble
from volvelle.train.contract import Lesson, defaults

ROWS, SMALL = 300, {"lightgbm": {"trees": 30}, "random_forest": {"trees": 12}, "extra_trees": {"trees": 12}}
WHOLE = ({"bits": 8}, {"bits": 8, "keep": 0.25})
SETS = {"titanic": ("Survived", 'ignore = ["Name", "Ticket", "Cabin"]'), "wine_quality": ("quality", "")}
NEAR, SHARE, FACTOR, STATIC = 900, 0.2, 2.2, 16
"""Bytes or a share of the flash, whichever is more; a factor for instructions; bytes of static memory."""


@pytest.mark.parametrize(("table", "core"), [("titanic", "cortex-m4f"), ("wine_quality", "cortex-m0")])
def test_every_estimator_takes_what_is_foretold(table: str, core: str, real_data: Path) -> None:
    """Preparation and model of every estimator, on a real table, take about the flash, memory and work foretold."""
    target, ignored = SETS[table]
    task = 'problem.task = "regression"\n' if table == "wine_quality" else ""
    source = real_data / "tabular" / f"{table}.csv.gz"
    spec = parse(f'problem.target = "{target}"\n{task}[data]\nsource = "{source}"\n{ignored}')
    frame, dataset = collect(spec.data, spec.features, real_data)
    frame = frame.sample(ROWS, seed=1)
    signature, _ = derive(spec, dataset, frame)
    inputs, y = encode(frame, signature), target_codes(frame, signature)
    wish = device(core)
    for name, more in [*((name, SMALL.get(name, {})) for name in ESTIMATORS.names()), *(("mlp", s) for s in WHOLE)]:
        module = ESTIMATORS.load(name)
        if signature.task not in module.TASKS:
            continue
        recipe, made = preparing.learn(inputs, signature, module.VIEW, y, {})
        lesson = Lesson(made, y, signature.task, len(signature.classes), preparing.categorical(recipe), seed=3)
        learnt = learning.learn(name, lesson, defaults(module.SPACE) | more)
        content = assemble(signature, [Part(learnt, recipe)], {})
        found = foretell(content, wish, {k: a[:64] for k, a in inputs.items()})
        shipped = compiled(content, rows={k: a[:64] for k, a in inputs.items()})
        image = TOOLCHAINS.load("zig").build(shipped.sources, wish)
        assert image.flash - NEAR - SHARE * image.flash <= found.flash, (name, found, image.flash)
        if flash_of(shipped, True)[0] == found.tables:
            # Otherwise it was foretold in double precision to be on the safe side, and ships in single.
            assert found.flash <= image.flash * (1 + SHARE) + NEAR, (name, found, image.flash)
            assert found.ram <= image.ram + STATIC, (name, found, image.ram)
        assert image.ram <= found.ram + STATIC, (name, found, image.ram)
        core_runs = EMULATORS.load("unicorn").Core(image, wish)
        ends = [(KINDS[kind], size) for _, kind, size in shipped.sources.outputs]
        typed = [
            np.ascontiguousarray(inputs[n].reshape(ROWS, -1), dtype=KINDS[kind])
            for n, (_, kind, _) in zip(shipped.graph.inputs, shipped.sources.inputs, strict=True)
        ]
        most = max(core_runs.run([a[row] for a in typed], ends).instructions for row in range(0, ROWS, 30))
        assert found.instructions * FACTOR + 200 >= most, (name, found, most)


def test_a_core_without_constants_is_taken_to_be_as_dear_as_the_dearest() -> None:
    """Every constant of a core that has none is the largest of all cores, and every core with any has all."""
    known = [DEVICES.fact(name, "COSTS") for name in DEVICES.names()]
    known = [costs for costs in known if costs]
    assert len(known) >= 6
    for costs in known:
        assert set(costs) == {*FLASH, *WORK, "cycles"}
        assert all(value >= 0 for value in costs.values())
    # A board has the constants of its core alone.
    assert dict(costs_of("microbit")) == {name: max(c[name] for c in known) for name in (*FLASH, *WORK, "cycles")}


def test_trees_far_above_the_limit_are_told_roughly() -> None:
    """A forest of many leaves is not written where there is no room for it, and still told to be too large."""
    random = np.random.default_rng(1)
    x = random.normal(size=(3000, 4)).astype(np.float32)
    y = random.integers(0, 2, 3000)
    module = ESTIMATORS.load("random_forest")
    learnt = learning.learn("random_forest", Lesson(x, y, "binary", 2, seed=1), defaults(module.SPACE) | {"trees": 10})
    graph = Graph("far")
    rows = graph.input("numbers", "float", 4)
    graph.output("scores", learning.write(graph, rows, learnt))
    content = graph.finish()
    rough, exact = (foretell(content, device("cortex-m4f"), None, most) for most in (4096, float("inf")))
    assert rough.leaves == exact.leaves > 1000
    assert (rough.flash > 4096, exact.flash > 4096) == (True, True)
    assert 0.4 < rough.flash / exact.flash < 2


def test_leaves_of_fewer_bits_take_less_flash() -> None:
    """A booster is foretold, and measured, smaller with leaves of 12 bits and of 8, and answers nearly the same."""
    random = np.random.default_rng(1)
    x = random.normal(size=(2000, 6)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] + 0.5 * random.normal(size=2000) > 0).astype(np.int64)
    module, flash, answers = ESTIMATORS.load("lightgbm"), [], []
    for bits in (24, 12, 8):
        settings = defaults(module.SPACE) | {"trees": 60, "leaves": 8, "leaf_bits": bits}
        learnt = learning.learn("lightgbm", Lesson(x, y, "binary", 2, seed=1), settings)
        graph = Graph("booster")
        graph.output("scores", learning.write(graph, graph.input("numbers", "float", 6), learnt))
        content, wish = graph.finish(), device("cortex-m0")
        image = TOOLCHAINS.load("zig").build(compiled(content, precision="single").sources, wish)
        flash.append((foretell(content, wish).flash, image.flash))
        answers.append(learning.answer(learnt, x))
    assert flash[0] > flash[1] > flash[2]
    assert flash[0][1] - flash[2][1] > 500
    assert max(np.abs(a - answers[0]).max() for a in answers) < 0.02


@pytest.mark.parametrize("core", ["cortex-m4f", "cortex-m0"])
def test_trees_written_for_speed_are_foretold_too(core: str) -> None:
    """A forest as nested ifs takes the flash and work foretold: more flash than as a stream, fewer instructions."""
    random, wish = np.random.default_rng(1), device(core)
    x = random.normal(size=(1500, 6)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] + 0.5 * random.normal(size=1500) > 0).astype(np.int64)
    module = ESTIMATORS.load("random_forest")
    settings = defaults(module.SPACE) | {"trees": 8, "depth": 6}
    learnt = learning.learn("random_forest", Lesson(x, y, "binary", 2, seed=1), settings)
    graph = Graph("forest")
    graph.output("scores", learning.write(graph, graph.input("numbers", "float", 6), learnt))
    content = graph.finish()
    small, fast = (foretell(content, wish, goal=goal) for goal in ("size", "speed"))
    assert small.flash * 2 < fast.flash
    assert fast.instructions * 2 < small.instructions
    made = compiled(content, goal="speed", precision="single")
    image = TOOLCHAINS.load("zig").build(made.sources, wish)
    assert abs(fast.flash - image.flash) < NEAR + SHARE * image.flash, (fast, image.flash)
    emulated = EMULATORS.load("unicorn").Core(image, wish)
    ends = [(KINDS[kind], size) for _, kind, size in made.sources.outputs]
    most = max(emulated.run([x[row]], ends).instructions for row in range(0, 1500, 50))
    assert most / FACTOR < fast.instructions < most * FACTOR, (fast, most)
