"""What is copied to put Famulus into containers names commands, settings, ports and paths that are there."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from famulus.cli import app
from famulus.settings import Settings
from famulus.settings.section import Section

ROOT = Path(__file__).parents[2]
MANIFESTS = sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
PAGES = [ROOT / "docs" / "guide" / f"{name}.md" for name in ("operations", "scaling", "dapr")]
FILES = [ROOT / "Dockerfile", ROOT / "compose.yaml", *MANIFESTS, *PAGES]
PORTS = {"serve": 8000, "memory": 8001, "worker": 8002}


def documents() -> list[dict[str, Any]]:
    return [one for path in MANIFESTS for one in yaml.safe_load_all(path.read_text())]


def deployments() -> list[dict[str, Any]]:
    return [one for one in documents() if one["kind"] == "Deployment"]


def settings() -> set[str]:
    names = set()
    for section, field in Settings.model_fields.items():
        kind = field.annotation
        inner = kind.model_fields if isinstance(kind, type) and issubclass(kind, Section) else {}
        names |= {f"FAMULUS_{section}__{name}".upper() for name in inner} or {f"FAMULUS_{section}".upper()}
    return names


def is_a_command(words: list[str]) -> None:
    """Raise unless the command line would be understood as far as its names go."""
    command: Any = get_command(app)
    options = {option for word in words if (option := word).startswith("--")}
    for word in words:
        if not hasattr(command, "commands") or word.startswith("-"):
            break
        command = command.commands[word]
    assert options <= {option for parameter in command.params for option in parameter.opts}, words


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(path: Path) -> None:
    named = set(re.findall(r"FAMULUS_[A-Z0-9_]*[A-Z0-9]", path.read_text()))

    assert named <= settings()


def test_the_image_is_made_of_what_is_there() -> None:
    text = (ROOT / "Dockerfile").read_text()
    kept = {line.strip("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}

    copied = [line.split()[1:-1] for line in text.splitlines() if line.startswith("COPY") and "--from" not in line]
    for source in (source for sources in copied for source in sources):
        assert (ROOT / source).exists()
        assert Path(source).parts[0] in kept
    # The paths in it are those of the Python that it begins with, at both of its stages.
    assert (
        set(re.findall(r"FROM python:([0-9.]+)-slim", text)) == {"3.11"} == set(re.findall(r"/python([0-9.]+)/", text))
    )
    assert "USER 10001" in text
    assert "index-url" not in text
    assert "://" not in re.sub(r"http://127\.0\.0\.1:8000", "", text)
    assert {int(port) for port in re.findall(r"EXPOSE (.*)", text)[0].split()} == {8000, 8001}


def test_compose_starts_what_there_is_with_a_health_check_each() -> None:
    composed = yaml.safe_load((ROOT / "compose.yaml").read_text())
    services = composed["services"]

    for name in ("server", "worker", "memory"):
        service = services[name]
        words = service.get("command", ["serve"])
        is_a_command(words)
        port = PORTS[words[0]]
        assert f":{port}/health/ready" in str(service.get("healthcheck")) or words == ["serve"]
        assert service["read_only"]
    used = {volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    assert used == set(composed["volumes"])
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        assert "healthcheck" in service or service.get("command") is None


def test_kubernetes_starts_what_there_is_and_asks_it_how_it_is() -> None:
    for deployment in deployments():
        pod = deployment["spec"]["template"]["spec"]
        [container] = pod["containers"]
        is_a_command(container["args"])
        assert container["ports"][0]["containerPort"] == PORTS[container["args"][0]]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert container[probe]["httpGet"]["path"].startswith("/health/")
        assert pod["securityContext"]["runAsNonRoot"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert deployment["spec"]["selector"]["matchLabels"] == labels


def test_what_kubernetes_is_told_about_a_deployment_is_about_one_that_is_there() -> None:
    names = {deployment["metadata"]["name"] for deployment in deployments()}
    listed = yaml.safe_load((ROOT / "deploy" / "kubernetes" / "kustomization.yaml").read_text())["resources"]

    assert {path.name for path in MANIFESTS} == {"kustomization.yaml", *listed}
    for one in documents():
        match one["kind"]:
            case "Service":
                assert one["spec"]["selector"]["app"] in names
            case "PodDisruptionBudget":
                assert one["spec"]["selector"]["matchLabels"]["app"] in names
            case "HorizontalPodAutoscaler":
                assert one["spec"]["scaleTargetRef"]["name"] in names


def test_the_figures_that_the_guide_names_are_counted() -> None:
    source = (ROOT / "src" / "famulus" / "infra" / "metrics.py").read_text()
    counted = set(re.findall(r'"(famulus_[a-z_]+)"', source))
    told = {name.removesuffix("_total") for name in re.findall(r"`(famulus_[a-z_]+)`", PAGES[0].read_text())}

    assert told == counted


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_the_commands_that_the_guide_names_exist(page: Path) -> None:
    for line in re.findall(r"(?:`|^|-- |method )famulus ([a-z][^`\n]*)", page.read_text(), re.MULTILINE):
        is_a_command([word for word in line.split() if re.fullmatch(r"-{0,2}[a-z-]+", word)])
