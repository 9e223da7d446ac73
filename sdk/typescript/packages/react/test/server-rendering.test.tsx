import { renderToString } from "react-dom/server";
import { expect, test, vi } from "vitest";
import { AmberDashboard, usePages, useWatch } from "../src/index.js";

function Feed({ ask }: { ask: () => never }) {
  const { status } = usePages("all", ask);
  const watched = useWatch("all", ask);
  return `${status}, ${watched.status}`;
}

test("the server renders the place with its fallback, and asks for nothing", () => {
  expect(globalThis).not.toHaveProperty("document");
  const getToken = vi.fn();
  const html = renderToString(<AmberDashboard title="Leaders" getToken={getToken} fallback={<p>loading</p>} />);
  expect(html).toContain("<p>loading</p>");
  expect(html).not.toContain("iframe");
  expect(getToken).not.toHaveBeenCalled();
});

test("lists and streams wait for the browser", () => {
  const ask = vi.fn<() => never>();
  expect(renderToString(<Feed ask={ask} />)).toBe("loading, live");
  expect(ask).not.toHaveBeenCalled();
});
