"""Tells people what is wrong with a live model, or what was decided about it. Nobody who cannot be told stops anything.

- ``log``: a line in ``.volvelle/live/alarms.log``.
- ``https://...``: a JSON document is posted; its ``text`` is what chat services show.
- ``mailto:``: a mail through the server that the environment variable ``VOLVELLE_SMTP`` names, as
  ``smtp://host:port`` (encrypted where the server can), ``smtps://user:password@host:465``; ``localhost`` by default.
"""

from __future__ import annotations

import json
import os
import smtplib
import socket
import ssl
from email.message import EmailMessage
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import unquote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from volvelle.data.address import Address
from volvelle.errors import InputError, visible
from volvelle.flow.ledger import now
from volvelle.spec.monitoring import Listener, listener

SERVER = "VOLVELLE_SMTP"
LOG = "alarms.log"
TIMEOUT = 10.0
"""Seconds for one listener."""


class _NoRedirect(HTTPRedirectHandler):
    """What was meant for one place does not go to another."""

    def redirect_request(self, *_: Any) -> None:
        return None


def tell(targets: tuple[str, ...], live: Path, subject: str, lines: list[str], document: dict[str, Any]) -> list[str]:
    """Tell everyone; a sentence for each who could not be told.

    Args:
        targets: as the spec names them.
        live: the folder of all that is live.
        subject: what it is about, in one line.
        lines: what there is to say.
        document: the same for programs, as plain data.
    """
    problems = []
    for target in targets:
        found = listener(target)
        try:
            _tell(found, live, subject, lines, document)
        except (OSError, InputError, HTTPException, smtplib.SMTPException, ssl.SSLError, ValueError) as error:
            reason = error.problem if isinstance(error, InputError) else _hidden(found, error)
            problems.append(f"{target} was not told: {reason}")
    return problems


def _tell(found: Listener, live: Path, subject: str, lines: list[str], document: dict[str, Any]) -> None:
    if found.kind == "log":
        live.mkdir(parents=True, exist_ok=True)
        with (live / LOG).open("a", encoding="utf-8") as file:
            file.write("".join(f"{now()} {visible(line)}\n" for line in [subject, *(f"  {line}" for line in lines)]))
    elif found.kind == "webhook":
        body = json.dumps({"text": "\n".join([subject, *lines]), **document}).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "volvelle"}
        address = Address(found.address).full
        if urlsplit(address).scheme not in ("http", "https"):
            raise InputError("the address is no http or https")
        with build_opener(_NoRedirect()).open(Request(address, body, headers), timeout=TIMEOUT) as answer:
            answer.read(1)
    else:
        _mail(found.address, subject, lines)


def _mail(to: str, subject: str, lines: list[str]) -> None:
    server = urlsplit(os.environ.get(SERVER) or "smtp://localhost")
    message = EmailMessage()
    message["Subject"] = visible(subject)
    message["From"] = f"volvelle@{socket.gethostname() or 'localhost'}"
    message["To"] = to
    message.set_content("\n".join([subject, "", *lines]) + "\n")
    host, safe = server.hostname or "localhost", ssl.create_default_context()
    if server.scheme == "smtps":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(host, server.port or 465, timeout=TIMEOUT, context=safe)
    else:
        connection = smtplib.SMTP(host, server.port or 25, timeout=TIMEOUT)
    with connection:
        connection.ehlo()
        if server.scheme == "smtp" and connection.has_extn("starttls"):
            connection.starttls(context=safe)
        if server.username:
            connection.login(unquote(server.username), unquote(server.password or ""))
        connection.send_message(message)


def _hidden(found: Listener, error: Exception) -> str:
    """Why, without what is secret in the address."""
    reason = str(error.reason) if isinstance(error, URLError) else str(error)
    try:
        return Address(found.address).masked(reason or type(error).__name__)
    except InputError:
        return type(error).__name__
