import { createClient } from "@connectrpc/connect";
import { expect, test, vi } from "vitest";
import { adminJwt } from "../src/admin.js";
import { createAmber } from "../src/amber.js";
import { apiKey, authorizing, jwt } from "../src/credentials.js";
import { AuthService, IngestionService, LeaderService, Role } from "../src/v1.js";
import { Code, refused, serving } from "./refused.js";

/** A source of numbered tokens, and a clock. */
function issuing(expiresInMs = 1_000) {
  const clock = { now: 0 };
  const issue = vi.fn(async () => ({ token: `token-${issue.mock.calls.length}`, expiresInMs }));
  return { clock, issue, credentials: jwt(issue, () => clock.now) };
}

test("a token is kept for most of its life and then renewed", async () => {
  const { clock, issue, credentials } = issuing();
  expect(await credentials.authorization()).toBe("Bearer token-1");
  clock.now = 799;
  expect(await credentials.authorization()).toBe("Bearer token-1");
  clock.now = 800;
  expect(await credentials.authorization()).toBe("Bearer token-2");
  expect(issue).toHaveBeenCalledTimes(2);
});

test("its life begins when it was asked for, not when it came", async () => {
  const clock = { now: 0 };
  const issue = vi.fn(async () => {
    clock.now += 500;
    return { token: "slow", expiresInMs: 1_000 };
  });
  const credentials = jwt(issue, () => clock.now);
  await credentials.authorization();
  clock.now = 800;
  await credentials.authorization();
  expect(issue).toHaveBeenCalledTimes(2);
});

test("calls that come at once share one token", async () => {
  const { issue, credentials } = issuing();
  const shown = await Promise.all([1, 2, 3].map(() => credentials.authorization()));
  expect(new Set(shown).size).toBe(1);
  expect(issue).toHaveBeenCalledTimes(1);
});

test("while a token lives, a failed renewal harms nobody", async () => {
  const { clock, issue, credentials } = issuing();
  await credentials.authorization();
  issue.mockRejectedValue(new Error("away"));
  clock.now = 999;
  expect(await credentials.authorization()).toBe("Bearer token-1");
  clock.now = 1_000;
  await expect(credentials.authorization()).rejects.toThrow("away");
});

test("a credential that cannot be sent is refused without being shown", () => {
  for (const bad of ["", " ", "a b", "a\nb", "ключ"]) {
    expect(() => apiKey(bad)).toThrow(/^the credential is empty or cannot be sent as metadata$/);
  }
});

test("a call that was refused for an expired token is made once more, with another one", async () => {
  const { issue, credentials } = issuing(60_000);
  const shown: (string | null)[] = [];
  const transport = serving(
    LeaderService,
    {
      createLeader(_, { requestHeader }) {
        shown.push(requestHeader.get("authorization"));
        if (shown.length === 1) throw refused(Code.Unauthenticated, { reason: "CREDENTIAL_EXPIRED" });
        return {};
      },
    },
    [authorizing(credentials)],
  );
  await createClient(LeaderService, transport).createLeader({ name: "Ada" });
  expect(shown).toEqual(["Bearer token-1", "Bearer token-2"]);
  expect(issue).toHaveBeenCalledTimes(2);
});

test("a credential that never comes is waited for no longer than the call may take", async () => {
  const listLeaders = vi.fn(() => ({}));
  const watchRun = vi.fn(async function* () {});
  const never = { authorization: vi.fn(() => new Promise<string>(() => {})), discard: () => false };
  const leaders = createClient(LeaderService, serving(LeaderService, { listLeaders }, [authorizing(never)]));
  await expect(leaders.listLeaders({}, { timeoutMs: 20 })).rejects.toMatchObject({ code: Code.DeadlineExceeded });

  const signal = AbortSignal.timeout(20);
  const ingestion = createClient(IngestionService, serving(IngestionService, { watchRun }, [authorizing(never)]));
  const watch = async () => {
    for await (const _ of ingestion.watchRun({ runId: "r" }, { signal }));
  };
  await expect(watch()).rejects.toMatchObject({ code: Code.Canceled });
  expect(never.authorization).toHaveBeenCalledTimes(2);
  expect([listLeaders, watchRun].map((call) => call.mock.calls.length)).toEqual([0, 0]);
});

test("a wrong token is not tried again, nor an expired key", async () => {
  const refusals: [string, Parameters<typeof authorizing>[0]][] = [
    ["CREDENTIAL_INVALID", issuing().credentials],
    ["CREDENTIAL_EXPIRED", apiKey("key")],
  ];
  for (const [reason, credentials] of refusals) {
    const listLeaders = vi.fn(() => {
      throw refused(Code.Unauthenticated, { reason });
    });
    const transport = serving(LeaderService, { listLeaders }, [authorizing(credentials)]);
    await expect(createClient(LeaderService, transport).listLeaders({})).rejects.toThrow();
    expect(listLeaders).toHaveBeenCalledTimes(1);
  }
});

test("a stream whose token expired gets another one with its next connection", async () => {
  const { credentials } = issuing(60_000);
  const shown: (string | null)[] = [];
  const transport = serving(
    IngestionService,
    {
      async *watchRun(_, { requestHeader }) {
        shown.push(requestHeader.get("authorization"));
        yield { run: { seq: BigInt(shown.length) } };
        if (shown.length === 1) throw refused(Code.Unauthenticated, { reason: "CREDENTIAL_EXPIRED" });
      },
    },
    [authorizing(credentials)],
  );
  const seen: bigint[] = [];
  for await (const { seq } of createAmber(transport).watchRun("r")) seen.push(seq);
  expect(seen).toEqual([1n, 2n]);
  expect(shown).toEqual(["Bearer token-1", "Bearer token-2"]);
});

test("a call may bring a credential of its own", async () => {
  const { issue, credentials } = issuing();
  let shown: string | null = null;
  const listLeaders = (_: unknown, { requestHeader }: { requestHeader: Headers }) => {
    shown = requestHeader.get("authorization");
    return {};
  };
  const transport = serving(LeaderService, { listLeaders }, [authorizing(credentials)]);
  await createClient(LeaderService, transport).listLeaders({}, { headers: { authorization: "Bearer own" } });
  expect(shown).toBe("Bearer own");
  expect(issue).not.toHaveBeenCalled();
});

test("the bootstrap secret gets admin tokens of the role that was asked for", async () => {
  const issueAdminToken = vi.fn((_: { role: Role }) => ({ token: "jwt", expiresIn: { seconds: 60n, nanos: 0 } }));
  const anonymous = createAmber(serving(AuthService, { issueAdminToken }));
  const credentials = adminJwt(anonymous, { adminId: "web", secret: "s", role: Role.VIEWER });
  expect(await credentials.authorization()).toBe("Bearer jwt");
  expect(await credentials.authorization()).toBe("Bearer jwt");
  expect(issueAdminToken).toHaveBeenCalledTimes(1);
  expect(issueAdminToken.mock.calls[0]?.[0].role).toBe(Role.VIEWER);
});
