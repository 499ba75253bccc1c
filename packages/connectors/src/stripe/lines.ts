import { asDecimal, isZero, perPiece } from "../amounts.ts";
import { present } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import { type Fields, objectsOf } from "../members.ts";
import { signedDecimalOf } from "./minorUnits.ts";
import { idOf } from "./people.ts";

/**
 * What was bought, of an invoice or of a checkout that carries its lines; undefined where they aren't all there. Amounts
 * that are given back for time that wasn't used are negative. Newer API versions keep price and product in `pricing`.
 */
export function linesOf(list: unknown, amountMember: string, currency: string): Fields[] | undefined {
  const { data, has_more } = asObject(list);
  if (!Array.isArray(data) || has_more === true || data.length === 0) return undefined;
  return objectsOf(data).flatMap((line) => {
    const details = asObject(asObject(line.pricing).price_details);
    const price = asObject(line.price);
    const name = asText(line.description);
    const sku = idOf(details.product) ?? idOf(price.product) ?? idOf(details.price) ?? asText(price.id) ?? name;
    const amount = signedDecimalOf(line[amountMember], currency);
    const given = asDecimal(line.quantity);
    const quantity = given === undefined || isZero(given) ? "1" : given;
    if (sku === undefined || amount === undefined) return [];
    const short = (text: string | undefined) => text?.slice(0, 512);
    return [
      present({ sku: short(sku), name: short(name), quantity, unit_price: perPiece(amount, quantity) ?? amount }),
    ];
  });
}
