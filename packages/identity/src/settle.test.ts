import type { IdentifierKind } from "@keypulse/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSettle, defaultIdentitySettings, type Link, type LinkRule, type Settled } from "./index.ts";

const settle = createSettle(defaultIdentitySettings);
const kinds: Record<string, IdentifierKind> = {
  c: "crm_id",
  u: "user_id",
  e: "email",
  p: "phone",
  b: "anonymous_id",
  A: "account_id",
  d: "domain",
};
/** Keys are texts such as u1 or e2: their first letter says the kind. */
const kindOf = (key: string): IdentifierKind => kinds[key[0]!]!;
const link = (left: string, right: string, rule: LinkRule = "same_event", atMs = 0): Link => ({
  left,
  leftKind: kindOf(left),
  right,
  rightKind: kindOf(right),
  rule,
  atMs,
});

/** `u1 e1 | u2`: who is one, by contact or client. */
function groupsOf({ places }: Settled): string {
  const groups = Map.groupBy([...places], ([, place]) => (place.level === "person" ? place.contact : place.client));
  return [...groups.values()]
    .map((members) =>
      members
        .map(([key]) => key)
        .toSorted()
        .join(" "),
    )
    .toSorted()
    .join(" | ");
}
const refusals = ({ refused }: Settled) =>
  refused.map(({ link: { left, right }, reason }) => `${left}-${right} ${reason}`);
const erasOf = ({ places }: Settled, key: string) => {
  const place = places.get(key)!;
  return place.level === "person" && place.eras.length > 0
    ? place.eras.map(({ sinceMs, client }) => `${client}@${sinceMs}`).join(" ")
    : place.client;
};

describe("who is who", () => {
  it("joins what one event names, around the strongest", () => {
    const settled = settle([link("u1", "e1"), link("u1", "p1"), link("e1", "b1")]);
    expect(groupsOf(settled)).toBe("b1 e1 p1 u1");
    expect(settled.places.get("b1")).toMatchObject({ contact: "u1", client: "u1" });
  });

  it("takes one browser with addresses of two companies for two people, and lists the doubt", () => {
    const at = (address: string, company: string) => link(address, company, "address_at");
    const kiosk = [link("e1", "b1", "same_event", 1), link("e2", "b1", "same_event", 2)];
    const two = settle([...kiosk, at("e1", "d1"), at("e2", "d2")]);
    expect(groupsOf(two)).toBe("b1 e1 | e2");
    expect(refusals(two)).toEqual(["e2-b1 two_people"]);
    // Of one company, or with a private address, it may be one person's.
    expect(groupsOf(settle([...kiosk, at("e1", "d1"), at("e2", "d1")]))).toBe("b1 e1 e2");
    expect(groupsOf(settle([...kiosk, at("e1", "d1")]))).toBe("b1 e1 e2");
    // Who has a login may have worked for both.
    expect(groupsOf(settle([link("u1", "e1"), link("u1", "e2"), at("e1", "d1"), at("e2", "d2")]))).toBe("e1 e2 u1");
  });

  it("does not join colleagues by their company's number", () => {
    const at = (address: string) => link(address, "d1", "company_domain");
    const order = (address: string, atMs: number) => link(address, "p1", "same_event", atMs);
    const settled = settle([order("e1", 1), order("e2", 2), at("e1"), at("e2")]);
    expect(groupsOf(settled)).toBe("e1 p1 | e2");
    expect(refusals(settled)).toEqual(["e2-p1 two_people"]);
    // A private address beside it may be the same person's.
    expect(groupsOf(settle([order("e1", 1), order("e2", 2), at("e1")]))).toBe("e1 e2 p1");
  });

  it("never makes one of two known people: the earlier keeps what they share, the other is listed", () => {
    const settled = settle([link("u2", "e1", "same_event", 2), link("u1", "e1", "same_event", 1)]);
    expect(groupsOf(settled)).toBe("e1 u1 | u2");
    expect(refusals(settled)).toEqual(["u2-e1 two_people"]);
    expect(refusals(settle([link("c1", "u1"), link("c2", "u1", "same_event", 1)]))).toEqual(["c2-u1 two_people"]);
  });

  it("believes strong evidence first, whatever was seen first", () => {
    const settled = settle([
      link("e1", "p1", "same_event", 1),
      link("u1", "p1", "same_event", 2),
      link("u2", "e1", "same_event", 3),
    ]);
    expect(groupsOf(settled)).toBe("e1 u2 | p1 u1");
    expect(refusals(settled)).toEqual(["e1-p1 two_people"]);
  });

  it("takes an alias for said on purpose: several logins, up to the limit", () => {
    const logins = ["u2", "u3", "u4"].map((other, index) => link("u1", other, "alias", index));
    const settled = settle(logins);
    expect(groupsOf(settled)).toBe("u1 u2 u3 | u4");
    expect(refusals(settled)).toEqual(["u1-u4 two_people"]);
  });

  it("sets a value aside that would join unusually many", () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => link(`u${i}`, "p1", "same_event", i));
    expect(settle(many(5)).shared).toEqual([]);
    const settled = settle(many(6));
    expect(settled.shared).toEqual([{ key: "p1", kind: "phone", byPerson: false }]);
    expect(settled.refused).toEqual([]);
    expect(settled.places.get("p1")).toMatchObject({ contact: "p1" });
    expect(settle([...many(6), link("p1", "p1", "release")]).shared).toEqual([]);
    expect(settle([...many(2), link("p1", "p1", "set_aside")]).shared).toMatchObject([{ byPerson: true }]);
  });

  it("lists what would give a contact more of a kind than the limit", () => {
    const settled = settle(Array.from({ length: 6 }, (_, i) => link("u1", `e${i}`, "same_event", i)));
    expect(refusals(settled)).toEqual(["u1-e5 limit"]);
  });

  it("follows people's decisions before anything else", () => {
    const links = [link("u1", "e1"), link("u2", "e2"), link("u1", "u2", "merge")];
    expect(groupsOf(settle(links))).toBe("e1 e2 u1 u2");
    expect(groupsOf(settle([...links, link("e1", "u1", "unmerge")]))).toBe("e1 | e2 u1 u2");
  });

  it("gives a domain to its account, and to nobody where two accounts have it", () => {
    expect(groupsOf(settle([link("A1", "d1", "domain_of")]))).toBe("A1 d1");
    const two = settle([link("A1", "d1", "domain_of", 1), link("A2", "d1", "domain_of", 2)]);
    expect(groupsOf(two)).toBe("A1 | A2 | d1");
    expect(two.shared).toMatchObject([{ key: "d1", kind: "domain" }]);
    expect(refusals(settle([link("A1", "A2", "alias")]))).toEqual(["A1-A2 two_clients"]);
  });
});

describe("whose contact, by date", () => {
  it("leaves earlier events with the earlier client", () => {
    const settled = settle([link("u1", "A1", "member_of", 10), link("u1", "e1"), link("e1", "A2", "member_of", 50)]);
    expect(erasOf(settled, "e1")).toBe("A1@0 A2@50");
    expect(settled.places.get("e1")).toMatchObject({ contact: "u1", client: "A2" });
  });

  it("counts domains only where no account is known", () => {
    expect(erasOf(settle([link("e1", "d1", "company_domain", 5)]), "e1")).toBe("d1");
    expect(erasOf(settle([link("e1", "d1", "company_domain", 5), link("e1", "A1", "member_of", 90)]), "e1")).toBe("A1");
  });

  it("moves by decision from a date on, there and back", () => {
    const seen = [link("u1", "A1", "member_of", 10), link("u1", "A2", "member_of", 70)];
    const there = [link("u1", "A2", "move", 40), link("u1", "A1", "leave", 40)];
    expect(erasOf(settle([...seen, ...there]), "u1")).toBe("A1@0 A2@40");
    const back = [link("u1", "A1", "move", 90), link("u1", "A2", "leave", 90)];
    expect(erasOf(settle([...seen, ...there, ...back]), "u1")).toBe("A1@0 A2@40 A1@90");
    expect(erasOf(settle([...seen, link("u1", "A2", "move", 0), link("u1", "A1", "leave", 0)]), "u1")).toBe("A2");
  });

  it("puts a move that is dated back before another in its place by date, whichever was decided first", () => {
    const seen = link("u1", "A1", "member_of", 10);
    const late = [link("u1", "A3", "move", 80), link("u1", "A1", "leave", 80)];
    const early = [link("u1", "A2", "move", 40), link("u1", "A1", "leave", 40), link("u1", "A3", "leave", 40)];
    expect(erasOf(settle([seen, ...late, ...early]), "u1")).toBe("A1@0 A2@40 A3@80");
    expect(erasOf(settle([...early.slice(0, 2), seen, ...late, link("u1", "A2", "leave", 80)]), "u1")).toBe(
      "A1@0 A2@40 A3@80",
    );
    // Undone, each leaves what the other says.
    expect(erasOf(settle([seen, ...late]), "u1")).toBe("A1@0 A3@80");
    expect(erasOf(settle([seen, ...early]), "u1")).toBe("A1@0 A2@40");
  });

  it("knows of the first time only that events name an account: who comes back to one is moved by a person", () => {
    const seen = [
      link("u1", "A1", "member_of", 10),
      link("u1", "A2", "member_of", 50),
      link("u1", "A1", "member_of", 90),
    ];
    expect(erasOf(settle(seen), "u1")).toBe("A1@0 A2@50");
  });
});

describe("the laws of it", () => {
  const keys = ["c1", "c2", "u1", "u2", "u3", "e1", "e2", "e3", "p1", "p2", "b1", "b2"];
  const strength = "cuepb";
  const anyLink = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constantFrom(...keys), fc.constantFrom(...keys), fc.nat(30)) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...keys), fc.constantFrom("A1", "A2", "A3"), fc.nat(30)) },
  );
  const links = fc.array(
    fc
      .tuple(anyLink, fc.constantFrom<LinkRule>("same_event", "same_event", "alias", "merge", "unmerge"))
      .map(([[a, b, atMs], rule]) => {
        if (b[0] === "A") return link(a, b, "member_of", atMs);
        const isOrdered = strength.indexOf(a[0]!) <= strength.indexOf(b[0]!);
        return a === b ? link(a, a, "seen", atMs) : isOrdered ? link(a, b, rule, atMs) : link(b, a, rule, atMs);
      }),
    { maxLength: 30 },
  );
  const asText = (settled: Settled) =>
    JSON.stringify([[...settled.places].toSorted(), refusals(settled).toSorted(), settled.shared.toSorted()]);

  it("depends on the set of links alone, not on their order or on repeats", () => {
    fc.assert(
      fc.property(links, fc.infiniteStream(fc.nat()), (given, random) => {
        const shuffled = given
          .map((item) => ({ item, at: random.next().value! }))
          .sort((a, b) => a.at - b.at)
          .map(({ item }) => item);
        const distinct = new Map(shuffled.map((item) => [`${item.left}${item.right}${item.rule}${item.atMs}`, item]));
        expect(asText(settle([...distinct.values()]))).toBe(asText(settle(given)));
      }),
      {
        numRuns: 500,
        // A refused alias that was given twice was refused twice.
        examples: [
          [
            [
              { left: "c2", leftKind: "crm_id", right: "u1", rightKind: "user_id", rule: "alias", atMs: 10 },
              { left: "c2", leftKind: "crm_id", right: "u1", rightKind: "user_id", rule: "alias", atMs: 10 },
              { left: "c1", leftKind: "crm_id", right: "u1", rightKind: "user_id", rule: "merge", atMs: 0 },
            ],
            fc.sample(fc.infiniteStream(fc.nat()), { numRuns: 1, seed: 1 })[0]!,
          ],
        ],
      },
    );
  });

  it("never gathers two CRM ids or two logins without an alias or a decision, nor what was kept apart", () => {
    fc.assert(
      fc.property(links, (given) => {
        const evidence = given.filter(({ rule }) => rule !== "merge" && rule !== "alias");
        const { places } = settle(evidence);
        const groups = Map.groupBy(places.keys(), (key) => (places.get(key) as { contact: string }).contact);
        for (const members of groups.values()) {
          for (const kind of ["c", "u"]) expect(members.filter((key) => key[0] === kind).length).toBeLessThanOrEqual(1);
          for (const { left, right, rule } of evidence) {
            if (rule === "unmerge" && left !== right)
              expect(members.includes(left) && members.includes(right)).toBe(false);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
