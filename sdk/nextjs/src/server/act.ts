// Does something in the name of whoever is logged in.
import "server-only";
import type { NodeAmber } from "@amber/client/node";
import type { Outcome } from "../model/failure";
import { member } from "./amber";
import { attempt } from "./failures";
import { currentSession } from "./session";

/** What `work` answers, done with a short token of the session's role. Amber decides what the role may do. */
export async function act<Value>(work: (amber: NodeAmber) => Promise<Value>): Promise<Outcome<Value>> {
  const session = await currentSession();
  if (!session) return { ok: false, failure: { kind: "signed-out" } };
  return attempt(() => work(member(session)));
}
