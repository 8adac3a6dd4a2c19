// Pages that an access of the present block has found, by base register: further accesses at displacements off the same
// register need no look at the TLB. One that is not in the page leaves the region, as a miss does.
import type { Ir } from '../ir/ir.ts';

/** Locals of a page. */
export interface BlockPage {
  /** i64: effective address of the page; i32: its byte offset in linear memory. */
  readonly tag: number;
  readonly host: number;
  /** Of the access that found it. */
  displacement: number;
}

/** Bytes within which accesses off one register are taken to lie in one page: objects that cross pages are common. */
const nearby = 512;

/** Pages of the block that is being written. */
export class BlockPages {
  readonly #ir: Ir;
  /** By class of the base register's state, with `r` or `w`. */
  readonly #known = new Map<string, BlockPage>();
  /** Locals for all that a block can have at a time; blocks share them. */
  readonly #pool: BlockPage[] = [];

  constructor(ir: Ir) {
    this.#ir = ir;
  }

  /** The page found off a base, when an access at this displacement is likely to be in it, too. */
  find(base: string, write: boolean, displacement: number): BlockPage | undefined {
    const known = this.#known.get(base + (write ? 'w' : 'r'));
    return known && Math.abs(displacement - known.displacement) < nearby ? known : undefined;
  }

  /** Room for the page that is being looked for off a base. */
  add(base: string, write: boolean, displacement: number): BlockPage {
    this.#known.delete(base + (write ? 'w' : 'r'));
    const used = new Set(this.#known.values());
    let page = this.#pool.find((free) => !used.has(free));
    if (!page) {
      const { locals } = this.#ir;
      page = { tag: locals.keep('i64'), host: locals.keep('i32'), displacement };
      this.#pool.push(page);
    }
    page.displacement = displacement;
    this.#known.set(base + (write ? 'w' : 'r'), page);
    return page;
  }

  /** The base has another value now. */
  changed(base: string): void {
    if (this.#known.size === 0) return;
    this.#known.delete(`${base}r`);
    this.#known.delete(`${base}w`);
  }

  /** Another block, or translations may have changed. */
  clear(): void {
    this.#known.clear();
  }
}
