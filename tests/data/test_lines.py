"""Lines of a serial port: chunks may end anywhere, and garbage does not stop what follows."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from volvelle.data.lines import LONGEST, Line, Lines

PATIENT = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
CELLS = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=6)


def good(lines: list[Line]) -> list[dict[str, object]]:
    return [line.cells for line in lines if not line.fault]


@PATIENT
@given(st.lists(st.tuples(CELLS, CELLS), max_size=10), st.lists(st.integers(1, 7), min_size=1))
def test_chunks_may_end_anywhere(rows: list[tuple[str, str]], sizes: list[int]) -> None:
    """However the bytes are cut into chunks, the same records come out."""
    content = b"cut;line\r\n" + "".join(f"{a};{b}\r\n" for a, b in rows).encode()
    lines, found, position, turn = Lines("csv", ("a", "b"), ";"), [], 0, 0
    while position < len(content):
        size = sizes[turn % len(sizes)]
        found += lines.feed(content[position : position + size])
        position, turn = position + size, turn + 1
    assert good(found) == [{"a": a, "b": b} for a, b in rows if (a, b) != ("a", "b")]


@PATIENT
@given(st.lists(st.binary(max_size=40)))
def test_no_bytes_raise(chunks: list[bytes]) -> None:
    """Whatever comes, lines are records or have a fault, and a good line after it is read."""
    lines = Lines("auto", ("a", "b"))
    for chunk in chunks:
        for line in lines.feed(chunk):
            assert bool(line.cells) != bool(line.fault)
    assert good(lines.feed(b'\n{"a": 1}\n'))[-1] == {"a": 1}


def test_the_cut_first_line_is_dropped() -> None:
    """A port is opened in the middle of a line: that one is no record, even if it looks like one."""
    assert good(Lines("csv", ("a", "b")).feed(b"5,6\n7,8\n")) == [{"a": "7", "b": "8"}]
    reopened = Lines("csv", ("a", "b"))
    reopened.feed(b"x\n1,2\n3,")
    reopened.cut()
    assert good(reopened.feed(b"4,5\n6,7\n")) == [{"a": "6", "b": "7"}]


def test_names_come_from_a_line_of_names() -> None:
    """Without ?columns= values wait for a line of names; that line may come again."""
    found = Lines("csv").feed(b"x\n1;2\nheat;hall\n1;2\nheat;hall\n3;4\n")
    assert good(found) == [{"heat": "1", "hall": "2"}, {"heat": "3", "hall": "4"}]
    assert "no line of names has come yet" in found[0].fault


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"1,2,3", "3 cells and not 2"),
        (b"1", "1 cells and not 2"),
        (b'1,"2', "no CSV"),
        (b"1,\xff", "no UTF-8"),
        (b"1,\x07", "do not print"),
        (b'{"a": 1', "no JSON"),
        (b"{}", "no record"),
    ],
)
def test_garbage_is_told_from_records(raw: bytes, fault: str) -> None:
    """A line that is no record has its reason, and the next line is read."""
    bad, fine = Lines("auto", ("a", "b")).feed(b"x\n" + raw + b"\n1,2\n")
    assert fault in bad.fault
    assert fine.cells == {"a": "1", "b": "2"}


def test_json_lines() -> None:
    """A line that begins with a brace is a record of its own; comments and blank lines are left out."""
    found = Lines("auto").feed(b'x\n# boot\n\n{"heat": 21.5, "at": {"x": 1}}\n[{"a": 1}]\n')
    assert found[0].cells == {"heat": 21.5, "at.x": 1}
    assert len(Lines("json").feed(b"x\n" + json.dumps([{"a": 1}] * 2).encode() + b"\n")) == 1


def test_a_line_without_end_is_dropped() -> None:
    """A line longer than allowed is one fault, its end is dropped, and reading goes on."""
    lines = Lines("csv", ("a",))
    found = lines.feed(b"x\n" + b"9" * (LONGEST + 1))
    found += lines.feed(b"9" * 100)
    found += lines.feed(b"\n7\n")
    assert [line.fault[:20] for line in found if line.fault] == ["a line has more than"]
    assert good(found) == [{"a": "7"}]
