// The browsers that are installed here, driven by one program: Chromium by its own protocol, Firefox by WebDriver BiDi.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const QUIET = {
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
};

export const ENGINES = [
  { name: "Chromium", programs: ["chromium", "chromium-browser", "google-chrome"], options: { browser: "chrome", args: FLAGS } },
  { name: "Firefox", programs: ["firefox-esr", "firefox"], options: { browser: "firefox", extraPrefsFirefox: QUIET } },
];

/** Where the first of these programs lies. */
function find(programs) {
  const paths = programs.flatMap((name) => process.env.PATH.split(delimiter).map((folder) => join(folder, name)));
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** What is missing to drive this engine, in words; undefined when nothing is. */
export async function missing({ name, programs }) {
  if (!find(programs)) return `${name} is not installed: install the package ${programs[0]}`;
  const driver = await import("puppeteer-core").catch(() => null);
  return driver ? undefined : "the driver is not installed: npm ci --prefix tests/browser";
}

/** A browser without a window. */
export async function launch({ programs, options }) {
  const { default: puppeteer } = await import("puppeteer-core");
  return puppeteer.launch({ ...options, executablePath: find(programs), headless: true, timeout: 90_000 });
}
