// Locals of the function being written, reused from one instruction to the next.
import type { ValueType } from '../../isa/value-type.ts';

/** Hands out WebAssembly local indices by type. */
export class Locals {
  /** Types of all locals after the parameters, in index order. */
  readonly types: ValueType[] = [];
  readonly #params: number;
  readonly #free: Record<ValueType, number[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };
  /** Taken since the last `release`, the first `#takenCount` of them. */
  readonly #taken: number[] = [];
  #takenCount = 0;

  constructor(params: number) {
    this.#params = params;
  }

  /** A local that stays taken for the whole function. */
  keep(type: ValueType): number {
    this.types.push(type);
    return this.#params + this.types.length - 1;
  }

  /** A local until the next `release`. */
  take(type: ValueType): number {
    const index = this.#free[type].pop() ?? this.keep(type);
    this.#taken[this.#takenCount++] = index;
    return index;
  }

  /** Ends the life of all locals got by `take`. */
  release(): void {
    for (let i = 0; i < this.#takenCount; i++) {
      const index = this.#taken[i] ?? 0;
      this.#free[this.types[index - this.#params] ?? 'i32'].push(index);
    }
    this.#takenCount = 0;
  }

  /** Declaration as runs of equal types. */
  declaration(): (readonly [number, ValueType])[] {
    const runs: [number, ValueType][] = [];
    for (const type of this.types) {
      const last = runs.at(-1);
      if (last && last[1] === type) last[0]++;
      else runs.push([1, type]);
    }
    return runs;
  }
}
