import { expect, test, vi } from "vitest";
import { pages } from "../src/pages.js";

/** A list of numbers in pages of two; the second page is empty, as pages of a filtered list may be. */
function listing() {
  const all: Record<string, { items: number[]; nextPageToken: string }> = {
    "": { items: [1, 2], nextPageToken: "b" },
    b: { items: [], nextPageToken: "c" },
    c: { items: [3], nextPageToken: "" },
  };
  const fetch = vi.fn(async (token: string) => all[token] ?? { items: [], nextPageToken: "" });
  return { fetch, list: (first?: string) => pages(fetch, ({ items }) => items, first) };
}

test("all items come in order, over empty pages too", async () => {
  expect(await listing().list().toArray()).toEqual([1, 2, 3]);
});

test("a page is fetched when its first item is asked for", async () => {
  const { fetch, list } = listing();
  const items = list()[Symbol.asyncIterator]();
  expect(fetch).not.toHaveBeenCalled();
  await items.next();
  await items.next();
  expect(fetch).toHaveBeenCalledTimes(1);
  await items.next();
  expect(fetch).toHaveBeenCalledTimes(3);
});

test("a limit ends the walk without another page", async () => {
  const { fetch, list } = listing();
  expect(await list().toArray(2)).toEqual([1, 2]);
  expect(fetch).toHaveBeenCalledTimes(1);
  expect(await list().toArray(0)).toEqual([]);
  expect(fetch).toHaveBeenCalledTimes(1);
});

test("a walk may begin at any page and go page by page", async () => {
  const sizes: number[] = [];
  for await (const { items } of listing().list("b").byPage()) sizes.push(items.length);
  expect(sizes).toEqual([0, 1]);
});

test("a page that fails ends the walk with its error", async () => {
  const list = pages(
    async (token: string) => {
      if (token === "b") throw new Error("away");
      return { items: [1], nextPageToken: "b" };
    },
    ({ items }) => items,
  );
  const seen: number[] = [];
  const walk = async () => {
    for await (const item of list) seen.push(item);
  };
  await expect(walk()).rejects.toThrow("away");
  expect(seen).toEqual([1]);
});
