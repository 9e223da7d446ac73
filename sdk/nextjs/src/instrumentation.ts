// Looks at the environment when the server starts, so that a mistake is found before the first visitor finds it.

export async function register(): Promise<void> {
  if (process.env["NEXT_RUNTIME"] !== "nodejs") return;
  const { mistakes } = await import("./server/env");
  const found = mistakes();
  if (found.length === 0) return;
  for (const mistake of found) console.error(mistake);
  process.exit(78);
}
