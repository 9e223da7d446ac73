// Makes the file that pages without a bundler load, and prints how large the packages are in a page. Fails when one of them
// has outgrown its bound.
import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const PACKAGES = new URL("../packages/", import.meta.url).pathname;

/** What is bundled, without what the page has anyway, and how large it may be in a page, gzipped. */
const BUNDLES = [
  { name: "@amber/embed", entry: "embed/dist/index.js", outfile: "embed/dist/embed.min.js", bound: 4_096 },
  { name: "@amber/react", entry: "react/dist/index.js", external: ["react"], bound: 6_144 },
  { name: "@amber/client/web", entry: "client/dist/web.js", bound: 49_152 },
];

/** The size of one bundle, which is written when it has a place. */
async function sizeOf({ entry, outfile, external = [] }) {
  const { outputFiles } = await build({
    entryPoints: [PACKAGES + entry],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    legalComments: "none",
    logLevel: "error",
    write: false,
    external,
    // Directives for frameworks mean nothing in a single file.
    logOverride: { "module-level-directive": "silent" },
  });
  if (outfile) writeFileSync(PACKAGES + outfile, outputFiles[0].contents);
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

for (const bundle of BUNDLES) {
  const size = await sizeOf(bundle);
  console.log(`${bundle.name.padEnd(20)} ${String(size).padStart(6)} of ${bundle.bound} bytes gzipped`);
  if (size > bundle.bound) process.exitCode = 1;
}
