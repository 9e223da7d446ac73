// What charts compute.
import { expect, test } from "vitest";
import { ceiling, extent } from "../src/components/charts/scale";
import { segments } from "../src/components/charts/segments";
import { type DayCounts, meanScore } from "../src/model/counts";

test("an axis ends at an even round number above its values", () => {
  expect([0, 1, 2, 3, 9, 10, 43, 100, 101, 4200].map(ceiling)).toEqual([2, 2, 2, 4, 10, 10, 60, 100, 200, 6000]);
});

test("scores reach to the next quarter, and never beyond one", () => {
  expect(extent([])).toBe(0.25);
  expect(extent([0.1, -0.3])).toBe(0.5);
  expect(extent([-1])).toBe(1);
});

test("a line breaks where values are missing", () => {
  expect(segments([undefined, 1, 2, undefined, 3])).toEqual([
    [
      { x: 1.5, value: 1 },
      { x: 2.5, value: 2 },
    ],
    [{ x: 4.5, value: 3 }],
  ]);
  expect(segments([undefined])).toEqual([]);
});

const day = (mean: number | undefined, posts: number, unscored: number): DayCounts => ({
  date: "2026-01-01",
  posts,
  unscored,
  positive: 0,
  neutral: 0,
  negative: 0,
  mean,
});

test("days weigh as many as their scored posts", () => {
  expect(meanScore([day(1, 4, 1), day(-1, 1, 0), day(undefined, 9, 9)])).toBe(0.5);
  expect(meanScore([day(undefined, 9, 9)])).toBeUndefined();
});
