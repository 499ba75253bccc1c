import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the checkout. */
export const checkout = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");

/** Where engines keep what they store, fetch and log: KEYPULSE_FOLDER, else `.keypulse` in the checkout. */
export function keypulseFolder(): string {
  return process.env.KEYPULSE_FOLDER || join(checkout, ".keypulse");
}

/** Fetched programs, shared by all folders: KEYPULSE_CACHE_DIR, else `.keypulse/cache` in the checkout. */
export function cacheFolder(): string {
  return process.env.KEYPULSE_CACHE_DIR || join(checkout, ".keypulse", "cache");
}
