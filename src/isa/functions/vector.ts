// Data-plane functions of the vector instructions. Their i32 parameters are addresses of registers (target first, then
// sources; a source may be the target) unless the name in the comment says otherwise.
import type { FunctionSignature } from '../function-signature.ts';

const registers2 = { params: ['i32', 'i32'], byReference: true } as const satisfies FunctionSignature;
const registers3 = { params: ['i32', 'i32', 'i32'], byReference: true } as const satisfies FunctionSignature;
const registers4 = { params: ['i32', 'i32', 'i32', 'i32'], byReference: true } as const satisfies FunctionSignature;
/** Two registers and a number. */
const registers2Number = registers3;
/** Three registers and a number. */
const registers3Number = registers4;
/** The decimal functions return the value for CR field 6. */
const decimal2 = { ...registers2, result: 'i32' } as const satisfies FunctionSignature;
const decimal3 = { ...registers3, result: 'i32' } as const satisfies FunctionSignature;
const decimal4 = { ...registers4, result: 'i32' } as const satisfies FunctionSignature;

/** Signatures by name. */
export const vectorFunctions = {
  /** vmsumshs, vmsumuhs. */
  vectorMultiplySumSigned: registers4,
  vectorMultiplySumUnsigned: registers4,
  /** vsumsws, vsum2sws: the number is that of words in a group (4, 2). */
  vectorSumAcross: registers3Number,
  /** The last parameter is 1 to insert under the mask. */
  vectorRotateWordsMask: registers3Number,
  vectorRotateDoublewordsMask: registers3Number,
  /** The last parameter is 1 for vsrv. */
  vectorShiftVariable: registers3Number,
  vectorBitPermuteQuadword: registers3,
  vectorBitPermuteDoublewords: registers3,
  /** Source and N. */
  vectorGatherEveryNth: { ...registers2, result: 'i64' },
  /** Target, mask, element size in bytes, options (IMM). */
  vectorPermuteControl: registers4,
  /** The last parameter is the operation, see `rows/vector-divide.ts`. */
  vectorDivideWords: registers3Number,
  vectorDivideDoublewords: registers3Number,
  vectorDivideQuadwords: registers3Number,
  /** The last parameter is 1 for the last round. */
  vectorCipher: registers3Number,
  vectorInverseCipher: registers3Number,
  vectorSubstituteBytes: registers2,
  /** Target, source, ST, SIX. */
  vectorSigmaWords: registers4,
  vectorSigmaDoublewords: registers4,
  /** The last parameter is the element size in bytes. */
  vectorPolynomialSum: registers3Number,
  /** The last parameter is the operation, see `rows/vector-float.ts`. */
  vectorFloatBinary: registers3Number,
  vectorFloatUnary: registers2Number,
  /** Target, VRA, VRB (addend), VRC. */
  vectorMultiplyAdd: registers4,
  vectorNegativeMultiplySubtract: registers4,
  /** The last parameter is PS + 2 for bcdsub. */
  decimalAdd: decimal4,
  /** The last parameter of these is PS. */
  decimalFromNational: decimal3,
  decimalFromZoned: decimal3,
  decimalToZoned: decimal3,
  decimalFromQuadword: decimal3,
  decimalSetSign: decimal3,
  decimalTruncate: decimal4,
  decimalToNational: decimal2,
  decimalToQuadword: decimal2,
  decimalCopySign: decimal3,
  /** The last parameter is PS + 2 for bcdsr. */
  decimalShift: decimal4,
  decimalShiftUnsigned: decimal3,
  decimalTruncateUnsigned: decimal3,
} as const satisfies Record<string, FunctionSignature>;
