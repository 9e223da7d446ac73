"use client";
// A list of the server, page by page, as state of a component.
import { useCallback, useEffect, useRef, useState } from "react";

/** What was fetched of a list so far. */
export interface PagesState<Page> {
  /** The pages, in order. */
  readonly pages: readonly Page[];
  /** `loading` while a page is fetched, `ready` when there is more to fetch, `complete` after the last page. */
  readonly status: "loading" | "ready" | "complete" | "failed";
  /** Why the last page could not be fetched; `more` tries again. */
  readonly error: unknown;
  /** Fetches the next page. Does nothing while one is fetched and after the last. */
  more(): void;
}

/** What a list of `@amber/client` is, as far as it matters here. */
type Listed<Page> = (pageToken: string, signal: AbortSignal) => Promise<Page>;

/**
 * Fetches the first page when the component is mounted, and anew whenever `key` changes; more when `more` is called. `fetch`
 * answers the page of a token, the first one for an empty token.
 */
export function usePages<Page extends { readonly nextPageToken: string }>(
  key: string,
  fetch: Listed<Page>,
): PagesState<Page> {
  const [state, setState] = useState<Omit<PagesState<Page>, "more">>({
    pages: [],
    status: "loading",
    error: undefined,
  });
  const latest = useRef(fetch);
  const advance = useRef<() => void>(() => undefined);
  useEffect(() => {
    latest.current = fetch;
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: another key is another list
  useEffect(() => {
    const mounted = new AbortController();
    const { signal } = mounted;
    let next: string | null = "";
    let isBusy = false;
    setState({ pages: [], status: "loading", error: undefined });

    const load = async () => {
      // Strict Mode mounts twice at once; only the second one is to reach the server.
      await Promise.resolve();
      if (isBusy || next === null || signal.aborted) return;
      isBusy = true;
      setState(({ pages }) => ({ pages, status: "loading", error: undefined }));
      try {
        const page: Page = await latest.current(next, signal);
        if (signal.aborted) return;
        next = page.nextPageToken || null;
        const status = next === null ? "complete" : "ready";
        setState(({ pages }) => ({ pages: [...pages, page], status, error: undefined }));
      } catch (error) {
        if (!signal.aborted) setState(({ pages }) => ({ pages, status: "failed", error }));
      } finally {
        isBusy = false;
      }
    };

    advance.current = () => void load();
    advance.current();
    return () => mounted.abort();
  }, [key]);

  const more = useCallback(() => advance.current(), []);
  return { ...state, more };
}
