// Data-plane functions of the vector instructions. Their i32 parameters are addresses of registers (target first, then
// sources; a source may be the target) unless the name in the comment says otherwise.
import type { FunctionSignature } from '../function-signature.ts';

const registers3 = { params: ['i32', 'i32', 'i32'], byReference: true } as const satisfies FunctionSignature;
const registers4 = { params: ['i32', 'i32', 'i32', 'i32'], byReference: true } as const satisfies FunctionSignature;
/** Three registers and a number. */
const registers3Number = registers4;

/** Signatures by name. */
export const vectorFunctions = {
  /** vmsumshs, vmsumuhs. */
  vectorMultiplySumSigned: registers4,
  vectorMultiplySumUnsigned: registers4,
  /** vsumsws, vsum2sws: the number is that of words in a group (4, 2). */
  vectorSumAcross: registers3Number,
  /** The last parameter is the kind of shift: 0 rotate left, 1 left, 2 right, 3 right algebraic. */
  vectorShiftBytes: registers3Number,
  vectorShiftHalfwords: registers3Number,
  /** The last parameter is 1 to insert under the mask. */
  vectorRotateWordsMask: registers3Number,
  vectorRotateDoublewordsMask: registers3Number,
  /** The last parameter is 1 for vsrv. */
  vectorShiftVariable: registers3Number,
  vectorBitPermuteQuadword: registers3,
  vectorBitPermuteDoublewords: registers3,
} as const satisfies Record<string, FunctionSignature>;
