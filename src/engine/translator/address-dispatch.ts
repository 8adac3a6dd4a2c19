// A region's dispatcher: from a number, or from an address by way of a hash, to a block.
//
// Numbers below the count of targets name them; those behind are buckets of a hash table of target addresses.
import type { Ir } from '../ir/ir.ts';

/** Odd multipliers that are tried, and how many bits more than needed a table may have. */
const multipliers = [0x9e3779b1 | 0, 0x85ebca6b | 0, 0xc2b2ae35 | 0, 0x27d4eb2f, 0x165667b1, 0x2545f491];
const extraBits = 2;
const mostBits = 9;

/** How an address is hashed: (distance × multiplier) mod 2³² >> shift. */
interface Hash {
  readonly multiplier: number;
  readonly shift: number;
  /** Targets by bucket. */
  readonly buckets: readonly (readonly number[])[];
}

function hashOf(places: readonly number[], bits: number, multiplier: number): Hash {
  const shift = 32 - bits;
  const buckets: number[][] = Array.from({ length: 2 ** bits }, () => []);
  places.forEach((at, target) => {
    buckets[Math.imul(at, multiplier) >>> shift]?.push(target);
  });
  return { multiplier, shift, buckets };
}

/** How many places share the bucket of another one. */
function sharedBuckets(places: readonly number[], bits: number, multiplier: number): number {
  const taken = new Uint8Array(2 ** bits);
  let shared = 0;
  for (const at of places) {
    const bucket = Math.imul(at, multiplier) >>> (32 - bits);
    if (taken[bucket] === 1) shared++;
    else taken[bucket] = 1;
  }
  return shared;
}

/** The smallest table without a shared bucket, else the one with the fewest. */
function chooseHash(places: readonly number[]): Hash {
  const least = Math.min(mostBits, Math.max(1, Math.ceil(Math.log2(places.length))));
  let best = { bits: least, multiplier: 1 };
  let bestShared = Number.POSITIVE_INFINITY;
  for (let bits = least; bits <= Math.min(mostBits, least + extraBits); bits++) {
    for (const multiplier of multipliers) {
      const shared = sharedBuckets(places, bits, multiplier);
      if (shared === 0) return hashOf(places, bits, multiplier);
      if (shared < bestShared) {
        bestShared = shared;
        best = { bits, multiplier };
      }
    }
  }
  return hashOf(places, best.bits, best.multiplier);
}

/** Dispatches to targets: numbered from 0 in the order of their places. */
export class AddressDispatch {
  readonly #count: number;
  readonly #hash: Hash;

  /**
   * @param places distances of the targets from the region's page in bytes
   * @param byAddress addresses are dispatched to, too
   */
  constructor(places: readonly number[], byAddress: boolean) {
    this.#count = places.length;
    this.#hash = byAddress ? chooseHash(places) : { multiplier: 0, shift: 0, buckets: [] };
  }

  /** With an address's distance from the region's page (i64) on the stack: leaves the number for it. */
  writeNumber(ir: Ir): void {
    ir.code.byte(0xa7);
    ir.i32Const(this.#hash.multiplier);
    ir.code.byte(0x6c);
    ir.i32Const(this.#hash.shift);
    ir.code.byte(0x76);
    ir.i32Const(this.#count);
    ir.code.byte(0x6a);
  }

  /**
   * Goes to the label of the target that the number in a local names. In the bucket of an address `writeTest` writes, for
   * each target there, code that goes to it if the address is the target's; else control goes to `unknown`.
   */
  write(ir: Ir, number: number, labels: readonly number[], unknown: number, writeTest: (target: number) => void): void {
    const { buckets } = this.#hash;
    const bucketLabels = buckets.map((bucket) => (bucket.length > 0 ? ir.openBlock() : unknown));
    ir.localGet(number);
    ir.branchTable([...labels.slice(0, this.#count), ...bucketLabels], unknown);
    for (const bucket of [...buckets].reverse()) {
      if (bucket.length === 0) continue;
      ir.close();
      for (const target of bucket) writeTest(target);
      ir.branch(unknown);
    }
  }
}
