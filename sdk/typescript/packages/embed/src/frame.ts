// One frame on the page, and the messages of version 1 that go between the two.
import { type Delivery, deliver } from "./delivery.js";

/** What a frame says, as far as it says it rightly. */
export interface Said {
  readonly type: string;
  readonly reason: string;
  readonly requestId: string | null;
  readonly retryAfterMs: number | null;
  readonly expiresInMs: number;
  readonly height: number;
  /** Whether it came by the private port, which only a frame that is open has. */
  readonly isPrivate: boolean;
}

const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
const count = (value: unknown): number | null => (Number.isFinite(value) ? Math.max(0, value as number) : null);

/** One frame; another load needs another one, so that nothing of the first is heard. */
export class Frame {
  readonly element: HTMLIFrameElement;
  #port: MessagePort | undefined;
  readonly #origin: string;
  readonly #gone = new AbortController();

  /** Puts the frame into `container` and listens. `greet` says what the frame is told at first. */
  constructor(
    container: Element,
    private readonly address: URL,
    private readonly greet: () => object,
    private readonly hear: (said: Said) => void,
  ) {
    this.#origin = address.origin;
    this.element = container.ownerDocument.createElement("iframe");
    this.element.name = `amber-${Math.random().toString(36).slice(2)}`;
    this.element.referrerPolicy = "origin";
    this.element.style.cssText = "display:block;width:100%;border:0";
    container.append(this.element);
    const { signal } = this.#gone;
    container.ownerDocument.defaultView?.addEventListener("message", (event) => this.#onWindow(event), { signal });
  }

  /** Opens the dashboard with this token. */
  load(token: string, way: Delivery, onDelivery: (way: Delivery) => void): void {
    deliver(this.element, this.address, token, way, this.#gone.signal, onDelivery);
  }

  /** Says something to a frame that is open. */
  send(type: string, body: object = {}): void {
    this.#port?.postMessage({ v: 1, type, ...body });
  }

  /** Takes the frame off the page. */
  remove(): void {
    this.#gone.abort();
    this.#port?.close();
    this.element.remove();
  }

  /** A frame speaks by its window until it has a port of its own. */
  #onWindow({ source, origin, data }: MessageEvent): void {
    const frame = this.element.contentWindow;
    if (!frame || source !== frame || origin !== this.#origin) return;
    if (data?.v === 1 && data.type === "ready") {
      const { port1, port2 } = new MessageChannel();
      this.#port?.close();
      this.#port = port1;
      port1.onmessage = (event) => this.#read(event.data, true);
      frame.postMessage({ v: 1, type: "init", ...this.greet() }, this.#origin, [port2]);
    }
    this.#read(data, false);
  }

  #read(data: Record<string, unknown> | null, isPrivate: boolean): void {
    if (data?.["v"] !== 1) return;
    this.hear({
      type: text(data["type"]) ?? "",
      reason: text(data["reason"]) ?? "",
      requestId: text(data["requestId"]),
      retryAfterMs: count(data["retryAfterMs"]),
      expiresInMs: count(data["expiresInMs"]) ?? 0,
      height: count(data["height"]) ?? 0,
      isPrivate,
    });
  }
}
