// Waiting for something to become true, with a limit and a name.

const PATIENCE_MS = 20_000;
const PAUSE_MS = 25;

/** The first answer of `ask` that counts as true. Fails by the name of what it waits for. */
export async function until(what, ask, patience = PATIENCE_MS) {
  const deadline = performance.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > deadline) throw new Error(`it did not come to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
