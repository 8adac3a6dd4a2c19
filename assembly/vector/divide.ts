// Vector division of 3.1 (Power ISA Book I, section 6.9.1.8). Operations: 0 vdivs, 1 vdivu, 2 vdives, 3 vdiveu,
// 4 vmods, 5 vmodu. What is undefined: of a quotient that does not fit the low bits are kept; division by zero is
// division by one of words and quadwords, and of doublewords gives the dividend.

/** Words, with 64-bit arithmetic. */
export function vectorDivideWords(cpu: usize, t: usize, x: usize, y: usize, operation: i32): void {
  const shift = operation === 2 || operation === 3 ? 32 : 0;
  for (let i: usize = 0; i < 16; i += 4) {
    let result: i64;
    if (operation & 1) {
      const dividend = <u64>load<u32>(x + i) << shift;
      const divisor = max<u64>(load<u32>(y + i), 1);
      result = <i64>(operation === 5 ? dividend % divisor : dividend / divisor);
    } else {
      const dividend = <i64>load<i32>(x + i) << shift;
      let divisor = <i64>load<i32>(y + i);
      // The lowest dividend divided by -1 would trap; its low bits are the same by 1.
      if (divisor === 0 || (divisor === -1 && dividend === i64.MIN_VALUE)) divisor = 1;
      result = operation === 4 ? dividend % divisor : dividend / divisor;
    }
    store<u32>(t + i, <u32>result);
  }
}

// The quotient and the remainder of the division below.
let quotientHigh: u64 = 0;
let quotientLow: u64 = 0;
let remainderHigh: u64 = 0;
let remainderLow: u64 = 0;

/** Divides the 128-bit number high ‖ low, followed by `zeros` zero bits; the quotient is that modulo 2¹²⁸. */
function divide(high: u64, low: u64, zeros: i32, divisorHigh: u64, divisorLow: u64): void {
  quotientHigh = 0;
  quotientLow = 0;
  remainderHigh = 0;
  remainderLow = 0;
  if (divisorHigh === 0 && divisorLow === 0) divisorLow = 1;
  for (let i = 127 + zeros; i >= 0; i--) {
    const at = i - zeros;
    const bit = at > 63 ? (high >> (at - 64)) & 1 : at >= 0 ? (low >> at) & 1 : 0;
    const top = remainderHigh >> 63;
    remainderHigh = (remainderHigh << 1) | (remainderLow >> 63);
    remainderLow = (remainderLow << 1) | bit;
    quotientHigh = (quotientHigh << 1) | (quotientLow >> 63);
    quotientLow <<= 1;
    const notLess = remainderHigh > divisorHigh || (remainderHigh === divisorHigh && remainderLow >= divisorLow);
    if (top || notLess) {
      const borrow: u64 = remainderLow < divisorLow ? 1 : 0;
      remainderLow -= divisorLow;
      remainderHigh -= divisorHigh + borrow;
      quotientLow |= 1;
    }
  }
}

/** Doublewords. */
export function vectorDivideDoublewords(cpu: usize, t: usize, x: usize, y: usize, operation: i32): void {
  for (let i: usize = 0; i < 16; i += 8) store<u64>(t + i, divideDoubleword(load<u64>(x + i), load<u64>(y + i), operation));
}

function divideDoubleword(x: u64, y: u64, operation: i32): u64 {
  if (y === 0) return operation < 4 ? x : 0;
  if (operation === 1) return x / y;
  if (operation === 5) return x % y;
  if (operation === 3) {
    divide(x, 0, 0, 0, y);
    return quotientLow;
  }
  const dividend = <i64>x;
  const divisor = <i64>y;
  if (operation === 2) {
    divide(dividend < 0 ? 0 - x : x, 0, 0, 0, divisor < 0 ? 0 - y : y);
    return (dividend ^ divisor) < 0 ? 0 - quotientLow : quotientLow;
  }
  // The lowest dividend divided by -1 would trap.
  const replaced = divisor === -1 && dividend === i64.MIN_VALUE ? 1 : divisor;
  return <u64>(operation === 4 ? dividend % replaced : dividend / replaced);
}

/** The quadword. */
export function vectorDivideQuadwords(cpu: usize, t: usize, x: usize, y: usize, operation: i32): void {
  let high = load<u64>(x, 8);
  let low = load<u64>(x);
  let divisorHigh = load<u64>(y, 8);
  let divisorLow = load<u64>(y);
  const isSigned = (operation & 1) === 0;
  const dividendNegative = isSigned && <i64>high < 0;
  const divisorNegative = isSigned && <i64>divisorHigh < 0;
  if (dividendNegative) {
    low = 0 - low;
    high = ~high + (low === 0 ? 1 : 0);
  }
  if (divisorNegative) {
    divisorLow = 0 - divisorLow;
    divisorHigh = ~divisorHigh + (divisorLow === 0 ? 1 : 0);
  }
  divide(high, low, operation === 2 || operation === 3 ? 128 : 0, divisorHigh, divisorLow);
  const isRemainder = operation >= 4;
  let resultHigh = isRemainder ? remainderHigh : quotientHigh;
  let resultLow = isRemainder ? remainderLow : quotientLow;
  if (isRemainder ? dividendNegative : dividendNegative !== divisorNegative) {
    resultLow = 0 - resultLow;
    resultHigh = ~resultHigh + (resultLow === 0 ? 1 : 0);
  }
  store<u64>(t, resultLow);
  store<u64>(t, resultHigh, 8);
}
