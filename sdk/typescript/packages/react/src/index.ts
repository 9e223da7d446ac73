"use client";
// Dashboards and live data of Amber in React.
export type { DashboardState, EmbedToken, GetToken, Trouble } from "@amber/embed";
export { AmberDashboard, type AmberDashboardProps } from "./amber-dashboard.js";
export { type DashboardHandle, type DashboardHookOptions, useAmberDashboard } from "./use-amber-dashboard.js";
export { type PagesState, usePages } from "./use-pages.js";
export { useWatch, type WatchState } from "./use-watch.js";
