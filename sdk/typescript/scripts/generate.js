// Generates the TypeScript code of the contract: `node scripts/generate.js`. With `--check` it writes nothing and fails when
// the committed code is stale.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const HERE = resolve(import.meta.dirname, "..");
const SOURCE = join(HERE, "packages/client/src");
const HINT = "npm run generate";

function hasBuf() {
  return spawnSync("buf", ["--version"]).status === 0;
}

/** Every file below `folder`, with what is in it. */
function read(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const path = (entry) => join(entry.parentPath, entry.name);
  return new Map(entries.map((entry) => [path(entry).slice(folder.length + 1), readFileSync(path(entry), "utf8")]));
}

/** The module that exports all of `amber.v1`. */
function index(files) {
  const names = [...files].filter((name) => name.startsWith("amber/v1/")).sort();
  const lines = names.map((name) => `export * from "./generated/${name.replace(/\.ts$/, ".js")}";`);
  return `// The messages and services of the contract. Made by \`${HINT}\`.\n${lines.join("\n")}\n`;
}

if (!hasBuf() && process.argv.includes("--check") && process.env.AMBER_REQUIRE_TOOLS !== "1") {
  console.error(
    "skipped: buf is not installed (pip install buf-bin==1.75.0), so nobody knows whether the code is stale",
  );
  process.exit();
}
const out = mkdtempSync(join(tmpdir(), "amber-generated-"));
try {
  execFileSync("buf", ["generate", "--output", out], { cwd: HERE, stdio: ["ignore", "inherit", "inherit"] });
  const made = join(out, "packages/client/src/generated");
  const fresh = read(made);
  const v1 = index(fresh.keys());
  if (process.argv.includes("--check")) {
    const committed = read(join(SOURCE, "generated"));
    const names = new Set([...fresh.keys(), ...committed.keys()]);
    const stale = [...names].filter((name) => fresh.get(name) !== committed.get(name));
    if (readFileSync(join(SOURCE, "v1.ts"), "utf8") !== v1) stale.push("../v1.ts");
    if (stale.length > 0) throw new Error(`stale: ${stale.join(", ")}; ${HINT}`);
  } else {
    rmSync(join(SOURCE, "generated"), { recursive: true, force: true });
    cpSync(made, join(SOURCE, "generated"), { recursive: true });
    writeFileSync(join(SOURCE, "v1.ts"), v1);
  }
} finally {
  rmSync(out, { recursive: true, force: true });
}
