import { seededRandom } from "./random.ts";

/** A person at a client, made up. */
export interface DemoContact {
  readonly name: string;
  /** In the client's decisions to buy, in the profile's words. */
  readonly role: "decides" | "buys" | "uses";
  readonly email: string;
  /** E.164, of a range that Ofcom keeps for drama; only some contacts of British clients have one. */
  readonly phone: string | undefined;
  readonly userId: string;
  readonly anonymousId: string;
}

/** Who a client of the file is, made up: the file has a number and a country alone. */
export interface DemoCompany {
  /** Unique by the customer's number. */
  readonly name: string;
  readonly domain: string;
  /** What its name says that it trades in. */
  readonly industry: string;
  readonly contacts: readonly DemoContact[];
}

const places = (
  "Harbour Willow Copper Meadow Lantern Orchard Bramble Saltwater Thistle Juniper Foxglove Hazel Marble Primrose " +
  "Sparrow Clover Driftwood Heather Kestrel Larkspur Maple Nutmeg Pebble Quayside Rosemary Sycamore Tamarind Violet " +
  "Windmill Yarrow Bluebell Chestnut Ember Fernhill Gingham Honeysuckle Ivory Lavender Moorland Northgate"
).split(" ");
const industries: Readonly<Record<string, readonly string[]>> = {
  "Gift shops": ["Gifts", "Emporium", "Crafts", "Boutique", "Giftware", "Collective"],
  Homeware: ["Home", "Interiors", "Living", "Homeware"],
  Wholesale: ["Trading", "Supplies", "Wholesale", "Stores", "Merchants", "Market"],
};
const trades = (
  "Gifts Trading Home Interiors Emporium Supplies Living Crafts Wholesale Boutique Giftware Homeware Stores Collective " +
  "Merchants Market"
).split(" ");
const firstNames = (
  "Alice Amir Anna Arthur Beth Callum Carmen Chloe Daniel Divya Edward Elena Farah Felix Freya George Grace Hannah " +
  "Hugo Imogen Isaac Jamila Jonas Julia Kofi Laura Leo Lucia Malik Maya Milan Nadia Noah Olive Oscar Priya Rosa Ruben " +
  "Samira Tessa Theo Ursula Victor Wanda Yusuf Zoe"
).split(" ");
const lastNames = (
  "Abbott Ahmed Barlow Bennett Brandt Carver Castillo Chandra Dalton Dubois Ellery Farrow Fischer Garnett Haddad " +
  "Hartley Ibrahim Ivers Jansen Keating Kowalski Lambert Lindqvist Marsh Moreau Novak Okafor Osborne Patel Pereira " +
  "Quinn Ramsey Rossi Sandoval Sharma Thorne Underhill Vance Vasquez Wainwright Weston Yates"
).split(" ");
/** Of the first, second and third person; who is alone decides. */
const roles = ["buys", "decides", "uses"] as const;

/** Ofcom, "Telephone numbers for use in TV and radio drama programmes": each prefix has 1,000 numbers. */
const dramaPrefixes = (
  "+44113496 +44114496 +44115496 +44116496 +44117496 +44121496 +44131496 +44141496 +44151496 +44161496 +442079460 " +
  "+44191498 +442896496 +442920180 +441632960 +447700900"
).split(" ");
const numbersPerPrefix = 1_000;
const subscriberDigits = 13;

/** Customers of the file are numbered from here. */
const firstCustomer = 12_346;
/** Two contacts a client have a number: identities link by phone, so no two people may share one. */
const phonesPerClient = 2;

/** The same company for the same customer, always. @param orders how often it ordered: the busier, the more contacts. */
export function demoCompany(customer: string, country: string, orders: number): DemoCompany {
  const random = seededRandom(`company ${customer}`);
  const [place, trade] = [random.pick(places), random.pick(trades)];
  const name = `${place} ${trade} ${customer}`;
  const industry = Object.keys(industries).find((each) => industries[each]!.includes(trade))!;
  const domain = `${name.toLowerCase().replaceAll(" ", "-")}.example`;
  const persons = 1 + Number(orders >= 4 && random.chance(0.6)) + Number(orders >= 12 && random.chance(0.6));
  const names = new Set<string>();
  while (names.size < persons) names.add(`${random.pick(firstNames)} ${random.pick(lastNames)}`);
  const contacts = [...names].map((person, index) => ({
    name: person,
    role: persons === 1 ? "decides" : roles[index]!,
    email: `${person.toLowerCase().replace(" ", ".")}@${domain}`,
    phone: country === "United Kingdom" ? phoneOf(customer, index) : undefined,
    userId: `user-${customer}-${index + 1}`,
    anonymousId: `browser-${customer}-${index + 1}`,
  }));
  return { name, domain, industry, contacts };
}

function phoneOf(customer: string, contact: number): string | undefined {
  const index = Number(customer) - firstCustomer;
  const line = Math.floor(index / dramaPrefixes.length) * phonesPerClient + contact;
  if (!(index >= 0) || contact >= phonesPerClient || line >= numbersPerPrefix) return undefined;
  const prefix = dramaPrefixes[index % dramaPrefixes.length]!;
  return prefix + String(line).padStart(subscriberDigits - prefix.length, "0");
}
