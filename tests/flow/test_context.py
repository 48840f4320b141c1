"""What a stage may touch, and how that is noted."""

from __future__ import annotations

import copy
import os
import pickle
import time
from pathlib import Path

import pytest

from volvelle.flow.context import Tracked, file_digest, value_at
from volvelle.flow.ledger import Ledger
from volvelle.spec.requirements import Data, Device, FeatureSpec, Problem, Search, Spec

SPEC = Spec(
    problem=Problem(target="y"), data=Data(source="a.csv"), features={"x": FeatureSpec(unit="m")}, search=Search(seed=1)
)


def reads(spec: Spec = SPEC) -> tuple[Tracked, dict[str, str]]:
    """A tracked spec and the notes it keeps."""
    noted: dict[str, str] = {}
    return Tracked(spec, noted), noted


def test_keys_that_are_read() -> None:
    """Reading a key notes that key and no other."""
    spec, noted = reads()
    assert spec.search.seed == 1
    assert set(noted) == {"search (present)", "search.seed"}


def test_tables_of_records_count_whole() -> None:
    """Looping over a table of records, or asking for one of them, notes the whole table."""
    spec, noted = reads()
    assert list(spec.features) == ["x"]
    assert set(noted) == {"features"}


def test_getattr_is_reading() -> None:
    """A key read through getattr is noted like any other."""
    spec, noted = reads()
    assert getattr(spec.data, "source") == "a.csv"  # noqa: B009
    assert "data.source" in noted


def test_whether_a_record_is_there() -> None:
    """Asking only whether an optional record is there is noted both ways, and not what stands in it."""
    for spec in (SPEC, Spec(problem=SPEC.problem, data=SPEC.data, device=Device(core="m4"))):
        tracked, noted = reads(spec)
        assert (tracked.device is not None) is (spec.device is not None)
        assert set(noted) == ({"device (present)"} if spec.device else {"device"})
    assert value_at(spec, "device (present)") is True
    assert value_at(SPEC, "device (present)") is False
    assert value_at(SPEC, "device.core") is None


def test_comparing_and_printing_read_everything() -> None:
    """A record that is compared or printed is noted as a whole."""
    for look in (lambda r: r == SPEC.search, repr, hash):
        spec, noted = reads()
        assert look(spec.search)
        assert "search" in noted


def test_no_copies() -> None:
    """A copy would be read unwatched, so it is refused."""
    spec, _ = reads()
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot be copied"):
            attempt(spec)


def test_unknown_keys() -> None:
    """A key that no spec has is an AttributeError, as for the record itself."""
    spec, _ = reads()
    with pytest.raises(AttributeError):
        print(spec.search.sead)
    with pytest.raises(AttributeError, match="single keys"):
        print(spec.search.__struct_fields__)


def test_file_digest(tmp_path: Path) -> None:
    """A file's hash follows its content even if size and time stay; an absent file has none."""
    ledger, path = Ledger(tmp_path / "ledger.db"), tmp_path / "data"
    assert file_digest(path, ledger) == ""
    path.write_text("one")
    time.sleep(0.06)
    first, state = file_digest(path, ledger), path.stat()
    assert ledger.recall("file", str(path))[1] == first
    path.write_text("two")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    second = file_digest(path, ledger)
    assert second != first
    path.write_text("six")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert file_digest(path, ledger) != second
    ledger.close()
