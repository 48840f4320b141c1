"""The texts of [monitor]: what they mean, and what is refused with which advice."""

from __future__ import annotations

import pytest

from volvelle.errors import InputError, SpecError
from volvelle.spec.monitoring import alarms_a_year, discovery_rate, kept_for, listener, rule
from volvelle.spec.read import parse
from volvelle.spec.requirements import Spec

SPEC = '[problem]\ntarget = "y"\n[data]\nsource = "a.csv"\n[monitor]\n'


def read(line: str) -> Spec:
    return parse(SPEC + line)


def test_days_are_kept_until_their_outcomes_are_known() -> None:
    """A log that would let go of rows before outcomes are due is refused; the advice names the least time."""
    assert kept_for(read('keep = "90 d"\noutcomes_after = "30 d"').monitor) == 90 * 86400.0
    for lines, least in (('keep = "7 d"\noutcomes_after = "30 d"', "30 d"), ('keep = "1 h"', "1 d")):
        with pytest.raises(SpecError, match="before their outcomes are known") as caught:
            read(lines)
        assert caught.value.next_move == f"at least {least}"


def test_every_reason_to_retrain_is_understood() -> None:
    """All four kinds of terms in one rule; a condition is the miss of a gate, slices and quotes included."""
    found = rule("on drift or on loss or every 30 d or recall where site = 'a or b' < 75 % or log_loss > 0.5")
    assert (found.drift, found.loss, found.every) == (True, True, 30 * 86400.0)
    assert [(g.name, g.comparison, g.bound) for g in found.floors] == [("recall", ">=", 0.75), ("log_loss", "<=", 0.5)]
    assert found.floors[0].where[0].values == ("a or b",)
    assert not found.never
    assert rule(Spec.__struct_defaults__[-1].retrain).never


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("on drfit", "did you mean 'on drift'?"),
        ("", "is not a reason"),
        ("never or on drift", "write 'never'"),
        ("on drift or on  drift", "stands there twice"),
        ("recal < 0.5", "did you mean 'recall'?"),
        ("recall >= 0.5", "write 'recall < 0.5'"),
        ("log_loss < 0.5", "lower log_loss is better"),
        ("recall < 7", "is outside"),
        ("every 3", "needs a unit"),
    ],
)
def test_a_wrong_reason_is_answered(text: str, words: str) -> None:
    """What is no reason to retrain is refused with what was meant, or with the whole grammar."""
    with pytest.raises(SpecError) as caught:
        read(f'retrain = "{text}"\n')
    assert words in str(caught.value)
    assert caught.value.next_move


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('drift = "fdr 0 %"', "drift rule"),
        ('false_alarms = "often"', "rate of alarms"),
        ('false_alarms = "1 / yaer"', "did you mean 'year'?"),
        ('false_alarms = "0 / year"', "rate of alarms"),
        ('every = "2"', "needs a unit"),
        ('outcomes_after = "2 KiB"', "measures bytes"),
        ("window = 3", ">= 20"),
        ('tell = ["log", "ana@example.com"]', "mailto:"),
        ('tell = ["mailto:ana@a, b@c"]', "nobody"),
        ('tell = ["https://ana:secret@example.com/x"]', "password"),
        ('tell = ["https://example.com/x?token=abc"]', "password"),
        ("margin = -0.1", ">= 0"),
        ('tests = ["smoth"]', "did you mean 'smooth'?"),
        ('tests = ["smooth", "psi"]', "cannot call"),
        ('tests = ["kolmogorov_smirnov"]', "chi_square, missing_rate, out_of_range, smooth"),
        ("tests = []", "length >= 1"),
        ("winow = 500", "did you mean 'window'?"),
    ],
)
def test_a_wrong_key_is_answered(line: str, words: str) -> None:
    """Each other key of [monitor] is checked, with the place of the mistake."""
    with pytest.raises(SpecError) as caught:
        read(line + "\n")
    assert words in str(caught.value)
    assert ":6:" in caught.value.where


def test_a_floor_must_fit_the_task() -> None:
    """A condition on a metric of another task is refused when the spec names the task."""
    with pytest.raises(SpecError, match="rmse is no metric of classification"):
        parse(SPEC.replace('"y"', '"y"\ntask = "classification"') + 'retrain = "rmse > 3"\n')


def test_rates_and_listeners() -> None:
    """Rates are per year; listeners are told apart by their address."""
    assert discovery_rate(" fdr 10 % ") == 0.1
    assert alarms_a_year("1/week") == pytest.approx(52.18, abs=0.01)
    kinds = [listener(t).kind for t in ("log", "https://a.example/${KEY}", "${HOOK}", "mailto:a@b.example")]
    assert kinds == ["log", "webhook", "webhook", "mail"]
    with pytest.raises(InputError):
        listener("ftp://a")
