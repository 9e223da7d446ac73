"""What the checks play on: real processes on free ports, which end with the test that started them."""

import contextlib
import glob
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
SECRETS = {
    "ADMIN_JWT_SECRET": "checks-of-deploy-jwt-0123456789-abcdef",
    "ADMIN_BOOTSTRAP_SECRET": "checks-of-deploy-bootstrap-0123456789",
    "ADMIN_API_KEY": "checks-of-deploy-api-key-0123456789",
    "EMBED_SIGNING_KEY": "checks-of-deploy-signing-0123456789-abc",
}


def tool(name: str) -> str:
    """The path of a program; without it the test is skipped, or fails where nothing may be skipped."""
    folders = [os.environ.get("PATH", ""), *sorted(glob.glob("/usr/lib/postgresql/*/bin")), "/usr/sbin"]
    path = shutil.which(name, path=os.pathsep.join(folders))
    if path is None:
        if os.environ.get("AMBER_REQUIRE_TOOLS") == "1":
            raise AssertionError(f"{name} is not installed")
        raise unittest.SkipTest(f"{name} is not installed")
    return os.path.abspath(path)


def program() -> str:
    """The program under test."""
    path = os.environ.get("AMBER_PROGRAM", str(ROOT / "target/debug/amber"))
    if not os.access(path, os.X_OK):
        raise AssertionError(f"{path} is not built: cargo build --workspace --bins")
    return os.path.abspath(path)


# Sockets that are bound and never listen. While one is held, its port is given to nobody else, but who knows the number can
# listen there: every server that is started here sets SO_REUSEADDR.
CLAIMS: list[socket.socket] = []


def free_port() -> int:
    """A port on which nobody listens, and which nobody else is given."""
    claim = socket.socket()
    claim.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    claim.bind(("127.0.0.1", 0))
    CLAIMS.append(claim)
    return claim.getsockname()[1]


def wait_until(condition, seconds: float = 60, what: str = "it") -> None:
    """Waits until the condition holds, at most so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come about within {seconds} s")


def answers(url: str, headers: dict | None = None, body: bytes | None = None, method: str | None = None):
    """The status and the body of an answer, whatever the status; 0 when nobody answers."""
    request = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except (OSError, urllib.error.URLError):
        return 0, b""


def post_json(url: str, body: dict, bearer: str | None = None):
    """The status and the JSON of an answer to JSON."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
    status, answer = answers(url, headers, json.dumps(body).encode(), "POST")
    return status, json.loads(answer or b"null")


class Process:
    """A process that ends with its test; its output goes to a file."""

    def __init__(self, test, command: list, env: dict | None = None, cwd: str | None = None, what: str = "") -> None:
        self.what = what or pathlib.Path(command[0]).name
        self.log = tempfile.NamedTemporaryFile(prefix=f"{self.what}-", suffix=".log")
        self.child = subprocess.Popen(command, env=env, cwd=cwd, stdout=self.log, stderr=subprocess.STDOUT)
        add = test.addClassCleanup if isinstance(test, type) else test.addCleanup
        add(self.close)

    def said(self) -> str:
        """What it has written so far."""
        return pathlib.Path(self.log.name).read_text(encoding="utf-8", errors="replace")

    def ready(self, url: str) -> None:
        """Waits until the address answers 200."""

        def is_ready() -> bool:
            if self.child.poll() is not None:
                raise AssertionError(f"{self.what} ended: {self.said()[-3000:]}")
            return answers(url)[0] == 200

        wait_until(is_ready, what=f"{self.what} at {url}")

    def stop(self) -> int:
        """Ends it as the cluster does, and returns its exit code."""
        self.child.terminate()
        return self.child.wait(timeout=60)

    def close(self) -> None:
        if self.child.poll() is None:
            self.child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(timeout=10)
            if self.child.poll() is None:
                self.child.kill()
                self.child.wait()
        self.log.close()


class Amber(Process):
    """`amber serve` with these variables over plain ones, on an SQLite file of its own unless they name a database."""

    def __init__(self, test, port: int | None = None, **variables: str) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = tempfile.TemporaryDirectory()
        self.variables = {
            "DATABASE_URL": f"sqlite://{self.folder.name}/amber.db?mode=rwc",
            "LISTEN_ADDR": f"127.0.0.1:{self.port}",
            **SECRETS,
            "EMBED_ENABLED": "true",
            "EMBED_ALLOWED_ORIGINS": "https://partner.example",
            **variables,
        }
        super().__init__(test, [program(), "serve"], self.variables, self.folder.name)
        self.ready(f"{self.url}/readyz")

    def admin(self) -> str:
        """An admin token."""
        credentials = {"adminId": "check", "secret": self.variables["ADMIN_BOOTSTRAP_SECRET"]}
        status, answer = post_json(f"{self.url}/api/admin/token", credentials)
        assert status == 200, answer
        return answer["token"]

    def close(self) -> None:
        super().close()
        self.folder.cleanup()


class Postgres:
    """Databases of the cluster that tests/run started, or of an own one."""

    def __init__(self, test) -> None:
        self.url = os.environ.get("AMBER_TEST_POSTGRES_URL")
        if self.url is None:
            self._start(test)
        self.url = self.url.rstrip("/")

    def _start(self, test) -> None:
        initdb, server = tool("initdb"), tool("postgres")
        folder = tempfile.TemporaryDirectory()
        test.addClassCleanup(folder.cleanup)
        as_owner = []
        if os.geteuid() == 0:
            shutil.chown(folder.name, "postgres")
            as_owner = [tool("runuser"), "-u", "postgres", "--"]
        data, port = f"{folder.name}/data", free_port()
        subprocess.run([*as_owner, initdb, "-D", data, "-U", "amber", "-A", "trust"], check=True, capture_output=True)
        options = ["-D", data, "-p", str(port), "-k", folder.name, "-h", "127.0.0.1", "-F"]
        Process(test, [*as_owner, server, *options])
        self.url = f"postgres://amber@127.0.0.1:{port}"
        ready = [tool("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
        wait_until(lambda: subprocess.run(ready, check=False).returncode == 0, what="PostgreSQL")

    def database(self, test, name: str) -> str:
        """A new database, and its URL."""
        name = f"{name}_{os.getpid()}"
        run = [tool("psql"), "-q", f"{self.url}/postgres", "-c"]
        subprocess.run([*run, f'CREATE DATABASE "{name}"'], check=True)
        drop = [*run, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)']
        test.addClassCleanup(subprocess.run, drop, check=False, stderr=subprocess.DEVNULL)
        return f"{self.url}/{name}"


def redis(test) -> str:
    """The URL of a Redis of its own."""
    port = free_port()
    Process(test, [tool("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
    ping = [tool("redis-cli"), "-p", str(port), "ping"]
    wait_until(lambda: subprocess.run(ping, check=False, capture_output=True).stdout == b"PONG\n", what="Redis")
    return f"redis://127.0.0.1:{port}"
