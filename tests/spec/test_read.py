"""Reading the spec file: strict, and precise about where a mistake stands."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from volvelle.errors import InputError, NotFound, SpecError
from volvelle.spec.read import parse, read, sound
from volvelle.spec.requirements import Data, FeatureSpec, Problem, Search, Spec
from volvelle.spec.schema import SHIPPED, schema
from volvelle.spec.write import write

MINIMAL = '[problem]\ntarget = "y"\n[data]\nsource = "a.csv"\n'
MISTAKES = {
    "x = ": ("1:5", "not TOML"),
    '[problem]\ntarget = "y"\n': ("1:1", "`data`"),
    MINIMAL.replace("target", "traget"): ("2:10", "did you mean 'target'?"),
    MINIMAL + 'lincence = "x"\n': ("5:12", "did you mean 'licence'?"),
    MINIMAL + "[serach]\nseed = 1\n": ("5:1", "did you mean 'search'?"),
    MINIMAL + '[search]\nfolds = "3"\n': ("6:9", "expected a whole number"),
    MINIMAL + "[search]\nfolds = 1\n": ("6:9", ">= 2"),
    MINIMAL + '[search]\nmethod = "atuo"\n': ("6:10", "did you mean 'auto'?"),
    MINIMAL + '[search]\nmethod = "zzz"\n': ("6:10", "Next: allowed: auto, "),
    MINIMAL + '[search]\nbudget = "3"\n': ("6:10", "needs a unit"),
    MINIMAL + '[search]\nestimators = ["lightgbm", "lihgtgbm"]\n': ("6:27", "did you mean 'lightgbm'?"),
    MINIMAL + '[search]\nmetric = "acc"\n': ("6:10", "no metric is called"),
    MINIMAL + "[split]\ntest = 1.5\n": ("6:8", "expected a number < 0.9"),
    MINIMAL + '[features."Air temp"]\nroll = "number"\n': ("6:8", "did you mean 'role'?"),
    MINIMAL + '[features."Air.temp"]\nrole = "numbr"\n': ("6:8", "did you mean 'number'?"),
    MINIMAL + '[features.a]\nsteps = ["impute_median", "impute_medan"]\n': ("6:27", "did you mean 'impute_median' or"),
    MINIMAL + "[features.a]\nlow = 2\nhigh = 1\n": ("6:7", "above high"),
    MINIMAL + '[require]\ngates = [\n  "accuracy >= 0.5",  # "]"\n  "acuracy >= 3"\n]\n': ("8:3", "'accuracy'"),
    MINIMAL + '[require]\ngates = ["accuracy >= 0.5", "accuracy >= 0.5"]\n': ("6:29", "twice"),
    MINIMAL + 'ignore = ["y"]\n': ("5:10", "target 'y'"),
    MINIMAL + 'time = "y"\n': ("5:8", "cannot be the time column"),
    MINIMAL + 'delimiter = "ab"\n': ("5:13", "not one character"),
    MINIMAL + '[monitor]\ndrift = "often"\n': ("6:9", "drift rule"),
    MINIMAL + '[monitor]\nretrain = "on drift or maybe"\n': ("6:11", "reason to retrain"),
    MINIMAL + '[device]\ncore = "m4"\nclock = "80"\n': ("7:9", "needs a unit"),
    MINIMAL.replace("a.csv", "a.xyz"): ("4:10", "no data source reads"),
    MINIMAL.replace('"y"', '"y"\ntask = "regression"') + '[require]\ngates = ["recall >= 0.5"]\n': (
        "7:10",
        "recall is no",
    ),
    MINIMAL.replace('"y"', '"y"\nname = "a b"'): ("3:8", "expected"),
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_answered_with_its_place(text: str) -> None:
    """Every mistake names file, line and column, says what is wrong and offers a next move."""
    place, words = MISTAKES[text]
    with pytest.raises(SpecError) as caught:
        parse(text, "spec.toml")
    assert caught.value.where == f"spec.toml:{place}"
    assert words in str(caught.value)
    assert caught.value.next_move


def test_three_lines_are_a_spec() -> None:
    """Target and source are all that must be said."""
    spec = parse(MINIMAL)
    assert (spec.problem.target, spec.data.source, spec.search.seed) == ("y", "a.csv", 7)


def test_line_ends_and_byte_order_marks_do_not_matter(tmp_path: Path) -> None:
    """A spec saved on Windows reads the same, and mistakes keep their lines."""
    path = tmp_path / "volvelle.toml"
    path.write_bytes(b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode())
    assert read(path) == parse(MINIMAL)
    path.write_bytes((MINIMAL + "folds = 3\n").replace("\n", "\r\n").encode())
    with pytest.raises(SpecError) as caught:
        read(path)
    assert caught.value.where.endswith("volvelle.toml:5:9")


def test_an_absent_or_unreadable_file_is_one_error(tmp_path: Path) -> None:
    """No file, a folder and a file that is not text each give one clear error."""
    for name, content in (("absent.toml", None), ("binary.toml", b"\xff\xfe\x00")):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(InputError):
            read(path)
    with pytest.raises(NotFound, match="no spec file"):
        read(tmp_path)


def test_a_spec_built_in_python_is_checked_as_strictly() -> None:
    """Wrong types and unknown names are refused where the constructor let them pass."""
    good = Spec(problem=Problem(target="y"), data=Data(source="a.csv"))
    assert sound(good) == good
    with pytest.raises(SpecError, match="whole number"):
        sound(Spec(problem=Problem(target="y"), data=Data(source="a.csv"), search=Search(folds="3")))  # type: ignore[arg-type]
    with pytest.raises(SpecError, match="estimator"):
        sound(Spec(problem=Problem(target="y"), data=Data(source="a.csv"), search=Search(estimators=("x",))))


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(names, names, st.lists(names, max_size=3), names, st.one_of(st.none(), st.floats(-1e6, 1e6)))
def test_what_is_written_is_read_back(target: str, statement: str, ignore: list[str], column: str, low: float) -> None:
    """Any spec survives being written as commented TOML and read again, whatever its names hold."""
    spec = Spec(
        problem=Problem(target=target, statement=statement),
        data=Data(source="a.csv", ignore=tuple(i for i in ignore if i != target)),
        features={column: FeatureSpec(low=low, unit="K")},
    )
    assert parse(write(spec)) == spec


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Whatever a file holds, the answer is a spec or a SpecError with a place."""
    try:
        found: Spec | SpecError = parse(text)
    except SpecError as error:
        found = error
    assert isinstance(found, Spec) or found.where.startswith("volvelle.toml:")


def test_the_shipped_schema_is_current_and_agrees_with_the_reader() -> None:
    """Editors see the same keys that the reader accepts."""
    assert SHIPPED.read_text(encoding="utf-8") == schema()
    validator = jsonschema.Draft202012Validator(json.loads(schema()))
    document = msgspec.to_builtins(parse(MINIMAL))
    assert not list(validator.iter_errors(document))
    document["data"]["lincence"] = "x"
    assert list(validator.iter_errors(document))
