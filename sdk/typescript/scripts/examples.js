// Compiles every example of the documents, as a user's compiler would: against the built packages, strictly.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const HERE = resolve(import.meta.dirname, "..");
// Beside the packages, so that they are found.
const FOLDER = join(HERE, "node_modules/.examples");

const COMPILER = {
  extends: join(HERE, "tsconfig.base.json"),
  compilerOptions: {
    composite: false,
    jsx: "react-jsx",
    noEmit: true,
    types: ["node"],
    typeRoots: [join(HERE, "node_modules/@types")],
  },
  include: ["*"],
};

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
let count = 0;
for (const name of ["client", "embed", "react"]) {
  const document = readFileSync(join(HERE, "packages", name, "README.md"), "utf8");
  for (const [, language, code] of document.matchAll(/^```(tsx?)\n(.*?)^```/gms)) {
    count += 1;
    writeFileSync(join(FOLDER, `${name}-${count}.${language}`), code);
  }
}
if (count === 0) throw new Error("the documents have no examples");
writeFileSync(join(FOLDER, "package.json"), '{ "type": "module" }');
writeFileSync(join(FOLDER, "tsconfig.json"), JSON.stringify(COMPILER));
execFileSync("node", [join(HERE, "node_modules/typescript/bin/tsc"), "-p", FOLDER], { stdio: "inherit" });
console.log(`${count} examples compile`);
