"use client";
// A stream of the server as state of a component.
import { useEffect, useRef, useState } from "react";

/** What a stream has told so far. */
export interface WatchState<Item> {
  /** What came last; undefined before the first. */
  readonly last: Item | undefined;
  /** `live` while the stream stands, `ended` when the server had no more to tell, `failed` when it broke for good. */
  readonly status: "live" | "ended" | "failed";
  /** Why it failed. */
  readonly error: unknown;
}

const LIVE = { last: undefined, status: "live", error: undefined } as const;

/**
 * Watches while the component is mounted, and anew whenever `key` changes; `null` watches nothing. `open` gets a signal that
 * is given up when the component goes; `onItem` hears each item, also those that come too quickly to be rendered.
 */
export function useWatch<Item>(
  key: string | null,
  open: (signal: AbortSignal) => AsyncIterable<Item>,
  onItem?: (item: Item) => void,
): WatchState<Item> {
  const [state, setState] = useState<WatchState<Item>>(LIVE);
  const latest = useRef({ open, onItem });
  useEffect(() => {
    latest.current = { open, onItem };
  });

  useEffect(() => {
    setState(LIVE);
    if (key === null) return undefined;
    const mounted = new AbortController();
    const { signal } = mounted;
    const follow = async () => {
      // Strict Mode mounts twice at once; only the second one is to reach the server.
      await Promise.resolve();
      if (signal.aborted) return;
      try {
        for await (const item of latest.current.open(signal)) {
          if (signal.aborted) return;
          latest.current.onItem?.(item);
          setState({ last: item, status: "live", error: undefined });
        }
        if (!signal.aborted) setState(({ last }) => ({ last, status: "ended", error: undefined }));
      } catch (error) {
        if (!signal.aborted) setState(({ last }) => ({ last, status: "failed", error }));
      }
    };
    void follow();
    return () => mounted.abort();
  }, [key]);

  return state;
}
