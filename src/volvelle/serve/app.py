"""Everything that people and machines see, as a FastAPI application: the one door to it in this room.

Routes read the body themselves, with limits on its size and on the time that it takes, and hand it to the service: the
fast lane (see `volvelle.serve.lane`) hands the same bytes to the same functions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import msgspec
from fastapi import FastAPI, HTTPException, Request, Response
from starlette.exceptions import HTTPException as NotRouted
from starlette.requests import ClientDisconnect

from volvelle.serve import inference
from volvelle.serve.forms import Refusal
from volvelle.serve.lane import BODY, ID, TRACE
from volvelle.serve.service import JSON, Call, Reply, Service

_CSP = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_GUARDED = {"Content-Security-Policy": _CSP, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class Documents(NamedTuple):
    """What the supervisor wrote about the release that is served."""

    openapi: bytes = b"{}"
    page: bytes = b""
    style: bytes = b""
    gates: str = ""


class Shown:
    """The documents of the present release; replaced when the champion changes."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents


def app(service: Service, shown: Shown, name: str, reload: Callable[[], Awaitable[bytes]]) -> FastAPI:
    """The application of one worker.

    Args:
        service: what answers.
        shown: what is told about it.
        name: of the model, in the paths of version 2.
        reload: asks the supervisor to look for the champion anew; what came of it.
    """
    made = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    _answers(made, service, name)
    _states(made, service, shown, name)

    @made.post("/v1/admin/reload")
    async def reloaded(request: Request) -> Response:
        call = _call(request)
        try:
            service.admit("admin", call)
        except Refusal as refusal:
            return _response(service.refused(refusal, call.id or service.new_id()), request, service)
        return Response(await reload(), media_type=JSON)

    @made.exception_handler(NotRouted)
    async def strange(request: Request, error: HTTPException) -> Response:
        problem = {404: "there is nothing at this path", 405: "this path takes another method"}
        refusal = Refusal(error.status_code, problem.get(error.status_code, str(error.detail)), next_move="see /docs")
        service.meters.request("other", error.status_code, 0.0)
        reply = service.refused(refusal, _call(request).id or service.new_id())
        allowed = (error.headers or {}).get("allow")
        return _response(reply._replace(headers=(("Allow", allowed),) if allowed else ()), request, service)

    return made


def _answers(made: FastAPI, service: Service, name: str) -> None:
    async def answered(request: Request, handler: Callable[[bytes, Call], Reply], route: str) -> Response:
        call = _call(request)
        try:
            body = await _body(request, service)
            if len(body) <= BODY:
                reply = handler(body, call)
            else:
                reply = await asyncio.wait_for(asyncio.to_thread(handler, body, call), service.limits.seconds)
        except Refusal as refusal:
            service.meters.request(route, refusal.status, 0.0)
            # What is left of the body is not read.
            reply = service.refused(refusal, call.id or service.new_id())._replace(headers=(("connection", "close"),))
        except ClientDisconnect:
            return Response(status_code=400)
        except TimeoutError:
            service.meters.request(route, 503, service.limits.seconds)
            late = Refusal(503, f"no answer within {service.limits.seconds:g} seconds", next_move="ask for fewer rows")
            reply = service.refused(late, call.id or service.new_id())
        return _response(reply, request, service)

    @made.post("/v1/predict")
    async def predict(request: Request) -> Response:
        return await answered(request, service.predict, "predict")

    @made.post("/v1/outcomes")
    async def outcomes(request: Request) -> Response:
        return await answered(request, service.outcomes, "outcomes")

    @made.post("/v2/models/{model}/infer")
    @made.post("/v2/models/{model}/versions/{version}/infer")
    async def infer(request: Request, model: str, version: str = "") -> Response:
        _known(service, name, model, version)
        header = request.headers.get(inference.LENGTH)
        return await answered(request, lambda b, c: inference.infer(service, name, b, header, c), "infer")


def _states(made: FastAPI, service: Service, shown: Shown, name: str) -> None:
    @made.get("/healthz")
    @made.get("/v2/health/live")
    async def live() -> Response:
        return _json({"live": True})

    @made.get("/v2/health/ready")
    @made.get("/v2/models/{model}/ready")
    @made.get("/v2/models/{model}/versions/{version}/ready")
    async def ready(model: str = name, version: str = "") -> Response:
        _known(service, name, model, version)
        return _json({"ready": service.ready}, 200 if service.ready else 503)

    @made.get("/v2")
    async def server() -> Response:
        return _json(inference.server())

    @made.get("/v2/models/{model}")
    @made.get("/v2/models/{model}/versions/{version}")
    async def metadata(model: str, version: str = "") -> Response:
        _known(service, name, model, version)
        return _json(inference.metadata(service.serving.champion, name))

    @made.get("/metrics")
    async def metrics() -> Response:
        return Response(service.meters.text() + shown.documents.gates, media_type=_PROMETHEUS)

    @made.get("/openapi.json")
    async def openapi() -> Response:
        return Response(shown.documents.openapi, media_type=JSON)

    @made.get("/")
    @made.get("/docs")
    async def page() -> Response:
        return Response(shown.documents.page, media_type="text/html; charset=utf-8", headers=_GUARDED)

    @made.get("/docs/style.css")
    async def style() -> Response:
        return Response(shown.documents.style, media_type="text/css", headers=_GUARDED)


def _known(service: Service, name: str, model: str, version: str) -> None:
    if model != name or version not in ("", service.serving.champion.release):
        raise HTTPException(404, f"there is no such model; this server has {name!r}")


def _call(request: Request) -> Call:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    given = request.headers.get("x-request-id", "").encode("latin-1")
    return Call(
        key if scheme.lower() == "bearer" else "",
        request.client.host if request.client else "",
        given.decode("ascii") if ID.fullmatch(given) else "",
    )


async def _body(request: Request, service: Service) -> bytes:
    """The whole body.

    Raises:
        Refusal: it is of another type, too large, or too slow.
    """
    limits = service.limits
    media = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if not media.startswith("application/"):
        raise Refusal(415, f"a body of type {media[:40]!r} is not read", next_move=f"send {JSON}")
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


def _json(document: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(document), status, media_type=JSON)
