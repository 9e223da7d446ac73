"use client";
// A dashboard of Amber as a component.
import type { CSSProperties, ReactNode } from "react";
import { type DashboardHandle, type DashboardHookOptions, useAmberDashboard } from "./use-amber-dashboard.js";

/** What the dashboard shows, and what stands around it. `title` names it for those who cannot see it. */
export interface AmberDashboardProps extends DashboardHookOptions {
  readonly className?: string;
  readonly style?: CSSProperties;
  /** Shown until the dashboard is open for the first time, such as a skeleton; also by the server. */
  readonly fallback?: ReactNode;
  /** Shown in place of the dashboard when it is over for good. Without it the frame's own farewell stays. */
  readonly over?: (dashboard: DashboardHandle) => ReactNode;
}

/** A dashboard in a frame. The server renders the place for it, with the `fallback`; the frame comes in the browser. */
export function AmberDashboard({ className, style, fallback, over, ...options }: AmberDashboardProps): ReactNode {
  const dashboard = useAmberDashboard(options);
  const isOver = dashboard.state === "over" && over !== undefined;
  return (
    <div className={className} style={style} aria-busy={dashboard.state === "opening"} data-state={dashboard.state}>
      {dashboard.state === "opening" && fallback}
      {isOver && over(dashboard)}
      <div ref={dashboard.ref} hidden={isOver} />
    </div>
  );
}
