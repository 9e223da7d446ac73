// Sites of partners and strangers: small servers on ports of their own, which makes each an origin of its own.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";

const page = (body) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>Host</title>${body}</html>`;

export class Site {
  #server;
  #issue;
  #pages;

  /** A site at http://localhost:PORT, whose own server asks `issue` for tokens. */
  static async start(issue) {
    const script = await readFile(new URL("host.js", import.meta.url));
    const site = new Site();
    site.#issue = issue;
    site.#pages = { "/host.js": [{ "content-type": "text/javascript" }, script] };
    site.#server = createServer((asked, answer) => site.#answer(asked, answer));
    await new Promise((resolve) => site.#server.listen(0, "127.0.0.1", resolve));
    site.origin = `http://localhost:${site.#server.address().port}`;
    site.page("/", "");
    return site;
  }

  /** Serves a host page with these headers beside its script. */
  page(path, body, headers = {}) {
    const html = page(`<body><script src="/host.js"></script>${body}</body>`);
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
