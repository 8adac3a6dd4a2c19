// A small repeatable source of random choices for long runs against models.

/** Random choices that depend on the seed alone (xorshift of 32 bits). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
    for (let i = 0; i < 8; i++) this.below(2);
  }
  /** 0…n−1. */
  below(n: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return Math.floor((this.#state / 2 ** 32) * n);
  }
  chance(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }
  pick<T>(list: readonly T[]): T {
    const item = list[this.below(list.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }
  /** An unsigned 64-bit value. */
  word(): bigint {
    return (BigInt(this.below(2 ** 32)) << 32n) | BigInt(this.below(2 ** 32));
  }
  /** One of the names, by weight. */
  weighted<T extends string>(weights: Readonly<Record<T, number>>): T {
    const rows = Object.entries(weights) as [T, number][]; // The keys of a Record<T, …> are T.
    let at = this.below(rows.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [name, weight] of rows) {
      at -= weight;
      if (at < 0) return name;
    }
    throw new RangeError('no weights');
  }
}
