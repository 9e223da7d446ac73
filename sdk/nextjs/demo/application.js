// The built application as a child of this process.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const FOLDER = resolve(import.meta.dirname, "..");
const NEXT = createRequire(import.meta.url).resolve("next/dist/bin/next");
const PAUSE_MS = 100;
const PATIENCE_MS = 120_000;

/** Runs `next` with some arguments. It leads no group of its own, so it ends with the terminal. */
export function next(args, env = {}, stdio = "inherit") {
  return spawn(process.execPath, [NEXT, ...args], {
    cwd: FOLDER,
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1", ...env },
    stdio,
  });
}

/** Builds the application. */
export async function build() {
  const [code] = await once(next(["build"]), "exit");
  if (code !== 0) throw new Error("the application cannot be built");
}

/** What the application has to know of a running `amber demo`. */
export async function environment(demo, url) {
  return {
    APP_URL: url,
    AMBER_URL: demo.url,
    // The demo frames from another origin than its own, as it is in life.
    AMBER_FRAME_URL: `http://127.0.0.1:${demo.port}`,
    AMBER_API_KEY: await demo.apiKey(url),
    AMBER_ADMIN_SECRET: demo.secret,
    AMBER_PARTNER_DASHBOARD: "demo",
    SESSION_SECRET: randomBytes(32).toString("base64url"),
  };
}

/** Waits until the application answers. */
export async function answers(url, child) {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline && child.exitCode === null) {
    const answer = await fetch(`${url}/icon.svg`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  throw new Error("the application did not start");
}
