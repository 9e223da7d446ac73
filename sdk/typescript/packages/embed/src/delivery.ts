// The way of a token into the frame.

/** By a form, or by the address. */
export type Delivery = "post" | "get";

/**
 * Opens `address` in the frame with this token. A form is better: no address and no history holds the token, and the browser
 * tells the true origin of the page. Where the page's own policy forbids forms (`form-action 'self'`), the address has to do:
 * Firefox throws, Chromium tells by an event. `signal` ends the waiting for that event. `onDelivery` hears of each way taken.
 */
export function deliver(
  frame: HTMLIFrameElement,
  address: URL,
  token: string,
  way: Delivery,
  signal: AbortSignal,
  onDelivery: (way: Delivery) => void,
): void {
  // Outside of a page a form would find no frame and open a window of its own, with the token.
  if (!frame.contentWindow) return;
  const byAddress = () => {
    const withToken = new URL(address);
    withToken.searchParams.set("token", token);
    onDelivery("get");
    // Unlike a navigation by script this goes by the `referrerpolicy` of the frame, whatever that of the page is.
    frame.src = withToken.href;
  };
  if (way === "get") {
    byAddress();
    return;
  }

  const page = frame.ownerDocument;
  const forbidden = new AbortController();
  const fallBack = () => {
    if (forbidden.signal.aborted || signal.aborted) return;
    forbidden.abort();
    byAddress();
  };
  const violated = ({ effectiveDirective }: SecurityPolicyViolationEvent) => {
    if (effectiveDirective === "form-action") fallBack();
  };
  page.addEventListener("securitypolicyviolation", violated, { signal });

  const form = page.createElement("form");
  const field = page.createElement("input");
  Object.assign(form, { method: "post", action: address.href, target: frame.name, hidden: true });
  Object.assign(field, { type: "hidden", name: "token", value: token });
  form.append(field);
  page.body.append(form);
  onDelivery("post");
  try {
    form.submit();
  } catch {
    fallBack();
  }
  form.remove();
}
