// Stands in front of the server: notes every request, and lives on when the server is down, as a load balancer does.
import { createServer, request } from "node:http";

export class Relay {
  /** What came by: { method, path, headers, status }, in order; the status is absent while the answer is. */
  seen = [];
  #server;
  #target;

  /** Listens on a free port of 127.0.0.1. */
  static async start() {
    const relay = new Relay();
    relay.#server = createServer((asked, answer) => relay.#pass(asked, answer));
    await new Promise((resolve) => relay.#server.listen(0, "127.0.0.1", resolve));
    relay.url = `http://127.0.0.1:${relay.#server.address().port}`;
    return relay;
  }

  /** Passes everything on to this port. */
  lead(port) {
    this.#target = port;
  }

  /** The requests for the page of this dashboard, which is how often a frame of it was loaded. */
  loads(dashboard) {
    return this.seen.filter((asked) => asked.path.split("?")[0] === `/embed/v1/dashboards/${dashboard}`);
  }

  /** Forgets what came by. */
  forget() {
    this.seen = [];
  }

  end() {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(asked, answer) {
    const noted = { method: asked.method, path: asked.url, headers: asked.headers };
    this.seen.push(noted);
    const to = { port: this.#target, host: "127.0.0.1", method: asked.method, path: asked.url };
    const passed = request({ ...to, headers: asked.rawHeaders, agent: false, setHost: false }, (come) => {
      noted.status = come.statusCode;
      answer.writeHead(come.statusCode, come.rawHeaders);
      come.pipe(answer);
    });
    // Nobody listens behind: what the browser sees is a connection that breaks.
    passed.on("error", () => answer.destroy());
    asked.pipe(passed);
  }
}
