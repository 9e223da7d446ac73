"use client";
// The newest posts: more of them while one scrolls down, and new ones as they are stored.
import { useRouter } from "next/navigation";
import { useCallback, useEffect, useRef } from "react";
import { type Connection, useFeed } from "@/browser/use-feed";
import { useSight } from "@/browser/use-sight";
import { useText } from "@/i18n/provider";
import type { PostFilter, PostPage } from "@/model/post";
import css from "./feed.module.css";
import { PostEmbed } from "./post-embed";

/** Counts are fetched anew no more often than this while posts arrive. */
const RECOUNT_MS = 10_000;

interface Props {
  readonly first: PostPage;
  readonly filter: PostFilter;
  readonly widget: boolean;
}

export function Feed({ first, filter, widget }: Props) {
  const text = useText();
  const recount = useRecount();
  const feed = useFeed(first, filter, recount);
  const [top, topInSight] = useSight("0px");
  const [bottom, bottomInSight] = useSight("800px");
  const { posts, arrived, loading, failed, atEnd, loadMore, showArrived } = feed;

  // While one reads the top, posts slide in; further down they wait, so that nothing moves under the eyes.
  useEffect(() => {
    if (topInSight && arrived.length > 0) showArrived();
  }, [topInSight, arrived, showArrived]);
  useEffect(() => {
    if (bottomInSight && !loading && !failed && !atEnd) void loadMore();
  }, [bottomInSight, loading, failed, atEnd, loadMore]);

  const goUp = () => {
    showArrived();
    top.current?.scrollIntoView({ block: "center" });
  };
  const filtered = filter.leader !== "" || filter.tone !== "" || filter.language !== "";
  return (
    <>
      <div ref={top} className={css.state}>
        {first.total !== undefined && <span className="fine">{text("feed.found", { n: first.total })}</span>}
        <LiveBadge connection={feed.connection} />
      </div>
      {arrived.length > 0 && (
        <button type="button" className={`button primary ${css.fresh}`} onClick={goUp}>
          {text("feed.fresh", { n: arrived.length })}
        </button>
      )}
      <p className="unseen" role="status">
        {arrived.length > 0 && text("feed.arrived", { n: arrived.length })}
      </p>
      {posts.length === 0 && atEnd ? (
        <div className={css.empty}>
          <p>{text(filtered ? "feed.emptyFilter" : "feed.empty")}</p>
          {!filtered && <p className="fine">{text("feed.emptyHint")}</p>}
        </div>
      ) : (
        <div className={css.list} role="feed" aria-busy={loading} aria-label={text("feed.title")}>
          {posts.map((post, index) => (
            <PostEmbed key={post.id} post={post} widget={widget} position={index + 1} />
          ))}
        </div>
      )}
      <div ref={bottom} className={css.end}>
        {loading && <p className="quiet">{text("feed.loading")}</p>}
        {failed && <p className="notice">{text("feed.failed")}</p>}
        {!atEnd && !loading && (
          <button type="button" className="button" onClick={() => void loadMore()}>
            {text(failed ? "error.retry" : "feed.more")}
          </button>
        )}
        {atEnd && posts.length > 0 && <p className="fine">{text("feed.end")}</p>}
      </div>
    </>
  );
}

const WORDS = { connecting: "feed.connecting", live: "feed.live", broken: "feed.broken" } as const;

function LiveBadge({ connection }: { connection: Connection }) {
  const text = useText();
  return (
    <span className={`badge ${css.connection}`} role="status" data-connection={connection}>
      {text(WORDS[connection])}
    </span>
  );
}

/** Has the server count anew soon after posts have arrived. */
function useRecount(): () => void {
  const router = useRouter();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      router.refresh();
    }, RECOUNT_MS);
  }, [router]);
}
