"use server";
// Logging in and out.
import { redirect } from "next/navigation";
import { DEFAULT_LOCALE, isLocale, type Locale } from "../../i18n/locales";
import type { Failure, Outcome } from "../../model/failure";
import { isRole, type Role } from "../../model/role";
import { proves, viewerToken } from "../amber";
import { adminSecret } from "../env";
import { attempt } from "../failures";
import { currentSession, endSession, openSession } from "../session";

/** What the form shows after an attempt. */
export interface LoginState {
  readonly failure?: Failure;
  /** What was given, to give it back. */
  readonly name?: string;
  readonly role?: Role;
}

const LONGEST_NAME = 60;
const LONGEST_SECRET = 1_000;

/** The page that one came for. */
const HOME: Record<Role, string> = { admin: "leaders", reviewer: "review", viewer: "leaders" };

const localeOf = (form: FormData): Locale => {
  const locale = String(form.get("locale"));
  return isLocale(locale) ? locale : DEFAULT_LOCALE;
};

export async function login(_before: LoginState, form: FormData): Promise<LoginState> {
  const name = String(form.get("name")).trim().slice(0, LONGEST_NAME);
  const asked = form.get("role");
  const role = isRole(asked) ? asked : "viewer";
  const secret = String(form.get("secret")).slice(0, LONGEST_SECRET);
  if (!adminSecret()) return { name, role, failure: { kind: "feature" } };
  const proof = await attempt(() => proves(name, secret));
  if (!proof.ok) {
    const isWrong = proof.failure.kind === "denied";
    return { name, role, failure: isWrong ? { ...proof.failure, kind: "wrong-secret" } : proof.failure };
  }
  await openSession(name, role);
  redirect(`/${localeOf(form)}/${HOME[role]}`);
}

export async function logout(form: FormData): Promise<void> {
  await endSession();
  redirect(`/${localeOf(form)}`);
}

/** A short token that may watch runs, for the browser of whoever is logged in. */
export async function issueWatchToken(): Promise<Outcome<{ token: string; expiresInMs: number }>> {
  const session = await currentSession();
  if (!session) return { ok: false, failure: { kind: "signed-out" } };
  return attempt(() => viewerToken(session.name));
}
