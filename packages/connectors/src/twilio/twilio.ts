import { z } from "zod";
import type { Connector } from "../connector.ts";
import { parseTwilio } from "./parse.ts";
import { signTwilio, verifyTwilio } from "./signature.ts";

export const twilioSettings = z.object({
  /**
   * What a leg that `<Dial>` makes is. `ignored`: the call that it belongs to tells already. `outbound`: agents call
   * from a browser or a SIP phone, so that only the leg has the client's number.
   */
  dial_legs: z.enum(["ignored", "outbound"]).default("ignored"),
  /**
   * What the end of an inbound call says. `told_by_dial`: nothing, for the number's own instructions took it; whether
   * somebody of ours did is told by the action of `<Dial>`. `answered`: no instructions come before, so that somebody did.
   */
  inbound_ends: z.enum(["told_by_dial", "answered"]).default("told_by_dial"),
});
export type TwilioSettings = z.infer<typeof twilioSettings>;

/** Twilio Voice: status callbacks of calls, and messages that `<Record>` took. */
export const twilio: Connector<TwilioSettings> = {
  name: "twilio",
  title: "Twilio Voice status callbacks",
  kind: "call",
  settings: twilioSettings,
  secret: {
    label: "Auth token",
    origin: "provider",
    where: "the account's dashboard in the Twilio console (not an API key)",
  },
  setup: (address) => [
    "Copy the account's auth token into this source.",
    `In the Twilio console open the phone number, Voice configuration, and set "Call status changes" to ${address} by HTTP POST.`,
    `Give the same address as the action of <Dial>: only that says whether somebody took an inbound call. Where inbound calls are taken without <Dial>, set inbound_ends to answered.`,
    `For calls that you start by the API give StatusCallback=${address} and StatusCallbackEvent initiated, ringing and completed.`,
    `For voicemail give the same address as the action of <Record>; for text messages as "A message comes in" of the number.`,
  ],
  verify: verifyTwilio,
  parse: parseTwilio,
  sample(address, context) {
    const fields = new URLSearchParams({
      AccountSid: "AC00000000000000000000000000000000",
      CallSid: `CA${context.receivedAt.getTime().toString(16).padStart(32, "0")}`,
      CallStatus: "in-progress",
      DialCallStatus: "completed",
      DialCallDuration: "42",
      Direction: "inbound",
      From: "+12025550123",
      To: "+12025550100",
    });
    return {
      method: "POST",
      url: address,
      headers: {
        "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
        "x-twilio-signature": signTwilio(context.secrets[0]!, address, fields),
      },
      body: Buffer.from(fields.toString()),
    };
  },
  // The address may be the action of a verb too: an empty document tells Twilio to do nothing more.
  accepted: {
    status: 200,
    headers: { "content-type": "text/xml" },
    body: '<?xml version="1.0" encoding="UTF-8"?><Response/>',
  },
};
