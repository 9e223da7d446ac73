// Notes what reaches the browser during all scenarios: no secret may, and no page may break its own policy.

const JWT = /eyJ[\w-]+\.(eyJ[\w-]+)\.[\w-]+/g;

export class Witness {
  /** What was wrong, in words. */
  findings = [];
  responses = 0;
  #secrets;

  /** @param {Record<string, string>} secrets by what they are called */
  constructor(secrets) {
    this.#secrets = secrets;
  }

  /** Listens to a page. */
  watch(page) {
    page.on("response", (response) => this.#read(response));
    page.on("pageerror", (error) => this.findings.push(`an exception: ${error.message}`));
    page.on("console", (message) => {
      if (/Content.Security.Policy|hydrat/i.test(message.text())) this.findings.push(message.text().slice(0, 300));
    });
  }

  /** Looks for secrets in what came from `from`. */
  inspect(from, text) {
    for (const [name, secret] of Object.entries(this.#secrets)) {
      if (text.includes(secret)) this.findings.push(`${name} is in ${from}`);
    }
    for (const [token, claims] of text.matchAll(JWT)) {
      const { role = "none" } = JSON.parse(Buffer.from(claims, "base64url").toString("utf8"));
      if (role !== "none" && role !== "viewer")
        this.findings.push(`a token of the role ${role} is in ${from}: ${token.length} letters`);
    }
  }

  async #read(response) {
    this.responses += 1;
    const headers = await response.allHeaders().catch(() => ({}));
    this.inspect(`the headers of ${response.url()}`, JSON.stringify(headers));
    // Streams have no end, and redirects no body.
    if (/grpc-web/.test(headers["content-type"] ?? "")) return;
    const body = await response.text().catch(() => "");
    this.inspect(response.url(), body);
  }
}
