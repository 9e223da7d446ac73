// What a page says about the dashboard that it shows, and what it hears of it.

/** A token and the address that it opens: what the page's own server got by `POST /api/embed/token` or `IssueEmbedToken`. */
export interface EmbedToken {
  readonly token: string;
  /** The address of the frame, without the token. */
  readonly embedUrl: string;
}

/** Why a token is asked for. */
export interface TokenRequest {
  /** `open` for a new frame, `renew` for one that stands. */
  readonly purpose: "open" | "renew";
  /** Given up when nobody needs the token any more. */
  readonly signal: AbortSignal;
}

/** Asks the page's own server for a token. Each one opens or renews a frame once, so none may be cached. */
export type GetToken = (request: TokenRequest) => Promise<EmbedToken>;

export type Theme = "auto" | "light" | "dark";

/** How a dashboard is shown. */
export interface DashboardOptions {
  readonly getToken: GetToken;
  /** Names the frame for those who cannot see it. Required by WCAG 2.2, 4.1.2. */
  readonly title: string;
  /** The look; that of the dashboard if absent. */
  readonly theme?: Theme | undefined;
  /** The language, `en` or `hi`; that of the dashboard if absent. */
  readonly locale?: string | undefined;
  /** Whether the frame is as high as what it shows; true if absent. */
  readonly autoHeight?: boolean | undefined;
  /** Bounds of that height in pixels; 120 and 10,000 if absent. */
  readonly minHeight?: number | undefined;
  readonly maxHeight?: number | undefined;
  /** A frame that says nothing for so long is blocked or broken, in milliseconds; 10 seconds if absent. */
  readonly handshakeTimeoutMs?: number | undefined;
}

/**
 * How a dashboard fares:
 * - `opening`: a token is fetched or the frame is loading, for the first time or again;
 * - `open`: the frame shows the dashboard and keeps itself fresh;
 * - `over`: it will not open again by itself; `reopen()` tries once more;
 * - `destroyed`: it was taken off the page.
 */
export type DashboardState = "opening" | "open" | "over" | "destroyed";

/** Something that went wrong. */
export interface Trouble {
  /** A reason of Amber's contract, or `TOKEN_SOURCE_FAILED` (`getToken` failed), `EMBED_URL_INVALID` (its answer has no usable
   * address), `NO_ANSWER` (the frame said nothing: the browser blocked it, or nobody is there) or `UNREACHABLE` (the frame
   * stands and cannot reach Amber). */
  readonly reason: string;
  /** Finds the refusal in the logs of the server. */
  readonly requestId: string | null;
  /** How long Amber asks to wait. */
  readonly retryAfterMs: number | null;
  /** Whether nothing will be tried any more. */
  readonly isFinal: boolean;
  /** What `getToken` threw. */
  readonly cause?: unknown;
}

/** What a page can listen to. */
export interface DashboardEvents {
  /** The frame shows the dashboard; its session ends in so many milliseconds unless it is renewed. */
  ready: { readonly expiresInMs: number };
  /** The session was renewed. */
  renewed: { readonly expiresInMs: number };
  /** The frame would be so high to show everything, in pixels. */
  height: { readonly height: number };
  /** Something went wrong; unless it is final, it is tried again. */
  trouble: Trouble;
  state: { readonly state: DashboardState; readonly reason: string | null };
}
