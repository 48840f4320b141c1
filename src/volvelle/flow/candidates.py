"""What a search may try: spaces, portfolios and listed candidates, from the catalog and the spec."""

from __future__ import annotations

from typing import Any

from volvelle.catalog import ESTIMATORS
from volvelle.errors import MissingExtra, SpecError, near
from volvelle.evaluate.budget import Budget
from volvelle.flow.lesson import Training, fold_count
from volvelle.flow.within import Within
from volvelle.model.signature import ModelTask
from volvelle.prepare.pairs import pairs_of
from volvelle.spec.requirements import Spec
from volvelle.train.contract import Choice, Settings, Space, defaults
from volvelle.train.learning import LOG_CHOICE, LOG_TARGET, PAIRS, PAIRS_CHOICE, log_fits
from volvelle.train.order import Plan, Point, product

LATE_COST = 5
"""Defaults of estimators as dear as this wait until the first portfolio entries are done."""


def plan(spec: Spec, lesson: Training, budget: Budget) -> Plan:
    """Spaces of the estimators that fit the task, cheapest first, with their portfolios and what the spec lists.

    With limits, the small settings of estimators that tell them are studied directly under these.

    Raises:
        SpecError: no estimator fits, or a listed candidate does not.
    """
    task = lesson.signature.task
    listed = tuple(c.estimator for c in spec.search.candidates) if spec.search.method in ("grid", "manual") else ()
    modules = _fitting(spec.search.estimators or listed, task)
    extra = _extra(lesson)
    spaces = {name: {**module.SPACE, **extra} for name, module in modules.items()}
    small = {name: {**module.SMALL, **extra} for name, module in modules.items() if hasattr(module, "SMALL")}
    found = Plan(
        spaces=spaces,
        portfolio={name: _portfolio(module, extra) for name, module in modules.items()},
        listed=_listed(spec, modules, spaces),
        late=tuple(name for name, module in modules.items() if module.COST >= LATE_COST),
    )
    if not budget.limits:
        return found
    within = Within(budget, {name: modules[name] for name in small}, fold_count(spec, len(lesson.target)))
    return found._replace(narrow=small, study=within.study, held=within.held)


def _fitting(named: tuple[str, ...], task: ModelTask) -> dict[str, Any]:
    """The named estimators, or all but those of extras that are not installed."""
    names, loaded = named or ESTIMATORS.names(), dict[str, Any]()
    for name in names:
        try:
            loaded[name] = ESTIMATORS.load(name)
        except MissingExtra as error:
            if named or not error.optional:
                raise
    fitting = {name: module for name, module in loaded.items() if task in module.TASKS}
    if not fitting:
        able = [n for n in ESTIMATORS.names() if task in (ESTIMATORS.fact(n, "TASKS") or ())]
        raise SpecError(
            f"none of {', '.join(names)} learns a {task} target",
            where="search.estimators",
            next_move=f"name some of {', '.join(able)}",
        )
    return {name: fitting[name] for name in sorted(fitting, key=lambda n: (fitting[n].COST, n))}


def _extra(lesson: Training) -> Space:
    """Settings of all estimators: those that these rows give a reason for."""
    task, found = lesson.signature.task, Space()
    if task == "regression" and log_fits(lesson.target):
        found[LOG_TARGET] = LOG_CHOICE
    if pairs_of(lesson.pairs, True, lesson.inputs, lesson.signature, lesson.target) and lesson.pairs == "auto":
        found[PAIRS] = PAIRS_CHOICE
    return found


def _portfolio(module: Any, extra: Space) -> tuple[Settings, ...]:
    """The file's own list; where the target's logarithm may be better, its defaults with that come first.

    Features of two columns, where these rows give a reason for them, are tried before all else, once: often they gain
    more than any setting, and what goes well with them is left to the proposals.
    """
    own = tuple(dict(settings) for settings in getattr(module, "PORTFOLIO", ()))
    if module.COST == 0:
        return own
    if LOG_TARGET in extra:
        own = ({LOG_TARGET: True}, *own, *({**settings, LOG_TARGET: True} for settings in own))
    return ({PAIRS: True}, *own) if PAIRS in extra else own


def _listed(spec: Spec, modules: dict[str, Any], spaces: dict[str, Space]) -> tuple[Point, ...]:
    """The candidates that the spec names, each with defaults for what it leaves out.

    Raises:
        SpecError: there are none, one does not fit the task, or names an unknown setting.
    """
    method, points = spec.search.method, list[Point]()
    if method == "manual" and not spec.search.candidates:
        raise SpecError(
            "the method is manual and no candidate is named",
            where="search.candidates",
            next_move="write a [[search.candidates]] table with estimator and settings",
        )
    for position, entry in enumerate(spec.search.candidates if method in ("grid", "manual") else ()):
        where = f"search.candidates[{position}]"
        if entry.estimator not in modules:
            raise SpecError(
                f"{entry.estimator} does not learn this target, or is not among [search] estimators",
                where=where,
                next_move=f"use one of {', '.join(modules)}",
            )
        space = spaces[entry.estimator]
        module = modules[entry.estimator]
        whole = {**getattr(module, "SMALL", {}), **space}
        known = (*whole, *getattr(module, "SETTLED", ()))
        for name, value in entry.settings.items():
            if name not in known:
                raise SpecError(f"{entry.estimator} has no setting {name!r}", where=where, next_move=near(name, known))
            options = whole[name].options if isinstance(whole.get(name), Choice) else ()
            strange = [
                v for v in (value if isinstance(value, (list, tuple)) else [value]) if options and v not in options
            ]
            if strange:
                raise SpecError(
                    f"{name} of {entry.estimator} is {strange[0]!r}",
                    where=where,
                    next_move=f"use one of {', '.join(map(repr, options))}",
                )
            if method == "manual" and isinstance(value, (list, tuple)):
                raise SpecError(
                    f"{name} is a list of values", where=where, next_move='give one, or use method = "grid"'
                )
        points += [(entry.estimator, defaults(space) | chosen) for chosen in product(entry.settings)]
    return tuple(points)
