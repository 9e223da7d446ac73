"""A double of the cluster behind `kubectl`, for the commands of the guide: one real Amber with the variables that its pods would have.

It keeps what was applied and patched in the folder CLUSTER. A command that it does not know is refused, so that none is passed over. Rendering
is that of the real kubectl.
"""

import base64
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import yaml

import manifests
from stage import ROOT, answers, program

FOLDER = pathlib.Path(os.environ["CLUSTER"])
STATE = FOLDER / "state.json"
PORT = os.environ["CLUSTER_PORT"]
PRODUCTION = "overlays/production"


class Cluster:
    """What is applied, and the process that runs because of it."""

    def __init__(self) -> None:
        self.state = json.loads(STATE.read_text(encoding="utf-8")) if STATE.exists() else {"config": {}, "secrets": {}, "jobs": []}

    def save(self) -> None:
        STATE.write_text(json.dumps(self.state), encoding="utf-8")
        # The volume of the Secret, which is optional.
        if "X_API_BEARER" in self.state["secrets"]:
            (FOLDER / "X_API_BEARER").write_text(self.state["secrets"]["X_API_BEARER"], encoding="utf-8")

    def rendered(self, target: str) -> tuple:
        """What would be applied; it is rendered once."""
        kept = FOLDER / f"{target.replace('/', '-')}.json"
        if not kept.exists():
            kept.write_text(json.dumps(manifests.render(target)[1]), encoding="utf-8")
        return json.loads(kept.read_text(encoding="utf-8"))

    def variables(self) -> dict[str, str]:
        """Those of a pod, but for the port and for X, which is out of reach."""
        found = manifests.environment(self.rendered(PRODUCTION), self.state["secrets"]) | self.state["config"]
        own = {"X_API_BEARER_FILE": str(FOLDER / "X_API_BEARER"), "LISTEN_ADDR": f"127.0.0.1:{PORT}", "X_API_BASE_URL": "http://127.0.0.1:9"}
        return found | own

    def amber(self, *arguments: str) -> int:
        return subprocess.run([program(), *arguments], env=self.variables(), cwd=FOLDER, check=False).returncode

    def start(self) -> None:
        with open(FOLDER / "log", "ab") as log:
            child = subprocess.Popen(
                [program(), "serve"], env=self.variables(), cwd=FOLDER, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        (FOLDER / "pid").write_text(str(child.pid), encoding="utf-8")
        end = time.monotonic() + 120
        while answers(f"http://127.0.0.1:{PORT}/readyz")[0] != 200:
            if child.poll() is not None or time.monotonic() > end:
                raise SystemExit("the pod does not become ready:\n" + (FOLDER / "log").read_text(encoding="utf-8")[-2000:])
            time.sleep(0.05)

    def stop(self) -> None:
        pid = FOLDER / "pid"
        if not pid.exists():
            return
        number = int(pid.read_text(encoding="utf-8"))
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGTERM)
        while pathlib.Path(f"/proc/{number}").exists() and "\nState:\tZ" not in self._status(number):
            time.sleep(0.05)
        pid.unlink()

    @staticmethod
    def _status(number: int) -> str:
        try:
            return pathlib.Path(f"/proc/{number}/status").read_text(encoding="utf-8")
        except OSError:
            return "\nState:\tZ"

    def is_running(self) -> bool:
        return (FOLDER / "pid").exists()

    def restart(self) -> None:
        self.stop()
        self.start()

    def apply(self, target: str) -> None:
        target = target.removeprefix("deploy/kubernetes/")
        for item in self.rendered(target):
            match item["kind"]:
                case "ConfigMap":
                    self.state["config"] = item["data"]
                    self.save()
                case "Job":
                    if item["metadata"]["name"] in self.state["jobs"]:
                        raise SystemExit("a Job cannot be changed: delete it first")
                    (container,) = item["spec"]["template"]["spec"]["containers"]
                    if self.amber(*container["args"]) != 0:
                        raise SystemExit("the Job has failed")
                    self.state["jobs"].append(item["metadata"]["name"])
                    self.save()
                case "Deployment" if not self.is_running():
                    self.start()

    def patch(self, kind: str, patch: str) -> None:
        match kind, json.loads(patch):
            case "configmap", {"data": data, **rest} if not rest and set(data) <= set(self.state["config"]):
                self.state["config"] |= data
            case "secret", {"stringData": data, **rest} if not rest and set(data) <= set(manifests.template()):
                self.state["secrets"] |= data
            case _:
                raise SystemExit(f"this would change nothing of Amber: {patch}")
        self.save()


def main(arguments: list[str]) -> int:
    cluster = Cluster()
    if "-n" in arguments:
        at = arguments.index("-n")
        if arguments[at + 1] != "amber":
            raise SystemExit(f"there is no namespace {arguments[at + 1]}")
        if "--" not in arguments or at < arguments.index("--"):
            del arguments[at : at + 2]
    match arguments:
        case ["apply", "-f", path]:
            list(yaml.safe_load_all((ROOT / path).read_text(encoding="utf-8")))
        case ["apply", "-k", target]:
            cluster.apply(target)
        case ["create", "secret", "generic", "amber-secrets", *literals]:
            pairs = dict(literal.removeprefix("--from-literal=").split("=", 1) for literal in literals)
            assert set(pairs) <= set(manifests.template()), pairs.keys()
            cluster.state["secrets"] = pairs
            cluster.save()
        case ["patch", "configmap" | "secret" as kind, "amber-config" | "amber-secrets", "-p", patch]:
            cluster.patch(kind, patch)
        case ["delete", "job", name, "--ignore-not-found"]:
            cluster.state["jobs"] = [job for job in cluster.state["jobs"] if job != name]
            cluster.save()
        case ["delete", "hpa", "amber-backend", "--ignore-not-found"]:
            manifests.one(cluster.rendered(PRODUCTION), "HorizontalPodAutoscaler", "amber-backend")
        case ["wait", "--for=condition=complete", "--timeout=10m", job]:
            return 0 if job.removeprefix("job/") in cluster.state["jobs"] else 1
        case ["rollout", "restart" | "undo", "deployment", "amber-backend"]:
            cluster.restart()
        case ["rollout", "status", "deployment", "amber-backend", "--timeout=5m"]:
            return 0 if answers(f"http://127.0.0.1:{PORT}/readyz")[0] == 200 else 1
        case ["set", "image", "deployment/amber-backend", change] if change.startswith("backend="):
            cluster.restart()
        case ["scale", "deployment", "amber-backend", "--replicas=0"]:
            cluster.stop()
        case ["scale", "deployment", "amber-backend", "--replicas=2"]:
            cluster.restart()
        case ["exec", "deployment/amber-backend", "--", "amber", *command]:
            return cluster.amber(*command)
        case ["logs", "deployment/amber-backend", "--tail=20"]:
            print("\n".join((FOLDER / "log").read_text(encoding="utf-8").splitlines()[-20:]))
        case ["get", "pods", "-l", "app.kubernetes.io/name=amber"]:
            print("amber-backend" if cluster.is_running() else "")
        case ["get", "secret", "amber-secrets", "-o", path] if path.startswith("jsonpath={.data."):
            value = cluster.state["secrets"][path.removeprefix("jsonpath={.data.").removesuffix("}")]
            print(base64.b64encode(value.encode()).decode(), end="")
        case ["--stop"]:
            cluster.stop()
        case _:
            raise SystemExit(f"the double of the cluster does not know: kubectl {' '.join(arguments)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
