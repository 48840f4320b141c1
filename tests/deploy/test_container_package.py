"""A release packed with all that serves it: parsed as its readers would, and run by its own words."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import yaml
from tests.own_environment import environment
from tests.serve.serving import SPEC, typed

from volvelle.cli.entry import main
from volvelle.deploy.packages.container import write
from volvelle.testing.named_models import HARD, shipping_of

FENCE = "import sys\n\nsys.modules.update(dict.fromkeys({outside!r}))\n"
"""Whatever the image lacks is absent."""


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``volvelle package container`` writes of a champion."""
    folder = tmp_path_factory.mktemp("pumps")
    rows = [f"{k * 37 % 100},{'ns'[k % 2]},{'yes' if k * 37 % 100 > 60 else 'no'}" for k in range(300)]
    (folder / "pumps.csv").write_text("heat,site,fails\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (folder / "volvelle.toml").write_text(SPEC.replace("ESTIMATOR", "decision_tree"), encoding="utf-8")
    typed(folder, "run", "--release")
    told = json.loads(typed(folder, "package", "container", "--json"))
    assert (told["folder"], told["next"]) == ("pumps-container", "podman build --tag pumps pumps-container")
    return folder / "pumps-container"


def instructions(text: str) -> list[tuple[str, str]]:
    """The lines of a Containerfile, those that go on joined."""
    joined = re.sub(r"\\\n\s*", "", text)
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines]


def test_the_image_is_pinned_and_has_no_rights(packed: Path) -> None:
    """One Python, exact versions, nothing fetched but while it is built, a user of no rights, a check of health."""
    lines = instructions((packed / "Containerfile").read_text("utf-8"))
    told = dict(lines)
    assert lines[0][0] == "FROM"
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim", told["FROM"])
    assert [word for word, _ in lines].count("RUN") == 1
    assert [word for word, _ in lines].index("USER") < [word for word, _ in lines].index("ENTRYPOINT")
    assert told["USER"] == "10001:10001"
    assert json.loads(told["HEALTHCHECK"].partition("CMD ")[2])[0] == "python"
    pins = (packed / "requirements.txt").read_text("utf-8").splitlines()
    assert all(re.fullmatch(r"[a-z0-9.-]+==[0-9][^=<> ]*", line) for line in pins)
    assert not {"scikit-learn", "lightgbm", "optuna"} & {line.partition("==")[0] for line in pins}
    copied = {word for line, words in lines if line == "COPY" for word in words.split()[:-1]}
    wheel = f"wheels/{next((packed / 'wheels').iterdir()).name}"
    assert copied == {"requirements.txt", wheel, "releases"}
    kept = {line[1:] for line in (packed / ".dockerignore").read_text("utf-8").splitlines() if line != "*"}
    assert kept == {"requirements.txt", "wheels", "releases"}


def test_its_own_words_start_a_server(packed: Path, tmp_path: Path) -> None:
    """From the wheel and the release alone, with no library that the image lacks, it answers in an empty folder."""
    lines = dict(instructions((packed / "Containerfile").read_text("utf-8")))
    words = [*json.loads(lines["ENTRYPOINT"]), *json.loads(lines["CMD"])]
    (tmp_path / "site").mkdir()
    with zipfile.ZipFile(next((packed / "wheels").iterdir())) as wheel:
        wheel.extractall(tmp_path / "site")
    (tmp_path / "releases").symlink_to(packed / "releases")
    pins = {line.partition("==")[0] for line in (packed / "requirements.txt").read_text("utf-8").splitlines()}
    installed = packages_distributions().items()
    outside = {top for top, names in installed if not pins & {n.lower().replace("_", "-") for n in names}}
    (tmp_path / "site" / "sitecustomize.py").write_text(FENCE.format(outside=outside - {"volvelle"}), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words[words.index("8080")] = str(port)
    alone = os.environ | {"PYTHONPATH": str(tmp_path / "site")}
    with (tmp_path / "errors").open("w") as errors:
        process = subprocess.Popen([sys.executable, *words[1:]], cwd=tmp_path, env=alone, stdout=errors, stderr=errors)
    try:
        said = asked(port, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    assert said, (tmp_path / "errors").read_text("utf-8")
    assert (tmp_path / "live").is_dir()
    assert process.returncode == 0


def asked(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Whether the paths that probes ask answer, and the release says who it is."""
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            for path in ("/healthz", "/v2/health/ready"):
                urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).close()
            with urlopen(f"http://127.0.0.1:{port}/openapi.json", timeout=5) as document:
                return bool(json.load(document)["info"]["version"] == "pumps-1")
        except (URLError, OSError):
            time.sleep(0.2)
    return False


def test_kubernetes_asks_what_the_server_answers(packed: Path) -> None:
    """The manifests are YAML that agrees with itself and with the image: labels, port, user, volume, probes."""
    claim, deployment, service = yaml.safe_load_all((packed / "kubernetes.yaml").read_text("utf-8"))
    lines = dict(instructions((packed / "Containerfile").read_text("utf-8")))
    pod = deployment["spec"]["template"]
    [container] = pod["spec"]["containers"]
    assert deployment["spec"]["selector"]["matchLabels"] == pod["metadata"]["labels"] == service["spec"]["selector"]
    assert container["ports"] == [{"containerPort": int(lines["EXPOSE"])}]
    assert service["spec"]["ports"] == [{"port": 80, "targetPort": int(lines["EXPOSE"])}]
    probes = {container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")}
    assert probes == {"/healthz", "/v2/health/ready"}
    assert f"{pod['spec']['securityContext']['runAsUser']}:10001" == lines["USER"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounts == {"live": lines["VOLUME"], "tmp": "/tmp"}
    volumes = {volume.pop("name"): volume for volume in pod["spec"]["volumes"]}
    assert volumes["live"]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["image"] == "pumps:0.1.0"


def test_kubernetes_knows_every_field(packed: Path, tmp_path: Path) -> None:
    """The manifests keep to the schemas that Kubernetes publishes, old and new; a misspelt field does not."""
    tool = environment("kubernetes-validate-1.37").with_name("kubernetes-validate")
    manifest, broken = packed / "kubernetes.yaml", tmp_path / "broken.yaml"
    broken.write_text(manifest.read_text("utf-8").replace("readinessProbe", "readynessProbe"), encoding="utf-8")
    for version in ("1.28", "1.34"):
        for file, sound in ((manifest, True), (broken, False)):
            done = subprocess.run([tool, "--strict", "-k", version, file], capture_output=True, text=True, check=False)
            assert (done.returncode == 0) == sound, done.stdout + done.stderr
            assert sound or "readynessProbe" in done.stdout + done.stderr


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="there is no systemd (Debian: apt-get install systemd)"
)
def test_systemd_reads_the_unit(packed: Path, tmp_path: Path) -> None:
    """systemd itself finds nothing to say of the unit, once its Python is one that exists; a misspelt key is told."""
    text = (packed / "volvelle.service").read_text("utf-8")
    assert text.count("/srv/pumps/.venv/bin/python") == 1
    text = text.replace("/srv/pumps/.venv/bin/python", str(Path(sys.executable).resolve()))
    for name, content, told in (
        ("pumps", text, ""),
        ("odd", text.replace("DynamicUser", "DynamicUzer"), "DynamicUzer"),
    ):
        unit = tmp_path / f"{name}.service"
        unit.write_text(content, encoding="utf-8")
        words = ["systemd-analyze", "verify", "--man=no", str(unit)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        found = [line for line in (done.stdout + done.stderr).splitlines() if unit.name in line]
        assert bool(found) == bool(told), done.stderr
        assert told in "".join(found)


def test_unit_and_proxy_name_the_same_server(packed: Path) -> None:
    """systemd's unit starts the words that the image has, on the port that nginx asks."""
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string((packed / "volvelle.service").read_text("utf-8"))
    words = unit["Service"]["ExecStart"].split()
    assert words[1:6] == ["-m", "volvelle", "serve", "--release", "releases/pumps-1"]
    assert unit["Service"]["DynamicUser"] == "yes"
    proxy = (packed / "nginx.conf").read_text("utf-8")
    assert f"server 127.0.0.1:{words[words.index('--port') + 1]};" in proxy
    assert proxy.count("{") == proxy.count("}")
    assert "proxy_pass http://pumps;" in proxy


@pytest.mark.parametrize("title", [*HARD, "", "Ünïcode", "a\nUSER root\n", "x" * 300])
def test_a_hostile_title_stays_a_name(title: str) -> None:
    """No title adds an instruction, a document or a key, and the service has a name that hosts take."""
    usual, made = write(shipping_of("pumps")), write(shipping_of("pumps", title=title, statement=title))
    files = ("Containerfile", "kubernetes.yaml", "volvelle.service", "nginx.conf")
    assert [w for w, _ in instructions(made["Containerfile"].decode())] == [
        w for w, _ in instructions(usual["Containerfile"].decode())
    ]
    assert [made[name].count(b"\n") for name in files] == [usual[name].count(b"\n") for name in files]
    name = list(yaml.safe_load_all(made["kubernetes.yaml"]))[2]["metadata"]["name"]
    assert re.fullmatch("[a-z]([a-z0-9-]{0,48}[a-z0-9])?", name)


def test_what_is_no_release_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder without a release cannot be packed, nor served, and the message says what to name."""
    assert main(["package", "container", str(tmp_path)]) == 2
    assert "there is no release here" in capsys.readouterr().err
    assert main(["serve", "--release", str(tmp_path), "--live", str(tmp_path / "live")]) == 2
    assert "name a folder below .volvelle/releases" in capsys.readouterr().err
    (tmp_path / "file").touch()
    assert main(["serve", "--release", str(tmp_path), "--live", str(tmp_path / "file")]) == 2
    assert "no log can be kept" in capsys.readouterr().err
