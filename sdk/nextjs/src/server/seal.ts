// Seals a value into a text that only this application reads and nobody changes unseen (AES-256-GCM, NIST SP 800-38D).
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const NONCE = 12;
const TAG = 16;

/** The key of one purpose, so that a text sealed for one is void for another. */
const key = (secret: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync("sha256", secret, "amber-nextjs", purpose, 32));

export function seal(secret: string, purpose: string, value: unknown): string {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv("aes-256-gcm", key(secret, purpose), nonce);
  const sealed = Buffer.concat([cipher.update(JSON.stringify(value), "utf8"), cipher.final()]);
  return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString("base64url");
}

/** The value, or undefined when the text was not sealed with this secret for this purpose. */
export function unseal(secret: string, purpose: string, text: string): unknown {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.length < NONCE + TAG) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key(secret, purpose), bytes.subarray(0, NONCE));
  decipher.setAuthTag(bytes.subarray(-TAG));
  try {
    const opened = Buffer.concat([decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()]);
    return JSON.parse(opened.toString("utf8"));
  } catch {
    return undefined;
  }
}
