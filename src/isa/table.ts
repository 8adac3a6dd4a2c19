// The instruction table: every row of every group, in the order of the groups of the Power ISA.
import type { InstructionRow } from './row.ts';
import { atomicRows } from './rows/atomic.ts';
import { branchRows } from './rows/branch.ts';
import { decimalRows } from './rows/decimal.ts';
import { fixedArithmeticRows } from './rows/fixed-arithmetic.ts';
import { fixedHashRows } from './rows/fixed-hash.ts';
import { fixedLoadStoreRows } from './rows/fixed-load-store.ts';
import { fixedLogicalRows } from './rows/fixed-logical.ts';
import { fixedPrefixedRows } from './rows/fixed-prefixed.ts';
import { fixedRotateShiftRows } from './rows/fixed-rotate-shift.ts';
import { floatingPointRows } from './rows/floating-point.ts';
import { storageControlRows } from './rows/storage-control.ts';
import { systemRows } from './rows/system.ts';
import { vectorRows } from './rows/vector.ts';

/** All instructions. */
export const instructionTable: readonly InstructionRow[] = [
  ...branchRows,
  ...fixedLoadStoreRows,
  ...fixedPrefixedRows,
  ...fixedHashRows,
  ...fixedArithmeticRows,
  ...fixedLogicalRows,
  ...fixedRotateShiftRows,
  ...atomicRows,
  ...decimalRows,
  ...floatingPointRows,
  ...vectorRows,
  ...storageControlRows,
  ...systemRows,
];
