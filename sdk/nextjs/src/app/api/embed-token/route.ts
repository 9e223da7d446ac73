// Issues a token for the frame on our partner page. The key that may do so stays here.
import { durationMs } from "@bufbuild/protobuf/wkt";
import { application } from "@/server/amber";
import { appOrigin, framedDashboard } from "@/server/env";
import { failureOf } from "@/server/failures";

const STATUS = { limited: 429, unavailable: 503, key: 503, feature: 503 } as const;
const HEADERS = { "cache-control": "no-store" };

/** Browsers say so when it is a page of this origin that asks (W3C Fetch Metadata); a form of elsewhere gets no token. */
function isOurs(request: Request): boolean {
  const site = request.headers.get("sec-fetch-site");
  return (site === null || site === "same-origin") && request.headers.get("origin") === appOrigin();
}

export async function POST(request: Request): Promise<Response> {
  if (!isOurs(request)) return Response.json({ kind: "denied" }, { status: 403, headers: HEADERS });
  const amber = application();
  if (!amber) return Response.json({ kind: "key" }, { status: STATUS.key, headers: HEADERS });
  try {
    const issued = await amber.embedTokens.issueEmbedToken({
      dashboardId: framedDashboard(),
      allowedOrigins: [appOrigin()],
    });
    const expiresInMs = issued.expiresIn && durationMs(issued.expiresIn);
    return Response.json({ token: issued.token, embedUrl: issued.embedUrl, expiresInMs }, { headers: HEADERS });
  } catch (error) {
    const { kind, requestId, retryAfterMs } = failureOf(error);
    const status = kind in STATUS ? STATUS[kind as keyof typeof STATUS] : 502;
    const wait: Record<string, string> = retryAfterMs ? { "retry-after": String(Math.ceil(retryAfterMs / 1000)) } : {};
    return Response.json({ kind, requestId, retryAfterMs }, { status, headers: { ...HEADERS, ...wait } });
  }
}
