"use client";
// The pictures of a post. Films, and pictures that pages may not load, are links to the post.
import { useText } from "@/i18n/provider";
import type { Medium } from "@/model/post";
import { Icon } from "../icon";
import css from "./post.module.css";

export function Media({ media, permalink }: { media: readonly Medium[]; permalink: string }) {
  const text = useText();
  if (media.length === 0) return null;
  const pictures = media.filter(({ picture }) => picture);
  const others = media.filter(({ picture }) => !picture);
  return (
    <>
      {pictures.length > 0 && (
        <div className={css.pictures}>
          {pictures.map(({ kind, picture, alt }) => (
            <a key={picture} href={permalink} target="_blank" rel="noopener noreferrer nofollow">
              <img
                src={picture}
                alt={alt ?? text(`post.${kind}`)}
                loading="lazy"
                decoding="async"
                referrerPolicy="no-referrer"
              />
              {kind !== "photo" && <span className={css.kind}>{text(`post.${kind}`)}</span>}
            </a>
          ))}
        </div>
      )}
      {others.length > 0 && permalink && (
        <ul className={css.attachments}>
          {others.map(({ kind, alt }, index) => (
            <li key={index}>
              <a href={permalink} target="_blank" rel="noopener noreferrer nofollow" title={alt}>
                <Icon name={kind === "photo" ? "picture" : "film"} />
                {text("post.openMedia", { kind: text(`post.${kind}`) })}
              </a>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
