"""deploy/ says what is true: settings that exist, files that are there, alerts that ring."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from cronpp_app.engine.runtime import LAST_WORDS_SECONDS
from cronpp_app.settings import Settings
from tests.find_promtool import find_promtool

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
COMPOSE = sorted(DEPLOY.glob("compose*.yaml"))
ALERTS = DEPLOY / "prometheus-alerts.yml"
KNOWN = {f"CRONPP_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_settings_named_in_deploy_exist(file: Path) -> None:
    assert set(re.findall(r"\bCRONPP_\w+", file.read_text())) <= KNOWN


def services() -> list[Any]:
    """Return the services of all compose files, as pytest's parameters."""
    return [
        pytest.param(service, id=f"{file.name}:{name}")
        for file in COMPOSE
        for name, service in yaml.safe_load(file.read_text())["services"].items()
    ]


@pytest.mark.parametrize("service", services())
def test_values_of_settings_in_compose_files_are_allowed(
    service: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in service["environment"].items():
        plain = re.sub(r"\$\{\w+:-(.*?)\}", r"\1", value)
        plain = "mongodb://db" if "URI:?" in plain else re.sub(r"\$\{.*\}", "given", plain)
        monkeypatch.setenv(name, plain)
    Settings()


@pytest.mark.parametrize("service", services())
def test_containers_may_little_and_have_time_to_drain(service: dict[str, Any]) -> None:
    assert service["cap_drop"] == ["ALL"]
    assert service["init"]
    assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    number, unit = re.fullmatch(r"(\d+)([sm])", service["stop_grace_period"]).groups()
    has_workers = service["environment"].get("CRONPP_WORKERS") != "0"
    drain = Settings.model_fields["drain_seconds"].default if has_workers else 0
    assert int(number) * (60 if unit == "m" else 1) > drain + LAST_WORDS_SECONDS


def test_the_image_runs_as_nobody_special_and_tells_its_health() -> None:
    stages = DOCKERFILE.split("\nFROM ")
    assert len(stages) == 3  # with what stands above the first
    assert re.search(r"^USER 10001", stages[-1], re.MULTILINE)
    assert "/healthz" in DOCKERFILE.split("HEALTHCHECK", 1)[1]
    assert "VOLUME /var/lib/cronpp" in DOCKERFILE
    assert "CRONPP_DATA_DIR=/var/lib/cronpp" in DOCKERFILE


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    ignore = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    allowed = {line[1:].rstrip("/") for line in ignore if line.startswith("!")}
    copies = re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
    copied = {name.rstrip("/") for line in copies for name in shlex.split(line)[:-1]}
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_has_all_that_the_programs_import() -> None:
    copied = {"cronpp_app", "components", "pages"}
    for program in ("main.py", "worker.py"):
        source = (ROOT / program).read_text()
        ours = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()}
        imported = set(re.findall(r"^(?:from|import) (\w+)", source, re.MULTILINE))
        assert imported & (ours | {"tests", "bench"}) <= copied


def test_alerts_name_metrics_that_exist_and_are_explained() -> None:
    rules = yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]
    source = (ROOT / "cronpp_app" / "api" / "metrics.py").read_text()
    told = (ROOT / "docs" / "operations.md").read_text()
    for rule in rules:
        assert f"| `{rule['alert']}` |" in told
        for name in re.findall(r"\bcronpp_\w+", rule["expr"]):
            assert f'"{re.sub("_(total|bucket)$", "", name)}"' in source
    assert len(re.findall(r"^\| `Cronpp\w+` \|", told, re.MULTILINE)) == len(rules)


@pytest.fixture
def promtool() -> Path:
    found = find_promtool()
    if found is None:
        pytest.skip("no promtool here: `python -m tests.find_promtool --install`")
    return found


def test_prometheus_accepts_the_alerts(promtool: Path) -> None:
    checked = subprocess.run(
        [promtool, "check", "rules", ALERTS], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_alerts_ring_when_they_should_and_not_before(promtool: Path, tmp_path: Path) -> None:
    cases = (ROOT / "tests" / "data" / "prometheus_alerts_test.yml").read_text()
    file = tmp_path / "test.yml"
    file.write_text(cases.replace("RULES", str(ALERTS)))
    tested = subprocess.run(
        [promtool, "test", "rules", file], capture_output=True, text=True, check=False
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr
