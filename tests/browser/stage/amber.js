// The real program: `amber serve` on SQLite in a temporary folder, to be killed and started again.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { until } from "./until.js";

const TARGET = resolve(import.meta.dirname, "../../..", process.env.CARGO_TARGET_DIR ?? "target", "debug");
const WATCHDOG = resolve(import.meta.dirname, "../../harness/watchdog.sh");
/** On a busy machine the first run takes its time. */
const FILLING_MS = 90_000;
const LISTENS = /Amber listens on ([\d.:]+)\./;
const secret = () => randomBytes(32).toString("base64url");

/** A program of this workspace. */
function built(name) {
  const path = join(TARGET, name);
  if (!existsSync(path)) throw new Error(`${path} is missing: cargo build --workspace --bins --examples`);
  return path;
}

/** Waits for the first line of `stream` in which `read` finds something; the rest is read and dropped. */
function firstLine(stream, read, process) {
  return new Promise((resolve, reject) => {
    const said = [];
    createInterface({ input: stream }).on("line", (line) => {
      const found = read(line);
      if (found) resolve(found);
      else if (said.length < 50) said.push(line);
    });
    process.once("exit", (code) => reject(new Error(`it ended with ${code}:\n${said.join("\n")}`)));
  });
}

export class Amber {
  /** Where it listens. */
  url = "";
  /** What an administrator proves himself with. */
  bootstrap = secret();
  #env;
  #folder;
  #process;
  #key = secret();

  /** Starts a server whose frames the pages of `origins` may show, and fills it with invented posts. `settings` are more of
   * its environment. */
  static async start({ origins, publicUrl, settings = {} }) {
    const amber = new Amber();
    amber.#folder = await mkdtemp(join(tmpdir(), "amber-browser-"));
    const x = spawn(built("examples/disposable_x"), { stdio: ["pipe", "pipe", "ignore"] });
    try {
      const people = JSON.parse(await firstLine(x.stdout, (line) => line, x));
      amber.#env = {
        PATH: process.env.PATH,
        RUST_LOG: "warn,amber_server::app=info",
        LISTEN_ADDR: "127.0.0.1:0",
        PUBLIC_URL: publicUrl,
        DATABASE_URL: `sqlite://${join(amber.#folder, "amber.db")}?mode=rwc`,
        ADMIN_JWT_SECRET: secret(),
        ADMIN_API_KEY: amber.#key,
        ADMIN_BOOTSTRAP_SECRET: amber.bootstrap,
        EMBED_ENABLED: "true",
        EMBED_SIGNING_KEY: secret(),
        EMBED_ALLOWED_ORIGINS: origins.join(","),
        EMBED_RATE_LIMIT_REQUESTS: "100000",
        RATE_LIMITING_ENABLED: "false",
        X_API_BASE_URL: people.url,
        X_API_BEARER: people.bearer,
        X_BACKFILL_COUNT: "100",
        ...settings,
      };
      await amber.run();
      await amber.#fill(people.handles);
    } finally {
      x.stdin.end();
    }
    return amber;
  }

  /** Starts the program, on the port that it had before. It ends with this process, however that ends. */
  async run() {
    const home = await mkdtemp(join(this.#folder, "home-"));
    const guarded = [WATCHDOG, home, "KILL", built("amber"), "serve"];
    this.#process = spawn("sh", guarded, { cwd: home, env: this.#env, stdio: ["pipe", "pipe", "ignore"] });
    const address = await firstLine(this.#process.stdout, (line) => LISTENS.exec(line)?.[1], this.#process);
    this.#env.LISTEN_ADDR = address;
    this.url = `http://${address}`;
    this.port = Number(address.split(":")[1]);
  }

  /** Ends the program without a word. */
  async kill() {
    const gone = once(this.#process, "exit");
    this.#process.stdin.end();
    await gone;
  }

  async end() {
    if (this.#process.exitCode === null) await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** The key of a service that may issue tokens. */
  get key() {
    return this.#key;
  }

  /** A token, as the server of a partner asks for it. */
  issue(fields) {
    return this.#post("/api/embed/token", fields, this.#key);
  }

  /** Revokes what a selector such as `{ tokenId }` names. */
  async revoke(selector) {
    return this.#post("/api/embed/revoke", selector, await this.#admin());
  }

  async #admin() {
    const { token } = await this.#post("/api/admin/token", { adminId: "browser", secret: this.bootstrap });
    return token;
  }

  async #fill(handles) {
    const admin = await this.#admin();
    for (const x of handles) await this.#post("/api/leaders", { name: `Leader ${x}`, handles: { x } }, admin);
    const { runId } = await this.#post("/api/ingestion/trigger", { backfill: true }, admin);
    const isRead = async () => {
      const headers = { authorization: `Bearer ${admin}` };
      const { ended_at, inserted } = await this.#ask(`/api/ingestion/runs/${runId}`, { headers });
      return ended_at !== null && inserted > 0;
    };
    await until("the posts are read", isRead, FILLING_MS);
  }

  #post(path, body, credential) {
    const headers = { "content-type": "application/json" };
    if (credential) headers.authorization = `Bearer ${credential}`;
    return this.#ask(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  async #ask(path, request) {
    const response = await fetch(this.url + path, request);
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  }
}
