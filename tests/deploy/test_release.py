"""Releases: refused while a gate has not passed, whole or not at all, and never silently changed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from volvelle.compiler.prove import NOWHERE
from volvelle.compiler.records import Parity
from volvelle.deploy.records import Release
from volvelle.deploy.release import MANIFEST, approve, hashes, read, write
from volvelle.errors import InputError, NotFound, Refused
from volvelle.evaluate.records import Evidence, Verdict, VerdictKind

FILES = {"model.onnx": b"\x08\x0a", "evidence.json": b"{}"}


def verdict(kind: VerdictKind) -> Verdict:
    """A judged gate."""
    return Verdict(
        gate=f"recall >= 0.8 # {kind}",
        name="recall",
        slice="",
        comparison=">=",
        bound=0.8,
        unit="",
        verdict=kind,
        value=None if kind == "not measured" else 0.7 if kind == "fail" else 0.9,
        low=0.75,
        high=0.95,
        shortfall=0.1 if kind == "fail" else None,
        reason="nothing measures it" if kind == "not measured" else "",
    )


def evidence(*kinds: VerdictKind) -> Evidence:
    """Evidence with these verdicts and nothing else."""
    return Evidence(
        task="binary",
        target="y",
        model="m",
        estimator="logistic",
        dataset="d",
        metrics=(),
        baseline=(),
        verdicts=tuple(verdict(k) for k in kinds),
        classes=("no", "yes"),
        confusion=((1, 0), (0, 1)),
        openings=1,
        rows_train=8,
        rows_test=2,
        level=0.95,
        resamples=0,
        seed=7,
        versions={},
    )


def release(name: str = "model-1", files: dict[str, bytes] | None = None) -> Release:
    """A manifest for some files."""
    return Release(
        name=name,
        run=1,
        made="2026-01-01T00:00:00Z",
        by="ana",
        model="m",
        dataset="d",
        accepted=(),
        reason="",
        files=hashes(files or FILES),
    )


def test_a_model_whose_gates_all_pass_is_approved() -> None:
    """Nothing need be accepted where everything is proven."""
    assert approve(evidence("pass", "pass"), {}) == ()
    assert approve(evidence(), {}) == ()


@pytest.mark.parametrize("reason", ["", "Li: good enough"])
def test_c_that_answers_otherwise_is_never_released(reason: str) -> None:
    """Where the footprint disagrees no gate, no absent gate and no person's reason lets the model out."""
    right = Parity(where="host", rows=9, label_differences=0, largest=0.0)
    for wrong in (msgspec.structs.replace(right, label_differences=3), msgspec.structs.replace(right, same=False)):
        there = msgspec.structs.replace(NOWHERE, device="cortex-m0", parity=(right, wrong))
        for kinds in ((), ("pass",), ("not proven",)):
            asked = msgspec.structs.replace(evidence(*kinds), footprint=there)
            with pytest.raises(Refused, match="the C for cortex-m0 answers otherwise"):
                approve(asked, {}, accept_unproven=reason)
    there = msgspec.structs.replace(there, parity=(right,))
    assert approve(msgspec.structs.replace(evidence("pass"), footprint=there), {}) == ()


@pytest.mark.parametrize("kind", ["fail", "not measured", "not proven"])
def test_a_gate_that_has_not_passed_refuses_the_release(kind: VerdictKind) -> None:
    """The message names the gate, what was measured and the shortfall."""
    with pytest.raises(Refused) as caught:
        approve(evidence("pass", kind), {})
    text = str(caught.value)
    assert "1 of 2 gates" in text
    assert {"fail": "short by 0.100", "not measured": "nothing measures it", "not proven": "[0.750, 0.950]"}[
        kind
    ] in text
    assert caught.value.next_move


def test_a_person_may_accept_what_is_met_but_not_proven() -> None:
    """Acceptance names the gates, and never covers a failed or unmeasured one."""
    assert approve(evidence("pass", "not proven"), {}, accept_unproven="Li: few rows") == (
        "recall >= 0.8 # not proven",
    )
    for kind in ("fail", "not measured"):
        with pytest.raises(Refused):
            approve(evidence("not proven", kind), {}, accept_unproven="Li: few rows")


def test_a_release_is_written_whole_and_read_back(tmp_path: Path) -> None:
    """Every file lies in the folder with its hash; writing the same again changes nothing."""
    folder = write(tmp_path / "releases", release(), FILES)
    assert {p.name for p in folder.iterdir()} == {*FILES, MANIFEST}
    assert read(folder) == release()
    before = {p.name: p.stat().st_mtime_ns for p in folder.iterdir()}
    write(tmp_path / "releases", release(), FILES)
    assert before == {p.name: p.stat().st_mtime_ns for p in folder.iterdir()}
    assert [p.name for p in (tmp_path / "releases").iterdir()] == ["model-1"]


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    """A release whose file was edited, removed or whose manifest is damaged is refused by name."""
    folder = write(tmp_path, release(), FILES)
    (folder / "evidence.json").write_bytes(b'{"better": true}')
    with pytest.raises(InputError, match=r"evidence\.json was changed"):
        read(folder)
    (folder / "evidence.json").unlink()
    with pytest.raises(InputError, match="absent"):
        read(folder)
    (folder / MANIFEST).write_bytes(b"{")
    with pytest.raises(InputError, match="damaged"):
        read(folder)


def test_another_release_of_the_same_name_is_not_overwritten(tmp_path: Path) -> None:
    """Two different contents under one name are an error, and the first one stays."""
    other = {**FILES, "evidence.json": b"[]"}
    folder = write(tmp_path, release(), FILES)
    with pytest.raises(InputError, match="other files"):
        write(tmp_path, release(files=other), other)
    assert read(folder) == release()


def test_a_place_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    """When a file cannot be written the error is clear and no half release is left."""
    bad = {**FILES, "no/such/folder": b""}
    with pytest.raises(InputError, match="cannot be written"):
        write(tmp_path, release(files=bad), bad)
    assert list(tmp_path.iterdir()) == []


def test_no_release_is_one_error(tmp_path: Path) -> None:
    """A folder without manifest says that there is no release."""
    with pytest.raises(NotFound, match="no release"):
        read(tmp_path)


def test_the_manifest_keeps_nothing_unknown(tmp_path: Path) -> None:
    """Fields that this version does not know are refused rather than dropped."""
    folder = write(tmp_path, release(), FILES)
    content = msgspec.json.decode((folder / MANIFEST).read_bytes()) | {"more": 1}
    (folder / MANIFEST).write_bytes(msgspec.json.encode(content))
    with pytest.raises(InputError, match="more"):
        read(folder)
