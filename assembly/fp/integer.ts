// Rounding to integral values and conversion to and from integers (Power ISA Book I, sections 4.6.7 and 7.6.1).
import { operand } from './arithmetic';
import { FI, FR, Now, VXCVI, XX } from './fpscr';
import { FINITE, QUIET, R, roundSignificand, roundsUp, ZERO } from './number';

const TOP: u64 = 0x8000_0000_0000_0000;

/** Rounds a finite R to an integral value; FR and FI go to `Now`, XX is left to the caller. */
export function roundIntegral(mode: u32): void {
  Now.rounding = 0;
  if (R.kind !== FINITE || R.exp >= 127) return;
  if (R.exp >= 0) {
    roundSignificand(R.exp + 1, mode);
    return;
  }
  const half = R.exp === -1;
  const sticky = !half || R.hi !== TOP || R.lo !== 0;
  if (roundsUp(mode, R.sign, false, half, sticky)) {
    Now.rounding = FI | FR;
    R.exp = 0;
    R.hi = TOP;
    R.lo = 0;
  } else {
    Now.rounding = FI;
    R.kind = ZERO;
  }
}

/**
 * A as an integer of `width` (32 or 64) bits in the low bits of the result, saturated; raises XX, VXCVI, VXSNAN.
 * A NaN gives the least value of the type.
 */
export function convertToInteger(width: i32, signed: bool, mode: u32): u64 {
  operand();
  const ones: u64 = ~(<u64>0) >> (64 - width);
  const least: u64 = signed ? (<u64>1) << (width - 1) : 0;
  if (R.kind >= QUIET) {
    Now.raised |= VXCVI;
    return least;
  }
  if (R.kind === ZERO) return 0;
  if (R.kind === FINITE) {
    roundIntegral(mode);
    if (R.kind === ZERO) {
      Now.raised |= XX;
      return 0;
    }
    if (R.exp < 64) {
      const magnitude = R.hi >> (63 - R.exp);
      const limit: u64 = signed ? (R.sign ? least : least - 1) : R.sign ? 0 : ones;
      if (magnitude <= limit) {
        if (Now.rounding) Now.raised |= XX;
        return (R.sign ? 0 - magnitude : magnitude) & ones;
      }
    }
  }
  Now.rounding = 0;
  Now.raised |= VXCVI;
  if (R.sign) return least;
  return signed ? least - 1 : ones;
}
