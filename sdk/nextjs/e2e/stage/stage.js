// What the scenarios play with: Amber, the application before it, a browser.
import { existsSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { chromium } from "playwright-core";
import { AmberDemo } from "../../demo/amber.js";
import { answers, environment, next } from "../../demo/application.js";
import { freePort } from "./ports.js";
import { Relay } from "./relay.js";
import { Witness } from "./witness.js";

const WORKSPACE = resolve(import.meta.dirname, "../../../..");
const PROGRAMS = ["chromium", "chromium-browser", "google-chrome"];
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
];
const PATIENCE_MS = 30_000;

/** Where the browser lies; undefined when none is installed. */
export function browserPath() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return PROGRAMS.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

/** What the workspace has built, unless another program is asked for. */
function amberProgram() {
  const built = resolve(WORKSPACE, process.env.CARGO_TARGET_DIR ?? "target", "debug/amber");
  return process.env.AMBER_BIN ?? (existsSync(built) ? built : undefined);
}

export class Stage {
  static async start() {
    const stage = new Stage();
    const program = amberProgram();
    if (program) process.env.AMBER_BIN = program;
    stage.demo = await AmberDemo.start({ port: await freePort(), say: console.error });
    stage.relay = await Relay.start(stage.demo.port);
    const port = await freePort();
    stage.url = `http://localhost:${port}`;
    const env = { ...(await environment(stage.demo, stage.url)), AMBER_URL: stage.relay.url };
    stage.application = next(["start", "--port", String(port)], env, ["ignore", "ignore", "inherit"]);
    await answers(stage.url, stage.application);
    stage.witness = new Witness({
      "the admin secret": env.AMBER_ADMIN_SECRET,
      "the API key": env.AMBER_API_KEY,
      "the secret of sessions": env.SESSION_SECRET,
    });
    stage.browser = await chromium.launch({ executablePath: browserPath(), args: FLAGS });
    return stage;
  }

  /** A page of a new visitor. */
  async visitor(options = {}) {
    const context = await this.browser.newContext({
      viewport: { width: 1280, height: 900 },
      baseURL: this.url,
      locale: "en-GB",
      ...options,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    this.witness.watch(page);
    return page;
  }

  /** A page of an admin who has logged in. */
  administrator() {
    return this.member("Admin", "**/en/leaders");
  }

  /** A page of somebody who has logged in with a role, and so came to `home`. */
  async member(role, home, options = {}) {
    const page = await this.visitor(options);
    await page.goto("/en/login");
    await page.getByLabel("Your name").fill("asha");
    await page.getByLabel("Log in as").selectOption(role);
    await page.getByLabel("Admin secret").fill(this.demo.secret);
    await page.getByRole("main").getByRole("button", { name: "Log in" }).click();
    await page.waitForURL(home);
    return page;
  }

  async end() {
    await this.browser?.close();
    this.application?.kill("SIGTERM");
    await this.relay?.end();
    await this.demo?.end();
  }
}
