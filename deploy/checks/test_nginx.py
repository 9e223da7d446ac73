"""nginx in front of Amber, as deploy/nginx/amber.conf says: the real nginx, and the real Amber behind it."""

import json
import pathlib
import subprocess
import unittest

from front import EMPTY, WEB, Front, Rolling
from stage import DEPLOY, Amber, tool, wait_until


class Nginx(Front):
    """nginx before replicas on these ports."""

    def __init__(self, test, ports: list[int]) -> None:
        binary = tool("nginx")
        super().__init__(test, DEPLOY / "nginx/amber.conf")
        servers = [f"server 127.0.0.1:{port} max_fails=0;" for port in ports]
        config = self.localised(
            [
                ("listen 8443", f"listen 127.0.0.1:{self.port}"),
                ("server amber-backend:5000 max_fails=0;", " ".join(servers)),
                ("/etc/nginx/tls", self.folder.name),
                ("/run/nginx.pid", f"{self.folder.name}/pid"),
            ]
        )
        path = pathlib.Path(self.folder.name, "amber.conf")
        path.write_text(config, encoding="utf-8")
        self.start([binary, "-p", self.folder.name, "-c", str(path), "-g", "daemon off;"])
        wait_until(self.is_open, what="nginx")

    def is_open(self) -> bool:
        try:
            return self.call("/readyz")[0] == 200
        except OSError:
            return False


class InFront(unittest.TestCase):
    """One Amber behind nginx."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.amber = Amber(cls, TRUSTED_PROXY_CIDRS="127.0.0.1/32")
        cls.nginx = Nginx(cls, [cls.amber.port])

    def test_json_and_grpc_web_go_through_and_metrics_do_not(self) -> None:
        # Often enough that every worker of nginx keeps connections of both protocols.
        for _ in range(4):
            self.test_grpc_goes_through()
            self.assertEqual(self.nginx.call("/api/health")[0], 200)
        status, _, body = self.nginx.call("/amber.v1.FeedService/ListPosts", WEB, EMPTY)
        self.assertEqual(status, 200)
        self.assertIn(b"grpc-status:0", body)
        self.assertEqual([self.nginx.call(path)[0] for path in ["/metrics", "/api/metrics"]], [404, 404])

    def test_grpc_goes_through(self) -> None:
        asked = ["-d", "{}", f"127.0.0.1:{self.nginx.port}", "amber.v1.FeedService/ListPosts"]
        command = [tool("grpcurl"), "-insecure", "-connect-timeout", "60", *asked]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIsInstance(json.loads(done.stdout), dict)


class Restarts(Rolling, unittest.TestCase):
    """nginx learns of a replica that goes by its closed port alone. What it has sent by POST over HTTP/1.1 it never repeats, so
    only what it can repeat, and gRPC, whose connections end without losing a call, is held to be without any failure."""

    GRACE_SECONDS = "2"

    @classmethod
    def front(cls, ports: list[int]) -> Nginx:
        return Nginx(cls, ports)


if __name__ == "__main__":
    unittest.main()
