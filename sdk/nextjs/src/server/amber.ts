// The connections of this server to Amber, by gRPC. Credentials stay in this file's module and below.
import "server-only";
import { DEFAULT_RETRY, type IssuedToken, jwt, apiKey as keyed, type RetryPolicy } from "@amber/client";
import { connect, type NodeAmber } from "@amber/client/node";
import { Role } from "@amber/client/v1";
import { headers } from "next/headers";
import type { Role as MemberRole } from "../model/role";
import { adminSecret, amberUrl, apiKey } from "./env";
import type { Session } from "./session";

/** Pages do not wait for a server that is away; they say so and try again. */
const HASTY: RetryPolicy = { ...DEFAULT_RETRY, attempts: 2, firstBackoffMs: 100 };
const DEADLINE_MS = 8_000;
/** Tokens of actions. They renew themselves while somebody works. */
const MEMBER_TOKEN_SECONDS = 600;
/** Tokens that browsers get to watch runs. */
const VIEWER_TOKEN_SECONDS = 300;
/** People of whom a connection is kept. */
const MOST_MEMBERS = 50;

const common = () => ({ baseUrl: amberUrl(), retry: HASTY, timeoutMs: DEADLINE_MS });

let open: NodeAmber | undefined;
/** Amber as anyone sees it. */
export function anonymous(): NodeAmber {
  open ??= connect(common());
  return open;
}

let own: NodeAmber | undefined;
/** Amber as this application sees it by its API key; absent without one. */
export function application(): NodeAmber | undefined {
  const key = apiKey();
  if (!key) return undefined;
  own ??= connect({ ...common(), credentials: keyed(key) });
  return own;
}

const ROLE: Record<MemberRole, Role> = { admin: Role.ADMIN, reviewer: Role.REVIEWER, viewer: Role.VIEWER };

const members = new Map<string, NodeAmber>();
/** Amber as somebody who is logged in sees it. */
export function member({ name, role }: Pick<Session, "name" | "role">): NodeAmber {
  const who = `${role} ${name}`;
  const known = members.get(who);
  if (known) return known;
  const [eldest] = members.keys();
  if (members.size >= MOST_MEMBERS && eldest !== undefined) {
    members.get(eldest)?.close();
    members.delete(eldest);
  }
  const credentials = jwt(() => issue(name, ROLE[role], MEMBER_TOKEN_SECONDS));
  const amber = connect({ ...common(), credentials });
  members.set(who, amber);
  return amber;
}

/** A short token that may look and change nothing. */
export const viewerToken = (name: string): Promise<IssuedToken> => issue(name, Role.VIEWER, VIEWER_TOKEN_SECONDS);

async function issue(adminId: string, role: Role, seconds: number): Promise<IssuedToken> {
  const request = { adminId, secret: adminSecret() ?? "", role, lifetime: { seconds: BigInt(seconds) } };
  const { token, expiresIn } = await anonymous().auth.issueAdminToken(request, await onBehalf());
  return { token, expiresInMs: Number(expiresIn?.seconds ?? 0n) * 1000 };
}

/** Asks Amber whether this is its secret. It counts and limits wrong answers by the visitor's address. */
export async function proves(name: string, secret: string): Promise<void> {
  const lifetime = { seconds: 60n };
  await anonymous().auth.issueAdminToken({ adminId: name, secret, role: Role.VIEWER, lifetime }, await onBehalf());
}

/** Tells Amber whose call it is, so that visitors have limits of their own where this server is a trusted proxy. */
export async function onBehalf(): Promise<{ headers: Record<string, string> }> {
  const address = (await headers()).get("x-forwarded-for");
  return { headers: address ? { "x-forwarded-for": address } : {} };
}
