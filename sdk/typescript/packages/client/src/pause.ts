// Waiting that ends early when nobody waits for its end any more.

/** Waits so many milliseconds. When `signal` is given up before, it throws `reason`. */
export async function pause(ms: number, signal?: AbortSignal, reason?: unknown): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await unlessGivenUp(over, signal, reason);
  } finally {
    clearTimeout(timer);
  }
}

/** What `promise` gives. When `signal` is given up before, it throws `reason`, or that of the signal. */
export function unlessGivenUp<T>(promise: Promise<T>, signal?: AbortSignal, reason?: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(reason ?? signal?.reason);
    if (signal?.aborted) giveUp();
    else signal?.addEventListener("abort", giveUp);
    promise.then(resolve, reject).finally(() => signal?.removeEventListener("abort", giveUp));
  });
}
