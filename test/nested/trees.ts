// Radix trees of a hypervisor and of its guest, written doubleword by doubleword (Power ISA v3.1 Book III, section 6.7.10).

/** Bits of a leaf. */
export const leaf = {
  valid: 1n << 63n,
  leaf: 1n << 62n,
  r: 0x100n,
  c: 0x80n,
  guarded: 0x20n,
  privileged: 8n,
  read: 4n,
  write: 2n,
  execute: 1n,
} as const;

/** R and C, and every right. */
export const everything = leaf.r | leaf.c | leaf.read | leaf.write | leaf.execute;

/** RTS of a tree of 52 bits. */
const rts = (0b10n << 61n) | (0b101n << 5n);
const rootBits = 13n;

/** Log2 of a page's size. */
export type PageShift = 12n | 16n | 21n | 30n;

/** Levels below the root: address bits beneath them, and bits of the level. */
function levelsTo(shift: PageShift): readonly (readonly [below: bigint, bits: bigint])[] {
  const all = [
    [30n, 9n],
    [21n, 9n],
    [shift === 16n ? 16n : 12n, shift === 16n ? 5n : 9n],
  ] as const;
  return all.filter(([below]) => below >= shift);
}

/** Where a tree's tables are, and how a doubleword of them is written. */
export interface TreeMemory {
  /** First byte that tables may use, as the tree's own directories name it. */
  readonly from: bigint;
  readonly write: (address: bigint, value: bigint) => void;
}

/** A tree that grows with what it maps. */
export class RadixTree {
  readonly #memory: TreeMemory;
  readonly #tables = new Map<bigint, bigint>();
  readonly #root: bigint;
  #next: bigint;

  constructor(memory: TreeMemory) {
    this.#memory = memory;
    this.#root = memory.from;
    this.#next = memory.from + (8n << rootBits);
  }

  /** The doubleword that names the tree in a partition or process table. */
  get word(): bigint {
    return rts | this.#root | rootBits;
  }

  /** Maps the page of 2^shift bytes at an address; returns the address of its entry. `bits` are rights, R and C. */
  map(address: bigint, real: bigint, shift: PageShift, bits = everything): bigint {
    let at = this.#root + ((address >> 39n) << 3n);
    for (const [below, width] of levelsTo(shift)) {
      let table = this.#tables.get(at);
      if (table === undefined) {
        table = this.#next;
        this.#next += 0x1000n;
        this.#tables.set(at, table);
        this.#memory.write(at, leaf.valid | table | width);
      }
      at = table + (((address >> below) & ((1n << width) - 1n)) << 3n);
    }
    this.#memory.write(at, leaf.valid | leaf.leaf | real | bits);
    return at;
  }
}
