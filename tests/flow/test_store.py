"""The content-addressed store."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from volvelle.errors import ContractBroken, InputError
from volvelle.flow.store import ObjectLost, Store, write_atomic


class Note(msgspec.Struct, frozen=True):
    """A record."""

    text: str


class Other(msgspec.Struct, frozen=True):
    """Another record."""

    number: int


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path)


def _only(folder: Path) -> Path:
    return next(p for p in folder.rglob("*") if p.is_file())


def test_named_by_content(store: Store) -> None:
    """An object's name is its SHA-256, and it comes back whole."""
    digest = store.put(b"abc")
    assert digest == hashlib.sha256(b"abc").hexdigest()
    assert store.get(digest) == b"abc"


def test_same_content_is_kept_once(store: Store, tmp_path: Path) -> None:
    """Putting the same bytes twice makes one file and does not write it again."""
    store.put(b"abc")
    before = _only(tmp_path).stat()
    store.put(b"abc")
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert len(files) == 1
    assert files[0].stat().st_ino == before.st_ino


@pytest.mark.parametrize("damage", [b"", b"xbc", b"abcabc"])
def test_damage_is_seen(store: Store, tmp_path: Path, damage: bytes) -> None:
    """An object whose bytes changed is refused once, is gone then, and can be put again."""
    digest = store.put(b"abc")
    _only(tmp_path).write_bytes(damage)
    with pytest.raises(ObjectLost, match="damaged"):
        store.get(digest)
    assert not store.has(digest)
    store.put(b"abc")
    assert store.get(digest) == b"abc"


def test_cut_object_is_put_again(store: Store, tmp_path: Path) -> None:
    """An object that was cut short, as by a power failure, is written anew when it is put again."""
    digest = store.put(b"abc")
    _only(tmp_path).write_bytes(b"")
    store.put(b"abc")
    assert store.get(digest) == b"abc"


def test_absent(store: Store) -> None:
    """An object that never was, or was deleted, is lost, and the error says what to do."""
    with pytest.raises(ObjectLost, match="run again"):
        store.get("0" * 64)


def test_sealed_is_not_given_out(store: Store) -> None:
    """A sealed object is there, is refused by `get`, and comes out of `unseal` alone."""
    digest = store.put(b"test rows", sealed=True)
    assert store.has(digest)
    with pytest.raises(ContractBroken, match="sealed"):
        store.get(digest)
    assert store.unseal(digest) == b"test rows"


def test_records(store: Store) -> None:
    """A record comes back equal; asked for as another kind it is refused with both named."""
    digest = store.put_record(Note("a"))
    assert store.get_record(digest, Note) == Note("a")
    with pytest.raises(ObjectLost, match="is no Other"):
        store.get_record(digest, Other)


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A store below a plain file answers with one error that names the place."""
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be kept") as caught:
        Store(tmp_path / "file").put(b"abc")
    assert str(tmp_path / "file") in str(caught.value)


_FULL = """\
import resource, sys
from pathlib import Path
from volvelle.errors import InputError
from volvelle.flow.store import Store
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
store = Store(Path(sys.argv[1]))
small = store.put(b"small")
try:
    store.put(b"x" * 5000)
except InputError as error:
    print(error)
print(store.get(small), [p.name[:4] for p in Path(sys.argv[1]).rglob("*") if p.name.startswith(".new")])
"""


def test_no_room(tmp_path: Path) -> None:
    """When the system refuses more bytes there is one clear error, nothing half-written, and the rest is whole."""
    done = subprocess.run([sys.executable, "-c", _FULL, str(tmp_path)], capture_output=True, text=True)
    assert "an object of 5000 bytes cannot be kept" in done.stdout, done.stderr
    assert "make room" in done.stdout
    assert done.stdout.endswith("b'small' []\n")


def test_write_atomic_leaves_the_old(tmp_path: Path) -> None:
    """A write over a folder fails and leaves no temporary file."""
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "inside").write_text("")
    with pytest.raises(OSError, match="taken"):
        write_atomic(tmp_path / "taken", b"x")
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]
