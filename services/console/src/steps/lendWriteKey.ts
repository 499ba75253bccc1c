import { newWriteKey, type Source, storeSecret } from "@keypulse/sources";
import { ApiFault } from "../domain/apiFault.ts";
import type { SourceSettings } from "../outputs/sourceSettings.ts";

const validMs = 60_000;
const mostSecrets = 5;
const who = "wiring test";

/** Lends a write key for the wiring test: of the source's own keys only hashes are kept. It ends by itself as well. */
export function createLendWriteKey(settings: SourceSettings) {
  return async ({ id }: Source): Promise<{ writeKey: string; takeBack(): Promise<void> }> => {
    const writeKey = newWriteKey();
    const nowMs = Date.now();
    const lent = { ...storeSecret(writeKey, id, nowMs), expires_at: new Date(nowMs + validMs).toISOString() };
    await settings.change(
      id,
      (current) => {
        const { source } = current!;
        if (source.secrets.length >= mostSecrets) {
          throw new ApiFault(
            409,
            "the test needs a write key of its own, and this source has the most that it can",
            "revoke one",
          );
        }
        return { ...source, secrets: [...source.secrets, lent] };
      },
      who,
    );
    return {
      writeKey,
      async takeBack() {
        const without = ({ source }: { source: Source }) => ({
          ...source,
          secrets: source.secrets.filter(({ hash }) => hash !== lent.hash),
        });
        await settings.change(id, (current) => without(current!), who);
      },
    };
  };
}
