// Asks the contract for the posts of a filter.

import type { ListPostsRequestSchema } from "@amber/client/v1";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { labelOf } from "./from-wire";
import { type PostFilter, TONES } from "./post";

const PAGE_SIZE = 20;

/** What lists and streams are filtered by. */
export function criteria({ leader, tone, language }: PostFilter) {
  return {
    leaderIds: leader ? [leader] : [],
    sentiments: tone ? [labelOf(tone)] : [],
    languages: language ? [language] : [],
  };
}

export const listRequest = (filter: PostFilter, pageToken = ""): MessageInitShape<typeof ListPostsRequestSchema> => ({
  ...criteria(filter),
  pageSize: PAGE_SIZE,
  pageToken,
});

/** The filter that an address asks for; what is none is left out. */
export function filterOf(query: Record<string, string | string[] | undefined>): PostFilter {
  const one = (name: string): string => [query[name]].flat()[0] ?? "";
  const leader = one("leader");
  const language = one("language");
  return {
    leader: /^[0-9a-f-]{36}$/i.test(leader) ? leader : "",
    tone: TONES.find((tone) => tone === one("tone")) ?? "",
    language: /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/.test(language) ? language : "",
  };
}
