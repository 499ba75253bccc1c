import type { ConnectorTools } from "@keypulse/connectors";

const keptMs = 24 * 3_600_000;
const mostCharacters = 64 * 1024;
const withinMs = 5_000;

/** GET of small texts (certificates), remembered for a day. The connector checks the address; redirects are refused. */
export function createDownloads(): ConnectorTools & { confirm(url: string): Promise<void> } {
  const kept = new Map<string, { text: string; atMs: number }>();
  const get = async (url: string): Promise<string> => {
    const response = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(withinMs) });
    const text = (await response.text()).slice(0, mostCharacters);
    if (!response.ok) throw new Error(`GET of a provider's address was answered with ${response.status}`);
    return text;
  };
  return {
    async download(url) {
      const known = kept.get(url);
      if (known !== undefined && Date.now() - known.atMs < keptMs) return known.text;
      const text = await get(url);
      if (kept.size > 100) kept.clear();
      kept.set(url, { text, atMs: Date.now() });
      return text;
    },
    async confirm(url) {
      await get(url);
    },
  };
}
