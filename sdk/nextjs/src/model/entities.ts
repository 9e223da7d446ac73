// Finds what X turns into links inside of a text: addresses, mentions and hashtags.

export interface Piece {
  readonly text: string;
  /** Where it leads; absent for plain text. */
  readonly href?: string;
}

const ENTITY =
  /(?<url>https?:\/\/[^\s<>"']+[^\s<>"'.,:;!?)\]}…।])|(?<![\p{L}\p{N}_@/])@(?<handle>[A-Za-z0-9_]{1,15})(?![A-Za-z0-9_@])|(?<![\p{L}\p{N}_&/])#(?<tag>[\p{L}\p{M}\p{N}_]*[\p{L}\p{M}_][\p{L}\p{M}\p{N}_]*)/gu;

/** The text in pieces, in order; together they are the text. */
export function pieces(text: string): readonly Piece[] {
  const found: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(ENTITY)) {
    if (match.index > end) found.push({ text: text.slice(end, match.index) });
    found.push({ text: match[0], href: target(match.groups ?? {}) });
    end = match.index + match[0].length;
  }
  if (end < text.length) found.push({ text: text.slice(end) });
  return found;
}

function target({ url, handle, tag }: Record<string, string | undefined>): string {
  if (url) return url;
  return handle ? `https://x.com/${handle}` : `https://x.com/hashtag/${encodeURIComponent(tag ?? "")}`;
}
