// Meanings shared by many rows: record forms, carries and overflow (Book I, sections 2.3, 3.2.2 and 3.3.9).
import type { Builder, Fields, I32, I64 } from './builder.ts';

/** LT=8, GT=4, EQ=2 of a signed comparison, with SO copied from XER. */
export function compareSigned(b: Builder, x: I64, y: I64): I32 {
  return b.compare(x, y, true);
}

/** As {@link compareSigned}, unsigned. */
export function compareUnsigned(b: Builder, x: I64, y: I64): I32 {
  return b.compare(x, y, false);
}

/** CR0 from a fixed-point result: the low 32 bits count in 32-bit mode. */
export function recordCr0(b: Builder, result: I64): void {
  b.setCrField(0, compareSigned(b, b.is64 ? result : b.ext32s(result), b.const(0)));
}

/** CR0 when Rc = 1. */
export function record(b: Builder, f: Fields, result: I64): void {
  if (b.fixed(f.Rc) === 1) recordCr0(b, result);
}

/** XER[OV], XER[OV32] and the sticky SO from 0/1 values. */
export function setOverflow(b: Builder, ov: I64, ov32: I64): void {
  b.setSlot('ov', ov);
  b.setSlot('ov32', ov32);
  b.setSlot('so', b.or(b.slot('so'), ov));
}

/**
 * Sum of two values with carry in (0 or 1, or none): writes CA and CA32 when asked, OV when the row's OE is set, and
 * returns the sum. In 32-bit mode CA and OV describe bit 32.
 */
export function addWithCarry(b: Builder, f: Fields, x: I64, y: I64, carryIn: I64 | undefined, oe: boolean): I64 {
  const partial = b.add(x, y);
  const sum = carryIn ? b.add(partial, carryIn) : partial;
  let carry = b.zext(b.ltU(partial, x));
  if (carryIn) carry = b.or(carry, b.zext(b.ltU(sum, partial)));
  const carries = b.xor(b.xor(x, y), sum);
  const carry32 = b.and(b.shrU(carries, b.const(32)), b.const(1));
  b.setSlot('ca', b.is64 ? carry : carry32);
  b.setSlot('ca32', carry32);
  if (oe && b.fixed(f.OE) === 1) overflowOfSum(b, x, y, sum);
  return sum;
}

/** OV, OV32 and SO of `sum` = x + y (+ carry). */
export function overflowOfSum(b: Builder, x: I64, y: I64, sum: I64): void {
  const signs = b.and(b.xor(x, sum), b.xor(y, sum));
  const ov64 = b.shrU(signs, b.const(63));
  const ov32 = b.and(b.shrU(signs, b.const(31)), b.const(1));
  setOverflow(b, b.is64 ? ov64 : ov32, ov32);
}
