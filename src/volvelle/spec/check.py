"""What a well-typed spec must still keep to: names that exist, gates that parse, quantities with units."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from volvelle.catalog import CALIBRATORS, DRIFT, ESTIMATORS, FINDINGS, METRICS, STEPS, Catalog
from volvelle.errors import InputError, SpecError, near
from volvelle.spec.gates import Gate, parse
from volvelle.spec.monitoring import alarms_a_year, discovery_rate, listener, rule
from volvelle.spec.requirements import Monitor, Spec
from volvelle.spec.sources import holds_password, refusal, source_of
from volvelle.spec.units import quantity

_COUNTERS = {"numbers", "categories", "missing", "outside"}
_TASKS = {"classification": {"binary", "multiclass"}, "regression": {"regression"}}


def check(spec: Spec) -> Spec:
    """The same spec, if it is sound.

    Raises:
        SpecError: the first mistake; `where` is the key, e.g. ``require.gates[0]``.
    """
    _check_data(spec)
    with _at("search.budget"):
        quantity(spec.search.budget, "seconds")
    if spec.data.resolution is not None:
        with _at("data.resolution"):
            quantity(spec.data.resolution, "seconds")
    for key, unit in (("clock", "1/seconds"), ("flash", "bytes"), ("ram", "bytes")):
        if spec.device and getattr(spec.device, key) is not None:
            with _at(f"device.{key}"):
                quantity(getattr(spec.device, key), unit)
    for position, name in enumerate(spec.search.estimators or ()):
        _known(ESTIMATORS, name, f"search.estimators[{position}]")
    for position, listed in enumerate(spec.search.candidates):
        _known(ESTIMATORS, listed.estimator, f"search.candidates[{position}].estimator")
    _check_threshold(spec)
    if spec.search.calibrate not in ("auto", "none"):
        _known(CALIBRATORS, spec.search.calibrate, "search.calibrate")
    if spec.search.metric is not None:
        _known(METRICS, spec.search.metric, "search.metric")
        _fits(spec.search.metric, spec, "search.metric")
    for position, gate in enumerate(gates(spec)):
        if gate.name in METRICS:
            _fits(gate.name, spec, f"require.gates[{position}]")
    _check_costs(spec)
    _check_monitor(spec)
    return spec


def gates(spec: Spec) -> tuple[Gate, ...]:
    """The gates of a spec, parsed.

    Raises:
        SpecError: a line is no gate, or stands there twice.
    """
    parsed: list[Gate] = []
    for position, text in enumerate(spec.require.gates):
        with _at(f"require.gates[{position}]"):
            gate = parse(text)
            if any(gate == earlier for earlier in parsed):
                raise SpecError(f"the gate {text!r} stands there twice", next_move="remove one")
            parsed.append(gate)
    return tuple(parsed)


def _check_data(spec: Spec) -> None:
    source = spec.data.source
    if not source.strip():
        raise SpecError("the source is empty", where="data.source", next_move="name a file, e.g. 'data.csv'")
    if holds_password(source):
        raise SpecError(
            "a password is written out in the source",
            where="data.source",
            next_move="write ${NAME} in its place and set that environment variable: the spec is kept with every run",
        )
    if source_of(source) is None:
        problem, advice = refusal(source)
        raise SpecError(problem, where="data.source", next_move=advice)
    if spec.data.delimiter is not None and len(spec.data.delimiter) != 1:
        raise SpecError(f"{spec.data.delimiter!r} is not one character", where="data.delimiter", next_move="e.g. ';'")
    for position, entry in enumerate(spec.data.accept):
        _known(FINDINGS, entry.partition(":")[0], f"data.accept[{position}]")
    target = spec.problem.target
    for key in ("ignore", "sensitive"):
        if target in getattr(spec.data, key):
            raise SpecError(
                f"the target {target!r} stands in [data] {key}", where=f"data.{key}", next_move="take it out"
            )
    for key in ("time", "group"):
        if getattr(spec.data, key) == target:
            raise SpecError(
                f"the target {target!r} cannot be the {key} column",
                where=f"data.{key}",
                next_move="name another column",
            )
    named_by = (("group", spec.data.group, "data"), ("time", spec.data.time, "data"))
    for method, named, section in (*named_by, ("marked", spec.split.column, "split")):
        if spec.split.method == method and named is None:
            advice = f"name the column in [{section}] {'column' if method == 'marked' else method}"
            raise SpecError(f"a split by {method} needs a {method} column", where="split.method", next_move=advice)
    for column, feature in spec.features.items():
        for position, step in enumerate(feature.steps or ()):
            _known(STEPS, step.partition(":")[0], f"features.{column}.steps[{position}]")
        if feature.low is not None and feature.high is not None and feature.low > feature.high:
            raise SpecError(
                f"low {feature.low:g} is above high {feature.high:g}",
                where=f"features.{column}.low",
                next_move="swap them",
            )


def _check_costs(spec: Spec) -> None:
    costs = spec.require.costs
    if costs is None:
        return
    shape = "write one row for each true class, one column for each predicted class"
    if len(costs) < 2 or any(len(row) != len(costs) for row in costs):
        lengths = ", ".join(str(len(row)) for row in costs)
        raise SpecError(
            f"the costs are no square: {len(costs)} rows of {lengths or 'no'} numbers",
            where="require.costs",
            next_move=shape,
        )
    if not all(0 <= cost < float("inf") for row in costs for cost in row) or not any(map(any, costs)):
        raise SpecError(
            "costs are finite numbers from 0 on, and not all 0",
            where="require.costs",
            next_move="0 for right answers, and for wrong ones what they cost",
        )


def _check_threshold(spec: Spec) -> None:
    wanted = spec.search.threshold
    if not isinstance(wanted, str):
        if not 0.0 < wanted < 1.0:
            raise SpecError(
                f"the threshold {wanted:g} is no probability",
                where="search.threshold",
                next_move="write a number between 0 and 1",
            )
    elif wanted != "auto":
        _known(METRICS, wanted, "search.threshold")


def _check_monitor(spec: Spec) -> None:
    monitor = spec.monitor
    if monitor.on_device and spec.device is None:
        raise SpecError(
            "counting on the device needs a device", where="monitor.on_device", next_move='add [device] core = "..."'
        )
    with _at("monitor.drift"):
        discovery_rate(monitor.drift)
    with _at("monitor.false_alarms"):
        alarms_a_year(monitor.false_alarms)
    for position, name in enumerate(monitor.tests if monitor.tests != Monitor().tests else ()):
        _known(DRIFT, name, f"monitor.tests[{position}]")
        _counts(name, f"monitor.tests[{position}]")
    with _at("monitor.retrain"):
        turning = rule(monitor.retrain)
    for floor in turning.floors:
        _fits(floor.name, spec, "monitor.retrain")
    for key in ("every", "outcomes_after", "keep"):
        if (text := getattr(monitor, key)) is not None:
            with _at(f"monitor.{key}"):
                quantity(text, "seconds")
    least = monitor.outcomes_after or "1 d"
    if monitor.keep is not None and quantity(monitor.keep, "seconds") < quantity(least, "seconds"):
        problem = f"days that are kept for {monitor.keep} would go before their outcomes are known"
        raise SpecError(problem, where="monitor.keep", next_move=f"at least {least}")
    for position, target in enumerate(monitor.tell):
        with _at(f"monitor.tell[{position}]"):
            listener(target)


def _counts(name: str, where: str) -> None:
    """Refuse a drift test that cannot call on counters."""
    able = [n for n in DRIFT.names() if DRIFT.fact(n, "CALLS") is not False and DRIFT.fact(n, "EFFECT") == "share"]
    able = [n for n in able if set(DRIFT.fact(n, "TAKES")) & _COUNTERS]
    if name not in able:
        raise SpecError(
            f"{name!r} cannot call for a window of counters", where=where, next_move=f"use some of {', '.join(able)}"
        )


def _known(catalog: Catalog, name: str, where: str) -> None:
    if name not in catalog:
        raise SpecError(f"no {catalog.noun} is called {name!r}", where=where, next_move=near(name, catalog.names()))


def _fits(metric: str, spec: Spec, where: str) -> None:
    """Refuse a metric that the declared task does not have."""
    kinds = _TASKS.get(spec.problem.task or "")
    if kinds is None or kinds & set(METRICS.fact(metric, "TASKS")):
        return
    fitting = [m for m in METRICS.names() if kinds & set(METRICS.fact(m, "TASKS"))]
    raise SpecError(
        f"{metric} is no metric of {spec.problem.task}", where=where, next_move=f"use one of {', '.join(fitting)}"
    )


@contextmanager
def _at(where: str) -> Iterator[None]:
    """Errors raised inside carry the key."""
    try:
        yield
    except InputError as error:
        raise SpecError(error.problem, where=where, next_move=error.next_move) from error
