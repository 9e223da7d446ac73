// Stands before every page: chooses the language, and gives each answer its own content security policy.
import { randomBytes } from "node:crypto";
import { type NextRequest, NextResponse } from "next/server";
import { inLocale, isLocale, preferred } from "./i18n/locales";
import { LOCALE_COOKIE } from "./model/choices";
import { appOrigin, frameOrigin, offersWidget } from "./server/env";
import { policy } from "./server/policy";

const YEAR_SECONDS = 31_536_000;

export function proxy(request: NextRequest): NextResponse {
  const path = request.nextUrl.pathname;
  const named = path.split("/")[1];
  if (!isLocale(named)) {
    const chosen = request.cookies.get(LOCALE_COOKIE)?.value;
    const locale = isLocale(chosen) ? chosen : preferred(request.headers.get("accept-language"));
    const to = request.nextUrl.clone();
    to.pathname = inLocale(path, locale);
    const answer = NextResponse.redirect(to, 307);
    answer.headers.set("Vary", "Accept-Language, Cookie");
    return answer;
  }

  const nonce = randomBytes(16).toString("base64");
  const secure = appOrigin().startsWith("https:");
  const csp = policy({
    nonce,
    frames: path.split("/")[2] === "partner" ? frameOrigin() : undefined,
    widget: offersWidget(),
    secure,
    development: process.env.NODE_ENV === "development",
  });
  const headers = new Headers(request.headers);
  // Next finds the nonce here and puts it into its own script elements.
  headers.set("Content-Security-Policy", csp);
  headers.set("x-locale", named);
  const answer = NextResponse.next({ request: { headers } });
  answer.headers.set("Content-Security-Policy", csp);
  if (secure) answer.headers.set("Strict-Transport-Security", `max-age=${YEAR_SECONDS}; includeSubDomains`);
  if (request.cookies.get(LOCALE_COOKIE)?.value !== named) {
    answer.cookies.set(LOCALE_COOKIE, named, { maxAge: YEAR_SECONDS, sameSite: "lax", path: "/", secure });
  }
  return answer;
}

export const config = { matcher: ["/((?!api/|rpc/|_next/|icon.svg|robots.txt).*)"] };
