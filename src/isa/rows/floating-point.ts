// All floating-point rows (Power ISA Book I, chapter 4).
import type { InstructionRow } from '../row.ts';
import { floatingPointArithmeticRows } from './floating-point-arithmetic.ts';
import { floatingPointLoadStoreRows } from './floating-point-load-store.ts';
import { floatingPointMoveRows } from './floating-point-move.ts';
import { floatingPointStatusRows } from './floating-point-status.ts';

export const floatingPointRows: readonly InstructionRow[] = [
  ...floatingPointLoadStoreRows,
  ...floatingPointMoveRows,
  ...floatingPointArithmeticRows,
  ...floatingPointStatusRows,
];
