/** An engine can't be brought up; the message says in a sentence what to do and is shown as it is, without a stack. */
export class EngineError extends Error {
  override readonly name = "EngineError";
}
