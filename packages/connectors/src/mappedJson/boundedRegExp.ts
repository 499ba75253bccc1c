import { type Context, createContext, Script } from "node:vm";

/** For all matches of one pattern together. */
const mostMs = 50;

const match = new Script("pattern.exec(text)");
let sandbox: Context | undefined;

/**
 * A regular expression that backtracks for so long only, and then throws: `(a+)+$` would stop the process for years.
 * V8 ends a match when the script that runs it is out of time. Has what JSONata's RegexEngine needs of RegExp.
 */
export class BoundedRegExp {
  readonly #pattern: RegExp;
  #leftMs = mostMs;

  constructor(pattern: RegExp) {
    this.#pattern = new RegExp(pattern);
  }

  get lastIndex(): number {
    return this.#pattern.lastIndex;
  }

  set lastIndex(index: number) {
    this.#pattern.lastIndex = index;
  }

  exec(text: string): RegExpExecArray | null {
    const began = performance.now();
    sandbox ??= createContext(Object.create(null));
    Object.assign(sandbox, { pattern: this.#pattern, text });
    try {
      return match.runInContext(sandbox, { timeout: Math.max(1, Math.ceil(this.#leftMs)) });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
      throw new RangeError(`the pattern /${this.#pattern.source.slice(0, 80)}/ takes longer than ${mostMs} ms`);
    } finally {
      this.#leftMs -= performance.now() - began;
    }
  }
}
