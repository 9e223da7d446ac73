// Starts the application with `amber demo` behind it: `npm run demo`. Ctrl-C ends both and leaves nothing behind.
import { once } from "node:events";
import { AmberDemo } from "./amber.js";
import { answers, build, environment, next } from "./application.js";

const port = Number(process.env.PORT ?? 3000);
const amberPort = Number(process.env.AMBER_PORT ?? 5000);
const develops = process.argv.includes("--dev");
const url = `http://localhost:${port}`;

if (!develops) await build();
console.log("Starting amber demo; the first time this builds it, which takes some minutes.");
const demo = await AmberDemo.start({ port: amberPort, say: console.error });
const application = next([develops ? "dev" : "start", "--port", String(port)], await environment(demo, url));

const end = () => application.kill("SIGTERM");
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, end);
const over = once(application, "exit");
answers(url, application).then(
  () => console.log(`\n  Open ${url}\n  To add leaders log in with the secret ${demo.secret}\n`),
  () => undefined,
);
const [code] = await over;
await demo.end();
process.exitCode = code ?? 0;
