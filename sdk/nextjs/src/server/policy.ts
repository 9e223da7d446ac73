// The content security policy (W3C CSP3) of each page.

/** Where X keeps pictures. Nothing else is loaded from elsewhere unasked. */
const PICTURES = ["https://pbs.twimg.com", "https://abs.twimg.com"];
/** X's own view of a post, loaded after a click. It is a frame: no script of X runs in our pages. */
export const WIDGET_ORIGIN = "https://platform.twitter.com";

/** The hash of `display:none`. */
const DISPLAY_NONE = "'sha256-aqNNdDLnnrDOnTNdkJpYlAxKVJtLt9CtFLklmInuUAE='";

export interface Page {
  readonly nonce: string;
  /** Where a dashboard is framed from; only the page of the partner does that. */
  readonly frames?: string | undefined;
  readonly widget: boolean;
  readonly secure: boolean;
  /** React explains mistakes by `eval`, and pages load themselves anew by a socket. */
  readonly development: boolean;
}

export function policy({ nonce, frames, widget, secure, development }: Page): string {
  const framed = frames ? [frames] : widget ? [WIDGET_ORIGIN] : ["'none'"];
  const directives: Record<string, readonly string[]> = {
    "default-src": ["'none'"],
    "script-src": [`'nonce-${nonce}'`, "'strict-dynamic'", ...(development ? ["'unsafe-eval'"] : [])],
    "style-src": ["'self'", ...(development ? ["'unsafe-inline'"] : [`'nonce-${nonce}'`])],
    // React hides what it streams by this one attribute until its place is there.
    ...(development ? {} : { "style-src-attr": ["'unsafe-hashes'", DISPLAY_NONE] }),
    "img-src": ["'self'", "data:", ...PICTURES],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "manifest-src": ["'self'"],
    "frame-src": framed,
    // The token is posted into the frame, which counts as a form.
    "form-action": ["'self'", ...(frames ? [frames] : [])],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
    ...(secure ? { "upgrade-insecure-requests": [] } : {}),
  };
  return Object.entries(directives)
    .map(([name, sources]) => [name, ...sources].join(" "))
    .join("; ");
}
