import { expect, it } from "vitest";
import { chooseSourceId, sourceIdOf } from "./importSource.ts";

it.each([
  ["orders_export_1.csv", "orders_export_1"],
  ["Bestellungen März 2026.csv", "bestellungen-marz-2026"],
  ["Orders.CSV.gz", "orders"],
  ["shop.example-2026.ndjson", "shop.example-2026"],
  ["注文.csv", "file"],
  [`${"x".repeat(300)}.csv`, "x".repeat(90)],
])("%s goes to the source %s", (name, id) => {
  expect(sourceIdOf(name)).toBe(id);
});

it("keeps a company's orders out of the demonstration", () => {
  expect(chooseSourceId(undefined, "online-retail.csv.gz")).toBe("online-retail-file");
  expect(() => chooseSourceId("demo-crm", "crm.csv")).toThrow("The source demo-crm is the demonstration's");
});
