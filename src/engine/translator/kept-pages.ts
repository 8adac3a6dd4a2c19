// The last page that each base register accessed, in locals: most accesses of a loop stay in one page for a while, and
// then neither the TLB entry's address nor its content stands between a register and the data.
import { Ir } from '../ir/ir.ts';

/** Locals of a kept page. */
export interface KeptPage {
  /** i64: effective address of the page; i32: its byte offset in linear memory. */
  readonly tag: number;
  readonly host: number;
  /** i64: 0 when they hold a page, all ones when not. */
  readonly empty: number;
}

/** The kept pages of a region's loops. They are empty where a loop is entered, so that no other part of a region carries them along. */
export class KeptPages {
  readonly #ir: Ir;
  /** By class of the base register's state. */
  readonly #read = new Map<string, KeptPage>();
  readonly #written = new Map<string, KeptPage>();
  /** Those that the present loop uses; undefined outside of loops. */
  #used: Set<KeptPage> | undefined;

  constructor(ir: Ir) {
    this.#ir = ir;
  }

  /** A loop starts. */
  beginLoop(): void {
    this.#used = new Set();
  }

  /** The page kept for reads or writes off a base; undefined outside of loops. */
  page(base: string, write: boolean): KeptPage | undefined {
    const used = this.#used;
    if (!used) return undefined;
    const pages = write ? this.#written : this.#read;
    let page = pages.get(base);
    if (!page) {
      const { locals } = this.#ir;
      page = { tag: locals.keep('i64'), host: locals.keep('i32'), empty: locals.keep('i64') };
      pages.set(base, page);
    }
    used.add(page);
    return page;
  }

  /** The loop has ended: inserts code that empties its pages where it starts, at this position of the code. */
  endLoop(position: number): void {
    const reset = new Ir(this.#ir.locals);
    for (const { tag, host, empty } of this.#used ?? []) {
      reset.i64Const(0);
      reset.localSet(tag);
      reset.i32Const(0);
      reset.localSet(host);
      reset.i64Const(-1);
      reset.localSet(empty);
    }
    this.#ir.code.insert(position, reset.code);
    this.#used = undefined;
  }
}
