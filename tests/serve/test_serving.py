"""A server answers as the model does, says what is wrong by the field, and lets in whom it should."""

from __future__ import annotations

import json
import re
import socket
import ssl
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import jsonschema
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.serve.serving import ROW, Server, read, request, served, typed, wait

from volvelle.flow.registry import champion_model
from volvelle.flow.turn import Project
from volvelle.serve import log
from volvelle.serve.app import Documents, Shown, app

KIND = "Content-Type: application/json\r\n"
HEATS: list[Any] = [[], {}, "x", "", None, 1e300, 10**40, "1_0", True, -1]
SITES: list[Any] = [[], {"n": 1}, 3, "\0", "x" * 100_000]
TIMES: list[Any] = ["03/01/2024", "soon", 10**30, -1, 1.5, True, "2024-02-30"]
MALFORMED = [
    *(b"", b"\0\xff", b"{", b"[]", b"[[]]", b"3", b"null", b'"text"', b"{}", b"\xff\xfe{}", b'{"heat": }', b"NaN"),
    *(b'{"heat": NaN}', b'{"heat": 1e999}', b'{"heat": "\\ud800"}', b'{"rows": 3}', b'{"rows": {}}', b'{"rows": [3]}'),
    *(b'{"rows": [[]]}', b'{"rows": [null]}', b'{"rows": [{}]}', b'{"columns": [], "data": [[1]]}', b"[" * 100_000),
    *(b'{"columns": ["heat"], "data": [[1, 2]]}', b'{"columns": ["heat"], "data": {"a": 1}}', b'{"a":' * 50_000),
    *(json.dumps(ROW | {"heat": value}).encode() for value in HEATS),
    *(json.dumps(ROW | {"site": value}).encode() for value in SITES),
    *(json.dumps(ROW | {"started": v}).encode() for v in TIMES),
]
HEADS = [
    b"GET /v1/predict HTTP/1.1\r\n\r\n",
    b"PUT /v1/predict HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
    b"POST /v1/predict HTTP/9.9\r\n\r\n",
    b"POST /v1/predict\r\n\r\n",
    b"POST /v1/%ff HTTP/1.1\r\n\r\n",
    b"POST /v1/predict HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /v1/predict HTTP/1.1\r\nContent-Length: 9999999999999\r\n\r\n",
    b"POST /v1/predict HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    b"POST /v1/predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /v1/predict HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
    b"POST /v2/models/pumps/infer HTTP/1.1\r\nInference-Header-Content-Length: x\r\nContent-Length: 2\r\n\r\n{}",
    b"POST /v2/models/other/infer HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
    b"\x16\x03\x01\x02\x00\x01\x00",
]


@pytest.fixture(scope="module")
def server(released: Path) -> Iterator[Server]:
    """One server for all tests that change nothing."""
    with served(released, "--time-limit", "2 s", "--max-rows", "500", "--max-body", "300 kB") as made:
        yield made


def test_answers_are_those_of_the_model(server: Server, released: Path) -> None:
    """The three forms, on the fast lane and beside it, and both of version 2 give what the release gives for tables."""
    rows = [{"heat": k / 3, "site": "nsx"[k % 3], "started": f"2024-03-{k + 1:02}"} for k in range(28)]
    wanted = champion_model(Project(released))[0].predict(rows)
    scores = wanted.select("probability_no", "probability_yes").rows()
    columns = {"columns": list(rows[0]), "data": [list(row.values()) for row in rows]}
    several = [server.ask("/v1/predict", {"rows": rows}), server.ask("/v1/predict", columns)]
    several.append(server.ask("/v1/predict", {"rows": rows}, Accept_Encoding="x", Connection="close"))
    for said in several:
        assert said.json["release"] == "pumps-2"
        assert said.json["predictions"] == wanted["prediction"].to_list()
        assert [tuple(shares.values()) for shares in said.json["probabilities"]] == scores
    one = server.ask("/v1/predict", rows[7]).json
    assert (one["predictions"], tuple(one["probabilities"][0].values())) == ([wanted["prediction"][7]], scores[7])
    assert by_tensors(server, rows, binary=False) == (wanted["prediction"].to_list(), scores)
    assert by_tensors(server, rows, binary=True) == (wanted["prediction"].to_list(), scores)


def by_tensors(
    server: Server, rows: list[dict[str, Any]], *, binary: bool
) -> tuple[list[str], list[tuple[float, ...]]]:
    """Predictions and probabilities by version 2 of the Open Inference Protocol."""
    described = server.ask("/v2/models/pumps").json
    assert [t["datatype"] for t in described["inputs"]] == ["FP64", "BYTES", "BYTES"]
    inputs: list[dict[str, Any]] = []
    tail = b""
    for tensor in described["inputs"]:
        cells = [row[tensor["name"]] for row in rows]
        inputs.append({"name": tensor["name"], "shape": [len(rows), 1], "datatype": tensor["datatype"]})
        if not binary:
            inputs[-1]["data"] = cells
            continue
        texts = [str(cell).encode() for cell in cells]
        part = b"".join(struct.pack("<I", len(text)) + text for text in texts)
        part = struct.pack(f"<{len(cells)}d", *cells) if tensor["datatype"] == "FP64" else part
        inputs[-1]["parameters"] = {"binary_data_size": len(part)}
        tail += part
    asked = {"id": "mine", "inputs": inputs, "parameters": {"binary_data_output": binary}}
    head = json.dumps(asked).encode()
    length = {"Inference_Header_Content_Length": str(len(head))} if binary else {}
    kind = "application/octet-stream" if binary else "application/json"
    said = server.ask("/v2/models/pumps/infer", head + tail, Content_Type=kind, **length)
    assert said.status == 200, said.body
    size = int(said.headers.get("inference-header-content-length", len(said.body)))
    answer, rest = json.loads(said.body[:size]), said.body[size:]
    assert (answer["id"], answer["model_version"]) == ("mine", "pumps-2")
    names, shares = answer["outputs"]
    if not binary:
        flat = shares["data"]
        return names["data"], list(zip(flat[::2], flat[1::2], strict=True))
    texts, place = [], 0
    for _ in rows:
        (count,) = struct.unpack_from("<I", rest, place)
        texts.append(rest[place + 4 : place + 4 + count])
        place += 4 + count
    assert place == names["parameters"]["binary_data_size"]
    return [text.decode() for text in texts], list(struct.iter_unpack("<2f", rest[place:]))


def test_what_is_wrong_is_said_of_a_field(server: Server) -> None:
    """Each policy and each wrong type names field and row, and the next move."""
    for change, problem in (
        ({"heat": "hot"}, "not a number"),
        ({"heat": None}, "a missing value, which this field refuses"),
        ({"heat": 201}, "a missing value, which this field refuses"),
        ({"started": "03/01/2024"}, "no clear time: day and month cannot be told apart; write ISO 8601"),
        ({"site": ["n"]}, "a list or a record, where one value is taken"),
    ):
        said = server.ask("/v1/predict", {"rows": [ROW, ROW | change]})
        error = said.json["error"]
        assert (said.status, error["problem"]) == (422, problem)
        assert (error["field"], error["row"]) == (next(iter(change)), 2)
        assert error["next"].startswith("this field takes")
    absent = server.ask("/v1/predict", {"heat": 1, "Site": "n", "started": None}).json["error"]
    assert (absent["field"], absent["found"]) == ("site", "did you mean 'Site'?")
    assert server.ask("/v1/predict", ROW | {"site": None, "started": None, "extra": [1]}).status == 200


def test_fields_that_the_model_does_not_know_are_refused_where_the_spec_says_so(project: Path) -> None:
    """On every way and in every form field and row are named, document and page say so; the log names no field."""
    spec = project / "volvelle.toml"
    spec.write_text(spec.read_text("utf-8") + '\n[serve]\nextra = "refuse"\n', encoding="utf-8")
    more = ROW | {"s3cret": 1}
    columns = {"columns": list(more), "data": [list(more.values())] * 2}
    tensors = [{"name": n, "shape": [1], "datatype": "BYTES", "data": [str(v)]} for n, v in more.items()]
    with served(project) as server:
        for extra in ({}, {"Accept_Encoding": "br", "Connection": "close"}):
            for body, row in ((more, 1), ({"rows": [ROW, more]}, 2), (columns, 1)):
                said = server.ask("/v1/predict", body, **extra)
                error = said.json["error"]
                assert (said.status, error["field"], error["row"]) == (422, "s3cret", row)
                assert error["problem"] == "1 of the fields are none that the model knows"
            said = server.ask("/v2/models/pumps/infer", {"inputs": tensors}, **extra)
            assert (said.status, "s3cret" in said.json["error"]) == (422, True)
            assert server.ask("/v1/predict", {"rows": [ROW] * 2, "note": "none of a row"}, **extra).status == 200
            assert server.ask("/v2/models/pumps/infer", {"inputs": tensors[:-1]}, **extra).status == 200
        row = server.ask("/openapi.json").json["components"]["schemas"]["Row"]
        assert row["additionalProperties"] is False
        assert "Other fields are refused" in server.ask("/docs").body.decode()
    refused = log.refused(project / ".volvelle" / "live")
    assert refused.group_by("reason", "field").agg(pl.col("requests").sum()).rows() == [("extra", "", 8)]


def test_a_changed_section_reaches_a_standing_release(project: Path) -> None:
    """``[serve]`` counts at once for who asks to reload, and a broken spec changes nothing; a release tells of it."""
    spec, more = project / "volvelle.toml", ROW | {"strange": 1}
    before = spec.read_text("utf-8")
    key = {"Authorization": f"Bearer {typed(project, 'serve', '--new-key', 'admin').split()[0]}"}
    with served(project) as server:
        for text, said, status in (
            (before, "answers already", 200),
            (before + '\n[serve]\nextra = "refuse"\n', "answers now", 422),
            (before + "\n[serve]\nextra = 3\n", "answers already; [serve] stays as it was: ", 422),
        ):
            spec.write_text(text, encoding="utf-8")
            assert said in server.ask("/v1/admin/reload", {}, **key).json["told"]
            assert server.ask("/v1/predict", more, **key).status == status
        spec.write_text(before, encoding="utf-8")
        # What could not be read is read again without anybody asking.
        wait(lambda: server.ask("/v1/predict", more, **key).status == 200)
    assert "changed since" not in typed(project, "release")
    spec.write_text(before + '\n[serve]\nextra = "refuse"\n', encoding="utf-8")
    assert "[serve] of the spec changed since run 2" in typed(project, "release")


def test_malformed_requests_are_no_fault_of_ours(server: Server) -> None:
    """Bodies and heads that are wrong in more than forty ways get a 4xx or an answer, and the server goes on."""
    assert len(MALFORMED) + len(HEADS) > 40
    for path in ("/v1/predict", "/v1/outcomes", "/v2/models/pumps/infer"):
        statuses = [server.ask(path, body).status for body in MALFORMED]
        assert {400, 422} <= set(statuses) <= {200, 400, 413, 422}
    for head in HEADS:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as made:
            made.sendall(head)
            made.shutdown(socket.SHUT_WR)
            said = made.recv(65_536)
        assert said == b"" or 400 <= int(said.split()[1]) < 500, (head, said)
    assert server.ask("/v1/predict", ROW).status == 200
    assert '"level": "error"' not in server.errors.read_text("utf-8")


def test_limits_are_kept(server: Server) -> None:
    """Too many rows, too large a body and one that comes too slowly are refused; large ones below the limit are not."""
    assert server.ask("/v1/predict", {"rows": [ROW] * 501}).status == 413
    assert server.ask("/v1/predict", b" " * 300_001).status == 413
    large = server.ask("/v1/predict", {"rows": [ROW | {"note": "x" * 400}] * 500})
    assert (large.status, len(large.json["predictions"])) == (200, 500)
    whole = request()
    for sent in (whole[:-3], whole[:20], whole.replace(b"Host", b"Expect: x\r\nHost")[:-3]):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as slow:
            slow.sendall(sent)
            begun = time.monotonic()
            said = slow.recv(65_536)
            assert said == b"" or said.startswith(b"HTTP/1.1 408"), said
            assert time.monotonic() - begun < 15


def test_an_answer_that_takes_too_long_is_not_waited_for(project: Path) -> None:
    """Within the limit a large body gets a 503 that says so on both ways of asking, and small ones are answered on."""
    row = json.dumps(list(ROW.values()))
    rows = f'{{"columns": {json.dumps(list(ROW))}, "data": [{", ".join([row] * 120_000)}]}}'.encode()
    tensors = [{"name": n, "shape": [120_000], "datatype": "BYTES", "data": [str(v)] * 120_000} for n, v in ROW.items()]
    with served(project, "--time-limit", "0.2 s", "--max-rows", "200000", "--max-body", "32 MB") as server:
        late = server.ask("/v1/predict", rows)
        assert (late.status, late.json["error"]["next"]) == (503, "ask for fewer rows")
        assert server.ask("/v1/predict", ROW).status == 200
        assert server.ask("/v2/models/pumps/infer", {"inputs": tensors}).status == 503
        text = server.ask("/metrics").body.decode()
    assert 'volvelle_requests_total{route="predict",status="503"} 1' in text
    assert 'volvelle_requests_total{route="infer",status="503"} 1' in text
    refused = log.refused(project / ".volvelle" / "live")
    assert refused.select("reason", "requests").rows() == [("late", 2)]


def test_ids_and_traces_are_echoed(server: Server) -> None:
    """The id of a request and its W3C trace context come back on both ways; what is no id is not echoed."""
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    for extra in ({}, {"Accept_Encoding": "br", "Connection": "close"}):
        said = server.ask("/v1/predict", ROW, X_Request_ID="mine-1", traceparent=trace, **extra)
        assert (said.json["id"], said.headers["x-request-id"], said.headers["traceparent"]) == (
            "mine-1",
            "mine-1",
            trace,
        )
        strange = server.ask("/v1/predict", ROW, X_Request_ID='<b a="1">', traceparent="00-0-0-0", **extra)
        assert re.fullmatch("[0-9a-f]+", strange.json["id"])
        assert "traceparent" not in strange.headers


def test_each_request_may_have_a_line_of_log(project: Path) -> None:
    """Asked for, every request on either way has one line of JSON with id, trace and status, and none of its data."""
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with served(project, "--log-requests") as server:
        for extra in ({}, {"Accept_Encoding": "br", "Connection": "close"}):
            server.ask("/v1/predict", ROW, X_Request_ID="mine-1", traceparent=trace, **extra)
            server.ask("/v1/predict", ROW | {"heat": "s3cret"}, **extra)
        server.ask("/nowhere", {})
        server.ask("/v1/outcomes", {"id": "a", "outcome": "no"})
        wait(lambda: len(server.errors.read_text("utf-8").splitlines()) >= 6)
    text = server.errors.read_text("utf-8")
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    told = [line for line in lines if line["event"] == "request"]
    found = [(line["route"], line["status"], line.get("trace", "")) for line in told]
    assert found == [
        *[("predict", 200, trace), ("predict", 422, "")] * 2,
        ("other", 404, ""),
        ("outcomes", 200, ""),
    ]
    assert [line["id"] for line in told[:3:2]] == ["mine-1", "mine-1"]
    assert all(line["us"] >= 0 and line["at"].endswith("Z") for line in told)
    assert "s3cret" not in text


def test_outcomes_are_logged_by_the_id_of_the_row(project: Path) -> None:
    """What was answered and what really happened meet in the log, whatever way they came."""
    with served(project) as server:
        first = server.ask("/v1/predict", {"rows": [ROW, ROW]}).json["id"]
        assert server.ask("/v1/outcomes", {"id": f"{first}-1", "outcome": "yes"}).json["taken"] == 1
        several = {"outcomes": [{"id": f"{first}-0", "outcome": "no"}, {"id": "unknown", "outcome": 1}]}
        assert server.ask("/v1/outcomes", several, Connection="close").json["taken"] == 2
        for wrong in ({"id": "", "outcome": 1}, {"id": "a"}, {"id": "a", "outcome": None}, {"id": 3, "outcome": "a"}):
            assert server.ask("/v1/outcomes", wrong).status == 422
    live = project / ".volvelle" / "live"
    rows, told = log.predictions(live), log.outcomes(live)
    assert rows["id"].to_list() == [f"{first}-0", f"{first}-1"]
    assert rows.select("heat", "site").rows() == [(80.0, "n")] * 2
    assert rows["started"].dt.hour().to_list() == [10, 10]
    assert dict(told.select("id", "outcome").rows()) == {f"{first}-1": "yes", f"{first}-0": "no", "unknown": "1"}


def test_keys_open_what_their_role_allows(project: Path) -> None:
    """Keys are stored as hashes, each role opens its own routes, a new one is known at once, errors can be terse."""
    keys = {role: typed(project, "serve", "--new-key", role).strip() for role in ("predict", "outcomes", "admin")}
    stored = (project / ".volvelle" / "live" / "keys.json").read_text("utf-8")
    assert not [key for key in keys.values() if key in stored or key.removeprefix("vv_") in stored]
    outcome = {"id": "a", "outcome": "no"}
    paths = {"predict": ("/v1/predict", ROW), "outcomes": ("/v1/outcomes", outcome), "admin": ("/v1/admin/reload", {})}
    with served(project, "--terse", "--rate", "50/s") as server:
        for needed, (path, body) in paths.items():
            for extra in ({}, {"Connection": "close"}):
                assert server.ask(path, body, **extra).status == 401
                assert server.ask(path, body, Authorization="Bearer wrong", **extra).status == 401
                for role, key in keys.items():
                    said = server.ask(path, body, Authorization=f"Bearer {key}", **extra)
                    assert said.status == (200 if role in (needed, "admin") else 403)
        late = typed(project, "serve", "--new-key", "predict").strip()
        wait(lambda: server.ask("/v1/predict", ROW, Authorization=f"Bearer {late}").status == 200)
        wrong = server.ask("/v1/predict", ROW | {"heat": "s3cret"}, Authorization=f"Bearer {late}")
        assert (wrong.status, wrong.json["error"]["field"]) == (422, "heat")
        assert b"s3cret" not in wrong.body
        typed_so = server.ask("/v1/predict", ROW, Authorization=f"Bearer {late}", **{"Content-Type": "text/s3cret"})
        assert (typed_so.status, b"s3cret" in typed_so.body) == (415, False)
        asked = {"inputs": [{"name": n, "shape": [1], "datatype": "BYTES", "data": [str(v)]} for n, v in ROW.items()]}
        strange = asked | {"outputs": [{"name": "s3cret"}]}
        named = server.ask("/v2/models/pumps/infer", strange, Authorization=f"Bearer {late}")
        assert (named.status, b"s3cret" in named.body) == (422, False)
        statuses = [
            server.ask("/v1/predict", ROW, Authorization=f"Bearer {keys['predict']}").status for _ in range(200)
        ]
        assert set(statuses) == {200, 429}


def test_a_challenger_answers_its_share_and_a_shadow_only_writes(project: Path) -> None:
    """A canary gets about its share and the log says who answered; a shadow is logged beside the champion."""
    with served(project, "--challenger", "pumps-1", "--canary", "30%") as server:
        said = [server.ask("/v1/predict", ROW).json for _ in range(100)]
    share = sum(answer["release"] == "pumps-1" for answer in said)
    assert 12 <= share <= 50
    live = project / ".volvelle" / "live"
    assert len(log.predictions(live, role="challenger", release="pumps-1")) == share
    with served(project, "--challenger", "pumps-1", "--shadow") as server:
        ids = {server.ask("/v1/predict", {"rows": [ROW] * 2}).json["id"] for _ in range(5)}
        tensors = [{"name": n, "shape": [1], "datatype": "BYTES", "data": [str(v)]} for n, v in ROW.items()]
        ids.add(server.ask("/v2/models/pumps/infer", {"inputs": tensors}).headers["x-request-id"])
        wait(lambda: server.counted("shadow_rows_total") == 11)
    beside = log.predictions(live, role="shadow")
    assert {name.rpartition("-")[0] for name in beside["id"]} == ids
    assert set(beside["release"]) == {"pumps-1"}
    assert beside.drop("release", "role", "prediction", "score_0", "score_1", "us", "at").equals(
        log.predictions(live, role="champion")
        .filter(pl.col("id").is_in(beside["id"].to_list()))
        .select("id", "heat", "site", "started")
    )


def test_the_page_needs_no_network(server: Server) -> None:
    """The page names every field with unit and range, fetches only from this server, and says so in its policy."""
    page = server.ask("/docs")
    text = page.body.decode()
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert not re.findall(r"(?:src|href)=[\"']?(?:https?:)?//", text)
    assert "<script" not in text
    assert "°C" in text
    assert "0 to 200; another number counts as missing; must not be missing" in text
    assert server.ask("/docs/style.css").status == 200
    assert server.ask("/").body == page.body


def test_openapi_describes_every_field(server: Server) -> None:
    """Names, types, ranges, units and examples stand in the document, and its own example is answered."""
    document = server.ask("/openapi.json").json
    row = document["components"]["schemas"]["Row"]
    assert row["required"] == ["heat", "site", "started"]
    heat, site = row["properties"]["heat"], row["properties"]["site"]
    assert (heat["type"], heat["minimum"], heat["maximum"], heat["x-unit"]) == ("number", 0, 200, "°C")
    assert (site["type"], site["x-categories"]) == (["string", "null"], ["n", "s", None])
    jsonschema.Draft202012Validator.check_schema(row)
    example = document["paths"]["/v1/predict"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert server.ask("/v1/predict", example).status == 200


def test_every_operation_stands_in_the_document(project: Path, tmp_path: Path) -> None:
    """The document has what the application answers, but for the pages, and what can be read is as described."""
    made: Any = app(cast(Any, None), Shown(Documents(), tmp_path), "pumps", cast(Any, None))
    routes = {(r.path.replace("{model}", "pumps"), m) for r in made.routes for m in r.methods - {"HEAD"}}
    typed(project, "watch")
    with served(project) as server:
        document = server.ask("/openapi.json").json
        described = {(path, m.upper()) for path, item in document["paths"].items() for m in item if m != "parameters"}
        assert routes - described == {(path, "GET") for path in ("/", "/docs", "/docs/style.css", "/state")}
        assert described <= routes
        for path, method in sorted(described):
            if method == "GET":
                said = server.ask(path.replace("{version}", "pumps-2"))
                assert said.status == 200, path
                content = document["paths"][path]["get"]["responses"]["200"].get("content")
                if content:
                    schema = document | content["application/json"]["schema"]
                    jsonschema.Draft202012Validator(schema).validate(said.json)
        assert server.ask("/v1/admin/reload", {}).status == 403


def test_the_server_keeps_to_its_own_document(server: Server) -> None:
    """Rows that the schema allows are answered as the schema says, and no row at all makes a fault."""
    schemas = server.ask("/openapi.json").json["components"]["schemas"]
    validator = jsonschema.Draft202012Validator(schemas["Row"])
    answers = jsonschema.Draft202012Validator(schemas["Predictions"])
    errors = jsonschema.Draft202012Validator(schemas["Error"])
    cells = st.one_of(st.none(), st.floats(0, 300), st.sampled_from(["n", "s", "2024-03-03T10:00:00Z", ""]), st.text())

    @settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(st.fixed_dictionaries(dict.fromkeys(ROW, cells)))
    def holds(row: dict[str, Any]) -> None:
        said = server.ask("/v1/predict", row)
        assert said.status in (200, 422)
        (answers if said.status == 200 else errors).validate(said.json)
        started = row["started"]
        if validator.is_valid(row) and (started is None or started.startswith("2024")):
            assert said.status == 200

    holds()


def test_metrics_are_counted(server: Server) -> None:
    """What Prometheus reads has requests by status, latency, rows, the release and its gates, each line well formed."""
    before = server.counted("rows_total")
    server.ask("/v1/predict", {"rows": [ROW] * 7})
    assert server.counted("rows_total") == before + 7
    assert server.ask("/v1/predict", {"rows": [{}]}).status == 422
    said = server.ask("/metrics")
    assert said.headers["content-type"].startswith("text/plain; version=0.0.4")
    text = said.body.decode()
    sample = re.compile(r'[a-z_]+(\{[a-z]+="(\\.|[^"\\])*"(,[a-z]+="(\\.|[^"\\])*")*\})? [0-9.e+-]+')
    assert not [line for line in text.splitlines() if not line.startswith("# ") and not sample.fullmatch(line)]
    for part in ('requests_total{route="predict",status="422"}', 'release_info{release="pumps-2"} 1', "gate_passed{"):
        assert f"volvelle_{part}" in text


def test_states_are_told(server: Server) -> None:
    """Live, ready and what is not there, by the paths that orchestrators ask."""
    for path in ("/healthz", "/v2/health/live", "/v2/health/ready", "/v2", "/v2/models/pumps/ready"):
        assert server.ask(path).status == 200
    assert server.ask("/v2/models/pumps/versions/pumps-2/ready").status == 200
    for path in ("/v2/models/other", "/v2/models/pumps/versions/9", "/nothing"):
        assert server.ask(path).status == 404
    assert server.ask("/v1/predict").status == 405


def test_tls_by_files(project: Path) -> None:
    """With a certificate and its key the same is answered over TLS, on the fast lane too."""
    files = ("-keyout", "key.pem", "-out", "chain.pem")
    words = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", *files)
    subprocess.run(["openssl", *words], cwd=project, check=True, capture_output=True)
    with served(project, "--certificate", "chain.pem", "--key", "key.pem") as server:
        assert server.facts["url"].startswith("https://")
        context = ssl.create_default_context(cafile=str(project / "chain.pem"))
        context.check_hostname = False
        with (
            socket.create_connection(("127.0.0.1", server.port)) as made,
            context.wrap_socket(made) as secure,
        ):
            secure.sendall(request())
            assert read(secure).json["predictions"] == ["yes"]
