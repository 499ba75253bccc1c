import { createReadStream, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shopify } from "../shopify/shopify.ts";
import { contextOf, eventsOf as keepingTheContract, providerRequest } from "../testing/requests.ts";
import { type FileFormat, parseMapping, type ReadOptions, readOrders, recogniseFile, UnreadableFile } from "./index.ts";

const sampleUrl = (name: string) => new URL(`samples/${name}`, import.meta.url);
const sample = (name: string) => readFileSync(sampleUrl(name), "utf8");

async function read(text: string | Buffer, format: FileFormat = "auto", options: ReadOptions = {}) {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  return Array.fromAsync(readOrders([bytes], format, options));
}

/** Events of what was read, each proven to keep the contract. */
function eventsOf(orders: Awaited<ReturnType<typeof read>>) {
  return orders.flatMap((order) =>
    "events" in order ? keepingTheContract([{ raw: Buffer.alloc(0), events: order.events }]) : [],
  );
}

/** Ids without what only tells versions apart. */
const shortly = (orders: Awaited<ReturnType<typeof read>>) =>
  eventsOf(orders).map(({ id, occurred_at, properties }) => [
    id.replace(/:updated-.*$/, ":updated"),
    occurred_at,
    properties.amount,
  ]);
const versionsOf = (orders: Awaited<ReturnType<typeof read>>) =>
  eventsOf(orders).filter(({ type }) => type === "order.updated");
const faultsOf = (orders: Awaited<ReturnType<typeof read>>) =>
  orders.flatMap((order) => ("fault" in order ? [`${order.line}: ${order.fault}`] : []));

describe("Files are recognised by their header", () => {
  it.each([
    ["onlineRetail.csv", "online-retail"],
    ["shopifyOrders.csv", "shopify-orders"],
    ["stripePayments.csv", "stripe-payments"],
    ["woocommerceOrders.csv", "woocommerce-orders"],
    ["erp.csv", undefined],
  ])("%s is %s, whatever its delimiter, quotes, case and byte order mark", (name, format) => {
    const header = sample(name).split("\n")[0]!;
    const delimiter = name === "erp.csv" ? ";" : ",";
    const quoted = header
      .split(delimiter)
      .map((column) => `"${column}"`)
      .join("\t");
    expect(recogniseFile(header)).toMatchObject({ format, delimiter });
    expect(recogniseFile(`\ufeff${quoted.toUpperCase()}\r\n`)).toMatchObject({ format, delimiter: "\t" });
  });

  it("WooCommerce's own export is refused, with what to do instead", async () => {
    await expect(read(sample("woocommerceOrders.csv"))).rejects.toThrow(/neither mail addresses nor a currency/);
    expect(recogniseFile(sample("woocommerceOrders.csv"))).toMatchObject({ refused: expect.any(String) });
  });

  it("and refused where nothing says what they are", async () => {
    await expect(read(sample("erp.csv"))).rejects.toThrow(UnreadableFile);
    await expect(read(" \n\n")).rejects.toThrow("the file is empty");
    await expect(read(sample("erp.csv"), "shopify-orders")).rejects.toThrow("not that of shopify-orders");
    await expect(read(sample("erp.csv"), "ndjson")).rejects.toThrow(UnreadableFile);
  });
});

describe("Online Retail", () => {
  it("makes one event of each invoice, cancellations and write-offs too, at London's clocks", async () => {
    const orders = await read(sample("onlineRetail.csv"));
    expect(shortly(orders)).toEqual([
      ["order 536365:placed", "2010-12-01T08:26:00.000Z", "55.98"],
      ["order 536370:placed", "2010-12-01T08:45:00.000Z", "144.00"],
      ["order 536414:placed", "2010-12-01T11:52:00.000Z", "0.00"],
      ["order C536379:cancelled", "2010-12-01T09:41:00.000Z", "27.50"],
      ["order 536589:refunded", "2011-07-01T15:50:00.000Z", "0.00"],
    ]);
    expect(orders.map(({ line }) => line)).toEqual([2, 4, 7, 8, 9]);
  });

  it("gathers lines that another invoice cuts in two, keeps postage out of the items, and knows no client where none is", async () => {
    const [first, second, third] = eventsOf(await read(sample("onlineRetail.csv")));
    expect(first).toMatchObject({ type: "order.placed", identifiers: { account_id: "17850" } });
    expect(first!.properties.items).toHaveLength(3);
    expect(second!.properties).toMatchObject({
      currency: "GBP",
      items: [{ sku: "22728", quantity: "24", unit_price: "3.75" }],
      charges: [{ sku: "POST" }],
    });
    expect(third!.identifiers).toEqual({});
  });

  it("reads copies with ISO times, with 17850.0 for 17850, and of the second edition", async () => {
    const iso = sample("onlineRetail.csv")
      .replaceAll("12/1/2010 8:26", "2010-12-01T08:26:00")
      .replaceAll(",17850,", ",17850.0,")
      .replace("InvoiceNo", "Invoice")
      .replace("UnitPrice", "Price")
      .replace("CustomerID", "Customer ID");
    expect(eventsOf(await read(iso))).toEqual(eventsOf(await read(sample("onlineRetail.csv"))));
  });

  it("says so where lines of one invoice stand too far from each other", async () => {
    const [header, first] = sample("onlineRetail.csv").split("\n");
    const others = Array.from({ length: 60 }, (_, index) => first!.replace("536365", String(600000 + index)));
    const orders = await read([header, first, ...others, first].join("\n"));
    expect(orders.filter((order) => "fault" in order)).toEqual([
      { line: 63, raw: first, fault: expect.stringContaining("comes too late") },
    ]);
    expect(eventsOf(orders)).toHaveLength(61);
  });
});

describe("A Shopify export", () => {
  it("tells an order, whose cells stand on its first row only, as of the latest time that it names", async () => {
    const orders = await read(sample("shopifyOrders.csv"));
    expect(shortly(orders)).toEqual([
      ["order 5778367414385:placed", "2026-06-01T08:01:00.000Z", "45.00"],
      ["order 5778367414385:updated", "2026-06-02T07:00:00.000Z", "45.00"],
      ["order 5778367414386:updated", "2026-06-04T06:00:00.000Z", "12.00"],
    ]);
    expect(orders.map(({ line }) => line)).toEqual([2, 5]);
    const [first, second] = versionsOf(orders);
    expect(first).toMatchObject({
      identifiers: { email: "ana@acme.example", phone: "+493012345678" },
      properties: {
        state: "fulfilled",
        placed_at: "2026-06-01T08:01:00.000Z",
        paid_at: "2026-06-01T08:02:00.000Z",
        fulfilled_at: "2026-06-02T07:00:00.000Z",
        refunded: "5.00",
        shipping: "5.00",
        tax: "0.00",
        order_number: "#1017",
        company: "Acme",
        items: [
          { sku: "A-1", quantity: "1", unit_price: "30.00" },
          { sku: "Bulb", quantity: "2", unit_price: "5.00" },
        ],
      },
    });
    expect(second!.properties).toMatchObject({ state: "cancelled", cancelled_at: "2026-06-04T06:00:00.000Z" });
  });

  it("has the ids of the shop's webhooks, so that history and live messages are one", async () => {
    const [placed] = eventsOf(await read(sample("shopifyOrders.csv")));
    expect(placed!.id).toBe("order 5778367414385:placed");
  });

  it("that is made again is the same where nothing changed, and later than the first where more went back", async () => {
    const again = sample("shopifyOrders.csv").replace(",5.00,Acme,0.00,", ",15.00,Acme,0.00,");
    const [first, second] = [versionsOf(await read(sample("shopifyOrders.csv"))), versionsOf(await read(again))];
    expect(second[1]!.id).toBe(first[1]!.id);
    expect(second[0]!.id).not.toBe(first[0]!.id);
    expect(second[0]!.occurred_at).toBe(first[0]!.occurred_at);
    expect(second[0]!.properties.refunded).toBe("15.00");
    expect(Number(second[0]!.properties.version)).toBeGreaterThan(Number(first[0]!.properties.version));
  });

  it("of an order that was authorised or that failed makes no sale", async () => {
    for (const [status, state] of Object.entries({
      authorized: "authorized",
      expired: "failed",
      voided: "cancelled",
    })) {
      const unpaid = sample("shopifyOrders.csv")
        .replace(",voided,", `,${status},`)
        .replace("2026-06-04 08:00:00 +0200", "");
      expect(eventsOf(await read(unpaid)).slice(2)).toMatchObject([{ type: "order.updated", properties: { state } }]);
    }
  });

  it("says where lines don't come to the total", async () => {
    const [right, wrong] = await Promise.all(
      [sample("shopifyOrders.csv"), sample("shopifyOrders.csv").replace(",45.00,2026", ",145.00,2026")].map((text) =>
        read(text),
      ),
    );
    expect(right).toMatchObject([{ doubts: [] }, { doubts: [] }]);
    expect(wrong).toMatchObject([
      { doubts: ["lines come to 40.00, but the total is 145.00 (difference 105.00)"] },
      { doubts: [] },
    ]);
  });

  it("says of an order what its webhooks said, its refunds being a sum", async () => {
    const lamp = { id: 1, sku: "LAMP", title: "Lamp", quantity: 3, price: "100.00" };
    const hook = (topic: string, body: object) =>
      keepingTheContract(
        shopify.parse(providerRequest(JSON.stringify(body), { "X-Shopify-Topic": topic }), contextOf(shopify)),
      );
    const [placed, live] = hook("orders/create", {
      id: 71,
      name: "#71",
      created_at: "2026-11-20T09:00:00Z",
      updated_at: "2026-11-20T09:00:00Z",
      email: "ana@acme.example",
      currency: "EUR",
      total_price: "300.00",
      financial_status: "paid",
      line_items: [lamp],
      refunds: [],
    });
    const [refund] = hook("refunds/create", {
      id: 72,
      order_id: 71,
      created_at: "2026-11-22T09:00:00Z",
      transactions: [{ kind: "refund", status: "success", amount: "200.00", currency: "EUR" }],
    });
    const header =
      "Name,Email,Financial Status,Paid at,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Refunded Amount,Id";
    const row =
      "#71,ana@acme.example,partially_refunded,2026-11-20 09:00:00 +0000,EUR,300.00,2026-11-20 09:00:00 +0000,3,Lamp,100.00,LAMP,200.00,71";
    const [again, exported] = eventsOf(await read(`${header}\n${row}`));
    expect(again!.id).toBe(placed!.id);
    const { state, amount, items, currency } = live!.properties;
    expect(exported!.properties).toMatchObject({ order_id: "71", state, amount, items, currency });
    expect(exported!.properties.refunded).toBe(refund!.properties.amount);
  });

  it("without Id is known by shop and number", async () => {
    const old = sample("shopifyOrders.csv").replace(",Id,", ",Old,");
    const [placed] = eventsOf(await read(old, "auto", { shop: "acme" }));
    expect(placed!.id).toBe("order acme#1017:placed");
  });

  it("that a spreadsheet program has damaged is refused row by row, with the reason", async () => {
    const damaged = sample("shopifyOrders.csv").replace("5778367414385", "5.77837E+12");
    expect(await read(damaged)).toMatchObject([
      {
        line: 2,
        fault: expect.stringContaining("Id: a spreadsheet program has rounded it to 5.77837E+12"),
        raw: expect.stringMatching(/^#1017,.*\ntwice".*\n#1017,/),
      },
      { line: 5 },
    ]);
    const shortDate = sample("shopifyOrders.csv").replace("2026-06-01 10:01:00 +0200", "6/1/2026 10:01");
    expect(await read(shortDate)).toMatchObject([
      { fault: 'Created at: is not a time such as 2026-01-31 09:30: "6/1/2026 10:01"' },
      {},
    ]);
  });
});

describe("A Stripe export", () => {
  it("tells of payments that were made and what went back of them", async () => {
    const orders = await read(sample("stripePayments.csv"));
    expect(shortly(orders)).toEqual([
      ["ch_1:placed", "2026-01-02T03:04:05.000Z", "29.35"],
      ["ch_1:updated", "2026-01-02T03:04:05.000Z", "29.35"],
      ["ch_2:placed", "2026-01-03T03:04:05.000Z", "100.00"],
      ["ch_2:updated", "2026-01-03T03:04:05.000Z", "100.00"],
    ]);
    expect(
      versionsOf(orders).map(({ properties }) => [properties.state, properties.payer, properties.refunded]),
    ).toEqual([
      ["paid", "cus_Na6", undefined],
      ["paid", "cus_Na6", "40.00"],
    ]);
    expect(orders.at(-1)).toMatchObject({ line: 4, events: [], raw: expect.stringMatching(/^ch_3,.*Failed$/) });
    expect(eventsOf(orders)[0]!.identifiers).toEqual({ user_id: "stripe:customer:cus_Na6", email: "ana@acme.example" });
  });

  it("has the sales of the webhooks: by payment, or by the invoice that it names; nothing of what wasn't captured", async () => {
    const header = "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Customer ID,Customer Email,Status";
    const rows = [
      "ch_1,2026-01-02 03:04:05,50.00,0.00,eur,true,cus_1,a@acme.example,Paid,pi_1,",
      "ch_2,2026-01-02 03:04:05,50.00,5.00,eur,true,cus_1,a@acme.example,Partial Refund,pi_2,in_2",
      "ch_3,2026-01-02 03:04:05,50.00,0.00,eur,false,cus_1,a@acme.example,Paid,pi_3,",
    ];
    const events = eventsOf(await read([`${header},PaymentIntent ID,Invoice ID`, ...rows].join("\n")));
    const said = events.map(({ properties: { order_id, state, part_of, refunded } }) => [
      order_id,
      state,
      part_of,
      refunded,
    ]);
    expect(said).toEqual([
      ["pi_1", undefined, undefined, undefined],
      ["pi_1", "paid", undefined, undefined],
      ["in_2", undefined, undefined, undefined],
      ["in_2", "paid", undefined, undefined],
      // As webhooks tell a refund of the payment, not of the invoice.
      ["pi_2", undefined, "in_2", "5.00"],
    ]);
  });
});

describe("A file that only its owner knows", () => {
  const mapping = parseMapping(sample("erp.yaml"));
  const latin1 = Buffer.from(sample("erp.csv"), "latin1");

  it("is read by a mapping: encoding, decimal comma, leading zeros, summer time, several rows an order", async () => {
    const orders = await read(latin1, mapping);
    expect(shortly(orders)).toEqual([
      ["order 0001001:placed", "2026-03-29T00:30:00.000Z", "2478.90"],
      ["order 0001001:updated", "2026-03-29T00:30:00.000Z", "2478.90"],
      ["order 0001002:updated", "2026-03-29T01:30:00.000Z", "4.95"],
      ["order 0001004:refunded", "2026-03-30T07:05:00.000Z", "1234.50"],
    ]);
    expect(orders.map(({ line }) => line)).toEqual([2, 4, 5, 6]);
    expect(versionsOf(orders).map(({ properties }) => properties.state)).toEqual(["placed", "cancelled"]);
    // What came back is no negative number of pieces.
    expect(eventsOf(orders).at(-1)).toMatchObject({
      type: "order.refunded",
      properties: { items: [{ quantity: "1" }] },
    });
    expect(versionsOf(orders)[0]).toMatchObject({
      identifiers: { account_id: "00735", email: "ana@acme.example" },
      properties: {
        company: "Müller & Söhne",
        currency: "EUR",
        items: [
          { sku: "A-1", name: "Lampe groß", quantity: "2", unit_price: "1234.50" },
          { sku: "A-2", quantity: "10", unit_price: "0.99" },
        ],
      },
    });
  });

  it("that is no UTF-8 says so, rather than letters are lost", async () => {
    const { encoding: _, ...rest } = mapping;
    await expect(read(latin1, rest)).rejects.toThrow("the file is not utf-8: save it as UTF-8, or name its encoding");
    await expect(read(latin1, mapping, { encoding: "klingon" })).rejects.toThrow('"klingon" is not known');
  });

  it("is also read as JSON lines, columns being paths", async () => {
    const lines = [
      { no: "long", at: "2026-01-02", sum: 29.35, buyer: { mail: "ana@acme.example" } },
      { no: 7, at: "2026-01-02 10:00", sum: "x", buyer: {} },
    ].map((order) => JSON.stringify(order).replace('"long"', "12345678901234567890"));
    const paths = parseMapping(
      '{"columns": {"order_id": "no", "placed_at": "at", "amount": "sum", "email": "buyer.mail"}, "constants": {"currency": "EUR"}, "time_zone": "America/New_York"}',
    );
    const orders = await read(`${lines[0]}\n\n${lines[1]}`, paths);
    expect(orders).toMatchObject([
      { line: 1, events: [{ id: "order 12345678901234567890:placed", occurred_at: "2026-01-02T05:00:00.000Z" }, {}] },
      { line: 3, fault: 'sum: is not an amount: "x"' },
    ]);
  });

  it("needs a mapping that says enough, in fields that we have and columns that it has", async () => {
    expect(() => parseMapping("columns: {order_id: a}")).toThrow(
      /placed_at: must be a column.*currency.*amount.*one of account_id/,
    );
    expect(() => parseMapping("columns: {order_no: a}")).toThrow(/order_no/);
    expect(() => parseMapping("time_zone: Mars/Olympus")).toThrow(/IANA time zone/);
    expect(() => parseMapping("columns: [")).toThrow(/neither YAML nor JSON/);
    const other = parseMapping(sample("erp.yaml").replace("Kundennr", "Kunde"));
    await expect(read(latin1, other)).rejects.toThrow("the mapping names columns that the file lacks: Kunde");
  });
});

describe("A mapped file's orders", () => {
  const mappingOf = (more: string) => parseMapping(`columns: {order_id: order, placed_at: date, email: mail, ${more}`);
  const mail = "buyer@lines.example";

  it("keep the signs of their lines: discounts, and pieces that came back", async () => {
    const mapping = mappingOf("sku: item, quantity: qty, unit_price: price}\nconstants: {currency: EUR}");
    const text = `order,date,mail,item,qty,price
7,2026-11-05,${mail},TABLE,2,100.00
7,2026-11-05,${mail},DISCOUNT,1,-20.00
8,2026-11-06,${mail},TABLE,3,100.00
8,2026-11-06,${mail},CHAIR,-1,50.00`;
    const orders = await read(text, mapping);
    expect(versionsOf(orders).map(({ properties }) => [properties.amount, properties.items])).toEqual([
      [
        "180.00",
        [
          { sku: "TABLE", quantity: "2", unit_price: "100.00" },
          { sku: "DISCOUNT", quantity: "1", unit_price: "-20.00" },
        ],
      ],
      [
        "250.00",
        [
          { sku: "TABLE", quantity: "3", unit_price: "100.00" },
          { sku: "CHAIR", quantity: "-1", unit_price: "50.00" },
        ],
      ],
    ]);
  });

  it("have the states of ours that the mapping gives their statuses, and what they went through", async () => {
    const more =
      "amount: total, status: status, paid_at: paid, updated_at: changed, refunded_amount: back, tax: tax}\n" +
      "constants: {currency: EUR}\nstatuses: {offen: pending, geplatzt: failed, storniert: cancelled, retour: refunded}";
    const text = `order,date,mail,total,status,paid,changed,back,tax
1,2026-11-05,${mail},10,offen,,,,
2,2026-11-05,${mail},10,geplatzt,,,,
3,2026-11-05,${mail},10,storniert,2026-11-06,2026-11-09,,
4,2026-11-05,${mail},10,retour,,,,
5,2026-11-05,${mail},10,gut,2026-11-06,,4,1.60`;
    const orders = await read(text, mappingOf(more));
    expect(
      eventsOf(orders)
        .filter(({ type }) => type === "order.placed")
        .map(({ properties }) => properties.order_id),
    ).toEqual(["3", "4", "5"]);
    expect(
      versionsOf(orders).map(({ occurred_at, properties }) => [occurred_at.slice(8, 10), properties.state]),
    ).toEqual([
      ["05", "pending"],
      ["05", "failed"],
      ["09", "cancelled"],
      ["05", "refunded"],
      ["06", "paid"],
    ]);
    expect(versionsOf(orders).at(-1)!.properties).toMatchObject({ refunded: "4", tax: "1.60", provider_state: "gut" });
  });

  it("say where they don't add up, and where a column of totals is one of lines", async () => {
    const whole = mappingOf(
      "amount: total, sku: item, quantity: qty, unit_price: price, shipping: post}\nconstants: {currency: EUR}",
    );
    const text = `order,date,mail,total,item,qty,price,post
1,2026-11-05,${mail},25.00,A,2,10.00,5.00
2,2026-11-05,${mail},29.00,A,2,10.00,5.00`;
    expect(await read(text, whole)).toMatchObject([
      { doubts: [] },
      { doubts: ["lines come to 20.00, but the total is 29.00 (difference 9.00)"] },
    ]);
    const lines = mappingOf("amount: total}\nconstants: {currency: EUR}");
    const two = `order,date,mail,total\n1,2026-11-05,${mail},10.00\n1,2026-11-05,${mail},20.00`;
    expect(await read(two, lines)).toMatchObject([
      { doubts: [expect.stringMatching(/several totals in total, and the first counts: 10\.00.*unit_price/)] },
    ]);
  });

  it("that can't be read quote the cell and name the line where it stands", async () => {
    const mapping = mappingOf("sku: item, quantity: qty, unit_price: price}\nconstants: {currency: EUR}");
    const text = `order,date,mail,item,qty,price
7,2026-11-05,${mail},TABLE,2,100.00
7,2026-11-05,${mail},CHAIR,1,1.000
8,46023,${mail},CHAIR,1,5`;
    expect(faultsOf(await read(text, mapping))).toEqual([
      expect.stringMatching(/^2: price: "1\.000" may be 1000 or 1\.000; say so \(decimal_comma\).*\(in line 3\)$/),
      expect.stringMatching(/^4: date: is not a time such as 2026-01-31 09:30: "46023", the number that a spreadsheet/),
    ]);
  });
});

describe("JSON lines in the contract's words", () => {
  it("are taken as they are", async () => {
    const event = { id: "1", type: "order.paid", occurred_at: "2026-01-02T03:04:05Z", properties: { order_id: "7" } };
    expect(await read(`${JSON.stringify(event)}\r\n{"type":"order.lost","id":"2"}\n7\n`)).toMatchObject([
      { line: 1, events: [event] },
      { line: 2, fault: expect.stringContaining("order.lost"), raw: '{"type":"order.lost","id":"2"}' },
      { line: 3, fault: "type: is missing" },
    ]);
    expect(await read('{"oops')).toEqual([{ line: 1, fault: "the line is not JSON", raw: '{"oops' }]);
  });
});

describe("Traps of tables", () => {
  const plain = sample("shopifyOrders.csv");

  it.each([
    ["CRLF and a byte order mark", `\ufeff${plain.replaceAll("\n", "\r\n")}`],
    ["lone carriage returns", plain.replaceAll("\n", "\r")],
    ["empty lines", plain.replace("\n", "\n\n\n")],
    [
      "a tab as delimiter, in UTF-16 as spreadsheets save Unicode text",
      Buffer.from(`\ufeff${plain.replaceAll(",", "\t")}`, "utf16le"),
    ],
    ["semicolons and decimal commas", plain.replaceAll(",", ";").replace(/(\d)\.(\d\d)(?=;)/g, "$1,$2")],
  ])("%s change nothing", async (_name, text) => {
    const lineless = (orders: Awaited<ReturnType<typeof read>>) =>
      orders.map((order) => ("events" in order ? order.events : order));
    expect(lineless(await read(text))).toEqual(lineless(await read(plain)));
  });

  it("whatever chunks the file comes in, it is the same; and a second import has the same ids", async () => {
    const bytes = Buffer.from(`\ufeff${plain.replace("Ana Roe", "Åna Röe").replaceAll("\n", "\r\n")}`);
    const whole = await read(bytes);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 8 }), async (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
        expect(await Array.fromAsync(readOrders(chunks))).toEqual(whole);
      }),
      { numRuns: 50 },
    );
    expect(await Array.fromAsync(readOrders(createReadStream(sampleUrl("shopifyOrders.csv"))))).toEqual(
      await read(plain),
    );
  });

  it("a row with too many cells holds back the orders beside it, whose rows it may belong to", async () => {
    const broken = sample("onlineRetail.csv").replace("6,12/1/2010 8:26,3.39,17850", "6,00,12/1/2010 8:26,3.39,17850");
    const orders = await read(broken);
    expect(orders.filter((order) => "fault" in order)).toMatchObject([
      { line: 3, fault: "has more cells than the header has columns" },
      { line: 2, fault: "held back: line 3, beside it, is broken and may belong to it" },
      { line: 4, fault: "held back: line 3, beside it, is broken and may belong to it" },
    ]);
    expect(eventsOf(orders).map(({ id }) => id)).not.toContain("order 536365:placed");
  });

  it("an amount that may be 1234 or 1.234 is not guessed", async () => {
    const doubtful = plain.replace("45.00,2026", '"1,234",2026');
    expect(await read(doubtful)).toMatchObject([{ fault: expect.stringContaining("say so (decimal_comma)") }, {}]);
    const [placed] = eventsOf(await read(doubtful, "auto", { decimalComma: false }));
    expect(placed!.properties.amount).toBe("1234");
    expect(faultsOf(await read(doubtful))[0]).toContain('Total: "1,234" may be 1234 or 1.234');
  });

  it("a quote that is never closed says where it opened", async () => {
    const open = plain.replace('twice"', "twice");
    expect((await read(open)).at(-1)).toMatchObject({ line: 2, fault: expect.stringContaining("never closed") });
    await expect(read(open + "#1,a\n".repeat(300_000))).rejects.toThrow("line 2: a quote opens there");
  });

  it("nothing that stands in a table breaks the reader", async () => {
    const cell = fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom("1.5", '"', "2026-01-02", "1E+9", "a,b", "\n"));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("onlineRetail.csv", "shopifyOrders.csv", "stripePayments.csv"),
        fc.array(cell),
        fc.nat(),
        async (name, cells, at) => {
          const [header, ...rows] = sample(name).split("\n");
          rows.splice(at % rows.length, 1, cells.join(","));
          for (const order of await read([header, ...rows].join("\n"))) {
            expect("events" in order || order.fault.length > 0).toBe(true);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
