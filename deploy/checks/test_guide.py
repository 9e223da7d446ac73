"""The guide holds: its commands work as printed, in their order."""

import contextlib
import json
import os
import pathlib
import re
import shlex
import sqlite3
import subprocess
import sys
import tempfile
import unittest

from stage import DEPLOY, ROOT, Amber, Postgres, answers, free_port, post_json, program, redis, tool

GUIDE = DEPLOY / "README.md"
KINDS = {"sh", "sh stopped", "sh upgrade", "sh needs-registry", "sh needs-cluster", "sh needs-cloud"}

# The tables of the Python service, and a row of each; a second leader has no name.
OLD = """
CREATE TABLE leaders (id VARCHAR NOT NULL PRIMARY KEY, name VARCHAR, handles JSON, tracking_topics JSON, created_at DATETIME);
CREATE TABLE posts (id VARCHAR NOT NULL PRIMARY KEY, leader_id VARCHAR, platform VARCHAR, content TEXT, timestamp DATETIME,
    sentiment VARCHAR, metrics JSON, verification_status VARCHAR, created_at DATETIME);
CREATE TABLE review_items (id VARCHAR NOT NULL PRIMARY KEY, post_id VARCHAR, state VARCHAR, notes TEXT, reviewer VARCHAR,
    reviewed_at DATETIME, updated_at DATETIME);
INSERT INTO leaders VALUES ('1', 'Ada', '{"x": "ada"}', '[]', '2026-01-01 00:00:00'), ('2', '', 'null', 'null', NULL);
INSERT INTO posts VALUES ('3', '1', 'News', 'A good day', '2026-01-02 00:00:00', 'Positive', '{}', 'Verified', NULL);
INSERT INTO review_items VALUES ('4', '3', 'approved', NULL, 'eve', '2026-01-03 00:00:00', '2026-01-03 00:00:00');
"""


def blocks() -> list[tuple[str, str]]:
    """The fenced blocks: what stands behind the fence, and the text."""
    return re.findall(r"^```([^\n]*)\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.M | re.S)


def script(kind: str, values: dict[str, str]) -> str:
    """All blocks of a kind, with the values of this test in the place of those that the reader fills in."""
    text = "".join(body for found, body in blocks() if found == kind)
    for name, value in values.items():
        text, count = re.subn(rf"^{name}=.*$", lambda _: f"{name}={shlex.quote(value)}", text, flags=re.M)
        assert count, f"the guide sets no {name}"
    return text


class Guide(unittest.TestCase):
    """The commands, against one real Amber behind a double of kubectl."""

    def test_every_block_says_what_it_needs(self) -> None:
        self.assertLessEqual({kind for kind, _ in blocks()}, KINDS)
        for kind, body in blocks():
            if kind == "sh needs-cluster" and "kubectl" in body:
                self.assertIn("port-forward", body, "only a tunnel cannot be had without a cluster")

    def test_every_command_works_as_printed(self) -> None:
        shell = [tool("bash"), "-euxo", "pipefail", "-c"]
        for needed in ["curl", "jq", "kubectl", "psql", "pg_dump", "pg_restore", "redis-cli", "sqlite3", "openssl", "promtool"]:
            tool(needed)
        postgres = Postgres(type(self))
        database, restored = (postgres.database(type(self), name) for name in ["guide", "restored"])
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        port = str(free_port())
        doubles = pathlib.Path(folder.name, "bin")
        doubles.mkdir()
        double = f"exec {sys.executable} {DEPLOY / 'checks/cluster.py'}"
        # The double renders with the real one.
        real = f"PATH={shlex.quote(os.environ['PATH'])}"
        (doubles / "kubectl").write_text(f'#!/bin/sh\n{real} {double} "$@"\n', encoding="utf-8")
        (doubles / "amber").symlink_to(program())
        for path in doubles.iterdir():
            path.chmod(0o755)
        tools = [str(doubles), os.environ["PATH"], str(pathlib.Path(tool("pg_dump")).parent)]
        variables = os.environ | {
            "PATH": os.pathsep.join(tools),
            "CLUSTER": folder.name,
            "CLUSTER_PORT": port,
            "AMBER_TOKEN_LIMIT": "10",
            "AMBER_WAIT_EXPIRY": "0",
        }
        self.addCleanup(subprocess.run, [doubles / "kubectl", "--stop"], env=variables, check=False)

        file = Amber(type(self), EMBED_ENABLED="false")
        status, _ = post_json(f"{file.url}/api/leaders", {"name": "Ada", "handles": {"x": "ada"}}, file.admin())
        self.assertEqual(status, 201)
        values = {
            "DATABASE_URL": database,
            "REDIS_URL": redis(type(self)),
            "AMBER": f"http://127.0.0.1:{port}",
            "BEARER": "made-up-bearer-0123456789",
            "NEW_DATABASE_URL": restored,
            "DATA": file.folder.name,
        }
        text = script("sh", values)
        # A leader whose handle nobody has, so that the backup holds something.
        marker = "pg_dump --format=custom"
        self.assertIn(marker, text)
        text = text.replace(marker, 'curl -sf -X POST $AMBER/api/leaders -H "$AUTH" -d \'{"name": "Eve"}\' '
                            f"-H 'Content-Type: application/json'\n{marker}", 1)  # fmt: skip
        work = pathlib.Path(folder.name, "work")
        work.mkdir()
        for name in ["deploy", "proto"]:
            (work / name).symlink_to(ROOT / name)
        done = subprocess.run([*shell, text], cwd=work, env=variables, check=False, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-6000:])
        _, leaders = answers(f"http://127.0.0.1:{port}/api/leaders")
        self.assertEqual([leader["name"] for leader in json.loads(leaders)], ["Eve"], "the restored database")

        self.assertEqual(file.stop(), 0)
        done = subprocess.run(
            [*shell, script("sh stopped", {}) + "\n"], cwd=work, env=variables | {"DATA": file.folder.name},
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotIn("pending", done.stdout)
        again = Amber(type(self), DATABASE_URL=f"sqlite://{file.folder.name}/amber.db")
        _, leaders = answers(f"{again.url}/api/leaders")
        self.assertEqual([leader["name"] for leader in json.loads(leaders)], ["Ada"], "the restored file")
        again.stop()

    def test_the_upgrade_works_as_printed(self) -> None:
        for needed in ["bash", "sqlite3", "psql", "awk"]:
            tool(needed)
        database = Postgres(type(self)).database(type(self), "upgraded")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        work = pathlib.Path(folder.name)
        with contextlib.closing(sqlite3.connect(work / "app.db")) as old:
            old.executescript(OLD)
        (work / "checkpoints.json").write_text('{"x:ada": {"cursor": "abc"}}', encoding="utf-8")
        (work / "bin").mkdir()
        (work / "bin/amber").symlink_to(program())
        path = os.pathsep.join([str(work / "bin"), os.environ["PATH"], str(pathlib.Path(tool("psql")).parent)])
        values = {"OLD": str(work / "app.db"), "CHECKPOINTS": str(work / "checkpoints.json"), "export DATABASE_URL": database}
        done = subprocess.run(
            [tool("bash"), "-euxo", "pipefail", "-c", script("sh upgrade", values)], cwd=work,
            env=os.environ | {"PATH": path}, check=False, capture_output=True, text=True,
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        counts = [line.split() for line in done.stdout.splitlines() if line.startswith("posts ")]
        self.assertEqual([row[1:] for row in counts], [list("11000"), list("11000"), list("10100")])
        self.assertIn('refused: leaders "2": it has no name', done.stdout)
        server = Amber(type(self), DATABASE_URL=database)
        _, posts = answers(f"{server.url}/api/posts")
        self.assertEqual([post["content"] for post in json.loads(posts)], ["A good day"])
        server.stop()


if __name__ == "__main__":
    unittest.main()
