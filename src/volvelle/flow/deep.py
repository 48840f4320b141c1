"""Stages beside the wheel: they take long, most train again, so they explain a run only when asked to."""

from volvelle.flow.stages.ablate import ablate
from volvelle.flow.stages.learn import learn
from volvelle.flow.stages.reason import reason

DEEP = (
    ablate,
    learn,
    reason,
)
