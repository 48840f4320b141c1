"""Everything that people and machines see, as a Starlette application: the one door to it.

FastAPI is Starlette with pydantic. Nothing here is typed by pydantic, for the signature types every row, and documents
are made from the signature; leaving it out saves every worker 16 MB.

Routes read the body themselves, with limits on its size and on the time that it takes, and hand it to the service: the
fast lane (see `volvelle.serve.lane`) hands the same bytes to the same functions.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from volvelle.serve import inference
from volvelle.serve.forms import Refusal
from volvelle.serve.lane import BODY, ID, TRACE
from volvelle.serve.metrics import PAGE, STATE, WATCHED
from volvelle.serve.service import JSON, Call, Reply, Service

_CSP = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_GUARDED = {"Content-Security-Policy": _CSP, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_ALONE = _GUARDED | {"Content-Security-Policy": _CSP.replace("'self'", "'unsafe-inline'"), "Cache-Control": "no-store"}
"""The page of the state holds its own style, which its own policy names by its hash."""
_MODEL, _VERSION = "/v2/models/{model}", "/v2/models/{model}/versions/{version}"
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class Documents(NamedTuple):
    """What the supervisor wrote about the release that is served."""

    openapi: bytes = b"{}"
    page: bytes = b""
    style: bytes = b""
    gates: str = ""


class Shown:
    """The documents of the present release, replaced when the champion changes, and what watching found of it.

    Args:
        documents: as the supervisor wrote them.
        live: the folder of all that is live.
    """

    def __init__(self, documents: Documents, live: Path) -> None:
        self.documents, self._live = documents, live

    def watched(self) -> str:
        """What watching found last, as metrics; empty before it looked."""
        try:
            return (self._live / WATCHED).read_text("utf-8")
        except OSError:
            return ""

    def told(self, file: str) -> tuple[bytes, str]:
        """What watching found last, and when, as HTTP has it.

        Raises:
            Refusal: nobody has watched yet.
        """
        path = self._live / file
        try:
            return path.read_bytes(), formatdate(path.stat().st_mtime, usegmt=True)
        except OSError:
            raise Refusal(404, "nobody has watched yet", next_move="volvelle watch, or volvelle serve --auto") from None


def app(service: Service, shown: Shown, name: str, reload: Callable[[], Awaitable[bytes]]) -> Starlette:
    """The application of one worker.

    Args:
        service: what answers.
        shown: what is told about it.
        name: of the model, in the paths of version 2.
        reload: asks the supervisor to look for the champion anew; what came of it.
    """

    async def reloaded(request: Request) -> Response:
        call = _call(request)
        try:
            service.admit("admin", call)
            return Response(await reload(), media_type=JSON)
        except Refusal as refusal:
            reply = service.refused(refusal, call.id or service.new_id())
        except TimeoutError:
            silent = Refusal(503, "the supervisor does not answer", next_move="ask again")
            reply = service.refused(silent, call.id or service.new_id())
        return _response(reply, request, service)

    async def strange(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        allowed = (error.headers or {}).get("Allow") if isinstance(error, HTTPException) else None
        problem = {404: "there is nothing at this path", 405: "this path takes another method"}.get(status, "refused")
        call = _call(request)
        reply = service.refused(Refusal(status, problem, next_move="see /docs"), call.id or service.new_id())
        service.done("other", call, reply, 0.0)
        return _response(replace(reply, headers=(("Allow", allowed),) if allowed else ()), request, service)

    routes = [*_answers(service, name), *_states(service, shown, name), *_watched(service, shown), *_documents(shown)]
    admin = Route("/v1/admin/reload", reloaded, methods=["POST"])
    made = Starlette(routes=[*routes, admin], exception_handlers={HTTPException: strange})
    made.router.redirect_slashes = False
    return made


def _answers(service: Service, name: str) -> list[Route]:
    async def answered(request: Request, handler: Callable[[bytes, Call], Reply], route: str) -> Response:
        call = _call(request)
        try:
            body = await _body(request, service)
            if len(body) <= BODY:
                reply = handler(body, call)
            else:
                reply = await asyncio.wait_for(asyncio.to_thread(handler, body, call), service.limits.seconds)
        except Refusal as refusal:
            # What is left of the body is not read.
            reply = service.refused(refusal, call.id or service.new_id(), route)
            reply = replace(reply, headers=(("connection", "close"),))
            service.done(route, call, reply, 0.0)
        except ClientDisconnect:
            return Response(status_code=400)
        except TimeoutError:
            late = Refusal(503, f"no answer within {service.limits.seconds:g} seconds", next_move="ask for fewer rows")
            reply = service.done(
                route, call, service.refused(late, call.id or service.new_id(), route), service.limits.seconds
            )
        return _response(reply, request, service)

    async def predict(request: Request) -> Response:
        return await answered(request, service.predict, "predict")

    async def outcomes(request: Request) -> Response:
        return await answered(request, service.outcomes, "outcomes")

    async def sketches(request: Request) -> Response:
        return await answered(request, service.sketches, "sketches")

    async def infer(request: Request) -> Response:
        _known(service, name, request)
        header = request.headers.get(inference.LENGTH)
        return await answered(request, lambda b, c: inference.infer(service, name, b, header, c), "infer")

    posts = {"/v1/predict": predict, "/v1/outcomes": outcomes, "/v1/sketchs": sketches}
    posts |= dict.fromkeys((f"{_MODEL}/infer", f"{_VERSION}/infer"), infer)
    return [Route(path, handler, methods=["POST"]) for path, handler in posts.items()]


def _states(service: Service, shown: Shown, name: str) -> list[Route]:
    def told(document: object, status: int = 200) -> Response:
        headers = {} if service.ready else {"connection": "close"}
        return Response(msgspec.json.encode(document), status, headers, JSON)

    async def live(request: Request) -> Response:
        return told({"live": True})

    async def ready(request: Request) -> Response:
        _known(service, name, request)
        return told({"ready": service.ready}, 200 if service.ready else 503)

    async def server(request: Request) -> Response:
        return told(inference.server())

    async def metadata(request: Request) -> Response:
        _known(service, name, request)
        return told(inference.metadata(service.serving.champion, name))

    async def metrics(request: Request) -> Response:
        return Response(service.meters.text() + shown.documents.gates + shown.watched(), media_type=_PROMETHEUS)

    paths = {
        live: ("/healthz", "/v2/health/live"),
        ready: ("/v2/health/ready", f"{_MODEL}/ready", f"{_VERSION}/ready"),
        server: ("/v2",),
        metadata: (_MODEL, _VERSION),
        metrics: ("/metrics",),
    }
    return [Route(path, handler) for handler, several in paths.items() for path in several]


def _watched(service: Service, shown: Shown) -> list[Route]:
    """The state of the model, for who may watch: the JSON, and a page for people whose browser asks for the key."""

    async def handed(request: Request, file: str, media: str, headers: dict[str, str], asks: str) -> Response:
        call = _call(request)
        try:
            service.admit("watch", call)
            content, when = shown.told(file)
        except Refusal as refusal:
            reply = service.refused(refusal, call.id or service.new_id())
            asked = (("WWW-Authenticate", asks),) if reply.status == 401 else reply.headers
            return _response(service.done("other", call, replace(reply, headers=asked), 0.0), request, service)
        return Response(content, 200, headers | {"Last-Modified": when}, media)

    async def state(request: Request) -> Response:
        return await handed(request, STATE, JSON, {"Cache-Control": "no-store"}, "Bearer")

    async def page(request: Request) -> Response:
        return await handed(request, PAGE, "text/html; charset=utf-8", _ALONE, 'Basic realm="volvelle"')

    return [Route("/v1/state", state), Route("/state", page)]


def _documents(shown: Shown) -> list[Route]:
    async def openapi(request: Request) -> Response:
        return Response(shown.documents.openapi, media_type=JSON)

    async def page(request: Request) -> Response:
        return Response(shown.documents.page, media_type="text/html; charset=utf-8", headers=_GUARDED)

    async def style(request: Request) -> Response:
        return Response(shown.documents.style, media_type="text/css", headers=_GUARDED)

    paths = {"/openapi.json": openapi, "/": page, "/docs": page, "/docs/style.css": style}
    return [Route(path, handler) for path, handler in paths.items()]


def _known(service: Service, name: str, request: Request) -> None:
    asked, version = request.path_params.get("model", name), request.path_params.get("version", "")
    if asked != name or version not in ("", service.serving.champion.release):
        raise HTTPException(404)


def _call(request: Request) -> Call:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    given, trace = (request.headers.get(name, "").encode("latin-1") for name in ("x-request-id", "traceparent"))
    return Call(
        key if scheme.lower() == "bearer" else _password(key) if scheme.lower() == "basic" else "",
        request.client.host if request.client else "",
        given.decode("ascii") if ID.fullmatch(given) else "",
        trace.decode("ascii") if TRACE.fullmatch(trace) else "",
    )


def _password(credentials: str) -> str:
    """What a person types into a browser's form, which is a key; the name beside it is not looked at (RFC 7617)."""
    try:
        return base64.b64decode(credentials, validate=True).decode("latin-1").partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


async def _body(request: Request, service: Service) -> bytes:
    """The whole body.

    Raises:
        Refusal: it is of another type, too large, or too slow.
    """
    limits = service.limits
    media = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if not media.startswith("application/"):
        raise Refusal(415, "a body of this type is not read", found=media[:40], next_move=f"send {JSON}")
    large = Refusal(413, f"the body is larger than {limits.body} bytes", next_move="send fewer rows at once")
    if (declared := request.headers.get("content-length", "0")).isdecimal() and int(declared) > limits.body:
        raise large
    parts, size = [], 0
    try:
        async with asyncio.timeout(limits.seconds):
            async for part in request.stream():
                parts.append(part)
                size += len(part)
                if size > limits.body:
                    raise large
    except TimeoutError:
        raise Refusal(408, f"the body did not come within {limits.seconds:g} seconds") from None
    return b"".join(parts)


def _response(reply: Reply, request: Request, service: Service) -> Response:
    headers = {"x-request-id": reply.id, **dict(reply.headers)}
    trace = request.headers.get("traceparent", "").encode("latin-1")
    if TRACE.fullmatch(trace):
        headers["traceparent"] = trace.decode("ascii")
    if not service.ready:
        headers["connection"] = "close"
    return Response(reply.content, reply.status, headers, reply.media)
