/** The file can't be fitted, or not as asked; the message says in a sentence what to do and is shown without a stack. */
export class FitError extends Error {
  override readonly name = "FitError";
}
