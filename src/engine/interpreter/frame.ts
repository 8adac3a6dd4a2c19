// The function that an instruction's code goes into: its locals, its labels, and what it returns.
import type { Ir } from '../ir/ir.ts';

/**
 * What the function of one instruction returns: it was completed (a prefixed one: two records), an interrupt was raised, or
 * the context may have changed and `nip` says where to go on.
 */
export const coldResult = { done: 0, raised: 1, prefixedDone: 2, resume: 3 } as const;

/** Locals and labels of the function that the code goes into. */
export interface Frame {
  /** Local of the CPU state's address and of the record's address. */
  readonly cpu: number;
  readonly record: number;
  /** Main function only: where branches, faults and ends go. */
  readonly main: MainFrame | undefined;
}

/** What the main function offers beyond a function of one instruction. */
export interface MainFrame {
  readonly recordBase: number;
  readonly pageEa: number;
  readonly start: number;
  readonly left: number;
  readonly target: number;
  readonly tlbRead: number;
  readonly tlbWrite: number;
  /** Labels. */
  readonly next: number;
  readonly jump: number;
  readonly fault: number;
  readonly resume: number;
  readonly nearBudget: number;
}

/** Locals and labels that are good enough to see what a meaning does without keeping its code. */
export const scratchMain: MainFrame = {
  recordBase: 0,
  pageEa: 0,
  start: 0,
  left: 0,
  target: 0,
  tlbRead: 0,
  tlbWrite: 0,
  next: 0,
  jump: 0,
  fault: 0,
  resume: 0,
  nearBudget: 0,
};

/** Thrown when a meaning needs the main function (flow of control) but is being built as a function of its own. */
export class NeedsMainFunction extends Error {}

/** Writes the effective address (i64) of the instruction whose record is at the address in a local. */
export function writeCia(
  ir: Ir,
  { pageEa, recordBase }: Pick<MainFrame, 'pageEa' | 'recordBase'>,
  record: number,
): void {
  ir.localGet(pageEa);
  ir.localGet(record);
  ir.localGet(recordBase);
  ir.code.byte(0x6b);
  ir.i32Const(2);
  ir.code.byte(0x76);
  ir.code.byte(0xad);
  ir.code.byte(0x7c);
}
