import { describe, expect, it } from "vitest";
import { isMachineAgent } from "./machineOpen.ts";

describe("opens and clicks by machines", () => {
  it.each([
    ["Apple Mail Privacy Protection", "Mozilla/5.0"],
    ["a link scanner", "BarracudaCentral/1.0"],
    ["a scanner dressed as a browser", "Mozilla/5.0 (Windows NT 10.0) Chrome/120.0 Safari/537.36 (Mimecast)"],
    ["a chat's link preview", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"],
    ["a script", "python-requests/2.31.0"],
  ])("knows %s", (_name, agent) => {
    expect(isMachineAgent(agent)).toBe(true);
  });

  it.each([
    [
      "Gmail's proxy, which fetches when a person opens",
      "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    ],
    ["Yahoo's proxy", "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"],
    ["Apple Mail", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"],
    ["Outlook", "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.12026; Pro)"],
    ["Outlook on Android", "Outlook-Android/2.0"],
    ["Thunderbird", "Thunderbird/115.0"],
    ["a browser", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"],
    ["an agent that says nothing", undefined],
  ])("takes %s for a person", (_name, agent) => {
    expect(isMachineAgent(agent)).toBe(false);
  });
});
