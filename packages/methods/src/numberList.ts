/** What arrays of numbers and typed arrays have in common, as far as detectors need it. */
export interface NumberList extends Iterable<number> {
  readonly length: number;
  readonly [index: number]: number;
  at(index: number): number | undefined;
}

const FIRST_BLOCK = 256;
const LARGEST_BLOCK = 65_536;

/**
 * Many short lists in few typed arrays. A typed array of its own costs 300 bytes and an array 8 bytes a number, both more
 * than most clients' numbers; a piece costs 100.
 */
export class NumberPieces<T extends Uint16Array | Uint32Array | Float64Array> {
  readonly #create: (length: number) => T;
  #block: T;
  #used = 0;

  constructor(create: (length: number) => T) {
    this.#create = create;
    this.#block = create(FIRST_BLOCK);
  }

  /** A list of `length` zeros, to be filled by the caller. */
  take(length: number): T {
    if (this.#used + length > this.#block.length) {
      this.#block = this.#create(Math.max(length, Math.min(LARGEST_BLOCK, 2 * this.#block.length)));
      this.#used = 0;
    }
    this.#used += length;
    return this.#block.subarray(this.#used - length, this.#used) as T;
  }
}
