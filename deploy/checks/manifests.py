"""Reads the manifests as the cluster would."""

import functools
import subprocess

import yaml

from stage import DEPLOY, tool

KUBERNETES = DEPLOY / "kubernetes"


@functools.cache
def render(target: str) -> tuple[str, tuple]:
    """What would be applied: the text, and each resource."""
    done = subprocess.run([tool("kubectl"), "kustomize", KUBERNETES / target], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout, tuple(yaml.load_all(done.stdout, yaml.CSafeLoader))


def one(resources: tuple, kind: str, name: str) -> dict:
    """One of some resources."""
    (found,) = [item for item in resources if item["kind"] == kind and item["metadata"]["name"] == name]
    return found


def resource(target: str, kind: str, name: str) -> dict:
    """One resource of a target."""
    return one(render(target)[1], kind, name)


def template() -> dict:
    """The placeholders of the Secret."""
    return yaml.safe_load((KUBERNETES / "secret.template.yaml").read_text(encoding="utf-8"))["stringData"]


def pod(target: str) -> dict:
    """The specification of the pods of the Deployment."""
    return resource(target, "Deployment", "amber-backend")["spec"]["template"]["spec"]


def environment(resources: tuple, secrets: dict) -> dict[str, str]:
    """The variables of the container when the Secret holds these."""
    (container,) = one(resources, "Deployment", "amber-backend")["spec"]["template"]["spec"]["containers"]
    found: dict[str, str] = {}
    for source in container.get("envFrom", []):
        found |= one(resources, "ConfigMap", source["configMapRef"]["name"])["data"]
    for item in container.get("env", []):
        reference = item.get("valueFrom", {}).get("secretKeyRef")
        if reference is None:
            found[item["name"]] = item["value"]
        elif reference["key"] in secrets:
            found[item["name"]] = secrets[reference["key"]]
        else:
            assert reference.get("optional"), reference
    return found
