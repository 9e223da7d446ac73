"""A proxy in front of Amber: calls through it, and a restart of all replicas behind it that no call may notice."""

import http.client
import pathlib
import ssl
import subprocess
import tempfile
import threading

import grpc

from stage import Amber, Postgres, Process, free_port, redis, tool, wait_until

# A message without fields, as gRPC-web frames it.
EMPTY = b"\0\0\0\0\0"
WEB = {"Content-Type": "application/grpc-web+proto", "X-Grpc-Web": "1"}


class Front(Process):
    """A proxy with a certificate of its own, and a shipped configuration in which addresses and paths alone are changed."""

    def __init__(self, test, shipped: pathlib.Path) -> None:
        self.test, self.shipped = test, shipped
        self.folder, self.port = tempfile.TemporaryDirectory(), free_port()
        test.addClassCleanup(self.folder.cleanup)
        request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost"]
        request += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "1"]
        files = ["-keyout", f"{self.folder.name}/tls.key", "-out", f"{self.folder.name}/tls.crt"]
        subprocess.run([tool("openssl"), *request, *files], check=True, capture_output=True)

    def localised(self, pairs: list[tuple[str, str]]) -> str:
        """The shipped configuration with these texts in place of those."""
        text = self.shipped.read_text(encoding="utf-8")
        for shipped, own in pairs:
            assert shipped in text, shipped
            text = text.replace(shipped, own)
        return text

    def start(self, command: list) -> None:
        super().__init__(self.test, command)

    def wait_for(self, replicas: int) -> None:
        """Waits until it sends calls to so many replicas; a proxy that asks none about its health has nothing to wait for."""

    def call(self, path: str, headers: dict | None = None, body: bytes | None = None, method: str | None = None):
        """The answer through the proxy by HTTP/1.1: status, headers, body."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=ssl._create_unverified_context(), timeout=60)
        try:
            connection.request(method or ("POST" if body is not None else "GET"), path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def channel(self) -> grpc.Channel:
        """A connection for gRPC itself, by HTTP/2, that repeats nothing by itself."""
        believed = grpc.ssl_channel_credentials(pathlib.Path(self.folder.name, "tls.crt").read_bytes())
        return grpc.secure_channel(f"localhost:{self.port}", believed, options=[("grpc.enable_retries", 0)])


class Rolling:
    """Two replicas on one PostgreSQL and one Redis, restarted one after the other under load, behind the proxy that `front` makes."""

    # What callers do again and again.
    WAYS = ("JSON", "gRPC")
    # Longer than the time between two checks of a proxy that makes them, on a machine that is slow too.
    GRACE_SECONDS = "6"

    @classmethod
    def setUpClass(cls) -> None:
        shared = {"DATABASE_URL": Postgres(cls).database(cls, "rolling"), "REDIS_URL": redis(cls), "REQUESTS_PER_MINUTE": "1000000"}
        shared |= {"SHUTDOWN_GRACE_SECONDS": cls.GRACE_SECONDS}
        cls.replicas = [Amber(cls, **shared), Amber(cls, **shared)]
        cls.shared = shared
        cls.proxy = cls.front([replica.port for replica in cls.replicas])

    def test_no_call_fails_while_both_replicas_are_restarted(self) -> None:
        outcomes: list[tuple] = []
        over = threading.Event()

        def load(what: str, call) -> None:
            while not over.is_set():
                try:
                    outcomes.append((what, call()))
                except (OSError, http.client.HTTPException, grpc.RpcError) as error:
                    outcomes.append((what, repr(error)))

        def by_http(path: str, headers: dict, body: bytes | None, mark: bytes):
            status, told, answer = self.proxy.call(path, headers, body)
            return status == 200 and (mark in answer or told.get("grpc-message", answer[:300])) or status

        # One connection that lives through all restarts, as services keep theirs.
        channel = self.proxy.channel()
        self.addCleanup(channel.close)
        by_grpc = channel.unary_unary("/amber.v1.FeedService/ListPosts")

        def calls_more(number: int) -> None:
            enough = len(outcomes) + number
            wait_until(lambda: len(outcomes) >= enough, what=f"{number} calls")

        ways = {
            "JSON": lambda: by_http("/api/leaders", {}, None, b"["),
            "gRPC-web": lambda: by_http("/amber.v1.FeedService/ListPosts", WEB, EMPTY, b"grpc-status:0"),
            "gRPC": lambda: by_grpc(b"", timeout=60) is not None,
        }
        threads = [threading.Thread(target=load, args=(what, ways[what])) for what in self.WAYS * 3]
        for thread in threads:
            thread.start()
        try:
            for number, replica in enumerate(self.replicas):
                calls_more(40)
                self.assertEqual(replica.stop(), 0)
                self.replicas[number] = Amber(type(self), port=replica.port, **self.shared)
                self.proxy.wait_for(2)
            calls_more(40)
        finally:
            over.set()
            for thread in threads:
                thread.join()
        failed = [outcome for outcome in outcomes if outcome[1] is not True]
        self.assertEqual(failed[:5], [], f"{len(failed)} of {len(outcomes)} calls failed")
        for what in self.WAYS:
            self.assertGreater(sum(made == what for made, _ in outcomes), 40, what)
