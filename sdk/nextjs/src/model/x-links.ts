// Addresses on X (developer.x.com, "Web intents" and "Display requirements").

export const profile = (handle: string): string => `https://x.com/${encodeURIComponent(handle)}`;

/** Where a visitor of X does something with a post. */
export function intents(id: string): Record<"reply" | "repost" | "like", string> {
  const post = encodeURIComponent(id);
  return {
    reply: `https://x.com/intent/post?in_reply_to=${post}`,
    repost: `https://x.com/intent/retweet?tweet_id=${post}`,
    like: `https://x.com/intent/like?tweet_id=${post}`,
  };
}

/** X's own view of a post as a frame, which is what X's script would make; asked for without tracking. */
export function widget(id: string, look: { theme: "light" | "dark"; lang: string }): string {
  const address = new URL("https://platform.twitter.com/embed/Tweet.html");
  address.search = new URLSearchParams({ id, dnt: "true", ...look }).toString();
  return address.href;
}

const PICTURE_HOSTS = new Set(["pbs.twimg.com", "abs.twimg.com"]);

/** The address of a picture if it is one that pages may load; see the content security policy. */
export function picture(address: string | undefined): string | undefined {
  if (!address || !URL.canParse(address)) return undefined;
  const { protocol, hostname } = new URL(address);
  return protocol === "https:" && PICTURE_HOSTS.has(hostname) ? address : undefined;
}
