// Remembers an answer for a moment, and asks once for all who want it at the same time.

/** `ask`, whose answers hold for `lifeMs`. A failure is not remembered. */
export function recent<Value>(
  lifeMs: number,
  ask: () => Promise<Value>,
  now: () => number = Date.now,
): () => Promise<Value> {
  let held: { readonly value: Promise<Value>; readonly until: number } | undefined;
  return () => {
    if (held && now() < held.until) return held.value;
    const value = ask();
    const mine = { value, until: now() + lifeMs };
    held = mine;
    value.catch(() => {
      if (held === mine) held = undefined;
    });
    return value;
  };
}
