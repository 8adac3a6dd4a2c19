// Scalar multiply-add with double-precision results (Power ISA Book I, section 4.6.6). In a `variant`, bit 0 negates
// the addend and bit 1 the rounded result (unless it is a NaN).
import * as L from '../generated/layout';
import { multiplyAdd, multiplyHigh } from './arithmetic';
import { begin, endFast, endScalar, FI, FR } from './fpscr';
import { classOfResult, packDouble, QUIET, R, roundTo, toA, toB, toC, unpackDouble } from './number';

function fusedSlowly(cpu: usize, target: u64, a: u64, c: u64, b: u64, variant: i32): u64 {
  begin(cpu);
  unpackDouble(a);
  toA();
  unpackDouble(c);
  toC();
  unpackDouble(b);
  toB();
  multiplyAdd((variant & 1) !== 0);
  roundTo(53, -1022, 1023, 1536);
  if (variant & 2 && R.kind < QUIET) R.sign ^= 1;
  return endScalar(cpu, classOfResult(-1022)) ? packDouble() : target;
}

const FRACTION: u64 = 0xf_ffff_ffff_ffff;
const HIDDEN: u64 = 0x10_0000_0000_0000;
const TOP: u64 = 0x8000_0000_0000_0000;

/**
 * Normal factors, normal or zero addend, normal result, rounding to nearest: product and addend as 128-bit integers
 * with the last bit sticky. The product ends in 21 zeros, so bits are lost only where nothing cancels.
 */
function fused(cpu: usize, target: u64, a: u64, c: u64, b: u64, variant: i32): u64 {
  const fpscr = load<u32>(cpu + L.S_fpscr);
  const ea = <i32>(a >> 52) & 0x7ff;
  const ec = <i32>(c >> 52) & 0x7ff;
  const eb = <i32>(b >> 52) & 0x7ff;
  const zeroAddend = b << 1 === 0;
  const ordinary = <u32>(ea - 1) < 0x7fe && <u32>(ec - 1) < 0x7fe && (<u32>(eb - 1) < 0x7fe || zeroAddend);
  if (fpscr & 3 || !ordinary) return fusedSlowly(cpu, target, a, c, b, variant);
  const x = ((a & FRACTION) | HIDDEN) << 11;
  const y = ((c & FRACTION) | HIDDEN) << 10;
  let hi = multiplyHigh(x, y);
  let lo = x * y;
  let addHi: u64 = zeroAddend ? 0 : ((b & FRACTION) | HIDDEN) << 10;
  let addLo: u64 = 0;
  // Exponents of the last bits.
  let exp = ea + ec - 2171;
  const distance = exp - (eb - 1149);
  if (distance >= 0 || zeroAddend) {
    if (distance > 126) {
      addLo = <u64>(addHi !== 0);
      addHi = 0;
    } else if (distance >= 64) {
      addLo = addHi >> (distance - 64);
      if (addLo << (distance - 64) !== addHi) addLo |= 1;
      addHi = 0;
    } else if (distance > 0) {
      addLo = addHi << (64 - distance);
      addHi >>= distance;
    }
  } else {
    const n = -distance;
    exp += n;
    let lost: u64;
    if (n < 64) {
      lost = lo << (64 - n);
      lo = (lo >> n) | (hi << (64 - n));
      hi >>= n;
    } else if (n < 127) {
      lost = n === 64 ? lo : lo | (hi << (128 - n));
      lo = hi >> (n - 64);
      hi = 0;
    } else {
      lost = 1;
      lo = 0;
      hi = 0;
    }
    if (lost) lo |= 1;
  }
  let sign = (a ^ c) & TOP;
  const addSign = variant & 1 ? ~b & TOP : b & TOP;
  if (sign === addSign || zeroAddend) {
    lo += addLo;
    hi += addHi + <u64>(lo < addLo);
  } else if (hi > addHi || (hi === addHi && lo >= addLo)) {
    hi -= addHi + <u64>(lo < addLo);
    lo -= addLo;
  } else {
    hi = addHi - hi - <u64>(addLo < lo);
    lo = addLo - lo;
    sign = addSign;
  }
  if (!hi) return fusedSlowly(cpu, target, a, c, b, variant);
  const n = <i32>clz(hi);
  let top = n ? (hi << n) | (lo >> (64 - n)) : hi;
  if (lo << n) top |= 1;
  exp += 64 - n + 63 + 1023;
  let significand = top >> 11;
  const rest = top & 0x7ff;
  let rounding: u32 = 0;
  if (rest) {
    rounding = FI;
    if (rest > 0x400 || (rest === 0x400 && significand & 1)) {
      rounding = FI | FR;
      significand += 1;
    }
  }
  // A carry out of the significand makes it 2^53, which adds one to the exponent below.
  if (<u32>(exp - 1) > 0x7fc) return fusedSlowly(cpu, target, a, c, b, variant);
  if (variant & 2) sign ^= TOP;
  endFast(cpu, fpscr, rounding, sign ? 0x08 : 0x04);
  return sign | ((<u64>(exp - 1) << 52) + significand);
}

/** fmadd: a × c + b. */
export function fmadd(cpu: usize, target: u64, a: u64, c: u64, b: u64): u64 {
  return fused(cpu, target, a, c, b, 0);
}

/** fmsub: a × c − b. */
export function fmsub(cpu: usize, target: u64, a: u64, c: u64, b: u64): u64 {
  return fused(cpu, target, a, c, b, 1);
}

/** fnmadd: −(a × c + b). */
export function fnmadd(cpu: usize, target: u64, a: u64, c: u64, b: u64): u64 {
  return fused(cpu, target, a, c, b, 2);
}

/** fnmsub: −(a × c − b). */
export function fnmsub(cpu: usize, target: u64, a: u64, c: u64, b: u64): u64 {
  return fused(cpu, target, a, c, b, 3);
}
