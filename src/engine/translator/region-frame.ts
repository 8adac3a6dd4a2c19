// What the parts that write a region's function share: its locals and labels.
import type { KeptPages } from './kept-pages.ts';

/** Locals and labels of the function that a region becomes. */
export interface RegionFrame {
  readonly tlbRead: number;
  readonly tlbWrite: number;
  /** i32: what was in force at the entry. */
  readonly tlbExecute: number;
  readonly facilities: number;
  readonly jumpContext: number;
  /** i32: budget left, and the region's result. */
  readonly left: number;
  readonly result: number;
  /** i64: effective address of the page; i64: where to go on; i32: site of the last access that can leave. */
  readonly pageEa: number;
  readonly next: number;
  readonly site: number;
  /** Scratch of the memory probes. */
  readonly entry: number;
  readonly distance: number;
  readonly address: number;
  /** Kept pages, in regions with loops. */
  readonly keptPages: KeptPages | undefined;
  /** i32: 1 while host arithmetic serves (rounding to nearest, XX set, NI clear). */
  readonly fast: number;
  /** Instructions are counted as the interpreter counts them. */
  readonly exactBudget: boolean;
  /** Labels: an access missed or an instruction must be interpreted; an interrupt was raised; leave with `next` set. */
  miss: number;
  raised: number;
  leave: number;
}
