// What the environment says. It is read when it is needed, so that one build runs anywhere.

/** A mistake in the environment, in words for whoever runs the application. */
export class EnvironmentError extends Error {
  override name = "EnvironmentError";
}

const read = (name: string): string | undefined => process.env[name]?.trim() || undefined;

function origin(name: string, fallback: string): string {
  const text = read(name) ?? fallback;
  try {
    return new URL(text).origin;
  } catch {
    throw new EnvironmentError(`${name} is no address: ${text}`);
  }
}

/** Where this server reaches Amber. */
export const amberUrl = (): string => origin("AMBER_URL", "http://localhost:5000");

/** Where browsers load frames from: the `PUBLIC_URL` of Amber. */
export const frameOrigin = (): string => origin("AMBER_FRAME_URL", amberUrl());

/** How browsers reach this application. */
export const appOrigin = (): string => origin("APP_URL", "http://localhost:3000");

/** An API key that may read dashboards and issue embed tokens for `appOrigin`. */
export const apiKey = (): string | undefined => read("AMBER_API_KEY");

/** The bootstrap secret of Amber, which buys tokens for whoever is logged in. */
export const adminSecret = (): string | undefined => read("AMBER_ADMIN_SECRET");

/** The dashboard whose counts the application shows; an id that was never created counts all leaders. */
export const countedDashboard = (): string => read("AMBER_DASHBOARD") ?? "all";

/** The dashboard that the page of the partner frames. */
export const framedDashboard = (): string => read("AMBER_PARTNER_DASHBOARD") ?? countedDashboard();

/** Whether posts offer X's own view, which is loaded from X after a click. */
export const offersWidget = (): boolean => read("X_WIDGET") !== "off";

/** What session cookies are sealed with. */
export function sessionSecret(): string {
  const secret = read("SESSION_SECRET") ?? "";
  if (secret.length < 32) throw new EnvironmentError("SESSION_SECRET must have at least 32 characters");
  return secret;
}

/** All that is wrong with the environment, in words. */
export function mistakes(): readonly string[] {
  return [amberUrl, frameOrigin, appOrigin, sessionSecret].flatMap((read) => {
    try {
      read();
      return [];
    } catch (error) {
      return error instanceof EnvironmentError ? [error.message] : [String(error)];
    }
  });
}
