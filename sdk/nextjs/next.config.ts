// How Next builds and serves the application.
import { join } from "node:path";
import type { NextConfig } from "next";

const sdk = join(import.meta.dirname, "..");

/** What every answer carries; the content security policy comes with each page, see `src/proxy.ts`. */
const HEADERS = {
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "strict-origin-when-cross-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
};

const config: NextConfig = {
  poweredByHeader: false,
  reactStrictMode: true,
  // The packages of `sdk/typescript` are linked, so they lie beside this folder.
  outputFileTracingRoot: sdk,
  turbopack: { root: sdk },
  headers: async () => [
    { source: "/:path*", headers: Object.entries(HEADERS).map(([key, value]) => ({ key, value })) },
  ],
  // Nothing here stays the same for long: pages follow the posts.
  experimental: { staleTimes: { dynamic: 0 } },
};

export default config;
