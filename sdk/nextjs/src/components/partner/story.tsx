"use client";
// The dashboard in the page of the partner, with what it says of itself.
import { AmberDashboard, type EmbedToken, type GetToken } from "@amber/react";
import { useCallback, useEffect, useState } from "react";
import { useLocale, useText } from "@/i18n/provider";
import type { Text } from "@/i18n/text";
import { type Theme, themeOf } from "@/model/choices";
import css from "./partner.module.css";

/** Asks our server, which holds the key, for a token that opens or renews the frame once. */
const getToken: GetToken = async ({ signal }) => {
  const answer = await fetch("/api/embed-token", { method: "POST", signal });
  if (!answer.ok) throw new Error(`no token: ${answer.status}`);
  return (await answer.json()) as EmbedToken;
};

interface Fate {
  readonly state: "opening" | "open" | "over";
  readonly reason?: string | undefined;
}

export function Story({ theme: first }: { theme: Theme }) {
  const text = useText();
  const locale = useLocale();
  const theme = usePageTheme(first);
  const [fate, setFate] = useState<Fate>({ state: "opening" });
  const [trouble, setTrouble] = useState<string>();
  const note = useCallback(({ state, reason }: { state: string; reason: string | null }) => {
    if (state === "open") setTrouble(undefined);
    if (state !== "destroyed") setFate({ state: state as Fate["state"], reason: reason ?? undefined });
  }, []);
  return (
    <figure className={css.figure}>
      <AmberDashboard
        className={css.frame ?? ""}
        getToken={getToken}
        title={text("partner.frame")}
        theme={theme}
        locale={locale}
        minHeight={320}
        onStateChange={note}
        onTrouble={({ reason }) => setTrouble(reason)}
        fallback={<div className={`bone ${css.bones}`} />}
        over={(dashboard) => (
          <div className={css.over}>
            <p>{text("partner.ended", { reason: dashboard.trouble?.reason ?? fate.reason ?? "" })}</p>
            <button type="button" className="button" onClick={dashboard.reopen}>
              {text("partner.again")}
            </button>
          </div>
        )}
      />
      <figcaption className="fine" role="status" data-fate={fate.state} data-trouble={trouble}>
        {said(text, fate, trouble)}
      </figcaption>
    </figure>
  );
}

function said(text: Text, { state, reason = "" }: Fate, trouble: string | undefined): string {
  if (state === "over") return text("partner.ended", { reason: trouble ?? reason });
  if (trouble) return text("partner.refused", { reason: trouble });
  return text(state === "open" ? "partner.ready" : "partner.loading");
}

/** The theme of the page, which its toggle changes. */
function usePageTheme(first: Theme): Theme {
  const [theme, setTheme] = useState(first);
  useEffect(() => {
    const root = document.documentElement;
    const observer = new MutationObserver(() => setTheme(themeOf(root.dataset["theme"])));
    observer.observe(root, { attributeFilter: ["data-theme"] });
    return () => observer.disconnect();
  }, []);
  return theme;
}
