"use client";
// A dashboard of Amber in an element of the component's own.
import {
  type Dashboard,
  type DashboardEvents,
  type DashboardOptions,
  type DashboardState,
  mountDashboard,
  type Trouble,
} from "@amber/embed";
import { type RefCallback, useCallback, useEffect, useMemo, useRef, useState } from "react";

/** What the dashboard shows and how it gets its tokens. Functions may change with every rendering; the newest is used. */
export interface DashboardHookOptions extends DashboardOptions {
  readonly onReady?: (event: DashboardEvents["ready"]) => void;
  readonly onTrouble?: (event: Trouble) => void;
  readonly onStateChange?: (event: DashboardEvents["state"]) => void;
}

/** A dashboard on the page. */
export interface DashboardHandle {
  /** The element that the dashboard goes into. */
  readonly ref: RefCallback<HTMLElement>;
  readonly state: DashboardState;
  /** What went wrong last; undefined while all is well. */
  readonly trouble: Trouble | undefined;
  /** Has the numbers fetched anew. */
  refresh(): void;
  /** Opens the frame anew with a fresh token, also after it was over. */
  reopen(): void;
}

/**
 * A dashboard in the element with the `ref`. It is opened when the element is there, follows `title`, `theme` and `locale`, and
 * goes with the component. Another dashboard needs another component: give it the dashboard's id as `key`.
 */
export function useAmberDashboard(options: DashboardHookOptions): DashboardHandle {
  const [element, ref] = useState<HTMLElement | null>(null);
  const [state, setState] = useState<DashboardState>("opening");
  const [trouble, setTrouble] = useState<Trouble>();
  const dashboard = useRef<Dashboard | null>(null);
  const latest = useRef(options);
  useEffect(() => {
    latest.current = options;
  });

  const { title, theme, locale, autoHeight, minHeight, maxHeight, handshakeTimeoutMs } = options;
  // biome-ignore lint/correctness/useExhaustiveDependencies: these cannot change in a frame that stands, so another one is opened
  useEffect(() => {
    if (!element) return undefined;
    const { theme, locale, ...fixed } = latest.current;
    const mounted = mountDashboard(element, {
      ...fixed,
      theme,
      locale,
      getToken: (asked) => latest.current.getToken(asked),
    });
    dashboard.current = mounted;
    mounted.on("ready", (event) => latest.current.onReady?.(event));
    mounted.on("trouble", (event) => {
      setTrouble(event);
      latest.current.onTrouble?.(event);
    });
    mounted.on("state", (event) => {
      setState(event.state);
      if (event.state === "open") setTrouble(undefined);
      latest.current.onStateChange?.(event);
    });
    setState(mounted.state);
    return () => {
      mounted.destroy();
      dashboard.current = null;
    };
  }, [element, autoHeight, minHeight, maxHeight, handshakeTimeoutMs]);

  useEffect(() => dashboard.current?.setTitle(title), [title]);
  useEffect(() => {
    if (theme) dashboard.current?.setTheme(theme);
  }, [theme]);
  useEffect(() => {
    if (locale) dashboard.current?.setLocale(locale);
  }, [locale]);

  const refresh = useCallback(() => dashboard.current?.refresh(), []);
  const reopen = useCallback(() => dashboard.current?.reopen(), []);
  return useMemo(() => ({ ref, state, trouble, refresh, reopen }), [state, trouble, refresh, reopen]);
}
