"""A broker that restarts and a listener that is killed, in the middle of 20,000 messages: none lost, none doubled."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from listening import heard  # type: ignore[import-not-found]
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from mqtt_broker import Broker  # type: ignore[import-not-found]
from volvelle.data.growing import Growing
from volvelle.data.intake import Intake
from volvelle.data.sources import mqtt

MESSAGES, DEVICES = 20_000, 4


class Listener:
    """A real ``volvelle listen``."""

    def __init__(self, folder: Path, address: str) -> None:
        self.lines: list[str] = []
        self._listening = threading.Event()
        command = [sys.executable, "-m", "volvelle", "listen", address, "--json"]
        self.process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
        )
        threading.Thread(target=self._read, daemon=True).start()
        assert self._listening.wait(60), self.lines

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            if line.startswith("listening"):
                self._listening.set()

    def end(self) -> dict[str, object]:
        """Stop it as ``systemctl stop`` does; its document."""
        self.process.terminate()
        out, _ = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, self.lines
        document = json.loads(out)
        assert isinstance(document, dict)
        return document


def publisher(port: int, accepted: set[int]) -> Client:
    """A device that sends with QoS 1 and tries again; `accepted` are the numbers of what the broker has."""
    client = Client(CallbackAPIVersion.VERSION2, client_id="devices", protocol=MQTTv5)
    client.max_queued_messages_set(0)
    client.max_inflight_messages_set(500)
    client.reconnect_delay_set(1, 2)
    client.on_publish = lambda _, __, number, ___, ____: accepted.add(number)
    client.connect("127.0.0.1", port, clean_start=False)
    client.loop_start()
    return client


def wait_for(done: object, seconds: float = 60.0) -> None:
    """Wait until a condition holds."""
    assert callable(done)
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_none_lost_none_doubled(broker: Broker, tmp_path: Path) -> None:
    """After a restart of the broker and a kill -9 of the listener each of 20,000 messages is there exactly once."""
    where = f"//127.0.0.1:{broker.port}/plant/+/readings?id=seq&levels=device"
    table = mqtt.table(where, tmp_path)
    first = Listener(tmp_path, f"mqtt:{where}")
    accepted: set[int] = set()
    devices, sent = publisher(broker.port, accepted), set()
    for number in range(MESSAGES):
        payload = json.dumps({"seq": number // DEVICES, "heat": number / 7, "on": number % 3 == 0})
        sent.add(devices.publish(f"plant/{number % DEVICES}/readings", payload, qos=1).mid)
        if number == MESSAGES // 4:
            wait_for(lambda: table.count() > 0)
            first.process.send_signal(signal.SIGKILL)
            first.process.wait()
            second = Listener(tmp_path, f"mqtt:{where}")
        if number == MESSAGES // 2:
            wait_for(lambda: table.count() > MESSAGES // 4)
            broker.stop()
            broker.start()
    wait_for(lambda: accepted >= sent)
    wait_for(lambda: table.count() >= MESSAGES)
    devices.disconnect()
    devices.loop_stop()
    told = second.end()
    assert told["rows_in_table"] == MESSAGES
    assert told["aside"] == {}
    frame = table.read()
    expected = pl.DataFrame(
        {
            "device": [str(n % DEVICES) for n in range(MESSAGES)],
            "seq": [n // DEVICES for n in range(MESSAGES)],
            "heat": [n / 7 for n in range(MESSAGES)],
            "on": [n % 3 == 0 for n in range(MESSAGES)],
        }
    )
    assert frame.sort("seq", "device").equals(expected)
    assert any("connected again" in line for line in second.lines)


def listen_and_die(where: str, folder: Path) -> None:
    """Die without a word when the first batch is safe and not yet acknowledged."""
    append = Growing.append

    def appended(self: Growing, *given: Any) -> None:
        append(self, *given)
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Growing, "append", appended)
        intake = Intake()
        with mqtt.listen(where, folder, intake):
            intake.drain(mqtt.table(where, folder))


def test_a_batch_that_is_safe_and_not_acknowledged_counts_once(broker: Broker, tmp_path: Path) -> None:
    """What a listener that dies before it acknowledges has appended comes again, and is not doubled."""
    where = f"//127.0.0.1:{broker.port}/a?id=seq"
    worker = multiprocessing.get_context("spawn").Process(target=listen_and_die, args=(where, tmp_path))
    with heard(mqtt, where, tmp_path):
        pass
    accepted: set[int] = set()
    devices = publisher(broker.port, accepted)
    sent = {devices.publish("a", json.dumps({"seq": number}), qos=1).mid for number in range(100)}
    wait_for(lambda: accepted >= sent)
    worker.start()
    worker.join(60)
    assert worker.exitcode == -signal.SIGKILL
    safe = mqtt.table(where, tmp_path).count()
    assert safe > 0
    with heard(mqtt, where, tmp_path) as listener:
        listener.messages(100)
    devices.disconnect()
    devices.loop_stop()
    assert listener.intake.tally.repeated == safe
    assert sorted(listener.table.read()["seq"]) == list(range(100))
