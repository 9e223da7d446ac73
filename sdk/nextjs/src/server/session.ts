// Who is logged in: a sealed cookie that scripts cannot read. It carries a name and no credential of Amber.
import "server-only";
import { cookies } from "next/headers";
import { cache } from "react";
import { isRole, type Role } from "../model/role";
import { appOrigin, sessionSecret } from "./env";
import { seal, unseal } from "./seal";

export interface Session {
  /** Who is logged in, for audits. */
  readonly name: string;
  /** What the session may do: its calls of Amber carry a token of this role. */
  readonly role: Role;
  /** When the session ends, in milliseconds since 1970. */
  readonly ends: number;
}

const PURPOSE = "session";
const LIFE_MS = 8 * 60 * 60 * 1000;

const secure = (): boolean => appOrigin().startsWith("https:");
/** The prefix binds the cookie to this host and to https (RFC 6265bis, section 4.1.3). */
const cookieName = (): string => (secure() ? "__Host-amber-session" : "amber-session");

function isSession(value: unknown): value is Session {
  if (typeof value !== "object" || value === null) return false;
  const { name, role, ends } = value as Partial<Session>;
  return typeof name === "string" && isRole(role) && typeof ends === "number";
}

/** The session of this request, if somebody is logged in. */
export const currentSession = cache(async (): Promise<Session | undefined> => {
  const text = (await cookies()).get(cookieName())?.value;
  if (!text) return undefined;
  const value = unseal(sessionSecret(), PURPOSE, text);
  return isSession(value) && value.ends > Date.now() ? value : undefined;
});

export async function openSession(name: string, role: Role): Promise<void> {
  const session: Session = { name, role, ends: Date.now() + LIFE_MS };
  (await cookies()).set(cookieName(), seal(sessionSecret(), PURPOSE, session), {
    httpOnly: true,
    secure: secure(),
    sameSite: "strict",
    path: "/",
    expires: new Date(session.ends),
  });
}

export async function endSession(): Promise<void> {
  (await cookies()).delete({ name: cookieName(), path: "/", secure: secure() });
}
