"""The manifests: rendered, valid for Kubernetes 1.32, and true of the program."""

import http.client
import json
import re
import subprocess
import tempfile
import unittest

from manifests import environment, pod, render, resource, template
from stage import DEPLOY, ROOT, SECRETS, Amber, answers, program, tool

OVERLAYS = ["overlays/dev", "overlays/production"]
# Production, with the secrets from a cloud.
CLOUD = "overlays/production-cloud"
# What the image sets.
OF_THE_IMAGE = {"APP_VERSION", "GIT_COMMIT", "BUILD_TIME"}


def documented() -> dict[str, str]:
    """Each variable of .env.example and what stands behind it there."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return dict(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=(.*)$", text, re.M))


def checked(variables: dict[str, str]) -> subprocess.CompletedProcess:
    """What `amber config check` says about variables; the files of secrets are those of this machine."""
    with tempfile.TemporaryDirectory() as folder:
        bearer = f"{folder}/bearer"
        with open(bearer, "w", encoding="utf-8") as file:
            file.write("made-up-bearer-0123456789")
        files = {name: bearer for name in variables if name.endswith("_FILE")}
        command = [program(), "config", "check"]
        return subprocess.run(command, env=variables | files, cwd=folder, check=False, capture_output=True, text=True)


class Manifests(unittest.TestCase):
    """What can be seen without a server."""

    def test_every_target_is_valid_for_kubernetes_1_32(self) -> None:
        for target in [*OVERLAYS, CLOUD, "migrate"]:
            with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
                file.write(render(target)[0])
                file.flush()
                command = [tool("kubernetes-validate"), "-k", "1.32", "--strict", file.name]
                done = subprocess.run(command, check=False, capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, target + done.stdout + done.stderr)

    def test_every_variable_reaches_the_pod_and_no_other_does(self) -> None:
        for target in OVERLAYS:
            reached = {re.sub("_FILE$", "", name) for name in environment(render(target)[1], template())}
            self.assertEqual(reached | OF_THE_IMAGE, set(documented()), target)
        image = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
        for name in OF_THE_IMAGE:
            self.assertIn(f'{name}="${{{name}}}"', image)

    def test_the_base_has_the_defaults_of_the_program(self) -> None:
        data = resource("base", "ConfigMap", "amber-config")["data"]
        own = {"CHECKPOINT_DIR": "", "SHUTDOWN_GRACE_SECONDS": "10"}
        self.assertEqual(data, {name: documented()[name] for name in data} | own)
        self.assertEqual((data["EMBED_ENABLED"], data["X_INGEST_ENABLED"]), ("false", "false"))

    def test_the_program_accepts_the_configuration_in_every_phase(self) -> None:
        phases = [{}, {"EMBED_ENABLED": "true"}, {"EMBED_ENABLED": "true", "X_INGEST_ENABLED": "true"}]
        for target in OVERLAYS:
            for phase in phases:
                if phase and target == "overlays/dev":
                    phase = phase | {"EMBED_ALLOWED_ORIGINS": "https://partner.example"}
                secrets = SECRETS | {"DATABASE_URL": "postgres://amber@db/amber", "X_API_BEARER": "made-up"}
                done = checked(environment(render(target)[1], secrets) | phase)
                self.assertEqual((done.returncode, done.stderr), (0, ""), f"{target} {phase}")

    def test_the_program_refuses_the_placeholders(self) -> None:
        done = checked(environment(render("overlays/production")[1], template()) | {"EMBED_ENABLED": "true"})
        self.assertEqual(done.returncode, 64, done.stdout)
        for name, value in template().items():
            if value.startswith("CHANGE_ME_"):
                self.assertIn(name, done.stderr)

    def test_no_secret_is_part_of_a_target(self) -> None:
        for target in [*OVERLAYS, "migrate"]:
            self.assertNotIn("Secret", [item["kind"] for item in render(target)[1]])
        secrets = {re.sub("_FILE$", "", item["name"]) for item in pod("base")["containers"][0]["env"]}
        self.assertEqual(secrets, set(template()))

    def test_with_secrets_from_a_cloud_nothing_of_a_secret_reaches_the_pod(self) -> None:
        rendered, items = render(CLOUD)
        self.assertNotIn("amber-secrets", rendered)
        plain = environment(render("overlays/production")[1], template())
        secrets = {re.sub("_FILE$", "", name) for name in plain if re.sub("_FILE$", "", name) in template()}
        reached = environment(items, template())
        self.assertFalse(secrets & {re.sub("_FILE$", "", name) for name in reached})
        # Where the store is asked for: the port of nobody. The answer is about the store, not about a mistake.
        nowhere = {"SECRETS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "made-up", "AWS_SECRET_ACCESS_KEY": "made-up"}
        done = checked(reached | nowhere | {"SECRETS_TIMEOUT_SECONDS": "1"})
        self.assertRegex(done.stderr, "aws-ssm (did not show the secrets|could not be read)|built without aws-ssm")

    def test_names_and_numbers_are_those_that_operators_know(self) -> None:
        (container,) = pod("base")["containers"]
        self.assertEqual(container["name"], "backend")
        self.assertEqual(
            container["resources"], {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}}
        )
        live, ready = container["livenessProbe"], container["readinessProbe"]
        timing = lambda probe: (probe["httpGet"]["path"], probe["initialDelaySeconds"], probe["periodSeconds"])
        self.assertEqual([timing(live), timing(ready)], [("/livez", 30, 10), ("/readyz", 10, 5)])
        self.assertEqual(resource("base", "Deployment", "amber-backend")["spec"]["replicas"], 2)
        self.assertEqual(resource("overlays/production", "HorizontalPodAutoscaler", "amber-backend")["spec"]["minReplicas"], 2)
        service = resource("base", "Service", "amber-backend")["spec"]
        self.assertEqual((service["type"], service["ports"][0]["port"]), ("ClusterIP", 5000))
        claim = resource("overlays/dev", "PersistentVolumeClaim", "amber-data")["spec"]
        self.assertEqual(claim["resources"]["requests"]["storage"], "1Gi")
        for target in OVERLAYS:
            for item in render(target)[1]:
                self.assertEqual(item["metadata"].get("namespace", item["metadata"]["name"]), "amber")

    def test_pods_may_do_nothing_and_write_nowhere(self) -> None:
        job = resource("migrate", "Job", "amber-migrate")["spec"]["template"]["spec"]
        for spec in [pod("overlays/dev"), pod("overlays/production"), job]:
            self.assertEqual((spec["securityContext"]["runAsUser"], spec["securityContext"]["runAsNonRoot"]), (1000, True))
            self.assertFalse(spec["automountServiceAccountToken"])
            for container in spec["containers"]:
                rights = container["securityContext"]
                self.assertTrue(rights["readOnlyRootFilesystem"])
                self.assertFalse(rights["allowPrivilegeEscalation"])
                self.assertEqual(rights["capabilities"], {"drop": ["ALL"]})

    def test_a_pod_is_given_the_time_that_it_takes_to_end(self) -> None:
        variables = environment(render("base")[1], template())
        takes = sum(int(variables[f"SHUTDOWN_{name}_SECONDS"]) for name in ["GRACE", "DEADLINE"])
        self.assertGreater(pod("base")["terminationGracePeriodSeconds"], takes + 5)

    def test_every_target_runs_the_same_image(self) -> None:
        images = {pod(target)["containers"][0]["image"] for target in OVERLAYS}
        job = resource("migrate", "Job", "amber-migrate")["spec"]["template"]["spec"]
        self.assertEqual(images, {job["containers"][0]["image"]})
        self.assertRegex(images.pop(), r"^registry\.example/amber:\d")

    def test_the_ingress_leads_to_every_service_and_to_no_probe(self) -> None:
        proto = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "proto/amber/v1").glob("*.proto"))
        services = {f"/amber.v1.{name}" for name in re.findall(r"^service (\w+)", proto, re.M)}
        (rule,) = resource("overlays/production", "Ingress", "amber-http")["spec"]["rules"]
        self.assertEqual({item["path"] for item in rule["http"]["paths"]}, services | {"/api", "/embed"})

    def test_one_process_at_a_time_opens_a_database_in_a_file(self) -> None:
        spec = resource("overlays/dev", "Deployment", "amber-backend")["spec"]
        self.assertEqual((spec["replicas"], spec["strategy"]), (1, {"type": "Recreate"}))
        variables = environment(render("overlays/dev")[1], template())
        mounts = {mount["mountPath"] for mount in pod("overlays/dev")["containers"][0]["volumeMounts"]}
        self.assertEqual(variables["DATABASE_URL"], "sqlite:///data/amber.db?mode=rwc")
        self.assertEqual(variables["CHECKPOINT_STORE"], "file")
        self.assertTrue("/data" in mounts and variables["CHECKPOINT_DIR"].startswith("/data/"))


class Running(unittest.TestCase):
    """What the manifests say, asked of the program with the variables of the production overlay."""

    @classmethod
    def setUpClass(cls) -> None:
        variables = environment(render("overlays/production")[1], SECRETS | {"DATABASE_URL": ""})
        for of_the_test in ["LISTEN_ADDR", "DATABASE_URL"]:
            del variables[of_the_test]
        # As in a pod whose Secret has no token of X yet.
        assert variables["X_API_BEARER_FILE"].startswith("/run/secrets/amber/"), variables
        cls.sites = variables["CORS_ALLOWED_ORIGINS"]
        cls.amber = Amber(cls, **variables)

    def test_the_probes_are_answered(self) -> None:
        (container,) = pod("base")["containers"]
        for probe in ["livenessProbe", "readinessProbe"]:
            self.assertEqual(answers(self.amber.url + container[probe]["httpGet"]["path"])[0], 200)
        self.assertEqual(container["startupProbe"]["grpc"], {"port": 5000})
        command = [tool("grpcurl"), "-plaintext", f"127.0.0.1:{self.amber.port}", "grpc.health.v1.Health/Check"]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        self.assertEqual(json.loads(done.stdout or "{}"), {"status": "SERVING"}, done.stderr)

    def test_the_ingress_answers_preflights_as_the_program_does(self) -> None:
        notes = resource("overlays/production", "Ingress", "amber-http")["metadata"]["annotations"]
        note = lambda name: {item.strip().lower() for item in notes[f"nginx.ingress.kubernetes.io/{name}"].split(",")}
        self.assertTrue(self.sites)
        self.assertEqual(note("cors-allow-origin"), set(self.sites.split(",")))
        site = self.sites.split(",", maxsplit=1)[0]
        connection = http.client.HTTPConnection("127.0.0.1", self.amber.port, timeout=30)
        self.addCleanup(connection.close)

        def told(method: str, name: str) -> set[str]:
            asked = {"Origin": site, "Access-Control-Request-Method": "PUT"}
            connection.request(method, "/api/health", headers=asked)
            answer = connection.getresponse()
            answer.read()
            return {item.strip().lower() for item in answer.getheader(name).split(",")}

        self.assertEqual(note("cors-allow-methods"), told("OPTIONS", "access-control-allow-methods"))
        self.assertEqual(note("cors-allow-headers"), told("OPTIONS", "access-control-allow-headers"))
        self.assertEqual(note("cors-expose-headers"), told("GET", "access-control-expose-headers"))
        self.assertEqual(note("cors-max-age"), told("OPTIONS", "access-control-max-age"))

    def test_the_job_brings_the_tables_up_to_date(self) -> None:
        (container,) = resource("migrate", "Job", "amber-migrate")["spec"]["template"]["spec"]["containers"]
        with tempfile.TemporaryDirectory() as folder:
            given = {"DATABASE_URL": f"sqlite://{folder}/amber.db?mode=rwc"}
            variables = {item["name"]: item.get("value") or given[item["name"]] for item in container["env"]}
            for arguments in [container["args"], ["migrate", "status"]]:
                done = subprocess.run(
                    [program(), *arguments], env=variables, cwd=folder, check=False, capture_output=True, text=True
                )
                self.assertEqual(done.returncode, 0, done.stderr)
            self.assertNotIn("pending", done.stdout)


if __name__ == "__main__":
    unittest.main()
