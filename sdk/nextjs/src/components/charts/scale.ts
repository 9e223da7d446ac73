// Where an axis ends.

const QUARTERS = 4;

/** How far a chart of scores goes up and down, in quarters, so that quiet times can be read as well. */
export function extent(scores: readonly number[]): number {
  const farthest = Math.max(0.25, ...scores.map(Math.abs));
  return Math.min(1, Math.ceil(farthest * QUARTERS) / QUARTERS);
}

const STEPS = [1, 2, 4, 6, 8, 10];

/** The next even number of one such digit and zeros, so that its half is a whole number too. */
export function ceiling(value: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  const ends = STEPS.map((step) => step * magnitude).filter((end) => end % 2 === 0);
  return ends.find((end) => end >= value) ?? 10 * magnitude;
}
