// A list as one sequence over all its pages.

/** All items of a list. A page is fetched when its first item is asked for. */
export interface Pages<Page, Item> extends AsyncIterable<Item> {
  /** The pages as the server gives them. */
  byPage(): AsyncIterable<Page>;
  /** Every item, at most `limit`. */
  toArray(limit?: number): Promise<Item[]>;
}

/** A page names the next one, or nothing when it is the last. */
interface Listed {
  readonly nextPageToken: string;
}

/** The pages from `first` on. */
export function pages<Page extends Listed, Item>(
  fetch: (pageToken: string) => Promise<Page>,
  items: (page: Page) => readonly Item[],
  first = "",
): Pages<Page, Item> {
  async function* byPage() {
    let token = first;
    do {
      const page = await fetch(token);
      yield page;
      token = page.nextPageToken;
    } while (token !== "");
  }

  async function* byItem() {
    for await (const page of byPage()) yield* items(page);
  }

  return {
    byPage,
    [Symbol.asyncIterator]: byItem,
    async toArray(limit = Number.POSITIVE_INFINITY) {
      const found: Item[] = [];
      if (limit <= 0) return found;
      for await (const item of byItem()) {
        found.push(item);
        if (found.length >= limit) break;
      }
      return found;
    },
  };
}
