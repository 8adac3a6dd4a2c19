// All vector and VSX rows but VSX floating-point (Power ISA Book I, chapters 6 and 7), in the order of the manual.
import type { InstructionRow } from '../row.ts';
import { vectorCompareRows } from './vector-compare.ts';
import { vectorCountRows } from './vector-count.ts';
import { vectorCryptoRows } from './vector-crypto.ts';
import { vectorDecimalRows } from './vector-decimal.ts';
import { vectorDivideRows } from './vector-divide.ts';
import { vectorFloatRows } from './vector-float.ts';
import { vectorInsertRows } from './vector-insert.ts';
import { vectorIntegerRows } from './vector-integer.ts';
import { vectorLoadStoreRows } from './vector-load-store.ts';
import { vectorLogicalRows } from './vector-logical.ts';
import { vectorMaskRows } from './vector-mask.ts';
import { vectorMultiplyRows } from './vector-multiply.ts';
import { vectorPackRows } from './vector-pack.ts';
import { vectorPermuteRows } from './vector-permute.ts';
import { vectorQuadwordRows } from './vector-quadword.ts';
import { vectorRotateShiftRows } from './vector-rotate-shift.ts';
import { vsxLoadStoreRows } from './vsx-load-store.ts';
import { vsxLoadStorePairRows } from './vsx-load-store-pair.ts';
import { vsxMatrixRows } from './vsx-matrix.ts';
import { vsxMoveRows } from './vsx-move.ts';
import { vsxPermuteRows } from './vsx-permute.ts';
import { vsxPrefixedRows } from './vsx-prefixed.ts';

/** The rows. */
export const vectorRows: readonly InstructionRow[] = [
  ...vectorLoadStoreRows,
  ...vectorPackRows,
  ...vectorPermuteRows,
  ...vectorInsertRows,
  ...vectorIntegerRows,
  ...vectorMultiplyRows,
  ...vectorDivideRows,
  ...vectorQuadwordRows,
  ...vectorCompareRows,
  ...vectorLogicalRows,
  ...vectorRotateShiftRows,
  ...vectorFloatRows,
  ...vectorCryptoRows,
  ...vectorCountRows,
  ...vectorMaskRows,
  ...vectorDecimalRows,
  ...vsxLoadStoreRows,
  ...vsxLoadStorePairRows,
  ...vsxMoveRows,
  ...vsxPermuteRows,
  ...vsxPrefixedRows,
  ...vsxMatrixRows,
];
