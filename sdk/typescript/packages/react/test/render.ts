// Renders components as an app does, in Strict Mode.
import { act, createElement, type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

/** What is rendered; it can be rendered anew, and taken off the page. */
export async function render(node: ReactNode) {
  const place = document.body.appendChild(document.createElement("div"));
  const root = createRoot(place);
  const show = (node: ReactNode) => act(async () => root.render(createElement(StrictMode, null, node)));
  await show(node);
  return { place, show, leave: () => act(async () => root.unmount()) };
}

/** Lets promises go on until `isSo`. */
export async function settle(isSo: () => boolean = () => true) {
  for (let n = 0; n < 200; n += 1) {
    await act(() => new Promise((resolve) => setTimeout(resolve, 5)));
    if (isSo()) return;
  }
  throw new Error("it did not come to this");
}
