// Stands between the application and Amber, and can be away while Amber is not.
import { connect, createServer } from "node:net";

export class Relay {
  #server;
  #lines = new Set();
  #isAway = false;

  /** Listens on a free port of this machine and passes everything on to `port`. */
  static async start(port) {
    const relay = new Relay();
    relay.#server = createServer((near) => relay.#join(near, port));
    await new Promise((resolve) => relay.#server.listen(0, "127.0.0.1", resolve));
    relay.url = `http://127.0.0.1:${relay.#server.address().port}`;
    return relay;
  }

  /** Cuts every connection, and each new one at once. */
  cut() {
    this.#isAway = true;
    for (const line of this.#lines) line.destroy();
  }

  mend() {
    this.#isAway = false;
  }

  end() {
    this.cut();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near, port) {
    if (this.#isAway) return near.destroy();
    const far = connect({ host: "127.0.0.1", port });
    for (const [line, other] of [
      [near, far],
      [far, near],
    ]) {
      this.#lines.add(line);
      line.on("error", () => other.destroy());
      line.on("close", () => {
        this.#lines.delete(line);
        other.destroy();
      });
    }
    near.pipe(far).pipe(near);
  }
}
