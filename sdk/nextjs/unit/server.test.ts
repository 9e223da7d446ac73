// What the server seals, remembers and forbids.
import { expect, test } from "vitest";
import { policy } from "../src/server/policy";
import { recent } from "../src/server/recent";
import { seal, unseal } from "../src/server/seal";

const SECRET = "a secret of more than thirty-two letters";

test("a sealed value is read by the same secret and purpose alone", () => {
  const text = seal(SECRET, "session", { name: "asha" });
  expect(unseal(SECRET, "session", text)).toEqual({ name: "asha" });
  expect(text).not.toContain("asha");
  expect(seal(SECRET, "session", { name: "asha" })).not.toBe(text);
  expect(unseal(`${SECRET}!`, "session", text)).toBeUndefined();
  expect(unseal(SECRET, "other", text)).toBeUndefined();
});

test("a sealed text that was changed anywhere is void", () => {
  const text = seal(SECRET, "session", 1);
  const bytes = Buffer.from(text, "base64url");
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(unseal(SECRET, "session", changed.toString("base64url")), `byte ${at}`).toBeUndefined();
  }
  for (const text of ["", "x", "a".repeat(40)]) expect(unseal(SECRET, "session", text)).toBeUndefined();
});

test("an answer holds for a while and is asked for once by many", async () => {
  let [now, asked] = [0, 0];
  const ask = recent(
    10,
    async () => (asked += 1),
    () => now,
  );
  expect(await Promise.all([ask(), ask()])).toEqual([1, 1]);
  now = 9;
  expect(await ask()).toBe(1);
  now = 10;
  expect(await ask()).toBe(2);
});

test("a failure is not remembered", async () => {
  let asked = 0;
  const ask = recent(10, async () => {
    asked += 1;
    if (asked === 1) throw new Error("away");
    return asked;
  });
  await expect(ask()).rejects.toThrow("away");
  expect(await ask()).toBe(2);
});

test("only the partner's page frames Amber, and only the others X", () => {
  const page = { nonce: "n", widget: true, secure: true, development: false };
  expect(policy(page)).toContain("frame-src https://platform.twitter.com; form-action 'self';");
  const partner = policy({ ...page, frames: "https://amber.example" });
  expect(partner).toContain("frame-src https://amber.example; form-action 'self' https://amber.example;");
  expect(policy({ ...page, widget: false })).toContain("frame-src 'none'");
  expect(policy(page)).toContain("script-src 'nonce-n' 'strict-dynamic';");
  expect(policy(page)).not.toMatch(/unsafe-(inline|eval)/);
});
