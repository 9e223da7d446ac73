// What answers carry, and what they may not.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";

/** React, Next and the client of Amber, gzipped. */
const MOST_SCRIPT = 260_000;
const STATIC = resolve(import.meta.dirname, "../../.next/static");
/** Words of the server's own code, which no file for browsers may hold. */
const SERVER_WORDS = ["AMBER_API_KEY", "AMBER_ADMIN_SECRET", "SESSION_SECRET", "amber-nextjs"];

export function secrets(scenario) {
  scenario("each page has its own nonce and closes what it can", async (stage) => {
    const ask = (path) => fetch(stage.url + path);
    const [one, other] = await Promise.all([ask("/en"), ask("/en")]);
    const policies = [one, other].map(({ headers }) => headers.get("content-security-policy"));
    const nonces = policies.map((policy) => /script-src 'nonce-([^']+)' 'strict-dynamic';/.exec(policy)?.[1]);
    assert.ok(nonces[0] && nonces[1] && nonces[0] !== nonces[1]);
    assert.match(policies[0], /default-src 'none'.*base-uri 'none'; frame-ancestors 'none'/);
    assert.doesNotMatch(policies[0], /unsafe-inline|unsafe-eval|platform\.twitter\.com.*script/);
    const scripts = [...(await one.text()).matchAll(/<script\b[^>]*>/g)].map(([tag]) => tag);
    assert.ok(scripts.length > 0 && scripts.every((tag) => tag.includes(`nonce="${nonces[0]}"`)));
    assert.equal(one.headers.get("x-frame-options"), "DENY");
    assert.equal(one.headers.get("x-content-type-options"), "nosniff");
    assert.equal(one.headers.get("x-powered-by"), null);
    const partner = (await ask("/en/partner")).headers.get("content-security-policy");
    assert.match(partner, new RegExp(`frame-src http://127\\.0\\.0\\.1:${stage.demo.port};`));
  });

  scenario("only what pages call is passed on to Amber", async (stage) => {
    const ask = (call, type = "application/grpc-web+proto") =>
      fetch(`${stage.url}/rpc/${call}`, { method: "POST", headers: { "content-type": type }, body: new Uint8Array(5) });
    assert.equal((await ask("amber.v1.FeedService/ListPosts")).status, 200);
    assert.equal((await ask("amber.v1.AuthService/IssueAdminToken")).status, 404);
    assert.equal((await ask("amber.v1.LeaderService/DeleteLeader")).status, 404);
    assert.equal((await ask("amber.v1.FeedService/ListPosts", "application/json")).status, 415);
  });

  scenario("the first page brings a bounded amount of script", async (stage) => {
    const page = await stage.visitor();
    const sizes = [];
    page.on("response", async (response) => {
      if (response.request().resourceType() === "script")
        sizes.push(response.body().then((body) => gzipSync(body).length));
    });
    await page.goto("/en", { waitUntil: "load" });
    await page.locator("[data-connection]").waitFor();
    const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    console.log(`script of the first page: ${total} of ${MOST_SCRIPT} bytes gzipped`);
    assert.ok(total > 50_000 && total <= MOST_SCRIPT, `${total} bytes`);
  });

  scenario("no secret is in any file for browsers", async (stage) => {
    const files = (await readdir(STATIC, { recursive: true })).filter((name) => name.endsWith(".js"));
    assert.ok(files.length > 0);
    for (const name of files) {
      const text = await readFile(join(STATIC, name), "utf8");
      for (const word of SERVER_WORDS) assert.ok(!text.includes(word), `${word} is in ${name}`);
      stage.witness.inspect(name, text);
    }
  });

  scenario("no answer brought a secret, and no page broke its policy", async ({ witness }) => {
    assert.deepEqual(witness.findings, []);
    assert.ok(witness.responses > 100, `${witness.responses} answers`);
  });
}
