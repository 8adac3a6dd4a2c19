// Data-plane functions of the matrix-multiply assist instructions (Power ISA v3.1 Book I, section 7.6.1.10).
import type { FunctionSignature } from '../function-signature.ts';

/**
 * Accumulator (four registers, row 0 first), two sources by reference, operation, masks: columns in bits 0–3 from the right,
 * rows in 4–7, products of each sum from bit 8 on. A source that is part of the accumulator is illegal.
 */
const outerProduct = {
  params: ['i32', 'i32', 'i32', 'i32', 'i32'],
  raises: true,
  byReference: true,
} as const satisfies FunctionSignature;

/** Bits of the operation. */
export const integerOperation = { accumulate: 64, saturate: 128 } as const;
export const floatingPointOperation = { accumulate: 1, negateProduct: 2, negateAddend: 4, bfloat: 8 } as const;

/** Signatures by name. */
export const matrixFunctions = {
  /** The operation holds the width of the factors, too: 4, 8 or 16. */
  matrixInteger: outerProduct,
  matrixHalf: outerProduct,
  matrixSingle: outerProduct,
  /** The first source is a pair of registers; the column mask has two bits. */
  matrixDouble: outerProduct,
  /** Sets an accumulator to zero. */
  matrixClear: { params: ['i32'], byReference: true },
} as const satisfies Record<string, FunctionSignature>;
