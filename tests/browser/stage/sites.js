// Sites of partners and strangers: small servers on ports of their own, which makes each an origin of its own.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";

const page = (body) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>Host</title>${body}</html>`;

export class Site {
  #server;
  #issue;
  #pages;
  #script;

  /** A site at http://localhost:PORT, whose own server asks `issue` for tokens. Its pages run `host`, a module when there are
   * `modules` (texts by path) that it may import. */
  static async start(issue, { host = new URL("host.js", import.meta.url), modules = {} } = {}) {
    const site = new Site();
    site.#issue = issue;
    const scripts = Object.entries({ ...modules, "/host.js": await readFile(host) });
    site.#pages = Object.fromEntries(scripts.map(([path, text]) => [path, [{ "content-type": "text/javascript" }, text]]));
    site.#script = `<script ${scripts.length > 1 ? 'type="module" ' : ""}src="/host.js"></script>`;
    site.#server = createServer((asked, answer) => site.#answer(asked, answer));
    await new Promise((resolve) => site.#server.listen(0, "127.0.0.1", resolve));
    site.origin = `http://localhost:${site.#server.address().port}`;
    site.page("/", "");
    return site;
  }

  /** Serves a host page with these headers beside its script. */
  page(path, body, headers = {}) {
    const html = page(`<body>${this.#script}${body}</body>`);
    this.#pages[path] = [{ "content-type": "text/html; charset=utf-8", ...headers }, html];
  }

  end() {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(asked, answer) {
    if (asked.url === "/token") return this.#token(asked, answer);
    const [headers, body] = this.#pages[asked.url] ?? [{}, null];
    answer.writeHead(body === null ? 404 : 200, headers).end(body);
  }

  async #token(asked, answer) {
    let body = "";
    for await (const piece of asked) body += piece;
    try {
      const issued = await this.#issue(JSON.parse(body));
      answer.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" });
      answer.end(JSON.stringify(issued));
    } catch (error) {
      answer.writeHead(502).end(String(error));
    }
  }
}
