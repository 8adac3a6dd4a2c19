// The instruction table: every row of every group, in the order of the groups of the Power ISA.
import type { InstructionRow } from './row.ts';
import { fixedArithmeticRows } from './rows/fixed-arithmetic.ts';

/** All instructions. */
export const instructionTable: readonly InstructionRow[] = [...fixedArithmeticRows];
