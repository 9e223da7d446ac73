// The feed of one filter: pages that were loaded, and posts that have arrived since.
import { useWatch } from "@amber/react";
import { useCallback, useRef, useState } from "react";
import { merged, type Post, type PostFilter, type PostPage } from "@/model/post";
import { listPosts, watchPosts } from "./amber";

export type Connection = "connecting" | "live" | "broken";

export interface Feed {
  readonly posts: readonly Post[];
  /** Posts that have arrived and are not shown yet. */
  readonly arrived: readonly Post[];
  readonly connection: Connection;
  readonly loading: boolean;
  readonly failed: boolean;
  readonly atEnd: boolean;
  loadMore: () => Promise<void>;
  showArrived: () => void;
}

export function useFeed(first: PostPage, filter: PostFilter, onArrival: () => void): Feed {
  const [posts, setPosts] = useState(first.posts);
  const [arrived, setArrived] = useState<readonly Post[]>([]);
  const [next, setNext] = useState(first.next);
  const [loading, setLoading] = useState(false);
  const [failed, setFailed] = useState(false);
  const [connection, setConnection] = useState<Connection>("connecting");
  const busy = useRef(false);

  const loadMore = useCallback(async () => {
    if (busy.current || next === "") return;
    busy.current = true;
    setLoading(true);
    setFailed(false);
    try {
      const page = await listPosts(filter, next);
      setPosts((known) => merged(page.posts, known));
      setNext(page.next);
    } catch {
      setFailed(true);
    } finally {
      busy.current = false;
      setLoading(false);
    }
  }, [filter, next]);

  const watching = useWatch(
    first.watchFrom,
    (signal) =>
      watchPosts(filter, first.watchFrom, {
        signal,
        onOpen: () => setConnection("live"),
        onInterrupted: () => setConnection("broken"),
      }),
    (post) => {
      setArrived((waiting) => merged([post], waiting));
      onArrival();
    },
  );

  const showArrived = useCallback(() => {
    setArrived((waiting) => {
      if (waiting.length > 0) setPosts((known) => merged(waiting, known));
      return waiting.length > 0 ? [] : waiting;
    });
  }, []);

  const atEnd = next === "";
  return {
    posts,
    arrived,
    connection: watching.status === "failed" ? "broken" : connection,
    loading,
    failed,
    atEnd,
    loadMore,
    showArrived,
  };
}
