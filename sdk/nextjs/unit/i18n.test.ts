// Languages, their texts, and how they write numbers and times.
import { describe, expect, test } from "vitest";
import { en } from "../src/i18n/en";
import * as format from "../src/i18n/format";
import { hi } from "../src/i18n/hi";
import { inLocale, preferred } from "../src/i18n/locales";
import { speaker } from "../src/i18n/text";

const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();

test("every text has the same places in both languages", () => {
  for (const [name, text] of Object.entries(en)) {
    expect(
      places(hi[name as keyof typeof en]).filter((place) => place !== "{n}"),
      name,
    ).toEqual(places(text).filter((place) => place !== "{n}"));
  }
});

describe("texts", () => {
  const text = speaker("en", { ...en });

  test("have plural forms", () => {
    expect(text("feed.found", { n: 1 })).toBe("1 post");
    expect(text("feed.found", { n: 1200 })).toBe("1,200 posts");
    expect(speaker("hi", hi)("feed.found", { n: 12 })).toBe("१२ पोस्ट");
  });

  test("keep a place whose value is missing, so that it is seen", () => {
    expect(text("leaders.added")).toBe("{name} is followed now.");
  });
});

test("Hindi writes Devanagari digits everywhere", () => {
  const written = [
    format.count("hi", 1234567),
    format.share("hi", 0.42),
    format.score("hi", -0.5),
    format.day("hi", "2026-11-22"),
    format.moment("hi", "2026-11-22T11:38:00Z"),
  ];
  expect(written[0]).toBe("१२,३४,५६७");
  for (const text of written) expect(text).not.toMatch(/[0-9]/);
});

test("scores have a sign but for zero", () => {
  expect([0.425, 0, -0.004, -1].map((value) => format.score("en", value))).toEqual(["+0.43", "0.00", "0.00", "-1.00"]);
});

test("languages are called by name, and what is none is not", () => {
  expect(format.language("hi", "en")).toBe("अंग्रेज़ी");
  expect(format.language("en", "und")).toBeUndefined();
  expect(format.language("en", "not a tag")).toBeUndefined();
});

test("the language that a browser likes best is chosen", () => {
  expect(preferred("hi-IN,hi;q=0.9,en;q=0.8")).toBe("hi");
  expect(preferred("fr, en;q=0.5, hi;q=0.7")).toBe("hi");
  expect(preferred("hi;q=0")).toBe("en");
  expect(preferred(null)).toBe("en");
});

test("a page keeps its path in another language", () => {
  expect(inLocale("/en/leaders", "hi")).toBe("/hi/leaders");
  expect(inLocale("/", "hi")).toBe("/hi");
  expect(inLocale("/leaders", "en")).toBe("/en/leaders");
});
