import { expect, it } from "vitest";
import { readRates, UnreadableRates } from "./readRates.ts";

it("reads the bank's daily file, with its blanks and its last comma", () => {
  expect(readRates("Date, USD, JPY, BGN, \n20 November 2026, 1.1571, 178.25, N/A, \n")).toEqual([
    { day: "2026-11-20", currency: "EUR", perEuro: "1" },
    { day: "2026-11-20", currency: "USD", perEuro: "1.1571" },
    { day: "2026-11-20", currency: "JPY", perEuro: "178.25" },
  ]);
});

it("reads the history, a line a day", () => {
  const rates = readRates("Date,USD,CYP,\n2026-11-20,1.1571,N/A,\n1999-01-04,1.1789,0.58231,\n");
  expect(rates.map(({ day, currency, perEuro }) => `${day} ${currency} ${perEuro}`)).toEqual([
    "2026-11-20 EUR 1",
    "2026-11-20 USD 1.1571",
    "1999-01-04 EUR 1",
    "1999-01-04 USD 1.1789",
    "1999-01-04 CYP 0.58231",
  ]);
});

it.each([
  ["order,amount\n1,2\n", /line 1: the header must be Date and currencies .* begins with "order,amount"/],
  ["Date,USD\n", /no day under the header/],
  ["Date,USD\n2026-11-20,1.1\n2026-02-30,1.1\n", /line 3: "2026-02-30" is no day/],
  ["Date,USD\n2026-11-20,0\n", /line 2, USD: "0" is no rate/],
  ['Date,USD\n2026-11-20,"1,1"\n', /line 2, USD: "1,1" is no rate.*with a dot/],
])("refuses %j and says where", (text, says) => {
  expect(() => readRates(text)).toThrow(says);
  expect(() => readRates(text)).toThrow(UnreadableRates);
});
