// Passes gRPC-web calls of our pages on to Amber, so that browsers need no other address. Only what pages call is passed.
import { amberUrl } from "@/server/env";

const ALLOWED = new Set([
  "amber.v1.FeedService/ListPosts",
  "amber.v1.FeedService/WatchPosts",
  "amber.v1.IngestionService/WatchRun",
]);

/** Neither cookies nor anything else of this application goes along. */
const ASKED = [
  "authorization",
  "content-type",
  "grpc-timeout",
  "traceparent",
  "x-forwarded-for",
  "x-grpc-web",
  "x-request-id",
  "x-user-agent",
];
const ANSWERED = [
  "content-type",
  "grpc-status",
  "grpc-message",
  "grpc-status-details-bin",
  "retry-after",
  "x-request-id",
];

/** gRPC's code for a server that cannot be reached. */
const UNAVAILABLE = "14";
const LONGEST_REQUEST = 64 * 1024;

function only(names: readonly string[], headers: Headers): Headers {
  const kept = new Headers();
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) kept.set(name, value);
  }
  return kept;
}

export async function POST(request: Request, { params }: RouteContext<"/rpc/[service]/[method]">): Promise<Response> {
  const { service, method } = await params;
  const call = `${service}/${method}`;
  if (!ALLOWED.has(call)) return new Response(null, { status: 404 });
  if (!request.headers.get("content-type")?.startsWith("application/grpc-web"))
    return new Response(null, { status: 415 });
  const body = await request.arrayBuffer();
  if (body.byteLength > LONGEST_REQUEST) return new Response(null, { status: 413 });
  try {
    const answer = await fetch(`${amberUrl()}/${call}`, {
      method: "POST",
      headers: only(ASKED, request.headers),
      body,
      cache: "no-store",
      redirect: "error",
      signal: request.signal,
    });
    const headers = only(ANSWERED, answer.headers);
    headers.set("cache-control", "no-store");
    // Proxies that collect answers would hold back what is live.
    headers.set("x-accel-buffering", "no");
    return new Response(answer.body, { status: answer.status, headers });
  } catch {
    const headers = {
      "content-type": "application/grpc-web+proto",
      "grpc-status": UNAVAILABLE,
      "cache-control": "no-store",
    };
    return new Response(null, { headers });
  }
}
