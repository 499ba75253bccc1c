import { createHmac, timingSafeEqual } from "node:crypto";

/** Compares in constant time; unequal lengths are unequal, not an error. */
export function sameBytes(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Compares texts in constant time. */
export const sameText = (left: string, right: string): boolean => sameBytes(Buffer.from(left), Buffer.from(right));

/** HMAC of the parts in order. */
export function hmac(algorithm: "sha1" | "sha256", key: string | Buffer, ...parts: (string | Buffer)[]): Buffer {
  const mac = createHmac(algorithm, key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

/** Whether a time in Unix seconds lies within the tolerance of the moment of arrival, past and future. */
export function isRecent(unixSeconds: number, receivedAt: Date, toleranceSeconds: number): boolean {
  return Math.abs(receivedAt.getTime() / 1000 - unixSeconds) <= toleranceSeconds;
}
