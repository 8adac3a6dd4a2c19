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
  /** Known off some base. */
  used: boolean;
}

/** Bytes within which accesses off one register are taken to lie in one page: objects that cross pages are common. */
const nearby = 512;

type PagesByBase = Map<string, BlockPage>;

function forget(pages: PagesByBase, base: string): void {
  const page = pages.get(base);
  if (!page) return;
  page.used = false;
  pages.delete(base);
}

/** Pages of the block that is being written. */
export class BlockPages {
  readonly #ir: Ir;
  /** By class of the base register's state. */
  readonly #read: PagesByBase = new Map();
  readonly #written: PagesByBase = new Map();
  /** Locals for all that a block can have at a time; blocks share them. */
  readonly #pool: BlockPage[] = [];

  constructor(ir: Ir) {
    this.#ir = ir;
  }

  /** The page found off a base, when an access at this displacement is likely to be in it, too. */
  find(base: string, write: boolean, displacement: number): BlockPage | undefined {
    const known = (write ? this.#written : this.#read).get(base);
    return known && Math.abs(displacement - known.displacement) < nearby ? known : undefined;
  }

  /** Room for the page that is being looked for off a base. */
  add(base: string, write: boolean, displacement: number): BlockPage {
    const pages = write ? this.#written : this.#read;
    forget(pages, base);
    let page = this.#pool.find(({ used }) => !used);
    if (!page) {
      const { locals } = this.#ir;
      page = { tag: locals.keep('i64'), host: locals.keep('i32'), displacement, used: true };
      this.#pool.push(page);
    }
    page.displacement = displacement;
    page.used = true;
    pages.set(base, page);
    return page;
  }

  /** The base has another value now. */
  changed(base: string): void {
    if (this.#read.size > 0) forget(this.#read, base);
    if (this.#written.size > 0) forget(this.#written, base);
  }

  /** Another block, or translations may have changed. */
  clear(): void {
    if (this.#read.size > 0) this.#read.clear();
    if (this.#written.size > 0) this.#written.clear();
    for (const page of this.#pool) page.used = false;
  }
}
