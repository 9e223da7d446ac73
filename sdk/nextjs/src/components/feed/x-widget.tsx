"use client";
// X's own view of a post, in a frame of X. It is asked for by a click, because X sees who loads it.
import { useEffect, useRef } from "react";
import { useLocale, useText } from "@/i18n/provider";
import { widget } from "@/model/x-links";
import css from "./post.module.css";

const TALLEST_PX = 4000;

/** The height that the frame of X asks for, in CSS pixels. */
function wantedHeight(data: unknown): number | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { method, params } = (data as { "twttr.embed"?: { method?: unknown; params?: unknown } })["twttr.embed"] ?? {};
  if (method !== "twttr.private.resize" || !Array.isArray(params)) return undefined;
  const height = Number((params[0] as { height?: unknown } | undefined)?.height);
  return height > 0 && height <= TALLEST_PX ? height : undefined;
}

export function XWidget({ id, author }: { id: string; author: string }) {
  const text = useText();
  const locale = useLocale();
  const frame = useRef<HTMLIFrameElement>(null);
  useEffect(() => {
    const hear = ({ source, data }: MessageEvent) => {
      if (!frame.current || source !== frame.current.contentWindow) return;
      const height = wantedHeight(data);
      if (height) frame.current.height = String(height);
    };
    window.addEventListener("message", hear);
    return () => window.removeEventListener("message", hear);
  }, []);
  return (
    <iframe
      ref={frame}
      className={css.widget}
      src={widget(id, { theme: isDark() ? "dark" : "light", lang: locale })}
      title={text("post.widgetTitle", { name: author })}
      height={400}
      sandbox="allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox"
      referrerPolicy="no-referrer"
    />
  );
}

function isDark(): boolean {
  const chosen = document.documentElement.dataset["theme"];
  return chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
}
