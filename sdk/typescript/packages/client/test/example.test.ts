// The first example of the document does what it says, against the real program.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { transform } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Amber as Program } from "../../../../../tests/browser/stage/amber.js";

const PACKAGES = resolve(import.meta.dirname, "../../../node_modules");
let program: Program;
let folder: string;

beforeAll(async () => {
  program = await Program.start({ origins: ["https://partner.example.com"], publicUrl: "https://amber.example.com" });
  // Beside the packages, so that they are found.
  folder = await mkdtemp(join(PACKAGES, ".example-"));
});
afterAll(async () => {
  await program?.end();
  if (folder) await rm(folder, { recursive: true });
});

test("the example for Node.js reads posts, gets a token and ends by itself", async () => {
  const document = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const [, example = ""] = /^```ts\n(.*?)^```/ms.exec(document) ?? [];
  const { code } = await transform(example, { loader: "ts", format: "esm" });
  const path = join(folder, "example.mjs");
  await writeFile(path, code);
  const env = { PATH: process.env["PATH"], AMBER_URL: program.url, AMBER_API_KEY: program.key };
  const { stdout } = await promisify(execFile)(process.execPath, [path], { env, timeout: 50_000 });
  const lines = stdout.trim().split("\n");
  expect(lines.filter((line) => line.startsWith("Leader "))).toHaveLength(100);
  expect(lines.at(-1)).toMatch(/^https:\/\/amber\.example\.com\/embed\/v1\/dashboards\/demo opens once/);
});
