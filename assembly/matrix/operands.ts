// What the outer-product instructions share: masks, the check of their operands (Power ISA v3.1 Book I, section 7.2.1.3).
import { PROGRAM_ILLEGAL, raiseProgram } from '../interrupts/raise';

/** Rows and columns of the accumulator that an instruction computes, and products of each sum: bits of `masks`. */
@inline export function rowEnabled(masks: i32, i: i32): bool {
  return ((masks >> (7 - i)) & 1) != 0;
}
/** Column of four. */
@inline export function columnEnabled(masks: i32, j: i32): bool {
  return ((masks >> (3 - j)) & 1) != 0;
}
/** Product k of `count`. */
@inline export function productEnabled(masks: i32, k: i32, count: i32): bool {
  return ((masks >> (8 + count - 1 - k)) & 1) != 0;
}

/** Raises the illegal-instruction interrupt when an operand is part of the accumulator, an invalid form. */
export function operandsOverlap(cpu: usize, accumulator: usize, a: usize, b: usize): bool {
  if (a - accumulator >= 64 && b - accumulator >= 64) return false;
  raiseProgram(cpu, PROGRAM_ILLEGAL);
  return true;
}
