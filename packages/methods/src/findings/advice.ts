import type { Cause, Finding } from "./finding.ts";

/** What usually helps, for an account manager: practice of the trade, no statistics stand behind it. */
const advice: Readonly<Record<Cause, string>> = {
  less_activity:
    "Call the person you know best there and ask what has changed on their side, before you offer anything. Look at the last orders, calls and complaints first.",
  smaller_orders:
    "Compare the last orders with the earlier ones line by line: which products or quantities went? Ask whether their need shrank or a part is bought elsewhere.",
  missing_products:
    "Ask whether they still need these products, and who supplies them now. Check our price, delivery time and recent complaints for just these products.",
  pays_late:
    "Ask kindly whether an invoice was unclear or goods were wrong, before a reminder goes out. Agree on a date, and talk to finance before the next large order on credit.",
  falling_margin:
    "Look at which products, discounts and terms changed and who agreed to them. Prepare the next price talk with what this client costs to serve.",
  contact_lost:
    "Try another way to reach this person, such as the phone. If they left, ask a colleague of theirs who decides now and get introduced soon.",
  unanswered_calls: "Call back today, even without an answer ready, and say who will take care of it and by when.",
  dissatisfied:
    "Call, listen and ask what was behind it, before you explain anything. Agree on one thing to mend and tell them when it is done.",
  dependence:
    "Plan what happens if this client leaves or pays late: cash for some months, terms, a second line of sales. Keep more than one good contact there.",
  growing:
    "Ask what is behind it and what they plan next. It is a good time to meet, and to check that stock and service keep up.",
  back: "Thank them, and ask what brought them back and what had made them leave. Write both down: the next weeks decide whether they stay.",
  source_broken:
    "For marketing operations: check that the sender still runs, and its key, address and recent errors. Alerts about clients known through it wait until it is back.",
  pipeline_behind:
    "For whoever runs Keypulse: look whether the ingest service and ClickHouse are ready and what their logs say. If more arrives than is stored, add an ingest worker. A large import passes by itself.",
};

const adviceOnGoodNews: Partial<Record<Cause, string>> = {
  dependence: "Nothing to do: revenue rests on more clients than before. Keep it in mind for the next planning.",
};

/** One or two sentences on what to do about a finding. */
export function adviceFor({ cause, direction }: Pick<Finding, "cause" | "direction">): string {
  return (direction === "worse" ? undefined : adviceOnGoodNews[cause]) ?? advice[cause];
}
