// The packages in real browsers: the frame with @amber/embed around it, and the client by gRPC-web, in every engine that is
// installed. Needs the built program (`cargo build --workspace --bins --examples`), the built packages (`npm run build`) and the
// driver (`npm ci --prefix tests/browser`, at the top).
import { readFile } from "node:fs/promises";
import { build } from "esbuild";
import { play } from "../../../tests/browser/stage/play.js";
import { feed } from "./scenarios/feed.js";
import { framing } from "./scenarios/framing.js";
import { lifetime } from "./scenarios/lifetime.js";
import { opening } from "./scenarios/opening.js";
import { outages } from "./scenarios/outages.js";
import { refusals } from "./scenarios/refusals.js";
import { renewal } from "./scenarios/renewal.js";

const PACKAGES = new URL("../packages/", import.meta.url);

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

await play([opening, renewal, refusals, framing, outages, lifetime, feed], {
  looks: async () => ({ host: new URL("host.js", import.meta.url), modules: await modules() }),
  settings: (partner) => ({ CORS_ALLOWED_ORIGINS: partner }),
  scenarioMs: 90_000,
  settingUpMs: 240_000,
});
