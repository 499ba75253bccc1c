/** A file can't be imported, or not now; the message says in a sentence what to do and is shown without a stack. */
export class ImportError extends Error {
  override readonly name = "ImportError";
}
