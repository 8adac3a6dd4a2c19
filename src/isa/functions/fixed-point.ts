// Data-plane functions of the fixed-point instructions.
import type { FunctionSignature } from '../function-signature.ts';

/** Signatures by name. */
export const fixedPointFunctions = {
  /** divde: quotient of (RA ‖ 64 zeros) ÷ RB, signed; 0 where it does not fit. */
  divideExtended: { params: ['i64', 'i64'], result: 'i64' },
  /** divdeo: 1 when the quotient of divde does not fit (or RB = 0). */
  divideExtendedOverflows: { params: ['i64', 'i64'], result: 'i32' },
  /** divdeu: quotient of (RA ‖ 64 zeros) ÷ RB, unsigned; 0 where it does not fit. */
  divideExtendedUnsigned: { params: ['i64', 'i64'], result: 'i64' },
  /** darn (L): 32 conditioned bits, 64 conditioned, 64 raw; all ones when there is none. */
  deliverRandomNumber: { params: ['i32'], result: 'i64' },
  /** bpermd (RS, RB): eight bits of RB chosen by the bytes of RS. */
  bitPermute: { params: ['i64', 'i64'], result: 'i64' },
  /** cbcdtd, cdtbcd: each 32-bit half, two declets ↔ six BCD digits. */
  bcdToDeclets: { params: ['i64'], result: 'i64' },
  decletsToBcd: { params: ['i64'], result: 'i64' },
  /** pextd, pdepd (RS, mask). */
  extractBits: { params: ['i64', 'i64'], result: 'i64' },
  depositBits: { params: ['i64', 'i64'], result: 'i64' },
  /** cfuged (RS, mask): the masked bits to the right, the others to the left. */
  centrifugeBits: { params: ['i64', 'i64'], result: 'i64' },
  /** HashDigest (RA, RB); the last parameter is 1 for the privileged key. */
  hashDigest: { params: ['i64', 'i64', 'i32'], result: 'i64' },
  /** 1 when this aspect of DEXCR is enforced in the present state. */
  aspectEnforced: { params: ['i32'], result: 'i32' },
  /** Raises the alignment interrupt for this effective address. */
  raiseAlignment: { params: ['i64'], raises: true },
} as const satisfies Record<string, FunctionSignature>;
