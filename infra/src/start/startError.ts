/** Keypulse can't be started; the message says in a sentence what to do and is shown as it is, without a stack. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/** Ctrl-C came while something was going on. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}
