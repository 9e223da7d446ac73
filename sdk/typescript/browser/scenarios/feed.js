// The client in a page of another origin, by gRPC-web and CORS.
import assert from "node:assert/strict";

export function feed(scenario) {
  scenario("a page reads the feed, and reads why a call is refused", async ({ visit, partner, server }) => {
    const page = await visit(partner);
    const read = await page.page.evaluate(async (baseUrl) => {
      const amber = window.connectAmber({ baseUrl });
      const posts = await amber.listPosts({ pageSize: 5 }).toArray(12);
      const refused = await amber.ingestion.triggerIngestion({}).catch((error) => error);
      return { ids: posts.map(({ id }) => id), code: refused.code, details: refused.details.length };
    }, server);
    assert.equal(new Set(read.ids).size, 12);
    assert.equal(read.code, 16, "UNAUTHENTICATED");
    assert.ok(read.details > 0, "the reason comes through");
  });

  scenario("a page of an origin that is not listed reads nothing", async ({ visit, other, server }) => {
    const page = await visit(other);
    const code = await page.page.evaluate(async (baseUrl) => {
      const amber = window.connectAmber({ baseUrl, retry: { attempts: 1 } });
      return amber.feed.listPosts({}).then(
        () => "read",
        (error) => error.code,
      );
    }, server);
    assert.notEqual(code, "read");
  });
}
