"""The one door to an MLflow server: its REST API over urllib, with credentials from the environment.

Reference: MLflow's REST API, and the names of its environment variables for authentication.
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import quote, urlencode, urlsplit

from volvelle.errors import InputError, ServiceError

OLDEST = (3, 0)
"""Older servers know no logged models."""
_BUSY = (429, 502, 503, 504)
_LARGEST = 64 * 2**20


class Server:
    """An MLflow server.

    Args:
        address: ``http://`` or ``https://`` and the host, perhaps with a port and a path.
        environment: holds the credentials, under the names that MLflow reads itself.
        timeout: seconds that one call may be silent.
        pauses: seconds before each further attempt of a call that may be repeated.

    Raises:
        InputError: that is no such address.
    """

    def __init__(
        self,
        address: str,
        environment: Mapping[str, str],
        *,
        timeout: float = 60.0,
        pauses: tuple[float, ...] = (0.5, 2.0),
    ) -> None:
        self.address = _sound(address)
        self._timeout, self._pauses = timeout, pauses
        self._credentials = _credentials(environment)
        local = urlsplit(self.address).hostname in ("localhost", "127.0.0.1", "::1")
        proxies = [urllib.request.ProxyHandler({})] if local else []
        self._opener = urllib.request.build_opener(_SameServer(self.address), *proxies)
        plain = self.address.startswith("http:") and not local
        self.exposed = bool(self._credentials) and plain
        """Whether credentials travel unencrypted."""

    def version(self) -> str:
        """The server's version.

        Raises:
            ServiceError: nobody answers, it is no MLflow server, or one that is too old.
        """
        answer = self._answer("GET", "/version", None, again=True)
        text = answer[1][:40].decode("ascii", "replace").strip() if answer[0] == 200 else ""
        found = re.match(r"(\d+)\.(\d+)[\w.]*$", text)
        if not found:
            if answer[0] != 200:
                raise self._refusal(answer)
            raise ServiceError(
                "something answers there, but not as an MLflow server does",
                where=self.address,
                next_move="give the address at which a browser shows MLflow",
            )
        if (int(found[1]), int(found[2])) < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            raise ServiceError(
                f"the server is MLflow {text}; {oldest} or newer is needed",
                where=self.address,
                next_move="upgrade the server: older ones know no logged models",
            )
        return text

    def call(
        self, verb: str, path: str, body: dict[str, Any] | None = None, *, again: bool = False, absent: str = ""
    ) -> dict[str, Any]:
        """One call of the REST API; its answer, or an empty one where the server says `absent`.

        Args:
            verb: GET, POST or PATCH; the body of a GET becomes its query.
            path: below ``/api/2.0/``.
            body: what is sent.
            again: whether the call may be repeated without doing anything twice; a GET may always be.
            absent: the error code of MLflow that means 'there is none', or 'there is one already'.

        Raises:
            ServiceError: the server does not answer, or refuses.
        """
        target = f"/api/2.0/{path}"
        content = None
        if verb == "GET":
            target += f"?{urlencode(body)}" if body else ""
        else:
            content = json.dumps(body or {}).encode()
        answer = self._answer(verb, target, content, again=again or verb == "GET")
        if answer[0] == 200:
            return _document(answer[1])
        if absent and _document(answer[1]).get("error_code") == absent:
            return {}
        raise self._refusal(answer)

    def put(self, place: str, content: bytes) -> None:
        """Upload one artifact to a path below the root of proxied artifacts.

        Raises:
            ServiceError: the server does not take it.
        """
        target = f"/api/2.0/mlflow-artifacts/artifacts/{quote(place)}"
        answer = self._answer("PUT", target, content, again=True)
        if answer[0] != 200:
            raise self._refusal(answer)

    def _answer(self, verb: str, target: str, content: bytes | None, *, again: bool) -> tuple[int, bytes]:
        """Status and body of one call, after further attempts where it may be repeated."""
        kind = "application/octet-stream" if verb == "PUT" else "application/json"
        headers = {"User-Agent": "volvelle", "Content-Type": kind, **self._credentials}
        request = urllib.request.Request(self.address + target, content, headers, method=verb)
        pauses = self._pauses if again else ()
        for pause in (*pauses, None):
            try:
                with self._opener.open(request, timeout=self._timeout) as response:
                    return response.status, response.read(_LARGEST)
            except urllib.error.HTTPError as error:
                with error:
                    if error.code not in _BUSY or pause is None:
                        return error.code, error.read(_LARGEST)
            except (OSError, http.client.HTTPException, UnicodeError) as error:
                if pause is None:
                    raise self._silence(error) from error
            time.sleep(pause)
        raise ServiceError("no attempt was made", where=self.address)

    def _silence(self, error: Exception) -> ServiceError:
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            reason = f"no answer within {self._timeout:g} s"
        if isinstance(reason, http.client.HTTPException):
            reason = f"the answer is not HTTP ({type(reason).__name__})"
        text = getattr(reason, "strerror", None) or str(reason)
        return ServiceError(
            f"the server cannot be reached: {text}",
            where=self.address,
            next_move="check the address and whether the server runs; the same command goes on where this one ended",
        )

    def _refusal(self, answer: tuple[int, bytes]) -> ServiceError:
        status, content = answer
        said = str(_document(content).get("message") or "")[:500]
        told = f": {said}" if said else ""
        if status in (401, 403):
            names = "MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
            what = "needs credentials" if status == 401 and not self._credentials else "refuses these credentials"
            return ServiceError(f"the server {what} ({status}){told}", where=self.address, next_move=f"set {names}")
        if status == 404 and not said:
            return ServiceError(
                "the server does not know this call, so it is no MLflow server (404)",
                where=self.address,
                next_move="give the address at which a browser shows MLflow",
            )
        advice = "the log of the server says more" if status >= 500 else ""
        return ServiceError(f"the server refuses ({status}){told}", where=self.address, next_move=advice)


class _SameServer(urllib.request.HTTPRedirectHandler):
    """Follows a redirect on the same server only: urllib would hand the credentials to any other."""

    def __init__(self, address: str) -> None:
        self._origin = _origin(address)

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if _origin(newurl) != self._origin or req.get_method() != "GET":
            raise ServiceError(
                f"the server sends us on to {newurl}, which is not followed",
                where=req.full_url,
                next_move="give the address at which MLflow itself answers",
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _origin(address: str) -> tuple[str, str, int | None]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _sound(address: str) -> str:
    """The address without a slash at its end."""
    try:
        parts = urlsplit(address)
        _origin(address)
    except ValueError as error:
        raise InputError(f"this is no address: {error}", where=address) from error
    if parts.username or parts.password:
        raise InputError(
            "credentials are written into the address",
            where=f"{parts.scheme}://***@{parts.hostname}",
            next_move="leave them out; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise InputError(
            "an MLflow server is asked for as http:// or https:// with its host",
            where=address,
            next_move="for example http://127.0.0.1:5000",
        )
    return address.rstrip("/")


def _credentials(environment: Mapping[str, str]) -> dict[str, str]:
    user, password, token = (environment.get(f"MLFLOW_TRACKING_{n}", "") for n in ("USERNAME", "PASSWORD", "TOKEN"))
    if user and password:
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}
    return {"Authorization": f"Bearer {token}"} if token else {}


def _document(content: bytes) -> dict[str, Any]:
    """A JSON object, or an empty one where there is none."""
    try:
        found = json.loads(content or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
