/**
 * What providers write for a caller who hides the number: words, or the same words typed on a phone's keypad behind a
 * plus (266696687 is ANONYMOUS). One person made of them would hold all of them.
 */
const hiddenWords = new Set(["anonymous", "restricted", "unavailable", "unknown", "blocked", "private", "withheld"]);
const hiddenDigits = new Set(["266696687", "7378742833", "86282452253", "2562533", "8656696"]);

/** A full number has at least seven digits; shorter ones are extensions and service codes. */
const fewestDigits = 7;

/**
 * A number as the provider wrote it, spaces and brackets included, or undefined where it names nobody: hidden, an
 * extension, a softphone (`client:`, `sip:`). Which country a national number belongs to is decided downstream.
 */
export function callerNumber(written: string | undefined): string | undefined {
  const number = written?.trim() ?? "";
  if (hiddenWords.has(number.toLowerCase())) return undefined;
  if (!/^\+?[\d\s().-]+$/.test(number)) return undefined;
  const digits = number.replace(/\D/g, "");
  return digits.length < fewestDigits || hiddenDigits.has(digits) ? undefined : number;
}
