"""Stages beside the wheel: they train again to explain a run, so they are computed only when asked for."""

from volvelle.flow.stages.ablate import ablate
from volvelle.flow.stages.learn import learn

DEEP = (
    ablate,
    learn,
)
