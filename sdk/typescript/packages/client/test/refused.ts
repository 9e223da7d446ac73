// Refusals as the server sends them, and a server that gives what a test wants.
import { create, type DescService } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  Code,
  ConnectError,
  createRouterTransport,
  type Interceptor,
  type ServiceImpl,
  type Transport,
} from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../src/generated/google/rpc/error_details_pb.js";

/** What a refusal carries beside its code. */
interface Details {
  readonly reason?: string;
  readonly domain?: string;
  readonly metadata?: Record<string, string>;
  readonly retryAfterMs?: number;
  readonly fields?: { field: string; description: string }[];
  readonly headers?: Record<string, string>;
}

export function refused(code: Code, details: Details = {}): ConnectError {
  const { reason, domain = "amber.v1", metadata = {}, retryAfterMs, fields, headers } = details;
  return new ConnectError("refused", code, headers, [
    ...(reason ? [{ desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { reason, domain, metadata }) }] : []),
    ...(retryAfterMs === undefined
      ? []
      : [{ desc: RetryInfoSchema, value: create(RetryInfoSchema, { retryDelay: durationFromMs(retryAfterMs) }) }]),
    ...(fields ? [{ desc: BadRequestSchema, value: create(BadRequestSchema, { fieldViolations: fields }) }] : []),
  ]);
}

/** A server in the process. */
export function serving<Service extends DescService>(
  service: Service,
  implementation: Partial<ServiceImpl<Service>>,
  interceptors: Interceptor[] = [],
): Transport {
  return createRouterTransport(({ service: add }) => void add(service, implementation), {
    transport: { interceptors },
  });
}

export { Code };
