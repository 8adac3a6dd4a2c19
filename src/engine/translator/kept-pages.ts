// The last page that each base register accessed, in locals: most accesses of a loop stay in one page for a while, and
// then neither the TLB entry's address nor its content stands between a register and the data.
import type { Ir } from '../ir/ir.ts';

/** Locals of a kept page. */
export interface KeptPage {
  /** i64: effective address of the page; i32: its byte offset in linear memory. */
  readonly tag: number;
  readonly host: number;
  /** i64: 0 when they hold a page, all ones when not. */
  readonly empty: number;
}

/** The kept pages of a region. They stay valid until it is left: nothing in a region changes the TLB. */
export class KeptPages {
  readonly #ir: Ir;
  readonly #pages = new Map<string, KeptPage>();

  constructor(ir: Ir) {
    this.#ir = ir;
  }

  /** The page kept for reads or writes off a base. */
  page(base: string, write: boolean): KeptPage {
    const key = `${base}:${write ? 'w' : 'r'}`;
    let page = this.#pages.get(key);
    if (!page) {
      const { locals } = this.#ir;
      page = { tag: locals.keep('i64'), host: locals.keep('i32'), empty: locals.keep('i64') };
      this.#pages.set(key, page);
    }
    return page;
  }

  /** Writes code that empties all of them. */
  writeReset(ir: Ir): void {
    for (const { empty } of this.#pages.values()) {
      ir.code.byte(0x42);
      ir.code.s64(-1);
      ir.localSet(empty);
    }
  }
}
