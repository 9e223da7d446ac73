// Time that runs faster, or elsewhere, in the pages of a test. Each function runs in the page, before all scripts of it and of
// its frames.

/** Makes timers and the monotonic clock run so many times as fast. */
export function hurry(times) {
  const [wait, now] = [window.setTimeout, performance.now.bind(performance)];
  window.setTimeout = (act, delay, ...args) => wait(act, delay / times, ...args);
  performance.now = () => now() * times;
}

/** Puts the clock of the viewer off by so many milliseconds. */
export function shiftClock(offset) {
  const True = Date;
  globalThis.Date = class extends True {
    constructor(...parts) {
      if (parts.length === 0) super(True.now() + offset);
      else super(...parts);
    }
    static now() {
      return True.now() + offset;
    }
  };
}
