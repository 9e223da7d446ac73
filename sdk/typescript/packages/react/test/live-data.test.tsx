// @vitest-environment happy-dom
import { expect, test, vi } from "vitest";
import { usePages, useWatch } from "../src/index.js";
import { render, settle } from "./render.js";

interface Page {
  readonly items: readonly number[];
  readonly nextPageToken: string;
}

/** Renders a list whose pages `fetch` gives; a click asks for more. */
function List({ name, fetch }: { name: string; fetch: (token: string, signal: AbortSignal) => Promise<Page> }) {
  const { pages, status, more } = usePages(name, fetch);
  return (
    <button type="button" onClick={more}>
      {`${pages.flatMap(({ items }) => items).join(" ")} ${status}`}
    </button>
  );
}

function Watch({ name, open }: { name: string | null; open: (signal: AbortSignal) => AsyncIterable<number> }) {
  const { last, status, error } = useWatch(name, open);
  return `${last ?? "-"} ${status} ${error instanceof Error ? error.message : ""}`;
}

test("pages come one by one, each once, also in Strict Mode", async () => {
  const fetch = vi.fn(async (token: string) => ({ items: [Number(token || 1)], nextPageToken: token ? "" : "2" }));
  const { place, leave } = await render(<List name="a" fetch={fetch} />);
  await settle(() => place.textContent === "1 ready");
  const button = place.querySelector("button");
  button?.click();
  button?.click();
  await settle(() => place.textContent === "1 2 complete");
  button?.click();
  await settle();
  expect(fetch.mock.calls.map(([token]) => token)).toEqual(["", "2"]);
  await leave();
});

test("a page that failed is fetched again, and another list begins anew", async () => {
  const fetch = vi.fn(async (): Promise<Page> => ({ items: [1], nextPageToken: "" }));
  fetch.mockRejectedValueOnce(new Error("away"));
  const { place, show, leave } = await render(<List name="a" fetch={fetch} />);
  await settle(() => place.textContent === " failed");
  place.querySelector("button")?.click();
  await settle(() => place.textContent === "1 complete");
  let given: AbortSignal | undefined;
  const pending = (_: string, signal: AbortSignal) => {
    given = signal;
    return new Promise<Page>(() => undefined);
  };
  await show(<List name="b" fetch={pending} />);
  await settle(() => place.textContent === " loading");
  await leave();
  expect(given?.aborted).toBe(true);
});

test("a stream is followed by one connection, which goes with the component", async () => {
  let isOpen = 0;
  const open = vi.fn(async function* (signal: AbortSignal) {
    isOpen += 1;
    yield 1;
    yield 2;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    isOpen -= 1;
  });
  const { place, leave } = await render(<Watch name="a" open={open} />);
  await settle(() => place.textContent?.startsWith("2 live") === true);
  expect([open.mock.calls.length, isOpen]).toEqual([1, 1]);
  await leave();
  await settle(() => isOpen === 0);
});

test("a stream may end, fail, or not be wanted", async () => {
  const ending = async function* () {
    yield 3;
  };
  const failing = async function* (): AsyncGenerator<number> {
    yield 4;
    throw new Error("away");
  };
  const { place, show, leave } = await render(<Watch name={null} open={failing} />);
  await settle();
  expect(place.textContent).toBe("- live ");
  await show(<Watch name="ending" open={ending} />);
  await settle(() => place.textContent === "3 ended ");
  await show(<Watch name="failing" open={failing} />);
  await settle(() => place.textContent === "4 failed away");
  await leave();
});
