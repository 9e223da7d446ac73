"""The alerts and the dashboard, against a real Prometheus that scrapes a real Amber."""

import json
import pathlib
import re
import subprocess
import tempfile
import unittest
import urllib.parse

import yaml

from stage import DEPLOY, ROOT, Process, answers, free_port, post_json, program, tool, wait_until

RULES = DEPLOY / "prometheus/amber.rules.yaml"
DASHBOARD = DEPLOY / "grafana/amber.json"


def alerts() -> list[dict]:
    """All alerts."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[tuple[str, str]]:
    """The title and the expression of each query of the dashboard."""
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return [(panel["title"], target["expr"]) for panel in dashboard["panels"] for target in panel.get("targets", [])]


def metrics() -> set[str]:
    """The names of the metrics that Amber exports, as the README lists them."""
    return set(re.findall(r"^\| `((?:amber|process)_\w+)` \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.M))


def named(expression: str) -> set[str]:
    """The metrics of Amber in an expression, without the endings of histograms."""
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\b(?:amber|process)_\w+", expression)}


class Rules(unittest.TestCase):
    """What can be said without a server."""

    def test_the_rules_are_well_formed_and_each_alert_fires_when_it_should(self) -> None:
        for command in [["check", "config", "prometheus.yaml"], ["test", "rules", "amber.rules.test.yaml"]]:
            done = subprocess.run(
                [tool("promtool"), *command], cwd=RULES.parent, check=False, capture_output=True, text=True
            )
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_alert_has_a_test_a_severity_and_a_place_in_the_guide(self) -> None:
        tests = yaml.safe_load((RULES.parent / "amber.rules.test.yaml").read_text(encoding="utf-8"))["tests"]
        cases = [case for test in tests for case in test["alert_rule_test"]]
        fired = {case["alertname"] for case in cases if case["exp_alerts"]}
        self.assertEqual(fired, {rule["alert"] for rule in alerts()})
        headings = re.findall(r"^##+ (.+)$", (DEPLOY / "README.md").read_text(encoding="utf-8"), re.M)
        places = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        for rule in alerts():
            self.assertIn(rule["labels"]["severity"], {"critical", "warning"})
            self.assertIn(rule["annotations"]["runbook"], places, rule["alert"])

    def test_alerts_and_panels_name_metrics_that_exist(self) -> None:
        self.assertGreater(len(metrics()), 30)
        for what, expression in [(rule["alert"], rule["expr"]) for rule in alerts()] + panels():
            self.assertLessEqual(named(expression), metrics(), what)

    def test_the_dashboard_shows_every_metric_that_tells_something(self) -> None:
        shown = set().union(*(named(expression) for _, expression in panels()))
        # Redis is seen by the breaker, which does not say "down" where there is none; alerts tell of stops, of secrets, of panics and of the end of a
        # certificate; whether runs are scheduled does not change while a process lives.
        told_elsewhere = {
            "amber_redis_up",
            "amber_ingestion_stops_total",
            "amber_secret_reads_total",
            "amber_background_task_panics_total",
            "amber_tls_certificate_expiry_timestamp_seconds",
            "amber_ingestion_enabled",
        }
        self.assertEqual(metrics() - shown, told_elsewhere)


class Scraped(unittest.TestCase):
    """A demo with traffic of all kinds, and the Prometheus that scrapes it."""

    @classmethod
    def setUpClass(cls) -> None:
        binary = tool("prometheus")
        port, own = free_port(), free_port()
        cls.url, cls.prometheus = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{own}"
        cls.demo = Process(cls, [program(), "demo", "--port", str(port)])
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        config = yaml.safe_load((RULES.parent / "prometheus.yaml").read_text(encoding="utf-8"))
        config["global"] = {"scrape_interval": "500ms", "evaluation_interval": "500ms"}
        config["rule_files"] = [str(RULES)]
        (job,) = config["scrape_configs"]
        job["static_configs"] = [{"targets": [f"127.0.0.1:{port}"]}]
        path = pathlib.Path(folder.name, "prometheus.yaml")
        path.write_text(json.dumps(config), encoding="utf-8")
        # It scrapes before anything has happened, so that whatever happens is a rise.
        options = [f"--config.file={path}", f"--storage.tsdb.path={folder.name}/data", f"--web.listen-address=127.0.0.1:{own}"]
        cls.server = Process(cls, [binary, *options], cwd=folder.name)
        cls.server.ready(f"{cls.prometheus}/-/ready")
        cls.demo.ready(f"{cls.url}/readyz")
        wait_until(lambda: cls.ask("up == 1"), what="the first scrape")
        for _ in range(2):
            cls.traffic()
            cls.scrape()

    @classmethod
    def scrape(cls) -> None:
        """Waits until Prometheus holds a scrape that began after this call."""
        scrapes = lambda: sum(int(series["value"][1]) for series in cls.ask("count_over_time(up[1h])"))
        # The next one may have begun before.
        enough = scrapes() + 2
        wait_until(lambda: scrapes() >= enough, what="a scrape")

    @classmethod
    def traffic(cls) -> None:
        """Something of everything that is counted."""
        said = cls.demo.said()
        key = re.search(r"Bearer ([\w-]+)'", said)[1]
        secret = re.search(r'"secret": "([^"]+)"', said)[1]
        _, answer = post_json(f"{cls.url}/api/admin/token", {"adminId": "check", "secret": secret})
        admin = answer["token"]
        token = f"{cls.url}/api/embed/token"
        frame, origin = f"{cls.url}/embed/v1/dashboards/demo", {"Origin": cls.url.replace("127.0.0.1", "localhost")}
        for body in [{"dashboardId": "demo"}, {"dashboardId": "demo", "ttl": 99999}]:
            post_json(token, body, key)
        post_json(token, {"dashboardId": "demo"}, "wrong")
        _, issued = post_json(token, {"dashboardId": "demo"}, key)
        form = urllib.parse.urlencode({"token": issued["token"]}).encode()
        for _ in range(2):
            answers(frame, origin, form, "POST")
        post_json(f"{cls.url}/api/embed/validate", {"token": issued["token"], "origin": origin["Origin"]}, admin)
        post_json(f"{cls.url}/api/embed/revoke", {"subject": "nobody"}, admin)
        grpc_web = {"Content-Type": "application/grpc-web+proto", "X-Grpc-Web": "1"}
        answers(f"{cls.url}/amber.v1.FeedService/ListPosts", grpc_web, b"\0\0\0\0\0", "POST")
        answers(f"{cls.url}/api/feed?source=x")
        post_json(f"{cls.url}/api/ingestion/trigger", {}, admin)

    @classmethod
    def ask(cls, expression: str) -> list:
        """The series that Prometheus answers."""
        query = urllib.parse.urlencode({"query": expression})
        status, body = answers(f"{cls.prometheus}/api/v1/query?{query}")
        assert status == 200, f"{expression}: {body.decode()}"
        return json.loads(body)["data"]["result"]

    def test_every_expression_of_the_dashboard_returns_numbers(self) -> None:
        for title, expression in panels():
            filled = expression.replace("$__rate_interval", "10m").replace("$job", "amber").replace("$instance", ".*")
            self.assertNotIn("$", filled)
            with self.subTest(panel=title, expression=filled):
                found = self.ask(filled)
                self.assertTrue(found, "no data")
                self.assertTrue(any(series["value"][1] != "NaN" for series in found), "nothing but NaN")

    def test_every_alert_is_evaluated_and_only_what_is_wrong_fires(self) -> None:
        wait_until(lambda: b'"lastEvaluation":"0001' not in self.rules(), what="every evaluation")
        groups = json.loads(self.rules())["data"]["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        self.assertEqual(len(rules), len(alerts()))
        self.assertEqual([rule["name"] for rule in rules if rule["health"] != "ok"], [])
        firing = {rule["name"] for rule in rules if rule["state"] == "firing"}
        self.assertEqual(firing, set())

    def rules(self) -> bytes:
        return answers(f"{self.prometheus}/api/v1/rules")[1]


if __name__ == "__main__":
    unittest.main()
