// A dashboard on a page: it opens the frame, keeps its session alive, and opens it again when that may help.
import type { Delivery } from "./delivery.js";
import { Events } from "./events.js";
import { Frame, type Said } from "./frame.js";
import type { DashboardEvents, DashboardOptions, DashboardState, EmbedToken, Theme, TokenRequest } from "./options.js";
import { isFinal, isTriedFew, waitMs } from "./verdict.js";

const HANDSHAKE_MS = 10_000;
/** `getToken` has failed when it takes so long. */
const TOKEN_MS = 30_000;
/** A frame that stood so long begins a new count of failures. */
const STOOD_MS = 30_000;
/** The frame asks for a token well before its session ends. If it does not, it gets one unasked, so long before the end. */
const LEAD_MS = 45_000;
/** A frame that has not even said that its session is over sleeps or is gone. */
const GRACE_MS = 15_000;

/** A dashboard on a page. */
export class Dashboard {
  #state: DashboardState = "opening";
  #frame: Frame | undefined;
  /** Failures in a row, by which the waits grow; of these, those that end it all after a few. */
  #failures = 0;
  #tries = 0;
  #openedAt = 0;
  #isSilent = false;
  #delivery: Delivery | undefined;
  /** What is under way for the frame that stands, and ends with it. */
  #load = new AbortController();
  #isRenewing = false;
  #timers: ReturnType<typeof setTimeout>[] = [];
  #retry: ReturnType<typeof setTimeout> | undefined;
  #title: string;
  #look: { theme?: Theme | undefined; locale?: string | undefined };
  readonly #events = new Events<DashboardEvents>();

  /** Begins to open the dashboard in `container` at the end of the running task. */
  constructor(
    private readonly container: Element,
    private readonly options: DashboardOptions,
  ) {
    const { title, theme, locale } = options;
    if (!title.trim()) throw new TypeError("a dashboard needs a title");
    this.#title = title;
    this.#look = { theme, locale };
    addEventListener("online", this.#onOnline);
    // One that is destroyed in the same task costs no token.
    queueMicrotask(() => this.#state === "opening" && this.#open());
  }

  get state(): DashboardState {
    return this.#state;
  }

  /** The frame that is on the page; another one after each opening. */
  get frame(): HTMLIFrameElement | undefined {
    return this.#frame?.element;
  }

  /** How the last token went into the frame: `post` by a form, or `get` by the address. */
  get delivery(): Delivery | undefined {
    return this.#delivery;
  }

  /** Listens; calling the answer ends it. */
  on<Name extends keyof DashboardEvents>(name: Name, listener: (event: DashboardEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** Has the numbers fetched anew. */
  refresh(): void {
    this.#frame?.send("refresh");
  }

  setTitle(title: string): void {
    this.#title = title;
    if (this.#frame) this.#frame.element.title = title;
  }

  setTheme(theme: Theme): void {
    this.#look.theme = theme;
    this.#frame?.send("theme", { theme });
  }

  setLocale(locale: string): void {
    this.#look.locale = locale;
    this.#frame?.send("locale", { locale });
  }

  /** Brings the frame a fresh token. It asks for one by itself in time. Calls that come meanwhile do nothing. */
  async renew(): Promise<void> {
    if (this.#isRenewing || this.#state !== "open") return;
    const { signal } = this.#load;
    this.#isRenewing = true;
    for (let failures = 1; !signal.aborted && this.#isRenewing; failures += 1) {
      try {
        const { token } = await this.#token("renew", signal);
        if (signal.aborted) return;
        this.#frame?.send("token", { token });
        this.#isRenewing = false;
      } catch (cause) {
        if (signal.aborted) return;
        this.#tell("TOKEN_SOURCE_FAILED", false, { cause });
        await pause(waitMs(failures, null, Math.random()), signal);
      }
    }
  }

  /** Opens the frame anew with a fresh token, also after it was over. */
  reopen(): void {
    if (this.#state === "destroyed") return;
    this.#forgive();
    this.#open();
  }

  /** Takes the dashboard off the page for good. */
  destroy(): void {
    this.#clear();
    removeEventListener("online", this.#onOnline);
    this.#enter("destroyed", null);
  }

  async #open(): Promise<void> {
    this.#clear();
    this.#enter("opening", null);
    const { signal } = this.#load;
    let issued: EmbedToken;
    try {
      issued = await this.#token("open", signal);
    } catch (cause) {
      if (!signal.aborted) this.#fail("TOKEN_SOURCE_FAILED", { cause });
      return;
    }
    if (signal.aborted) return;
    const address = addressOf(issued.embedUrl);
    if (!address) return this.#fail("EMBED_URL_INVALID");
    for (const [name, value] of Object.entries(this.#look)) if (value) address.searchParams.set(name, value);

    const { minHeight = 120, handshakeTimeoutMs = HANDSHAKE_MS } = this.options;
    this.#frame = new Frame(
      this.container,
      address,
      () => this.#look,
      (said) => this.#hear(said),
    );
    this.#frame.element.title = this.#title;
    this.#frame.element.style.height = `${minHeight}px`;
    this.#later(() => this.#fail("NO_ANSWER"), handshakeTimeoutMs);
    // A form may be blocked without a word, as by a sandbox around this page: then the address may go through.
    const way = this.#isSilent && this.#tries % 2 === 0 ? "get" : "post";
    this.#frame.load(issued.token, way, (taken) => {
      this.#delivery = taken;
    });
  }

  async #token(purpose: TokenRequest["purpose"], signal: AbortSignal): Promise<EmbedToken> {
    const late = AbortSignal.timeout(TOKEN_MS);
    const either = new AbortController();
    const given = new Promise<never>((_, reject) => {
      for (const one of [signal, late]) {
        one.addEventListener("abort", () => {
          either.abort(one.reason);
          reject(one.reason);
        });
      }
    });
    const issued = await Promise.race([this.options.getToken({ purpose, signal: either.signal }), given]);
    if (typeof issued?.token !== "string") throw new TypeError("getToken gave no token");
    return issued;
  }

  #hear(said: Said): void {
    const { type, reason, expiresInMs, isPrivate } = said;
    if (type === "ready" || type === "renewed") {
      this.#plan(expiresInMs);
      if (type === "ready") {
        // It may come after all, while another try is waited for.
        clearTimeout(this.#retry);
        this.#retry = undefined;
        this.#isSilent = false;
        this.#openedAt = performance.now();
        this.#enter("open", null);
      }
      this.#events.tell(type, { expiresInMs });
    }
    if (type === "renew-needed") void this.renew();
    if (type === "height") this.#resize(said.height);
    // An error by the window is a page that says why it does not open; by the port it is one that goes on trying.
    if (type === "error" && isPrivate) this.#tell(reason, false, said);
    else if ((type === "error" || type === "ended") && !this.#isGivenUp) this.#fail(reason, said);
  }

  /** Whether nothing is expected of the frame on the page any more. */
  get #isGivenUp(): boolean {
    return this.#state === "over" || this.#retry !== undefined;
  }

  #resize(height: number): void {
    const { autoHeight = true, minHeight = 120, maxHeight = 10_000 } = this.options;
    if (autoHeight && this.#frame) {
      this.#frame.element.style.height = `${Math.min(Math.max(height, minHeight), maxHeight)}px`;
    }
    this.#events.tell("height", { height });
  }

  /** The span is the server's and begins now, so nobody's clock matters. */
  #plan(expiresInMs: number): void {
    this.#timers.forEach(clearTimeout);
    this.#later(() => void this.renew(), expiresInMs - Math.min(LEAD_MS, expiresInMs / 8));
    this.#later(() => this.#fail("SESSION_ENDED"), expiresInMs + GRACE_MS);
  }

  /** The frame does not stand: it is opened again after a while, unless that is of no use. */
  #fail(reason: string, more: Partial<Said> & { cause?: unknown } = {}): void {
    if (this.#state === "open" && performance.now() - this.#openedAt > STOOD_MS) this.#forgive();
    this.#failures += 1;
    if (isTriedFew(reason)) this.#tries += 1;
    this.#isSilent = reason === "NO_ANSWER";
    const isOver = isFinal(reason, this.#tries);
    const wait = waitMs(this.#failures, more.retryAfterMs ?? null, Math.random());
    this.#stop();
    if (!isOver) this.#retry = setTimeout(() => this.#open(), wait);
    this.#enter(isOver ? "over" : "opening", reason);
    this.#tell(reason, isOver, more);
  }

  #forgive(): void {
    this.#failures = 0;
    this.#tries = 0;
  }

  #tell(reason: string, isFinal: boolean, more: Partial<Said> & { cause?: unknown }): void {
    const { requestId = null, retryAfterMs = null, cause } = more;
    this.#events.tell("trouble", { reason, requestId, retryAfterMs, isFinal, cause });
  }

  #enter(state: DashboardState, reason: string | null): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#events.tell("state", { state, reason });
  }

  #later(act: () => void, ms: number): void {
    this.#timers.push(setTimeout(act, ms));
  }

  /** Ends what is under way; what the frame shows stays. */
  #stop(): void {
    this.#load.abort();
    this.#load = new AbortController();
    this.#isRenewing = false;
    this.#timers.forEach(clearTimeout);
    this.#timers = [];
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  #clear(): void {
    this.#stop();
    this.#frame?.remove();
    this.#frame = undefined;
  }

  /** Whoever waits to try again need not wait for that any longer. */
  readonly #onOnline = (): void => {
    if (this.#retry !== undefined) void this.#open();
  };
}

/** Ends early, and well, when `signal` is given up. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** The address of a frame; a script or a file is none. */
function addressOf(embedUrl: unknown): URL | undefined {
  try {
    const address = new URL(String(embedUrl));
    return /^https?:$/.test(address.protocol) ? address : undefined;
  } catch {
    return undefined;
  }
}

/** Shows a dashboard in `container`. */
export function mountDashboard(container: Element, options: DashboardOptions): Dashboard {
  return new Dashboard(container, options);
}
