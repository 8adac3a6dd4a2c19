// Where a register points to, once an access off it has looked in the TLB: further accesses of the block at constant displacements
// off the same register need no look of their own.
//
// The first access looks for all of them: it asks whether the whole span from the lowest to the highest byte is within reach of the
// TLB entry of the lowest one. The span is known when the block has been written; until then its bounds, which are constants in the
// code, grow with each access. Where the span is out of reach the first access leaves the region, as a miss does.
import type { Ir } from '../ir/ir.ts';
import { constantOf, type Node, sumOf } from '../ir/node.ts';

/** Displacements further apart than this are not taken to be in reach of one entry: objects that cross pages are common. */
const furthest = 512;

/** Bytes of a vector. */
export const quadwordBytes = 16;

/** Names that were made: each write of a register asks for one. */
const alignedBases = new Map<string, string>();

/** Stands for the quadword that a register points into. */
export function alignedBase(stateClass: string): string {
  let name = alignedBases.get(stateClass);
  if (name === undefined) {
    name = `${stateClass} aligned`;
    alignedBases.set(stateClass, name);
  }
  return name;
}

/** A register, and where it points to. */
export class BlockPage {
  /** i32 local: the place in linear memory of the access that has looked. */
  readonly host: number;
  readonly #ir: Ir;
  /** Displacements from that access: of the lowest byte, and behind the highest one. */
  #from = 0;
  #to = 0;
  /** Positions in the code of the constants that say so. */
  readonly #lowest: number[] = [];
  readonly #highest: { readonly position: number; readonly reach: number }[] = [];

  constructor(ir: Ir, host: number) {
    this.#ir = ir;
    this.host = host;
  }

  /** Another access is about to look. */
  begin(size: number): void {
    this.#lowest.length = 0;
    this.#highest.length = 0;
    this.#from = 0;
    this.#to = size;
  }

  /** Writes the distance of the lowest byte from the access (i64). */
  writeLowest(): void {
    this.#lowest.push(this.#ir.i64Constant(this.#from));
  }

  /** Writes the most that the lowest byte's distance from an address may be with all within `reach` bytes of it (i64). */
  writeHighest(reach: number): void {
    this.#highest.push({ position: this.#ir.i64Constant(reach - this.#span), reach });
  }

  get #span(): number {
    return this.#to - this.#from;
  }

  /** Has the span include an access at a displacement from the first one; false when that is too far away. */
  include(displacement: number, size: number): boolean {
    const from = Math.min(this.#from, displacement);
    const to = Math.max(this.#to, displacement + size);
    if (to - from > furthest) return false;
    if (from === this.#from && to === this.#to) return true;
    this.#from = from;
    this.#to = to;
    for (const position of this.#lowest) this.#ir.changeConstant(position, from);
    for (const { position, reach } of this.#highest) this.#ir.changeConstant(position, reach - this.#span);
    return true;
  }
}

/** What a register that was looked for points to. */
interface Known {
  readonly page: BlockPage;
  /** Displacement off the register of the access that has looked. */
  readonly displacement: number;
}

/** An access that need not look: its place in linear memory is `page.host` plus `distance`. */
export interface FoundPage {
  readonly page: BlockPage;
  readonly distance: number;
}

/** Registers of the block that is being written. */
export class BlockPages {
  readonly #ir: Ir;
  /** By class of the register's state: for reads, and for writes. */
  readonly #known: readonly [Map<string, Known>, Map<string, Known>] = [new Map(), new Map()];
  /** All that a block can have at a time; blocks share them. */
  readonly #pool: BlockPage[] = [];
  /** Of the present instruction: classes that it has written, and pages that it uses. */
  readonly #changed = new Set<string>();
  readonly #lent = new Set<BlockPage>();
  /** Registers that hold a constant, by the class of their state. */
  readonly #constants = new Map<string, number>();

  constructor(ir: Ir) {
    this.#ir = ir;
  }

  /** The next instruction is about to be written. */
  begin(): void {
    if (this.#changed.size > 0) this.#changed.clear();
    if (this.#lent.size > 0) this.#lent.clear();
  }

  /** What is known for an access at a displacement off a register. */
  find(base: string, write: boolean, displacement: number, size: number): FoundPage | undefined {
    const known = this.#known[write ? 1 : 0].get(base);
    if (!known) return undefined;
    const distance = displacement - known.displacement;
    if (!known.page.include(distance, size)) return undefined;
    this.#lent.add(known.page);
    return { page: known.page, distance };
  }

  /** Room for what an access is about to look for. */
  add(base: string, write: boolean, displacement: number, size: number): BlockPage {
    const known = this.#known[write ? 1 : 0];
    known.delete(base);
    const used = [...this.#known[0].values(), ...this.#known[1].values()];
    let page = this.#pool.find((free) => !this.#lent.has(free) && used.every((other) => other.page !== free));
    if (!page) {
      page = new BlockPage(this.#ir, this.#ir.locals.keep('i32'));
      this.#pool.push(page);
    }
    page.begin(size);
    known.set(base, { page, displacement });
    return page;
  }

  /** The constant that a register holds in front of the present instruction; undefined when that is not known. */
  constant(base: string): number | undefined {
    return this.#constants.get(base);
  }

  /** The register has another value now, which is said when it is certain. */
  changed(base: string, value: Node | undefined): void {
    // That of another register, or its own, plus a constant.
    const from = value && sumOf(value);
    // It goes to memory.
    if (from?.stateClass === base && from.displacement === 0) return;
    const constant = value && constantOf(value);
    if (constant === undefined) this.#constants.delete(base);
    else this.#constants.set(base, constant);
    const source = from && !this.#changed.has(from.stateClass) ? from : undefined;
    this.#move(base, source?.stateClass, source?.displacement ?? 0);
    const stays = source && source.displacement % quadwordBytes === 0;
    this.#move(alignedBase(base), stays ? alignedBase(source.stateClass) : undefined, source?.displacement ?? 0);
    this.#changed.add(base);
  }

  /** A base is now another one plus a displacement, or unknown. */
  #move(base: string, from: string | undefined, displacement: number): void {
    for (const known of this.#known) {
      const source = from === undefined ? undefined : known.get(from);
      if (!source) known.delete(base);
      else known.set(base, { page: source.page, displacement: source.displacement - displacement });
    }
  }

  /** Another block, or translations may have changed. */
  clear(): void {
    for (const known of this.#known) known.clear();
    this.#constants.clear();
  }
}
