"""The wheel: the stages of the lifecycle, in order.

A stage is a plain function. A parameter named like a record, in lower case, receives the record that an
earlier stage gave; ``spec`` is the requirements and ``context`` the store, the files and the seal.
"""

from volvelle.flow.stages.admit import admit
from volvelle.flow.stages.budget import budget
from volvelle.flow.stages.build import build
from volvelle.flow.stages.calibrate import calibrate
from volvelle.flow.stages.choose import choose
from volvelle.flow.stages.collect import collect
from volvelle.flow.stages.explain import explain
from volvelle.flow.stages.explore import explore
from volvelle.flow.stages.finish import finish
from volvelle.flow.stages.judge import judge
from volvelle.flow.stages.prove import prove
from volvelle.flow.stages.search import search
from volvelle.flow.stages.split import split
from volvelle.flow.stages.tune import tune
from volvelle.flow.stages.validate import validate

WHEEL = (
    collect,
    admit,
    explore,
    split,
    budget,
    search,
    choose,
    build,
    calibrate,
    tune,
    finish,
    validate,
    prove,
    judge,
    explain,
)
