// `amber demo` as a child of this process, and what the application needs to know of it.
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

const WORKSPACE = resolve(import.meta.dirname, "../../..");
const PAUSE_MS = 250;
const PATIENCE_MS = 600_000;

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

/** Waits for the first answer of `ask` that counts as true. */
async function until(ask, isOver = () => false) {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer) return answer;
    if (isOver() || performance.now() > deadline) throw new Error("amber demo did not come so far");
    await pause();
  }
}

export class AmberDemo {
  #process;
  #secret = "";

  /**
   * Starts the program: that of `AMBER_BIN`, or what cargo builds. It ends with `end`.
   * @param {{ port: number, say: (line: string) => void }} options
   */
  static async start({ port, say }) {
    const demo = new AmberDemo();
    demo.url = `http://localhost:${port}`;
    demo.port = port;
    demo.say = say;
    await demo.run();
    return demo;
  }

  /** Starts the program on its port. Everything in it is new, its secrets too. */
  async run() {
    const own = process.env.AMBER_BIN;
    const [program, ...first] = own ? [resolve(own)] : ["cargo", "run", "--quiet", "--"];
    const child = spawn(program, [...first, "demo", "--port", String(this.port)], {
      cwd: WORKSPACE,
      // A group of its own, so that Ctrl-C reaches it by this process alone.
      detached: true,
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#process = child;
    this.#secret = "";
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.#secret ||= /"secret": "([^"]+)"/.exec(line)?.[1] ?? "";
    });
    child.once("error", (error) => this.say(`${program}: ${error.message}`));
    const isOver = () => child.exitCode !== null || child.pid === undefined;
    await until(async () => this.#secret && (await fetch(`${this.url}/readyz`)).ok, isOver);
  }

  /** The secret that buys admin tokens. */
  get secret() {
    return this.#secret;
  }

  /** Calls the JSON API, as an admin unless a token is given. */
  async call(method, path, body, token) {
    const bearer = token ?? (await this.adminToken());
    return this.#ask(method, path, body, { authorization: `Bearer ${bearer}` });
  }

  async adminToken() {
    const { token } = await this.#ask("POST", "/api/admin/token", { adminId: "demo", secret: this.#secret }, {});
    return token;
  }

  /** An API key that reads dashboards and issues tokens for the pages of `origin`. */
  async apiKey(origin) {
    const { key } = await this.call("POST", "/api/api-keys", {
      name: "web application",
      scopes: ["embed.issue", "dashboard.read"],
      origins: [origin],
    });
    return key;
  }

  /** Enters a post by hand and asks for its review; answers the name of its leader. */
  async requestReview(content, reviewNotes) {
    const [leader] = await this.call("GET", "/api/leaders");
    await this.call("POST", "/api/posts", { leaderId: leader.id, content, requiresReview: true, reviewNotes });
    return leader.name;
  }

  /** Waits until so many posts wait for a reviewer because their tone is in doubt. */
  async doubtfulPosts(count) {
    const token = await this.adminToken();
    await until(async () => {
      const items = await this.call("GET", "/api/review", undefined, token);
      return items.filter(({ reason }) => reason === "low_confidence").length === count;
    });
  }

  /** Has Amber read X until there are posts that it did not have. */
  async newPosts() {
    const token = await this.adminToken();
    await until(async () => {
      const { runId } = await this.call("POST", "/api/ingestion/trigger", {}, token);
      const run = await until(async () => {
        const run = await this.call("GET", `/api/ingestion/runs/${runId}`, undefined, token);
        return run.ended_at !== null && run;
      });
      return run.inserted > 0;
    });
  }

  async end() {
    const child = this.#process;
    if (!child?.pid || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    process.kill(-child.pid, "SIGTERM");
    await gone;
  }

  async #ask(method, path, body, headers) {
    const answer = await fetch(this.url + path, {
      method,
      headers: { "content-type": "application/json", ...headers },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text && JSON.parse(text);
  }
}
