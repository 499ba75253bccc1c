import { isbot } from "isbot";

const mostRemembered = 2_000;
const longestRemembered = 400;
const remembered = new Map<string, boolean>();

/**
 * Whether a user agent is a crawler's, a preview's or a prefetching program's, which run a page's scripts as visitors
 * do. Answers are remembered, because asking takes longer than all else about a message and the same agents come again.
 */
export function isMachine(userAgent: string): boolean {
  const known = remembered.get(userAgent);
  if (known !== undefined) return known;
  const found = isbot(userAgent);
  if (remembered.size >= mostRemembered) remembered.clear();
  if (userAgent.length <= longestRemembered) remembered.set(userAgent, found);
  return found;
}
