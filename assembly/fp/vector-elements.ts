// Elements of VSRs by reference: a VSR is a little-endian 128-bit number, so word element i is at byte 12 − 4·i.
import { unpackDouble, unpackSingle } from './number';

/** Address of double element i (0, 1). */
export function doubleAt(ref: usize, i: i32): usize {
  return ref + 8 - (i << 3);
}
/** Address of word element i (0 … 3). */
export function wordAt(ref: usize, i: i32): usize {
  return ref + 12 - (i << 2);
}

/** Fills R from element i. */
export function unpackElement(ref: usize, i: i32, single: bool): void {
  if (single) unpackSingle(load<u32>(wordAt(ref, i)));
  else unpackDouble(load<u64>(doubleAt(ref, i)));
}

/** The result in the making: a target may be a source as well, so it is written at the end. */
// biome-ignore lint/complexity/noStaticOnlyClass: see A in number.ts.
export class Result {
  static high: u64 = 0;
  static low: u64 = 0;
}

export function clearResult(): void {
  Result.high = 0;
  Result.low = 0;
}
export function putDouble(i: i32, bits: u64): void {
  if (i) Result.low = bits;
  else Result.high = bits;
}
export function putWord(i: i32, bits: u32): void {
  const placed = i & 1 ? <u64>bits : (<u64>bits) << 32;
  if (i & 2) Result.low |= placed;
  else Result.high |= placed;
}
export function writeResult(ref: usize): void {
  store<u64>(ref + 8, Result.high);
  store<u64>(ref, Result.low);
}
