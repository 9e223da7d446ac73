// Plays scenarios in every engine that is installed, on one stage for all of them.
import { after, before, describe, test } from "node:test";
import { Amber } from "./amber.js";
import { ENGINES, launch, missing } from "./browsers.js";
import { Relay } from "./relay.js";
import { Site } from "./sites.js";
import { Visit } from "./visit.js";

/** What the scenarios play with; the browser changes with the engine. */
const stage = {};

/** Plays what each of `groups` gives to its `scenario`. `looks` gives the sites their own host script and modules, `settings` tells
 * what more the server is told when the origin of the partner is known. */
export async function play(groups, options = {}) {
  const { looks = async () => ({}), settings = () => ({}), scenarioMs = 60_000, settingUpMs = 180_000 } = options;
  const limit = { timeout: settingUpMs };
  const lacks = await Promise.all(ENGINES.map(missing));
  before(
    async () => {
      if (lacks.every(Boolean)) return;
      stage.relay = await Relay.start();
      stage.server = stage.relay.url;
      const issue = (fields) => stage.amber.issue(fields);
      const look = await looks();
      for (const name of ["partner", "other", "stranger"]) stage[name] = await Site.start(issue, look);
      const origins = [stage.partner.origin, stage.other.origin];
      stage.amber = await Amber.start({ origins, publicUrl: stage.server, settings: settings(stage.partner.origin) });
      stage.relay.lead(stage.amber.port);
    },
    limit,
  );
  after(async () => {
    await stage.amber?.end();
    await Promise.all([stage.relay, stage.partner, stage.other, stage.stranger].map((one) => one?.end()));
  });
  ENGINES.forEach((engine, at) => {
    const lack = lacks[at];
    if (lack && process.env.AMBER_REQUIRE_TOOLS === "1") throw new Error(lack);
    if (lack) console.error(`skipped: ${lack}`);
    describe(engine.name, { skip: lack }, () => {
      before(async () => (stage.browser = await launch(engine)), limit);
      after(() => stage.browser?.close());
      for (const scenarios of groups) scenarios((name, act) => scenario(name, scenarioMs, act));
    });
  });
}

/** A test that gets the stage and `visit`, which opens pages of partners; they are closed after it. */
function scenario(name, timeout, act) {
  test(name, { timeout }, async () => {
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
