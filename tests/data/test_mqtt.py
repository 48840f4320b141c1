"""MQTT from a real broker: payloads, ids, topics, passwords, and brokers that are not there or say no."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cbor2
import pytest
from listening import heard  # type: ignore[import-not-found]
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from mqtt_broker import Broker, program  # type: ignore[import-not-found]
from volvelle.data.collect import collect
from volvelle.data.sources import mqtt
from volvelle.errors import DataError, ServiceError
from volvelle.spec.requirements import Data

PASSWORD = "p@ss:w/rd?&"


@contextmanager
def device(port: int, user: str = "") -> Iterator[Client]:
    """A client that publishes."""
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    if user:
        client.username_pw_set(user, PASSWORD)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def send(client: Client, topic: str, payload: bytes | str, number: str = "") -> None:
    """Publish one message, perhaps with a user property."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    if number:
        properties.UserProperty = ("message-id", number)
    client.publish(topic, payload, qos=1, properties=properties).wait_for_publish(10)


def test_json_and_cbor_one_or_many(broker: Broker, tmp_path: Path) -> None:
    """Records and lists of them, in JSON and CBOR, become rows in the order in which they were sent."""
    where = f"//127.0.0.1:{broker.port}/plant/+/+/readings?id=seq&levels=hall,machine"
    with heard(mqtt, where, tmp_path) as listener, device(broker.port) as client:
        send(client, "plant/north/m1/readings", '{"seq": 1, "heat": 21}')
        send(client, "plant/north/m2/readings", cbor2.dumps([{"seq": 1, "heat": 22}, {"seq": 2, "heat": 23.5}]))
        send(client, "plant/north/m1/other", '{"seq": 2, "heat": 0}')
        send(client, "plant/south/m1/readings", '[{"seq": 1, "heat": 24, "note": {"by": "li"}}]')
        listener.messages(3)
    frame, dataset = collect(Data(source=f"mqtt:{where}"), {}, tmp_path)
    assert frame.rows() == [
        ("north", "m1", 1, 21.0, None),
        ("north", "m2", 1, 22.0, None),
        ("north", "m2", 2, 23.5, None),
        ("south", "m1", 1, 24.0, "li"),
    ]
    assert frame.columns == ["hall", "machine", "seq", "heat", "note.by"]
    assert (dataset.origins[0].kind, dataset.origins[0].name) == ("live", f"mqtt:{where}")


def test_a_message_that_comes_again_counts_once(broker: Broker, tmp_path: Path) -> None:
    """An id counts within its topic, in the record or as a user property; what lacks one is set aside."""
    where = f"//127.0.0.1:{broker.port}/a/+?id=seq"
    with heard(mqtt, where, tmp_path) as listener, device(broker.port) as client:
        for topic in ("a/1", "a/1", "a/2"):
            send(client, topic, '{"seq": 1, "heat": 21}')
        send(client, "a/1", '{"heat": 21}')
        send(client, "a/1", '{"seq": 1, "heat": 25}')
        listener.messages(5)
    tally = listener.intake.tally
    assert (tally.rows, tally.repeated, dict(tally.aside)) == (2, 1, {"garbage": 1, "id": 1})
    where = f"//127.0.0.1:{broker.port}/b/+?property=message-id"
    with heard(mqtt, where, tmp_path) as listener, device(broker.port) as client:
        for number in ("x", "x", "y", ""):
            send(client, "b/1", '[{"heat": 21}, {"heat": 21}]', number)
        listener.messages(4)
    assert (listener.intake.tally.rows, listener.intake.tally.repeated) == (4, 2)
    assert "no user property 'message-id'" in listener.intake.tally.example["garbage"]


def test_what_comes_while_nobody_listens_is_kept(broker: Broker, tmp_path: Path) -> None:
    """The broker keeps the session: messages sent between two listeners are received by the second."""
    where = f"//127.0.0.1:{broker.port}/a?id=seq"
    with device(broker.port) as client:
        with heard(mqtt, where, tmp_path):
            pass
        for number in range(50):
            send(client, "a", json.dumps({"seq": number}))
        with heard(mqtt, where, tmp_path) as listener:
            listener.messages(50)
    assert mqtt.table(where, tmp_path).read()["seq"].to_list() == list(range(50))


def test_garbage_is_acknowledged_and_kept_aside(broker: Broker, tmp_path: Path) -> None:
    """A payload that cannot be read does not come again for ever: it lies beside the table, with the reason."""
    where = f"//127.0.0.1:{broker.port}/a?id=seq"
    with heard(mqtt, where, tmp_path) as listener, device(broker.port) as client:
        send(client, "a", b"\xff\x00garbage")
        send(client, "a", '{"seq": 1, "heat": 1.5}')
        send(client, "a", '{"seq": 2, "heat": "hot"}')
        listener.messages(3)
    lines = [json.loads(x) for x in (listener.table.folder / "aside.jsonl").read_text().splitlines()]
    assert [line["kind"] for line in lines] == ["garbage", "type"]
    assert "garbage" in lines[0]["text"]
    with heard(mqtt, where, tmp_path) as listener:
        pass
    assert listener.intake.tally.messages == 0


def test_two_listeners_of_one_project_do_not_fight(broker: Broker, tmp_path: Path) -> None:
    """The second listener of a project is refused; one of another project hears the same messages."""
    where, other = f"//127.0.0.1:{broker.port}/a", tmp_path / "other"
    with heard(mqtt, where, tmp_path) as first, heard(mqtt, where, other) as second, device(broker.port) as client:
        with pytest.raises(DataError, match="another listener of this project"), heard(mqtt, where, tmp_path):
            pass
        send(client, "a", '{"heat": 1}')
        first.messages(1)
        second.messages(1)


@pytest.fixture
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker with a password, TLS beside, and a topic that nobody may read."""
    maker = shutil.which("mosquitto_passwd")
    if program() is None or maker is None:
        pytest.skip("there is no mosquitto (Debian: apt-get install mosquitto)")
    folder = tmp_path_factory.mktemp("guarded")
    subprocess.run([maker, "-b", "-c", str(folder / "passwords"), "ana", PASSWORD], check=True, capture_output=True)
    (folder / "rights").write_text("user ana\ntopic readwrite plant/#\n")
    for path in (folder / "passwords", folder / "rights"):
        path.chmod(0o600)
    made = Broker(folder, ("allow_anonymous false", f"password_file {folder}/passwords", f"acl_file {folder}/rights"))
    made.start()
    try:
        yield made
    finally:
        made.stop()


def test_passwords_are_references_and_never_shown(
    guarded: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password comes from the environment; a wrong one is told at once, and no message shows it."""
    where = f"//ana:${{PLANT}}@127.0.0.1:{guarded.port}/plant/a"
    monkeypatch.setenv("PLANT", PASSWORD)
    with heard(mqtt, where, tmp_path) as listener, device(guarded.port, "ana") as client:
        send(client, "plant/a", '{"heat": 1}')
        listener.messages(1)
    monkeypatch.setenv("PLANT", "wr0ng")
    with pytest.raises(ServiceError, match=r"(?i)not authori") as caught, heard(mqtt, where, tmp_path):
        pass
    assert "wr0ng" not in str(caught.value)
    monkeypatch.delenv("PLANT")
    with pytest.raises(DataError, match="PLANT is not set"), heard(mqtt, where, tmp_path):
        pass
    held = [p for p in tmp_path.rglob("*") if p.is_file() and PASSWORD.encode() in p.read_bytes()]
    assert held == []


def test_tls(tmp_path: Path) -> None:
    """With the certificate that signed the broker's own TLS works; without it the broker is not trusted."""
    maker = shutil.which("openssl")
    if program() is None or maker is None:
        pytest.skip("there is no mosquitto or no openssl (Debian: apt-get install mosquitto openssl)")
    key, certificate = tmp_path / "key.pem", tmp_path / "ca.pem"
    words = (
        f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=broker -addext subjectAltName=IP:127.0.0.1 -keyout {key}"
    )
    subprocess.run([maker, *words.split(), "-out", str(certificate)], check=True, capture_output=True)
    key.chmod(0o644)
    made = Broker(tmp_path, ("allow_anonymous true", f"certfile {certificate}", f"keyfile {key}"))
    made.start()
    try:
        with heard(mqtt, f"//127.0.0.1:{made.port}/a?ca=ca.pem", tmp_path):
            pass
        with (
            pytest.raises(ServiceError, match=r"(?i)certificate"),
            heard(mqtt, f"//127.0.0.1:{made.port}/a?tls=yes", tmp_path),
        ):
            pass
    finally:
        made.stop()


def test_a_broker_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    """No broker: one error with a next move; and before anything was received a run says so."""
    with pytest.raises(ServiceError, match="cannot be listened to") as caught, heard(mqtt, "//127.0.0.1:1/a", tmp_path):
        pass
    assert caught.value.next_move
    with pytest.raises(DataError, match="nothing has been received yet"):
        collect(Data(source="mqtt://127.0.0.1:1/b"), {}, tmp_path)


@pytest.mark.parametrize(
    ("where", "problem"),
    [
        ("//broker", "names a broker and a topic"),
        ("//broker:x/a", "is no broker"),
        ("//broker/a?ids=seq", "'ids' is not known"),
        ("//broker/a?id=", "'id' has no value"),
        ("//broker/a?id=a&id=b", "'id' stands twice"),
        ("//broker/a/+?levels=x,y", "names 2 columns"),
        ("//broker/a?tls=maybe", "neither yes nor no"),
        ("//broker/a?ca=absent.pem", "certificates cannot be read"),
    ],
)
def test_wrong_addresses(where: str, problem: str, tmp_path: Path) -> None:
    """A mistake in the address is told before anything is asked of the network."""
    with pytest.raises(DataError, match=problem) as caught, heard(mqtt, where, tmp_path):
        pass
    assert caught.value.next_move
