import { isbot } from "isbot";

/** Gmail's and Yahoo's proxies fetch a picture when a person opens the mail: the proxy hides who, not that. */
const openedThroughProxy = /GoogleImageProxy|YahooMailProxy/i;

/** Scanners that follow links before the mail is shown, some of them dressed as a browser. */
const scanner =
  /barracuda|proofpoint|mimecast|fireeye|trend ?micro|bitdefender|symantec|messagelabs|forcepoint|sophos|ironport|safelinks|spamexperts/i;

/** Mail programs that name only themselves; a list for web crawlers takes such short names for robots. */
const mailProgram =
  /\b(mail|outlook|thunderbird|airmail|spark|superhuman|mailspring|postbox|canary|edison|k-9|fairemail|bluemail|em client|lotus-notes)\b/i;

/**
 * Whether a user agent that fetched the tracking pixel or followed a link is known to be a machine. What can't be
 * told is taken for a person. Apple's Mail Privacy Protection loads all pictures of all mail and says only
 * "Mozilla/5.0", as no browser does.
 */
export function isMachineAgent(userAgent: string | undefined): boolean {
  const agent = userAgent?.trim() ?? "";
  if (agent === "") return false;
  if (openedThroughProxy.test(agent)) return false;
  if (agent === "Mozilla/5.0" || scanner.test(agent)) return true;
  return !mailProgram.test(agent) && isbot(agent);
}
