import { parseMapping, readOrders, recogniseFile } from "@keypulse/connectors/files";
import { describe, expect, it } from "vitest";
import { sampleMapping } from "./sampleMapping.ts";

function draft(...lines: [header: string, ...rows: string[]]) {
  const found = recogniseFile(lines[0]);
  if (!("columns" in found)) throw new Error("no table");
  return sampleMapping(found, lines[0], lines[1], { timeZone: "Europe/Berlin" });
}

describe("A draft of a mapping", () => {
  it.each<[string, string, string, string]>([
    [
      "a German bookkeeping program's",
      "Rechnungs-Nr;Rechnungsdatum;Kundennummer;E-Mail;Gesamtbetrag;Währung",
      "7;3.1.2026 9:30;0735;ana@acme.example;1.234,50;EUR",
      "2026-01-03T08:30:00.000Z",
    ],
    [
      "an English shop's",
      "Order ID,Created,Customer,Total",
      "7,2026-01-03 09:30,acme,1234.50",
      "2026-01-03T08:30:00.000Z",
    ],
    ["a French one's", "N° commande;Date;Client;Montant TTC", "7;23/01/2026;acme;1234,50", "2026-01-22T23:00:00.000Z"],
    [
      "an American one's",
      "orderNumber|orderDate|customerEmail|orderTotal",
      "7|1/3/2026 9:30|ana@acme.example|1234.50",
      "2026-01-03T08:30:00.000Z",
    ],
  ])("for %s table works as it is", async (_, header, row, at) => {
    const { text, missing } = draft(header, row);
    expect(missing).toEqual([]);
    const [order] = await Array.fromAsync(readOrders([Buffer.from(`${header}\n${row}\n`)], parseMapping(text)));
    expect(order).toMatchObject({
      events: [
        { id: "order 7:placed", occurred_at: at, properties: { amount: "1234.50", currency: "EUR" } },
        { type: "order.updated", occurred_at: at, properties: { state: "placed", amount: "1234.50" } },
      ],
    });
  });

  it("names what a person has to fill in, and quotes columns that YAML would misread", () => {
    const { text, missing } = draft("Total: net,#,when", "1,2,3");
    expect(missing).toEqual(["order_id", "placed_at", "account_id"]);
    expect(text).toContain('  order_id: ""  # the order\'s number\n');
    expect(text).toContain('  amount: "Total: net"\n');
    expect(text).toContain("# not used: #, when");
    expect(() => parseMapping(text)).toThrow();
  });

  it("asks how an amount is meant that can be read in two ways", () => {
    const { text } = draft("Order,Date,Client,Total", "7,2026-01-03,acme,1.234");
    expect(text).toContain("# decimal_comma: true or false, for 1.234 can be read in two ways\n");
  });
});
