"""Features made of two columns: as written, as found, and as the graph gives them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from volvelle.data.collect import collect
from volvelle.errors import SpecError
from volvelle.model.derive import derive, known_target, target_codes
from volvelle.model.encode import encode
from volvelle.model.signature import Feature, Signature
from volvelle.prepare.pairs import Pair, best, explained, pairs_of, read
from volvelle.prepare.recipe import feature_names, features, fit
from volvelle.prepare.target import target_columns
from volvelle.spec.requirements import Data, Problem, Spec

SIGNATURE = Signature(
    features=(
        Feature(name="rooms", kind="number"),
        Feature(name="people", kind="integer"),
        Feature(name="a - b", kind="number"),
        Feature(name="city", kind="category", categories=("Bonn", "Rome")),
        Feature(name="shop", kind="boolean", categories=("false", "true")),
    ),
    target="y",
    task="regression",
)


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("rooms / people", Pair("ratio", "rooms", "people")),
        ("rooms - a - b", Pair("difference", "rooms", "a - b")),
        ("a - b * people", Pair("product", "a - b", "people")),
        ("city x shop", Pair("cross", "city", "shop")),
    ],
)
def test_a_pair_is_read_as_written(text: str, pair: Pair) -> None:
    """The sign stands between two columns, whose own names may hold signs and blanks."""
    assert read(text, SIGNATURE) == pair
    assert pairs_of((text,), False, {}, SIGNATURE, np.zeros(0)) == (pair,)


@pytest.mark.parametrize(
    ("text", "problem", "advice"),
    [
        ("rooms", "joins no two columns", "a / b"),
        ("rooms / peple", "'peple' in 'rooms / peple' is no feature", "people"),
        ("rooms / city", "'/' joins numbers", "another sign"),
        ("rooms x people", "'x' joins categories", "another sign"),
    ],
)
def test_a_pair_that_does_not_fit_is_refused(text: str, problem: str, advice: str) -> None:
    """The error names the place in the spec, what is wrong and what would do."""
    with pytest.raises(SpecError) as caught:
        pairs_of(("rooms / people", text), False, {}, SIGNATURE, np.zeros(0))
    assert caught.value.where == "prepare.pairs[1]"
    assert problem in caught.value.problem
    assert advice in caught.value.next_move


def test_the_graph_joins_columns() -> None:
    """Each sign does what it says; by zero nothing is told, too much is the largest number, unseen is unseen."""
    numbers = np.array([[6, 3, 1], [6, 0, 1], [np.nan, 3, 1], [3e38, 1e-10, 1]], dtype=np.float32)
    codes = np.array([[0, 1], [1, -1], [-1, -1], [-2, 0]])
    inputs: dict[str, Any] = {"numbers": numbers, "codes": codes}
    written = ("rooms / people", "rooms * people", "rooms - people", "rooms + people", "city x shop")
    recipe = fit(inputs, SIGNATURE, "raw", pairs=[read(text, SIGNATURE) for text in written])
    names = feature_names(recipe)
    assert names[-5:] == written
    found = dict(zip(names, features(recipe, SIGNATURE, inputs).T.tolist(), strict=True))
    assert found["rooms / people"][0] == 2.0
    assert np.isnan(found["rooms / people"][1:3]).all()
    assert found["rooms / people"][3] == np.finfo(np.float32).max
    assert [found[name][0] for name in written[1:4]] == [18.0, 3.0, 9.0]
    assert found["city x shop"][:2] == [0.0, 1.0]
    assert np.isnan(found["city x shop"][2:]).all()
    dense = feature_names(fit(inputs, SIGNATURE, "dense", pairs=[read("city x shop", SIGNATURE)]))
    assert {"city x shop=Bonn & true", "city x shop=Rome & missing"} <= set(dense)


def test_what_two_columns_say_together_is_found() -> None:
    """A hidden ratio and a hidden cross are found among noise, and in noise alone there is nothing."""
    rng = np.random.default_rng(0)
    numbers, codes = rng.uniform(1, 10, (3000, 3)).astype(np.float32), rng.integers(0, 2, (3000, 2))
    inputs: dict[str, Any] = {"numbers": numbers, "codes": codes}
    ratio = (numbers[:, 0] / numbers[:, 1])[:, None].astype(np.float64)
    found = best(inputs, SIGNATURE, ratio)
    assert (found[0].step, set(found[0][1:])) == ("ratio", {"rooms", "people"})
    assert len({(pair.step, frozenset(pair[1:])) for pair in found}) == len(found)
    either = (codes[:, 0] ^ codes[:, 1])[:, None].astype(np.float64)
    assert best(inputs, SIGNATURE, either) == (Pair("cross", "city", "shop"),)
    assert best(inputs, SIGNATURE, rng.normal(size=(3000, 1))) == ()
    assert abs(explained(rng.integers(0, 50, 3000), rng.normal(size=(3000, 1)))) < 0.02


def test_rooms_for_each_household_are_found_in_california(real_data: Path) -> None:
    """In the census the ratios of rooms, bedrooms and people say more about prices than their counts."""
    spec = Spec(problem=Problem(target="median_house_value"), data=Data(source="regression/california_housing.csv.gz"))
    frame, dataset = collect(spec.data, {}, real_data)
    frame, _ = known_target(frame, spec.problem.target)
    signature, _ = derive(spec, dataset, frame)
    found = best(encode(frame, signature), signature, target_columns(target_codes(frame, signature), signature))
    ratios = {frozenset((p.one, p.other)) for p in found if p.step == "ratio"}
    assert {frozenset(("total_bedrooms", "total_rooms")), frozenset(("total_rooms", "households"))} <= ratios
