// The packages in real browsers: the frame with @amber/embed around it, and the client by gRPC-web, in every engine that is
// installed. Needs the built program (`cargo build --workspace --bins --examples`), the built packages (`npm run build`) and the
// driver (`npm ci --prefix tests/browser`, at the top).
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import { Amber } from "../../../tests/browser/stage/amber.js";
import { ENGINES, launch, missing } from "../../../tests/browser/stage/browsers.js";
import { Relay } from "../../../tests/browser/stage/relay.js";
import { Site } from "../../../tests/browser/stage/sites.js";
import { Visit } from "../../../tests/browser/stage/visit.js";
import { feed } from "./scenarios/feed.js";
import { framing } from "./scenarios/framing.js";
import { lifetime } from "./scenarios/lifetime.js";
import { opening } from "./scenarios/opening.js";
import { outages } from "./scenarios/outages.js";
import { refusals } from "./scenarios/refusals.js";
import { renewal } from "./scenarios/renewal.js";

const SCENARIO_MS = 90_000;
const SETTING_UP_MS = 240_000;
const PACKAGES = new URL("../packages/", import.meta.url);

/** What the scenarios play with; the browser changes with the engine. */
const stage = {};

/** What the pages load: the file that is shipped for pages without a bundler, and the client as a bundler makes it. */
async function modules() {
  const entry = new URL("client/dist/web.js", PACKAGES).pathname;
  const bundle = { entryPoints: [entry], bundle: true, format: "esm", target: "es2022", write: false };
  const { outputFiles } = await build(bundle);
  return {
    "/client.js": outputFiles[0].text,
    "/embed.js": await readFile(new URL("embed/dist/embed.min.js", PACKAGES)),
  };
}

const lacks = new Map(await Promise.all(ENGINES.map(async (engine) => [engine, await missing(engine)])));
const isIdle = [...lacks.values()].every(Boolean);

before(
  async () => {
    if (isIdle) return;
    stage.relay = await Relay.start();
    stage.server = stage.relay.url;
    const issue = (fields) => stage.amber.issue(fields);
    const looks = { host: new URL("host.js", import.meta.url), modules: await modules() };
    stage.partner = await Site.start(issue, looks);
    stage.other = await Site.start(issue, looks);
    stage.stranger = await Site.start(issue, looks);
    const settings = { CORS_ALLOWED_ORIGINS: stage.partner.origin };
    const origins = [stage.partner.origin, stage.other.origin];
    stage.amber = await Amber.start({ origins, publicUrl: stage.server, settings });
    stage.relay.lead(stage.amber.port);
  },
  { timeout: SETTING_UP_MS },
);

after(async () => {
  await stage.amber?.end();
  await Promise.all([stage.relay, stage.partner, stage.other, stage.stranger].map((one) => one?.end()));
});

/** A test that gets the stage and `visit`, which opens pages of partners; they are closed after it. */
function scenario(name, act) {
  test(name, { timeout: SCENARIO_MS }, async () => {
    stage.relay.forget();
    const visits = [];
    const visit = async (site, options) => {
      visits.push(await Visit.to(stage.browser, stage.server, site, options));
      return visits.at(-1);
    };
    try {
      await act({ ...stage, visit });
    } finally {
      await Promise.allSettled(visits.map((visit) => visit.leave()));
    }
  });
}

for (const [engine, lack] of lacks) {
  if (lack && process.env.AMBER_REQUIRE_TOOLS === "1") throw new Error(lack);
  if (lack) console.error(`skipped: ${lack}`);
  describe(engine.name, { skip: lack }, () => {
    before(
      async () => {
        stage.browser = await launch(engine);
      },
      { timeout: SETTING_UP_MS },
    );
    after(() => stage.browser?.close());
    for (const scenarios of [opening, renewal, refusals, framing, outages, lifetime, feed]) scenarios(scenario);
  });
}
