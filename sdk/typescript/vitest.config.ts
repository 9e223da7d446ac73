import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.{ts,tsx}"],
    // The tests of one file share a server; files do not.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    // Pages of tests load nothing.
    environmentOptions: { happyDOM: { settings: { navigation: { disableChildFrameNavigation: true } } } },
  },
});
