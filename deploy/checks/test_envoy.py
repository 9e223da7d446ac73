"""Envoy in front of Amber, as deploy/envoy/envoy.yaml says: the real Envoy, and the real Amber behind it."""

import http.client
import json
import pathlib
import subprocess
import unittest

import yaml

from front import EMPTY, WEB, Front, Rolling
from stage import DEPLOY, Amber, answers, free_port, tool, wait_until

SITE = "https://app.example.com"


class Envoy(Front):
    """Envoy before replicas on these ports."""

    def __init__(self, test, ports: list[int]) -> None:
        binary = tool("envoy")
        super().__init__(test, DEPLOY / "envoy/envoy.yaml")
        self.admin = free_port()
        config = yaml.safe_load(
            self.localised(
                [
                    ("{ address: 0.0.0.0, port_value: 8443 }", f"{{ address: 127.0.0.1, port_value: {self.port} }}"),
                    ("{ address: 127.0.0.1, port_value: 9901 }", f"{{ address: 127.0.0.1, port_value: {self.admin} }}"),
                    ("/etc/envoy/tls", self.folder.name),
                ]
            )
        )
        (replicas,) = config["static_resources"]["clusters"][0]["load_assignment"]["endpoints"]
        (named,) = replicas["lb_endpoints"]
        assert named["endpoint"]["address"]["socket_address"] == {"address": "amber-backend", "port_value": 5000}
        address = lambda port: {"socket_address": {"address": "127.0.0.1", "port_value": port}}
        replicas["lb_endpoints"] = [{"endpoint": {"address": address(port)}} for port in ports]
        path = pathlib.Path(self.folder.name, "envoy.yaml")
        path.write_text(json.dumps(config), encoding="utf-8")
        subprocess.run([binary, "--mode", "validate", "-c", path], check=True, capture_output=True)
        self.start([binary, "-c", str(path), "--concurrency", "2", "--use-dynamic-base-id", "-l", "warning"])
        self.ready(f"http://127.0.0.1:{self.admin}/ready")
        self.wait_for(len(ports))

    def wait_for(self, replicas: int) -> None:
        """Waits until it has asked every replica anew, and holds so many for healthy."""
        enough = self.stat("health_check.attempt") + 2 * replicas
        is_so = lambda: self.stat("health_check.attempt") >= enough and self.stat("membership_healthy") == replicas
        wait_until(is_so, what=f"{replicas} healthy replicas")

    def stat(self, name: str) -> int:
        """A count of its cluster; 0 before it is first counted."""
        lines = answers(f"http://127.0.0.1:{self.admin}/stats?filter=^cluster.amber.{name}$")[1].decode().splitlines()
        return sum(int(line.rsplit(" ", 1)[1]) for line in lines)


def names(value: str | None) -> set[str]:
    """The names in a header that lists them."""
    return {name.strip().lower() for name in (value or "").split(",")} - {""}


class InFront(unittest.TestCase):
    """One Amber behind Envoy."""

    @classmethod
    def setUpClass(cls) -> None:
        # Buckets that do not refill while a test counts.
        limits = {"REQUESTS_PER_MINUTE": "1000", "WINDOW_SECONDS": "86400"}
        cls.amber = Amber(cls, TRUSTED_PROXY_CIDRS="127.0.0.1/32", CORS_ALLOWED_ORIGINS=SITE, **limits)
        cls.envoy = Envoy(cls, [cls.amber.port])

    def test_a_call_of_grpc_goes_through_with_reflection(self) -> None:
        service = "amber.v1.FeedService/ListPosts"
        command = [tool("grpcurl"), "-insecure", "-connect-timeout", "60", "-d", "{}", f"127.0.0.1:{self.envoy.port}", service]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIsInstance(json.loads(done.stdout), dict)

    def test_a_refusal_of_grpc_keeps_its_reason(self) -> None:
        service = "amber.v1.IngestionService/TriggerIngestion"
        command = [tool("grpcurl"), "-insecure", "-connect-timeout", "60", "-d", "{}", f"127.0.0.1:{self.envoy.port}", service]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 64 + 16, done.stderr)
        self.assertIn("Unauthenticated", done.stderr)

    def test_a_call_of_grpc_web_becomes_one_of_grpc(self) -> None:
        status, headers, body = self.envoy.call("/amber.v1.FeedService/ListPosts", WEB | {"Origin": SITE}, EMPTY)
        self.assertEqual(status, 200)
        self.assertEqual(headers["content-type"], "application/grpc-web+proto")
        self.assertEqual(headers["access-control-allow-origin"], SITE)
        self.assertIn(b"grpc-status:0", body)
        # Counted by what translates, not by Amber, which knows gRPC-web itself.
        self.assertGreaterEqual(self.envoy.stat("grpc-web.amber.v1.FeedService.ListPosts.success"), 1)

    def test_json_goes_through(self) -> None:
        status, _, body = self.envoy.call("/api/health")
        self.assertEqual((status, json.loads(body)["status"]), (200, "ok"))

    def test_metrics_stay_inside(self) -> None:
        for path in ["/metrics", "/api/metrics", "/api/./metrics", "//metrics"]:
            self.assertEqual(self.envoy.call(path)[0], 404, path)
        self.assertEqual(answers(f"{self.amber.url}/metrics")[0], 200)

    def test_a_preflight_allows_what_amber_allows(self) -> None:
        asked = {"Origin": SITE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-grpc-web"}
        path = "/amber.v1.FeedService/ListPosts"
        status, by_envoy, _ = self.envoy.call(path, asked, method="OPTIONS")
        self.assertEqual(status, 200)
        connection = http.client.HTTPConnection("127.0.0.1", self.amber.port, timeout=30)
        connection.request("OPTIONS", path, headers=asked)
        by_amber = connection.getresponse()
        for name in ["access-control-allow-origin", "access-control-allow-methods", "access-control-allow-headers"]:
            self.assertEqual(names(by_envoy[name]), names(by_amber.getheader(name)), name)
        connection.close()
        connection.request("GET", "/api/health", headers={"Origin": SITE})
        exposed = "access-control-expose-headers"
        by_amber = connection.getresponse()
        by_envoy = self.envoy.call("/api/health", {"Origin": SITE})[1]
        self.assertEqual(names(by_envoy[exposed]), names(by_amber.getheader(exposed)))
        connection.close()

    def test_a_site_that_is_not_listed_is_not_allowed(self) -> None:
        asked = {"Origin": "https://other.example", "Access-Control-Request-Method": "POST"}
        for method, headers in [("OPTIONS", asked), ("GET", {"Origin": "https://other.example"})]:
            _, answer, _ = self.envoy.call("/api/health", headers, method=method)
            self.assertNotIn("access-control-allow-origin", answer, method)

    def test_the_id_of_a_request_is_that_of_its_caller_or_of_amber(self) -> None:
        self.assertEqual(self.envoy.call("/api/health", {"X-Request-Id": "my-id-12345"})[1]["x-request-id"], "my-id-12345")
        self.assertGreaterEqual(len(self.envoy.call("/api/health")[1]["x-request-id"]), 8)

    def test_an_address_that_a_caller_makes_up_is_not_believed(self) -> None:
        left = []
        for address in ["203.0.113.1", "203.0.113.2", "203.0.113.3"]:
            _, headers, _ = self.envoy.call("/api/leaders", {"X-Forwarded-For": address})
            left.append(int(headers["x-ratelimit-remaining"]))
        self.assertLess(left[2], left[0], "each made-up address has a bucket of its own")


class Restarts(Rolling, unittest.TestCase):
    """Envoy asks each replica for its health, and repeats what certainly reached none."""

    WAYS = ("JSON", "gRPC-web", "gRPC")

    @classmethod
    def front(cls, ports: list[int]) -> Envoy:
        return Envoy(cls, ports)


if __name__ == "__main__":
    unittest.main()
