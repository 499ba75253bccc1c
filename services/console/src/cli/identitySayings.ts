import { facts, styled, table } from "./table.ts";

export interface ReviewItem {
  reason: string;
  kind: string;
  left: string;
  right: string;
  found_at: string;
  evidence: { occurred_at: string; source: string; event_id: string }[];
}
export interface Ledger {
  contact_id: string;
  client: { id: string; name: string };
  identifiers: { identifier: string; contact_id: string }[];
  links: { rule: string; left: string; right: string; first_at: string; source: string; event_id: string }[];
}
export interface ListedDecision {
  id: string;
  kind: string;
  left: string;
  right: string | null;
  since: string | null;
  reason: string;
  who: string;
  decided_at: string;
  undone: boolean;
}
export interface Decided {
  decision: ListedDecision;
  done: boolean;
  identifiers: string[];
  identifiers_changed: number;
  moves: {
    from: { id: string; name: string };
    to: { id: string; name: string };
    events: number;
    orders: number;
    revenue: number;
    alerts: number;
  }[];
}

const reasons: Record<string, string> = {
  two_people: "would make one of two known people",
  two_clients: "would make one of two clients",
  limit: "would give one contact too many of a kind",
  shared_value: "many share it, so it joins nobody",
};

export function sayReview(items: readonly ReviewItem[]): string {
  if (items.length === 0) return "Nothing to decide: no two known people or clients share an identifier.";
  const blocks = items.map(({ left, right, reason, evidence }) =>
    [
      right === "" ? styled("bold", left) : `${styled("bold", left)} and ${styled("bold", right)}`,
      `  ${reasons[reason] ?? reason}`,
      ...evidence.map((proof) =>
        styled("dim", `  ${day(proof.occurred_at)}  ${proof.source}  event ${proof.event_id}`),
      ),
    ].join("\n"),
  );
  const how =
    "Decide with npm run identity -- merge A B, unmerge A B, set-aside A or release A; --preview shows what moves.";
  return `${blocks.join("\n\n")}\n\n${items.length} to decide. ${how}`;
}

export function sayLedger({ client, contact_id, identifiers, links }: Ledger): string {
  const isPerson = !contact_id.startsWith("00000000");
  const own = identifiers
    .filter((one) => isPerson && one.contact_id === contact_id)
    .map(({ identifier }) => identifier);
  const others = identifiers.filter((one) => !own.includes(one.identifier)).map(({ identifier }) => identifier);
  const few = (list: string[]) =>
    list.length === 0
      ? undefined
      : `${list.slice(0, 20).join("\n")}${list.length > 20 ? `\nand ${list.length - 20} more` : ""}`;
  return [
    facts([
      ["client", `${client.name}  ${styled("dim", client.id)}`],
      ["this contact", few(own)],
      ["others of it", few(others)],
    ]),
    "",
    table(
      ["since", "rule", "identifiers", "source", "event"],
      links.map((link) => [
        day(link.first_at),
        link.rule,
        link.right === "" ? link.left : `${link.left} – ${link.right}`,
        link.source,
        link.event_id,
      ]),
    ),
  ].join("\n");
}

export function sayDecisions(decisions: readonly ListedDecision[]): string {
  if (decisions.length === 0) return "Nobody has decided anything yet.";
  return table(
    ["decided", "by", "what", "reason", "id"],
    decisions.map((one) => [day(one.decided_at), one.who, what(one), one.reason, one.id]),
  );
}

export function sayDecided({ decision, done, identifiers, identifiers_changed, moves }: Decided): string {
  const more = identifiers_changed - identifiers.length;
  const lines = [
    `${done ? "Done" : "Would do"}: ${what(decision)}`,
    facts([
      [
        "identifiers",
        `${identifiers.slice(0, 8).join("\n")}${more > 0 || identifiers.length > 8 ? `\nand ${identifiers_changed - Math.min(8, identifiers.length)} more` : ""}`,
      ],
    ]),
  ];
  if (moves.length === 0) lines.push("No event changes its client.");
  else {
    lines.push(
      table(
        ["from", "to", "events", "orders", "net revenue", "alerts"],
        moves.map(({ from, to, events, orders, revenue, alerts }) => [
          from.name || from.id,
          to.name || to.id,
          ...[events, orders].map((number) => number.toLocaleString("en")),
          revenue.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 }),
          String(alerts),
        ]),
      ),
    );
  }
  if (done && !decision.undone) lines.push(`Take it back with: npm run identity -- undo ${decision.id}`);
  return lines.join("\n\n");
}

function what({ kind, left, right, since, undone }: ListedDecision): string {
  const when = since === null ? "" : ` from ${day(since)}`;
  const said = `${kind.replace("_", " ")} ${left}${right === null ? "" : ` ${kind === "move" ? "to" : "and"} ${right}`}${when}`;
  return undone ? `${said} (undone)` : said;
}

const day = (instant: string): string => instant.slice(0, 10);
