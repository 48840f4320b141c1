"""MQTT: what `volvelle listen` received from a broker (``mqtt://broker:1883/plant/+/readings?id=seq``).

Messages are JSON or CBOR, one record or a list. The session is kept by the broker (MQTT 5, QoS 1, a fixed client id),
and a message is acknowledged when it is safe in the table, so that neither a broker nor a listener that dies loses one.
With ``?id=KEY`` (or ``?property=NAME``, an MQTT 5 user property) a message that comes again counts once; an id counts
within its topic. ``?levels=hall,machine`` makes columns of the topic's levels that ``+`` stands for. A password is an
environment variable: ``mqtt://ana:${MQTT_PASSWORD}@broker/...``. Port 8883, or ``?tls=yes``, is TLS.

Source: OASIS, MQTT Version 5.0, sections 3.1.2.11, 4.3.2, 4.4 and 4.6.

>>> [level for level in levels("plant/+/readings/#", "plant/north/readings/a/b")]
['north']
>>> stream = Stream("mqtt", "//broker/plant/+?id=seq&levels=hall", OPTIONS)
>>> [record] = _records(stream, "plant/+", "plant/north", b'{"seq": 7, "heat": 21.5}', None)
>>> record.cells, record.id
({'hall': 'north', 'seq': 7, 'heat': 21.5}, 'plant/north/7')
"""

from __future__ import annotations

import hashlib
import os
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from volvelle.data.contract import Read
from volvelle.data.fitting import Misfit, Record
from volvelle.data.growing import Growing
from volvelle.data.intake import ROWS, Intake, Message
from volvelle.data.payload import Unreadable, records_of
from volvelle.data.records import Layout
from volvelle.data.stream import Stream
from volvelle.errors import ServiceError

SUFFIXES: tuple[str, ...] = ()
SCHEMES: tuple[str, ...] = ("mqtt",)
LISTENS = True
OPTIONS = {"property": "", "levels": "", "client": "", "tls": "", "ca": ""}
_PORT, _TLS_PORT, _KEEPALIVE, _WAIT = 1883, 8883, 30, 10.0
_WINDOW = 2 * ROWS
"""Messages that a broker may send before one is acknowledged."""
_KEPT = 30 * 24 * 3600
"""Seconds that a broker keeps the session, and what comes for it, while nobody listens."""
_TAKEN_OVER, _BUSY = 0x8E, (0x88, 0x89, 0x97, 0x9F)
"""Reason codes (section 2.4): session taken over; server unavailable or busy, quota or rate of connections exceeded."""
_SHOWN = 400
_EXAMPLE = "mqtt://broker:1883/plant/+/readings"


def read(where: str, folder: Path, layout: Layout) -> Read:
    """What was received until now, in the order of its arrival.

    Raises:
        DataError: nothing was, or the address is wrong.
    """
    return Stream("mqtt", where, OPTIONS).read(folder, layout)


def table(where: str, folder: Path) -> Growing:
    """Where `listen` puts what it receives."""
    return Stream("mqtt", where, OPTIONS).table(folder)


@contextmanager
def listen(where: str, folder: Path, intake: Intake) -> Iterator[None]:
    """Receive into `intake` for as long as the context lasts; entered when the broker has accepted the subscription.

    Raises:
        ServiceError: the broker does not answer, or refuses.
        DataError: the address is wrong, or another process of this project listens already.
    """
    stream = Stream("mqtt", where, OPTIONS)
    listener = _Listener(stream, folder, intake)
    # Two clients of one id would push each other out without end.
    with stream.table(folder).alone():
        listener.start()
        try:
            yield
        finally:
            listener.stop()


def levels(wanted: str, topic: str) -> list[str]:
    """The levels of a topic that ``+`` of the filter stands for."""
    return [there for asked, there in zip(wanted.split("/"), topic.split("/"), strict=False) if asked == "+"]


class _Listener:
    """One session with a broker.

    Args:
        stream: the address.
        folder: where the spec lies; two projects are two sessions.
        intake: where messages go.
    """

    def __init__(self, stream: Stream, folder: Path, intake: Intake) -> None:
        self._stream, self._intake = stream, intake
        host, _, topic = stream.place.partition("/")
        self._topic = unquote(topic)
        try:
            self._host, port = urlsplit(f"//{host}").hostname or "", urlsplit(f"//{host}").port
        except ValueError as error:
            raise stream.error(f"{host!r} is no broker: {error}", f"e.g. {_EXAMPLE}") from None
        if not self._host or not self._topic:
            raise stream.error("an address of MQTT names a broker and a topic", f"e.g. {_EXAMPLE}")
        names = [name for name in stream.options["levels"].split(",") if name]
        if names and len(names) != self._topic.split("/").count("+"):
            advice = f"name {self._topic.split('/').count('+')}, one for each '+' of the topic"
            raise stream.error(f"levels={stream.options['levels']} names {len(names)} columns", advice)
        tls = stream.flag("tls") if stream.options["tls"] else port == _TLS_PORT or bool(stream.options["ca"])
        self._port = port or (_TLS_PORT if tls else _PORT)
        self._connection = 0
        self._ready, self._refused = threading.Event(), ""
        self._client = self._made(folder, tls)

    def start(self) -> None:
        """Connect and subscribe."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = _KEPT
        properties.ReceiveMaximum = _WINDOW
        try:
            self._client.connect(self._host, self._port, _KEEPALIVE, clean_start=False, properties=properties)
        except (OSError, ssl.SSLError) as error:
            raise self._unreachable(self._stream.address.masked(error)) from None
        self._client.loop_start()
        if not self._ready.wait(_WAIT) or self._refused:
            self.stop()
            raise self._unreachable(self._refused or f"no answer within {_WAIT:g} s")

    def stop(self) -> None:
        """Leave; the broker keeps the session."""
        self._client.disconnect()
        self._client.loop_stop()

    def _made(self, folder: Path, tls: bool) -> paho.Client:
        own = hashlib.sha256(f"{os.fspath(folder.resolve())}\0{self._stream.place}".encode()).hexdigest()[:16]
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._stream.options["client"] or f"volvelle-{own}",
            protocol=paho.MQTTv5,
            manual_ack=True,
        )
        client.reconnect_delay_set(1, 60)
        client.max_queued_messages_set(0)
        if tls:
            try:
                client.tls_set(
                    ca_certs=str(folder / self._stream.options["ca"]) if self._stream.options["ca"] else None
                )
            except (OSError, ssl.SSLError) as error:
                raise self._stream.error(
                    f"the certificates cannot be read: {error}", "?ca=FILE names a PEM file"
                ) from None
        user, colon, password = self._stream.user.partition(":")
        if user:
            client.username_pw_set(unquote(user), unquote(password) if colon else None)
        client.on_connect, client.on_disconnect = self._connected, self._disconnected
        client.on_subscribe, client.on_message = self._subscribed, self._received
        return client

    def _connected(self, client: paho.Client, _: Any, flags: Any, code: Any, properties: Any) -> None:
        if code.is_failure:
            if self._ready.is_set() and code.value in _BUSY:
                self._intake.tell(f"the broker says: {code}; trying again")
            else:
                self._refuse(f"it says: {code}")
            return
        self._connection += 1
        if self._ready.is_set():
            kept = "" if flags.session_present else "; it did not keep the session, so messages may be missing"
            self._intake.tell(f"connected again{kept}")
        # Retained messages are of an earlier time; they come once, with a new session.
        client.subscribe(self._topic, options=SubscribeOptions(qos=1, retainHandling=1))

    def _subscribed(self, client: paho.Client, _: Any, mid: int, codes: Any, properties: Any) -> None:
        if codes[0].is_failure:
            self._refuse(f"it does not let us read {self._topic}: {codes[0]}")
        elif codes[0].value < 1:
            self._intake.tell("the broker grants QoS 0 only: a message may get lost on the way")
        self._ready.set()

    def _disconnected(self, client: paho.Client, _: Any, flags: Any, code: Any, properties: Any) -> None:
        # From here on no message of that connection may be acknowledged.
        self._connection += 1
        if code.value == _TAKEN_OVER:
            self._refuse("another listener has taken the session over")
        elif code.is_failure and not self._intake.closed and self._ready.is_set() and not self._refused:
            self._intake.tell(f"the connection is lost ({code}); trying again")

    def _received(self, client: paho.Client, _: Any, message: paho.MQTTMessage) -> None:
        with self._intake.guard():
            self._put(client, message)

    def _put(self, client: paho.Client, message: paho.MQTTMessage) -> None:
        connection, mid, qos = self._connection, message.mid, message.qos

        def acknowledge(fates: list[str]) -> None:
            # Of an older connection: the broker sends it again, perhaps under another number.
            if connection == self._connection:
                client.ack(mid, qos)

        try:
            given = _property(message, self._stream.options["property"])
            records = _records(self._stream, self._topic, message.topic, bytes(message.payload), given)
        except Unreadable as error:
            text = message.payload[:_SHOWN].decode("utf-8", "backslashreplace")
            misfit = Misfit("garbage", f"{error}, e.g. {text[:60]!r}", text)
            self._intake.put(Message(aside=(misfit,), answer=acknowledge))
            return
        self._intake.put(Message(records, answer=acknowledge))

    def _refuse(self, reason: str) -> None:
        self._refused = reason
        self._ready.set()
        self._intake.fail(self._unreachable(reason))

    def _unreachable(self, reason: str) -> ServiceError:
        advice = "check address, user and password, and that the broker speaks MQTT 5; then volvelle listen"
        return ServiceError(f"the broker cannot be listened to: {reason}", where=self._stream.shown, next_move=advice)


def _property(message: paho.MQTTMessage, name: str) -> str | None:
    """The user property that tells the message from all others.

    Raises:
        Unreadable: the address names one, and the message has none.
    """
    if not name:
        return None
    pairs = getattr(message.properties, "UserProperty", ())
    found = next((str(value) for key, value in pairs if key == name), None)
    if found is None:
        raise Unreadable(f"the message has no user property {name!r}")
    return found


def _records(stream: Stream, wanted: str, topic: str, payload: bytes, given: str | None) -> list[Record]:
    """The records of one message.

    Raises:
        Unreadable: they cannot be read, or lack what their id is made of.
    """
    names = [name for name in stream.options["levels"].split(",") if name]
    bound = dict(zip(names, levels(wanted, topic), strict=True)) if names else {}
    records = []
    for position, cells in enumerate(records_of(payload)):
        clash = next((name for name in bound if name in cells), None)
        if clash is not None:
            raise Unreadable(f"the record has a value {clash!r}, and so has its topic")
        own = None if given is None else f"{given}/{position}"
        records.append(stream.record({**bound, **cells}, own, topic))
    return records
