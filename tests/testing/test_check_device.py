"""The kit for devices."""

from __future__ import annotations

import pytest

from volvelle.catalog import DEVICES
from volvelle.compiler.device import device, missing
from volvelle.testing import check_device as kit


@pytest.mark.parametrize("name", DEVICES.names())
def test_every_device_keeps_its_promises(name: str) -> None:
    """Each core and board compiles, runs and counts."""
    if lacking := missing(device(name)):
        pytest.skip(f"needs other tools (Debian: apt-get install {lacking})")
    kit.check_device(name)


def test_a_table_that_lacks_a_class_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kit says what is missing."""
    monkeypatch.setattr(kit, "CLASSES", kit.CLASSES | {"vector"})
    with pytest.raises(AssertionError, match="CYCLES"):
        kit.check_device("cortex_m0")
