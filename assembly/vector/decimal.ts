// Packed decimal integers in vector registers (Power ISA Book I, section 6.14): 31 digits and a sign code in the
// rightmost nibble, or 32 digits. Every function returns the value for CR field 6: LT=8, GT=4, EQ=2, SO=1.

const LT: i32 = 8;
const GT: i32 = 4;
const EQ: i32 = 2;
const SO: i32 = 1;

/** The number under construction; digit 0 is the sign's place. */
let outHigh: u64 = 0;
let outLow: u64 = 0;

function digit(high: u64, low: u64, i: u64): u32 {
  return <u32>(i < 16 ? low >> (4 * i) : high >> (4 * (i - 16))) & 15;
}

function put(i: u64, value: u32): void {
  if (i < 16) outLow |= (<u64>value) << (4 * i);
  else outHigh |= (<u64>value) << (4 * (i - 16));
}

function clear(): void {
  outHigh = 0;
  outLow = 0;
}

function finish(t: usize): void {
  store<u64>(t, outLow);
  store<u64>(t, outHigh, 8);
}

/** Digits `from`…31 are all decimal. */
function areDigits(high: u64, low: u64, from: u64): bool {
  for (let i = from; i < 32; i++) if (digit(high, low, i) > 9) return false;
  return true;
}

/** 1, -1, or 0 for an invalid code. */
function signOf(low: u64): i32 {
  const code = <u32>low & 15;
  if (code < 10) return 0;
  return code === 11 || code === 13 ? -1 : 1;
}

function isValid(high: u64, low: u64): bool {
  return signOf(low) !== 0 && areDigits(high, low, 1);
}

function preferredSign(sign: i32, ps: i32): u32 {
  if (sign < 0) return 13;
  return ps ? 15 : 12;
}

/** LT, GT or EQ of a signed number. */
function condition(high: u64, low: u64): i32 {
  if (high === 0 && low >> 4 === 0) return EQ;
  return signOf(low) < 0 ? LT : GT;
}

/** The magnitudes' sum goes to the number under construction; returns the carry. */
function addMagnitudes(xHigh: u64, xLow: u64, yHigh: u64, yLow: u64): u32 {
  clear();
  let carry: u32 = 0;
  for (let i: u64 = 1; i < 32; i++) {
    let sum = digit(xHigh, xLow, i) + digit(yHigh, yLow, i) + carry;
    carry = 0;
    if (sum > 9) {
      sum -= 10;
      carry = 1;
    }
    put(i, sum);
  }
  return carry;
}

/** x - y for magnitudes with x ≥ y. */
function subtractMagnitudes(xHigh: u64, xLow: u64, yHigh: u64, yLow: u64): void {
  clear();
  let borrow: u32 = 0;
  for (let i: u64 = 1; i < 32; i++) {
    let difference = digit(xHigh, xLow, i) + 10 - digit(yHigh, yLow, i) - borrow;
    borrow = 1;
    if (difference > 9) {
      difference -= 10;
      borrow = 0;
    }
    put(i, difference);
  }
}

/** bcdadd., bcdsub. (options: PS + 2·subtract). What is undefined in the architecture is all ones. */
export function decimalAdd(_cpu: usize, t: usize, x: usize, y: usize, options: i32): i32 {
  const ps = options & 1;
  const xHigh = load<u64>(x, 8);
  const xLow = load<u64>(x);
  const yHigh = load<u64>(y, 8);
  const yLow = load<u64>(y);
  if (!isValid(xHigh, xLow) || !isValid(yHigh, yLow)) {
    store<u64>(t, ~(<u64>0));
    store<u64>(t, ~(<u64>0), 8);
    return SO;
  }
  const xSign = signOf(xLow);
  const ySign = options & 2 ? -signOf(yLow) : signOf(yLow);
  const xDigits = xLow >> 4;
  const yDigits = yLow >> 4;
  let overflow: u32 = 0;
  let sign = xSign;
  if (xSign === ySign) overflow = addMagnitudes(xHigh, xLow, yHigh, yLow);
  else if (xHigh > yHigh || (xHigh === yHigh && xDigits >= yDigits)) subtractMagnitudes(xHigh, xLow, yHigh, yLow);
  else {
    subtractMagnitudes(yHigh, yLow, xHigh, xLow);
    sign = ySign;
  }
  const isZero = outHigh === 0 && outLow === 0 && !overflow;
  put(0, preferredSign(isZero ? 1 : sign, ps));
  finish(t);
  return (isZero ? EQ : sign < 0 ? LT : GT) | <i32>overflow;
}

/** bcdcfn.: seven halfwords 0x003d and a sign 0x002B or 0x002D. */
export function decimalFromNational(_cpu: usize, t: usize, y: usize, ps: i32): i32 {
  const signCode = <u32>load<u16>(y);
  let valid = signCode === 0x2b || signCode === 0x2d;
  clear();
  for (let i: u64 = 1; i < 8; i++) {
    const code = <u32>load<u16>(y + 2 * <usize>i);
    if (code < 0x30 || code > 0x39) valid = false;
    put(i, code & 15);
  }
  if (!valid) return SO;
  put(0, preferredSign(signCode === 0x2d ? -1 : 1, ps));
  finish(t);
  return condition(outHigh, outLow);
}

/** bcdctn. */
export function decimalToNational(_cpu: usize, t: usize, y: usize): i32 {
  const high = load<u64>(y, 8);
  const low = load<u64>(y);
  if (!isValid(high, low)) return SO;
  store<u16>(t, signOf(low) < 0 ? 0x2d : 0x2b);
  for (let i: u64 = 1; i < 8; i++) store<u16>(t + 2 * <usize>i, <u16>(0x30 | digit(high, low, i)));
  return condition(high, low) | (high !== 0 || low >> 32 !== 0 ? SO : 0);
}

/** bcdcfz.: sixteen bytes of zone and digit; the sign is in the zone of the last one. */
export function decimalFromZoned(_cpu: usize, t: usize, y: usize, ps: i32): i32 {
  const zone: u32 = ps ? 15 : 3;
  const signCode = <u32>load<u8>(y) >> 4;
  let valid = !ps || signCode > 9;
  clear();
  for (let i: u64 = 0; i < 16; i++) {
    const code = <u32>load<u8>(y + <usize>i);
    if ((code & 15) > 9 || (i > 0 && code >> 4 !== zone)) valid = false;
    put(i + 1, code & 15);
  }
  if (!valid) return SO;
  const negative = ps ? signCode === 11 || signCode === 13 : (signCode & 4) !== 0;
  put(0, negative ? 13 : 12);
  finish(t);
  return condition(outHigh, outLow);
}

/** bcdctz. */
export function decimalToZoned(_cpu: usize, t: usize, y: usize, ps: i32): i32 {
  const high = load<u64>(y, 8);
  const low = load<u64>(y);
  if (!isValid(high, low)) return SO;
  const negative = signOf(low) < 0;
  const zone: u32 = ps ? 0xf0 : 0x30;
  const signZone: u32 = ps ? (negative ? 0xd0 : 0xc0) : negative ? 0x70 : 0x30;
  for (let i: u64 = 0; i < 16; i++) {
    store<u8>(t + <usize>i, <u8>((i ? zone : signZone) | digit(high, low, i + 1)));
  }
  return condition(high, low) | (high >> 4 !== 0 ? SO : 0);
}

/** bcdcfsq.: SO when the magnitude needs more than 31 digits, of which the low ones stay. */
export function decimalFromQuadword(_cpu: usize, t: usize, y: usize, ps: i32): i32 {
  let high = load<u64>(y, 8);
  let low = load<u64>(y);
  const negative = <i64>high < 0;
  if (negative) {
    low = 0 - low;
    high = ~high + (low === 0 ? 1 : 0);
  }
  const isZero = high === 0 && low === 0;
  clear();
  put(0, preferredSign(negative ? -1 : 1, ps));
  for (let i: u64 = 1; i < 32; i++) {
    // Long division by 10 in steps of 32 bits; the remainder joins the next step.
    const fromHigh = high % 10;
    high /= 10;
    const upper = (fromHigh << 32) | (low >> 32);
    const lower = ((upper % 10) << 32) | (low & 0xffffffff);
    low = ((upper / 10) << 32) | (lower / 10);
    put(i, <u32>(lower % 10));
  }
  finish(t);
  return (isZero ? EQ : negative ? LT : GT) | (high !== 0 || low !== 0 ? SO : 0);
}

/** bcdctsq. */
export function decimalToQuadword(_cpu: usize, t: usize, y: usize): i32 {
  const sourceHigh = load<u64>(y, 8);
  const sourceLow = load<u64>(y);
  if (!isValid(sourceHigh, sourceLow)) return SO;
  let high: u64 = 0;
  let low: u64 = 0;
  for (let i: u64 = 31; i > 0; i--) {
    const lower = (low & 0xffffffff) * 10 + <u64>digit(sourceHigh, sourceLow, i);
    const upper = (low >> 32) * 10 + (lower >> 32);
    high = high * 10 + (upper >> 32);
    low = (upper << 32) | (lower & 0xffffffff);
  }
  if (signOf(sourceLow) < 0) {
    low = 0 - low;
    high = ~high + (low === 0 ? 1 : 0);
  }
  store<u64>(t, low);
  store<u64>(t, high, 8);
  return condition(sourceHigh, sourceLow);
}

/** bcdcpsgn.: the digits of x with the sign code of y. */
export function decimalCopySign(_cpu: usize, t: usize, x: usize, y: usize): i32 {
  const high = load<u64>(x, 8);
  const low = load<u64>(x);
  const signLow = load<u64>(y);
  if (!isValid(high, low) || !isValid(load<u64>(y, 8), signLow)) return SO;
  const result = (low & ~(<u64>15)) | (signLow & 15);
  store<u64>(t, result);
  store<u64>(t, high, 8);
  return condition(high, result);
}

/** bcdsetsgn.: the preferred sign code. */
export function decimalSetSign(_cpu: usize, t: usize, y: usize, ps: i32): i32 {
  const high = load<u64>(y, 8);
  const low = load<u64>(y);
  if (!isValid(high, low)) return SO;
  const result = (low & ~(<u64>15)) | <u64>preferredSign(signOf(low), ps);
  store<u64>(t, result);
  store<u64>(t, high, 8);
  return condition(high, result);
}

/** Moves digits first…31 of a number by n places (left when positive); returns SO if a digit other than 0 is lost. */
function shift(high: u64, low: u64, first: i32, n: i32): i32 {
  let lost = 0;
  clear();
  for (let i = first; i < 32; i++) {
    const value = digit(high, low, <u64>i);
    const place = i + n;
    if (place > 31) lost |= value ? SO : 0;
    else if (place >= first) put(<u64>place, value);
  }
  return lost;
}

/** The number of places: the signed byte element 7 of VRA. */
function places(x: usize): i32 {
  return <i32>load<i8>(x, 8);
}

/** bcds., bcdsr. (options: PS + 2·round): shifts to the right lose digits silently or round half up. */
export function decimalShift(_cpu: usize, t: usize, x: usize, y: usize, options: i32): i32 {
  const high = load<u64>(y, 8);
  const low = load<u64>(y);
  if (!isValid(high, low)) return SO;
  const n = places(x);
  const lost = shift(high, low, 1, n);
  // The last digit that was lost stood at place -n.
  if (options & 2 && n < 0 && n >= -31 && digit(high, low, <u64>-n) >= 5) addMagnitudes(outHigh, outLow, 0, 16);
  put(0, preferredSign(signOf(low), options & 1));
  finish(t);
  return condition(outHigh, outLow) | lost;
}

/** bcdus.: 32 digits without a sign. */
export function decimalShiftUnsigned(_cpu: usize, t: usize, x: usize, y: usize): i32 {
  const high = load<u64>(y, 8);
  const low = load<u64>(y);
  if (!areDigits(high, low, 0)) return SO;
  const lost = shift(high, low, 0, places(x));
  finish(t);
  return (outHigh === 0 && outLow === 0 ? EQ : GT) | lost;
}

/** Keeps digits below `end`; returns SO if one other than 0 is lost. */
function truncate(high: u64, low: u64, first: u64, end: u64): i32 {
  let lost = 0;
  clear();
  for (let i = first; i < 32; i++) {
    const value = digit(high, low, i);
    if (i < end) put(i, value);
    else if (value) lost = SO;
  }
  return lost;
}

/** bcdtrunc.: as many digits as halfword element 3 of VRA says. */
export function decimalTruncate(_cpu: usize, t: usize, x: usize, y: usize, ps: i32): i32 {
  const high = load<u64>(y, 8);
  const low = load<u64>(y);
  if (!isValid(high, low)) return SO;
  const lost = truncate(high, low, 1, <u64>load<u16>(x, 8) + 1);
  put(0, preferredSign(signOf(low), ps));
  finish(t);
  return condition(outHigh, outLow) | lost;
}

/** bcdutrunc.: the same for 32 digits without a sign. */
export function decimalTruncateUnsigned(_cpu: usize, t: usize, x: usize, y: usize): i32 {
  const high = load<u64>(y, 8);
  const low = load<u64>(y);
  if (!areDigits(high, low, 0)) return SO;
  const lost = truncate(high, low, 0, <u64>load<u16>(x, 8));
  finish(t);
  return (outHigh === 0 && outLow === 0 ? EQ : GT) | lost;
}
