"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import adbc_driver_postgresql.dbapi as postgresql
import pytest

import chromium  # type: ignore[import-not-found]
import mlflow_server  # type: ignore[import-not-found]
import mqtt_broker  # type: ignore[import-not-found]
from postgres_server import PASSWORD, programs, server  # type: ignore[import-not-found]

Execute = Callable[[str], None]

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets; tests that need it skip only where the whole folder is absent."""
    folder = Path(os.environ.get("VOLVELLE_DATA", ROOT.parent / "shared" / "data")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set VOLVELLE_DATA")
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[tuple[str, Execute]]:
    """A real PostgreSQL server: its address with ``${VOLVELLE_PG}`` for the password, and what executes SQL there."""
    if programs() is None:
        pytest.skip("there is no PostgreSQL (Debian: apt-get install postgresql)")
    with server() as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", PASSWORD)
        with postgresql.connect(address, autocommit=True) as connection, connection.cursor() as cursor:
            patch.delenv("PGPASSWORD")
            patch.setenv("VOLVELLE_PG", PASSWORD)

            def execute(script: str) -> None:
                for statement in script.split(";"):
                    cursor.execute(statement)

            yield address.replace("postgres@", "postgres:${VOLVELLE_PG}@"), execute


@pytest.fixture
def postgres(postgres_server: tuple[str, Execute]) -> tuple[str, Execute]:
    """The server, with nothing in it."""
    postgres_server[1]("DROP SCHEMA IF EXISTS plant CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return postgres_server


@pytest.fixture(scope="session")
def mlflow() -> Iterator[str]:
    """The address of a real MLflow server; where MLflow cannot be installed, what needs it fails and says why."""
    with mlflow_server.server() as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> str:
    """Chromium's program."""
    return str(chromium.program())


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """axe-core's program."""
    return Path(chromium.axe_program(tmp_path_factory.mktemp("axe")))


@pytest.fixture
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[mqtt_broker.Broker]:
    """A real MQTT broker that anybody may use."""
    if mqtt_broker.program() is None:
        pytest.skip("there is no mosquitto (Debian: apt-get install mosquitto)")
    made = mqtt_broker.Broker(tmp_path_factory.mktemp("broker"))
    made.start()
    try:
        yield made
    finally:
        made.stop()
