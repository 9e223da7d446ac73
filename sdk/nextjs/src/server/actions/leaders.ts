"use server";
// What somebody who is logged in does with leaders. Each action asks for the session by itself: actions are addresses.
import { revalidatePath } from "next/cache";
import type { Outcome } from "../../model/failure";
import { act } from "../act";

export async function addLeader(_before: Outcome<string> | undefined, form: FormData): Promise<Outcome<string>> {
  const field = (name: string) => String(form.get(name) ?? "").trim();
  const topics = field("topics")
    .split(/,/)
    .map((topic) => topic.trim());
  const handle = field("handle").replace(/^@/, "");
  const added = await act(async (amber) => {
    const request = { name: field("name"), handles: { x: handle }, trackingTopics: topics.filter(Boolean) };
    const { leader } = await amber.leaders.createLeader(request);
    return leader?.name ?? request.name;
  });
  if (added.ok) revalidatePath("/", "layout");
  return added;
}

export async function removeLeader(leaderId: string): Promise<Outcome<null>> {
  const removed = await act(async (amber) => {
    await amber.leaders.deleteLeader({ leaderId: String(leaderId) });
    return null;
  });
  if (removed.ok) revalidatePath("/", "layout");
  return removed;
}

/** Starts to read a leader at once; the answer is the id of the run. */
export async function refreshLeader(leaderId: string): Promise<Outcome<string>> {
  return act(async (amber) => (await amber.leaders.refreshLeader({ leaderId: String(leaderId) })).runId);
}
