"""The README holds: its commands work as printed, in their order, against the demo and in an empty folder."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from stage import ROOT, SECRETS, Process, answers, free_port, program, tool

README = ROOT / "README.md"
# Said of the program that the tests have built, and of what else tests/run does: it runs itself, and the web application.
ELSEWHERE = {"Amber", "As a web application"}
SMOKE = "Checking a running server"
CALLS = {"Use it", "With curl", "With grpcurl", "With any other client"}
# These programs note what fails, and let the next line have its turn: lines of a README stand on their own.
NOTING = r"""
noted() {
    local code=0
    "$@" || code=$?
    # 23: `head` wants no more; 124: a stream that has no end.
    [[ $code == 0 || $code == 23 || $code == 124 && $* == */Watch* ]] || echo "$code: $*" >>failed
}
curl() { noted command curl --fail-with-body "$@"; }
grpcurl() {
    local seconds=120
    # Streams without an end are left after a while.
    [[ $* == */Watch* ]] && seconds=10
    noted timeout $seconds grpcurl -connect-timeout 60 "$@"
}
"""


def blocks() -> list[tuple[str, str]]:
    """The fenced blocks of the shell, each with the heading above it."""
    found, heading = [], ""
    for part in re.finditer(r"^#+ ([^\n]+)$|^```sh\n(.*?)^```$|^```\w*\n.*?^```$", README.read_text(encoding="utf-8"), re.M | re.S):
        heading = part[1] or heading
        if part[2]:
            found.append((heading, part[2]))
    return found


def shell(script: str, folder: str, **variables: str) -> subprocess.CompletedProcess:
    """A script and all that it says, with `target/release/amber` and `deploy/` in its folder."""
    command = [tool("bash"), "-euo", "pipefail", "-c", script]
    done = subprocess.run(
        command, cwd=folder, env=os.environ | variables, check=False, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done


class Readme(unittest.TestCase):
    """Every block of it."""

    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        work = pathlib.Path(self.folder.name)
        (work / "target/release").mkdir(parents=True)
        (work / "target/release/amber").symlink_to(program())
        (work / "deploy").symlink_to(ROOT / "deploy")

    def test_every_block_is_run_here_or_elsewhere(self) -> None:
        self.assertEqual({heading for heading, _ in blocks()}, {"Run it", SMOKE} | CALLS | ELSEWHERE)

    def test_it_is_built_configured_and_served_as_printed(self) -> None:
        ((_, text),) = [block for block in blocks() if block[0] == "Run it"]
        lines = [line.split("#")[0].strip() for line in text.splitlines()]
        build, example, check, serve = lines
        self.assertEqual((build, serve), ("cargo build --release -p amber-server", "target/release/amber serve"))
        shell(example, self.folder.name)
        file, port = pathlib.Path(self.folder.name, ".env"), free_port()
        given = {"ADMIN_JWT_SECRET": SECRETS["ADMIN_JWT_SECRET"], "LISTEN_ADDR": f"127.0.0.1:{port}"}
        filled = file.read_text(encoding="utf-8")
        for name, value in given.items():
            filled, count = re.subn(rf"^#? ?{name}=.*$", f"{name}={value}", filled, flags=re.M)
            self.assertEqual(count, 1, name)
        file.write_text(filled, encoding="utf-8")
        self.assertIn("the configuration is complete", shell(check, self.folder.name).stdout)
        server = Process(self, serve.split(), cwd=self.folder.name)
        server.ready(f"http://127.0.0.1:{port}/readyz")
        self.assertEqual(answers(f"http://127.0.0.1:{port}/api/health")[0], 200)
        self.assertEqual(server.stop(), 0)

    def run_on_a_demo(self, headings: set[str]) -> str:
        """What the blocks below these headings print, with the values that the demo prints."""
        for needed in ["curl", "grpcurl", "jq"]:
            tool(needed)
        port = str(free_port())
        demo = Process(self, [program(), "demo", "--port", port])
        demo.ready(f"http://127.0.0.1:{port}/readyz")
        said = demo.said()
        values = {"KEY": re.search(r"Bearer ([\w-]+)'", said)[1], "SECRET": re.search(r'"secret": "([^"]+)"', said)[1]}
        text = "".join(body for heading, body in blocks() if heading in headings | {"Use it"})
        text = text.replace("localhost:5000", f"localhost:{port}")
        for name, value in values.items():
            text, count = re.subn(rf"^{name}=\.\.\.$", f"{name}={value}", text, flags=re.M)
            self.assertEqual(count, 1, name)
        done = shell(NOTING + text, self.folder.name, AMBER_URL=f"http://localhost:{port}", AMBER_WAIT_EXPIRY="0")
        failed = pathlib.Path(self.folder.name, "failed")
        self.assertFalse(failed.exists() and failed.read_text(encoding="utf-8"), done.stderr)
        return done.stdout

    def test_the_calls_work_as_printed_on_the_demo(self) -> None:
        said = self.run_on_a_demo(CALLS)
        for word in ['"status": "ok"', "ingestion_processed ", '"token": ', "<!DOCTYPE html>", '"runId"', "amber.v1.FeedService"]:
            self.assertIn(word, said)

    # Apart from the calls above, because it uses up all tokens of a window.
    def test_the_smoke_test_works_as_printed(self) -> None:
        self.assertRegex(self.run_on_a_demo({SMOKE}), r"smoke: [1-9]\d passed, 0 failed")


if __name__ == "__main__":
    unittest.main()
