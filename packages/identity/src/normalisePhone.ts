import { type CountryCode, parsePhoneNumberFromString } from "libphonenumber-js/min";

/**
 * A word between a whole number and some digits more marks an extension, in whatever language ("wew.", "Durchwahl", "linka",
 * "ramal"). libphonenumber knows a few of them; others it takes for letters on a keypad (see findings/phone-extension-words.sh).
 */
const extended = /^(.+?\d)[\s,(]*\p{L}[\p{L}\s.:]*(\d{1,7})\)?\s*$/u;
const fewestDigits = 7;

function markExtension(written: string): string {
  const [, number, extension] = extended.exec(written) ?? [];
  if (number === undefined || number.replace(/\D/g, "").length < fewestDigits) return written;
  return `${number} ext. ${extension}`;
}

/**
 * E.164, with its extension as of RFC 3966 (`+12125550187;ext=12`): behind one number of a company are many people. Numbers
 * that were dialled in another way before get the form of today: Mexico's mobile +52 1 (until 2019, IFT), Brazil's mobiles
 * of eight digits (until 2016, Anatel).
 * @returns undefined where it can be no number
 */
export function normalisePhone(written: string, country: CountryCode | undefined): string | undefined {
  const parsed = parsePhoneNumberFromString(markExtension(written), country);
  if (parsed === undefined) return undefined;
  const number = parsed.number.replace(/^\+521(\d{10})$/, "+52$1").replace(/^\+55(\d{2})([6-9]\d{7})$/, "+55$19$2");
  const isPossible = number === parsed.number ? parsed.isPossible() : parsePhoneNumberFromString(number)?.isPossible();
  if (!isPossible) return undefined;
  return parsed.ext === undefined ? number : `${number};ext=${parsed.ext}`;
}
