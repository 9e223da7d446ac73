"use client";
// A post as X wants it shown (author, mark, whole text, time, links to X), drawn by us: nothing of X runs in the page.
import { useState } from "react";
import { brief, score } from "@/i18n/format";
import { useLocale, useText } from "@/i18n/provider";
import { pieces } from "@/model/entities";
import type { Post } from "@/model/post";
import { intents, profile } from "@/model/x-links";
import { Avatar } from "../avatar";
import { Icon, XMark } from "../icon";
import { LocalTime } from "../local-time";
import { Media } from "./media";
import css from "./post.module.css";
import { XWidget } from "./x-widget";

const OUTSIDE = { target: "_blank", rel: "noopener noreferrer nofollow" } as const;

interface Embed {
  readonly post: Post;
  /** Whether X's own view is offered. */
  readonly widget: boolean;
  /** Its place in a feed, if it stands in one. */
  readonly position?: number;
  /** Names its element, if the post can be in the page more than once. */
  readonly id?: string;
}

export function PostEmbed({ post, widget, position, id = post.id }: Embed) {
  const text = useText();
  const [asX, setAsX] = useState(false);
  const { author, permalink } = post;
  const home = post.onX && author.handle ? profile(author.handle) : undefined;
  return (
    <article
      className={css.post}
      aria-labelledby={`author-${id}`}
      aria-posinset={position}
      aria-setsize={position && -1}
      tabIndex={-1}
    >
      <header className={css.head}>
        <Avatar name={author.name} picture={author.picture} />
        <div className={css.author} id={`author-${id}`}>
          <Outside href={home} className={css.name}>
            {author.name}
          </Outside>
          {author.handle && (
            <Outside href={home} className={css.handle}>
              @{author.handle}
            </Outside>
          )}
        </div>
        {post.onX && permalink && (
          <a {...OUTSIDE} className={css.mark} href={permalink} aria-label={text("post.onX")}>
            <XMark />
          </a>
        )}
      </header>
      {asX ? (
        <XWidget id={post.externalId} author={author.name} />
      ) : (
        <>
          <Body post={post} />
          <Media media={post.media} permalink={permalink} />
        </>
      )}
      <p className={css.when}>
        <Outside href={permalink || undefined}>
          <LocalTime iso={post.time} />
        </Outside>
        {post.edited && <span>{text("post.edited")}</span>}
      </p>
      <footer className={css.foot}>
        {post.onX && post.externalId && <Actions post={post} />}
        <ToneBadge post={post} />
        <VerificationBadge post={post} />
        {widget && post.onX && post.externalId && (
          <button
            type="button"
            className={css.switch}
            onClick={() => setAsX(!asX)}
            title={asX ? undefined : text("post.widgetHint")}
          >
            {text(asX ? "post.ownCard" : "post.widget")}
          </button>
        )}
      </footer>
    </article>
  );
}

function Outside({
  href,
  className,
  children,
}: {
  href: string | undefined;
  className?: string | undefined;
  children: React.ReactNode;
}) {
  if (!href) return <span className={className}>{children}</span>;
  return (
    <a {...OUTSIDE} className={className} href={href}>
      {children}
    </a>
  );
}

function Body({ post }: { post: Post }) {
  const text = useText();
  return (
    <p className={css.text} dir="auto" lang={post.language === "und" ? undefined : post.language}>
      {pieces(post.text).map((piece, index) => (
        // Pieces of one text never move.
        <Outside key={index} href={piece.href}>
          {piece.text}
        </Outside>
      ))}
      {post.truncated && <span className={css.cut}>… {text("post.truncated")}</span>}
    </p>
  );
}

const ACTIONS = [
  { name: "reply", counted: "replies" },
  { name: "repost", counted: "reposts" },
  { name: "like", counted: "likes" },
] as const;

function Actions({ post }: { post: Post }) {
  const text = useText();
  const locale = useLocale();
  const links = intents(post.externalId);
  return (
    <ul className={css.actions}>
      {ACTIONS.map(({ name, counted }) => {
        const known = post[counted];
        const counts = known === undefined ? [] : [text(`post.${counted}`, { count: known })];
        return (
          <li key={name}>
            <a {...OUTSIDE} href={links[name]} aria-label={[text(`post.${name}`), ...counts].join(". ")}>
              <Icon name={name} />
              {known !== undefined && known > 0 && <span aria-hidden="true">{brief(locale, known)}</span>}
            </a>
          </li>
        );
      })}
    </ul>
  );
}

function ToneBadge({ post: { tone, score: value } }: { post: Post }) {
  const text = useText();
  const locale = useLocale();
  return (
    <span className={`badge ${tone}`}>
      {text(`sentiment.${tone}`)}
      {value !== undefined && <span className={css.score}>{score(locale, value)}</span>}
    </span>
  );
}

/** What reviewers said, once one has said something. */
function VerificationBadge({ post: { verification } }: { post: Post }) {
  const text = useText();
  if (verification === "needs_review") return null;
  return (
    <span className={`badge ${css[verification]}`} title={text("verification.hint")}>
      <Icon name={verification} />
      {text(`verification.${verification}`)}
    </span>
  );
}
