// Cuts a line where values are missing.

export interface Point {
  readonly x: number;
  readonly value: number;
}

/** The stretches of values that follow each other, each value in the middle of its unit. */
export function segments(values: readonly (number | undefined)[]): readonly (readonly Point[])[] {
  const stretches: Point[][] = [];
  values.forEach((value, index) => {
    if (value === undefined) return;
    const point = { x: index + 0.5, value };
    const goesOn = index > 0 && values[index - 1] !== undefined;
    if (goesOn) stretches.at(-1)?.push(point);
    else stretches.push([point]);
  });
  return stretches;
}
