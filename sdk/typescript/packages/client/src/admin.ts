// Credentials for those who hold the bootstrap secret of the installation.
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { Amber } from "./amber.js";
import { type Credentials, jwt } from "./credentials.js";
import type { Role } from "./generated/amber/v1/auth_service_pb.js";

/** Who asks for admin tokens. */
export interface Admin {
  /** Names the person or service in audits. */
  readonly adminId: string;
  /** The bootstrap secret. Never in a browser. */
  readonly secret: string;
  /** What the tokens shall allow; admin if absent. */
  readonly role?: Role;
}

/** Admin tokens that renew themselves. `anonymous` is the same server without credentials. */
export function adminJwt(anonymous: Pick<Amber, "auth">, admin: Admin): Credentials {
  return jwt(async () => {
    const { token, expiresIn } = await anonymous.auth.issueAdminToken(admin);
    return { token, expiresInMs: expiresIn ? durationMs(expiresIn) : 0 };
  });
}
