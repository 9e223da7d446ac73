"""The image: built around the program, and run as the cluster runs it."""

import os
import subprocess
import unittest

from stage import DEPLOY, program, tool

TAG = "localhost/amber:check"


class Image(unittest.TestCase):
    """What deploy/scripts/image.sh promises. The script itself asks the probes, and fails at the first that is wrong."""

    def test_it_runs_as_user_1000_on_a_root_that_cannot_be_written_to_and_answers_its_probes(self) -> None:
        if os.geteuid() != 0:
            self.skipTest("only root can build it so")
        for needed in ["buildah", "curl", "debootstrap", "jq", "nsenter", "unshare"]:
            tool(needed)
        if subprocess.run([tool("unshare"), "--mount", "--pid", "--fork", "true"], check=False, capture_output=True).returncode:
            self.skipTest("nothing can be mounted here, as inside most containers; the workflow has a job for the image")
        storage = {"STORAGE_DRIVER": "vfs"} | os.environ
        command = [str(DEPLOY / "scripts/image.sh"), program(), TAG]
        buildah = lambda *words: subprocess.run(
            [tool("buildah"), *words], check=False, capture_output=True, text=True, env=storage
        ).stdout.split()
        before = set(buildah("containers", "--all", "--quiet"))

        def tidy() -> None:
            """The stage that only holds the program leaves a container and an image without a name."""
            buildah("rmi", TAG)
            for container in set(buildah("containers", "--all", "--quiet")) - before:
                buildah("rm", container)
            buildah("rmi", "--prune")

        self.addCleanup(tidy)
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr[-4000:])
        self.assertIn("runs as 1000:1000 on a read-only root, answers its probes, and ends softly", done.stdout)


if __name__ == "__main__":
    unittest.main()
