"use server";
import { Code, ConnectError } from "@amber/client";
// What reviewers do. Actions are addresses: each asks for the session by itself and trusts no argument.
import { SentimentLabel, type ReviewItem as WireItem } from "@amber/client/v1";
import type { Outcome } from "../../model/failure";
import { labelOf } from "../../model/from-wire";
import { SCORED } from "../../model/post";
import { type ReviewHistory, type ReviewItem, type ReviewPage, stateOf } from "../../model/review";
import { reviewHistory, reviewItem } from "../../model/review-from-wire";
import { act } from "../act";
import { readReviews } from "../reads";

/** What an edit changes; what is absent stays. */
export interface ReviewEdit {
  readonly notes?: string | undefined;
  readonly tone?: string | undefined;
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

function changed(item: WireItem | undefined): ReviewItem {
  if (!item) throw new ConnectError("the answer has no item", Code.Internal);
  return reviewItem(item);
}

export async function moreReviews(state: string, pageToken: string): Promise<Outcome<ReviewPage>> {
  return readReviews(stateOf(state), String(pageToken));
}

export async function approveItem(itemId: string): Promise<Outcome<ReviewItem>> {
  return act(async ({ reviews }) => changed((await reviews.approveReviewItem({ itemId: String(itemId) })).item));
}

export async function rejectItem(itemId: string, edit: ReviewEdit): Promise<Outcome<ReviewItem>> {
  const request = { itemId: String(itemId), notes: textOf(edit?.notes) };
  return act(async ({ reviews }) => changed((await reviews.rejectReviewItem(request)).item));
}

export async function editItem(itemId: string, edit: ReviewEdit): Promise<Outcome<ReviewItem>> {
  const tone = SCORED.find((one) => one === edit?.tone);
  const sentiment = tone ? labelOf(tone) : SentimentLabel.UNSPECIFIED;
  const request = { itemId: String(itemId), notes: textOf(edit?.notes), sentiment };
  return act(async ({ reviews }) => changed((await reviews.editReviewItem(request)).item));
}

export async function readHistory(itemId: string, pageToken: string): Promise<Outcome<ReviewHistory>> {
  const request = { itemId: String(itemId), pageToken: String(pageToken) };
  return act(async ({ reviews }) => reviewHistory(await reviews.listReviewAudit(request)));
}
