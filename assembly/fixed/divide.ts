// divde, divdeu: a 128-bit dividend with a low half of zeros (Power ISA Book I, section 3.3.9.1).

/** Quotient of (high ‖ 0) ÷ divisor for high < divisor: one quotient bit per step. */
function quotientOfShifted(high: u64, divisor: u64): u64 {
  let rest = high;
  let quotient: u64 = 0;
  for (let i = 0; i < 64; i++) {
    const carry = rest >> 63;
    rest <<= 1;
    quotient <<= 1;
    if (carry !== 0 || rest >= divisor) {
      rest -= divisor;
      quotient |= 1;
    }
  }
  return quotient;
}

function magnitude(x: i64): u64 {
  return x < 0 ? 0 - <u64>x : <u64>x;
}

/** Quotient, unsigned; 0 when it does not fit. */
export function divideExtendedUnsigned(_cpu: usize, dividend: i64, divisor: i64): i64 {
  if (<u64>dividend >= <u64>divisor) return 0;
  return <i64>quotientOfShifted(<u64>dividend, <u64>divisor);
}

/** 1 when the signed quotient does not fit 64 bits or the divisor is 0. */
export function divideExtendedOverflows(_cpu: usize, dividend: i64, divisor: i64): i32 {
  const x = magnitude(dividend);
  const y = magnitude(divisor);
  if (x >= y) return 1;
  const quotient = quotientOfShifted(x, y);
  const negative = (dividend ^ divisor) < 0;
  const most: u64 = ((<u64>1) << 63) - 1;
  return quotient > (negative ? most + 1 : most) ? 1 : 0;
}

/** Quotient, signed; 0 when it does not fit. */
export function divideExtended(_cpu: usize, dividend: i64, divisor: i64): i64 {
  if (divideExtendedOverflows(_cpu, dividend, divisor) !== 0) return 0;
  const quotient = quotientOfShifted(magnitude(dividend), magnitude(divisor));
  return (dividend ^ divisor) < 0 ? 0 - <i64>quotient : <i64>quotient;
}
