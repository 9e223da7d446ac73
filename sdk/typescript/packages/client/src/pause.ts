// Waiting that ends early when nobody waits for its end any more.

/** Waits so many milliseconds. When `signal` is given up before, it throws `reason`. */
export function pause(ms: number, signal?: AbortSignal, reason?: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
    };
    const giveUp = () => {
      end();
      reject(reason ?? signal?.reason);
    };
    const timer = setTimeout(() => {
      end();
      resolve();
    }, ms);
    if (signal?.aborted) giveUp();
    else signal?.addEventListener("abort", giveUp);
  });
}
