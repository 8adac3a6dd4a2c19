// All floating-point rows (Power ISA Book I, chapter 4 and section 7.6.1).
import type { InstructionRow } from '../row.ts';
import { floatingPointArithmeticRows } from './floating-point-arithmetic.ts';
import { floatingPointLoadStoreRows } from './floating-point-load-store.ts';
import { floatingPointMoveRows } from './floating-point-move.ts';
import { floatingPointStatusRows } from './floating-point-status.ts';
import { vsxQuadPrecisionRows } from './vsx-quad-precision.ts';
import { vsxScalarFloatingPointRows } from './vsx-scalar-floating-point.ts';
import { vsxVectorFloatingPointRows } from './vsx-vector-floating-point.ts';

export const floatingPointRows: readonly InstructionRow[] = [
  ...floatingPointLoadStoreRows,
  ...floatingPointMoveRows,
  ...floatingPointArithmeticRows,
  ...floatingPointStatusRows,
  ...vsxScalarFloatingPointRows,
  ...vsxVectorFloatingPointRows,
  ...vsxQuadPrecisionRows,
];
