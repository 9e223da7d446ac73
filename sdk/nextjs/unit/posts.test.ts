// Texts of posts, addresses on X, and lists of posts.
import { describe, expect, test } from "vitest";
import { pieces } from "../src/model/entities";
import { merged, type Post } from "../src/model/post";
import { filterOf } from "../src/model/post-request";
import { picture, widget } from "../src/model/x-links";

describe("links in a text", () => {
  const links = (text: string) => pieces(text).flatMap(({ text, href }) => (href ? [[text, href]] : []));

  test("are addresses, mentions and hashtags", () => {
    expect(links("Ask @amber_x, see https://t.co/a1. #Science #जल_जीवन")).toEqual([
      ["@amber_x", "https://x.com/amber_x"],
      ["https://t.co/a1", "https://t.co/a1"],
      ["#Science", "https://x.com/hashtag/Science"],
      ["#जल_जीवन", `https://x.com/hashtag/${encodeURIComponent("जल_जीवन")}`],
    ]);
  });

  test("are not what only looks like them", () => {
    expect(links("me@mail.example #1 a#b javascript:alert(1) @much_too_long_for_a_name")).toEqual([]);
  });

  test("leave the text as it is", () => {
    for (const text of ["", "plain", "@a", "x @a y #b z https://t.co/c!", "<b>&amp;</b> #c"]) {
      expect(
        pieces(text)
          .map((piece) => piece.text)
          .join(""),
      ).toBe(text);
    }
  });
});

test("pictures come from X or not at all", () => {
  expect(picture("https://pbs.twimg.com/profile_images/1/a.jpg")).toBeDefined();
  for (const address of [
    "http://pbs.twimg.com/a",
    "https://pbs.twimg.com.evil.example/a",
    "https://x.example/a",
    "data:,",
    "",
  ]) {
    expect(picture(address)).toBeUndefined();
  }
});

test("X's view is asked for without tracking, whatever the id", () => {
  const { searchParams, origin } = new URL(widget("1&x=2", { theme: "dark", lang: "hi" }));
  expect(origin).toBe("https://platform.twitter.com");
  expect(Object.fromEntries(searchParams)).toEqual({ id: "1&x=2", dnt: "true", theme: "dark", lang: "hi" });
});

const post = (id: string, time: string, text = ""): Post => ({
  id,
  time,
  text,
  externalId: "",
  leaderId: "",
  author: { name: "", handle: "" },
  language: "en",
  media: [],
  tone: "neutral",
  verification: "needs_review",
  onX: true,
  platform: "X",
  permalink: "",
  edited: false,
  truncated: false,
});

test("lists of posts become one, newest first, each post once", () => {
  const known = [post("c", "2026-01-03"), post("a", "2026-01-01")];
  const fresh = [post("b", "2026-01-02"), post("c", "2026-01-03", "newer"), post("d", "2026-01-03")];
  expect(merged(fresh, known).map(({ id }) => id)).toEqual(["d", "c", "b", "a"]);
  expect(merged(fresh, known)[1]?.text).toBe("newer");
});

test("a filter takes from an address only what can be one", () => {
  const id = "01a2030a-ab93-7441-b473-a2875f82fc47";
  expect(filterOf({ leader: id, tone: "negative", language: "hi" })).toEqual({
    leader: id,
    tone: "negative",
    language: "hi",
  });
  expect(filterOf({ leader: "x", tone: ["angry", "positive"], language: "'; --" })).toEqual({
    leader: "",
    tone: "",
    language: "",
  });
});
