import { expect, it } from "vitest";
import { readCosts } from "./readCosts.ts";

it("reads costs with and without days, however columns are parted", () => {
  expect(readCosts("\uFEFFSKU;unit_cost;since\n85123A;2.55;\n85123A; 2.75 ;2026-01-01\n\n22423;10;\n")).toEqual([
    { sku: "85123A", since: "1970-01-01", unitCost: "2.55" },
    { sku: "85123A", since: "2026-01-01", unitCost: "2.75" },
    { sku: "22423", since: "1970-01-01", unitCost: "10" },
  ]);
  expect(readCosts("unit_cost,sku,name\n1.5,a,Mug\n")).toEqual([{ sku: "a", since: "1970-01-01", unitCost: "1.5" }]);
});

it.each([
  [
    "sku,cost\na,1\n",
    "line 1: the header must name the columns sku, unit_cost and perhaps since; unit_cost is missing",
  ],
  ["sku,unit_cost\n", "there is no cost under the header"],
  ["sku,unit_cost\na,1\nb,1,5\n", undefined],
  [
    "sku,unit_cost\na,1\n\nb,minus\n",
    "line 4, unit_cost: must be a decimal with a dot and four places at most, such as 2.55",
  ],
  ["sku,unit_cost\n,1\n", "line 2, sku: must not be empty"],
  ["sku,unit_cost\na\n", "line 2, unit_cost: is missing"],
  ["sku,unit_cost,since\na,1,1.2.2026\n", "line 2, since: must be a day such as 2026-11-20"],
  ["sku,unit_cost\na,1\na,2\n", 'line 3: "a" has a cost from 1970-01-01 on in line 2 already: keep one'],
])("says where %j is wrong", (text, message) => {
  if (message === undefined) expect(readCosts(text)).toHaveLength(2);
  else expect(() => readCosts(text)).toThrow(message);
});
