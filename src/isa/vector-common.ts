// What the vector rows share: element order, the 128-bit number as two halves, saturation, and the makers of rows of
// the common forms (Power ISA Book I, chapters 6 and 7).
import type { Builder, Fields, I32, I64, RegisterNumber, V128 } from './builder.ts';
import type { Facility, FacilityByField, InstructionRow } from './row.ts';
import type { IsaVersion } from './version.ts';

/** Bytes of a vector element. */
export type ElementSize = 1 | 2 | 4 | 8;

/** WebAssembly shape of elements of a size. */
export const shapeOf = { 1: 'i8x16', 2: 'i16x8', 4: 'i32x4', 8: 'i64x2' } as const;

/** A constant vector from a function of the WebAssembly byte lane (0 = Power byte element 15). */
export function byteLanes(b: Builder, laneValue: (lane: number) => number): V128 {
  return b.constV128(Array.from({ length: 16 }, (_, lane) => laneValue(lane) & 255));
}

/** The byte lane numbers 0…15 as a vector. */
export function laneNumbers(b: Builder): V128 {
  return byteLanes(b, (lane) => lane);
}

/** The vector with one value in every element. */
export function splatOf(b: Builder, size: ElementSize, value: bigint): V128 {
  return byteLanes(b, (lane) => Number((value >> BigInt(8 * (lane % size))) & 255n));
}

/**
 * Picks elements of the concatenation x || y. Elements are numbered from the left as the manual does, so that
 * `elements[i]` names the source of element i of the result.
 */
export function pick(b: Builder, size: ElementSize, x: V128, y: V128, elements: readonly number[]): V128 {
  const lanes: number[] = [];
  for (let lane = 0; lane < 16; lane++) {
    const byte = 15 - lane;
    const source = (elements[Math.floor(byte / size)] ?? 0) * size + (byte % size);
    lanes.push(31 - source);
  }
  return b.shuffle(y, x, lanes);
}

/** The 128-bit number with these halves; `high` is doubleword 0. */
export function pair(b: Builder, high: I64, low: I64): V128 {
  return b.replaceLane('i64x2', 1, b.op('i64x2.splat', low), high);
}

/** Doubleword 0 of a vector value. */
export function high(b: Builder, v: V128): I64 {
  return b.extractLane64(1, v);
}

/** Doubleword 1 of a vector value. */
export function low(b: Builder, v: V128): I64 {
  return b.extractLane64(0, v);
}

/** Applies a function to both doublewords. */
export function eachDoubleword(b: Builder, x: V128, y: V128, f: (x: I64, y: I64) => I64): V128 {
  return pair(b, f(high(b, x), high(b, y)), f(low(b, x), low(b, y)));
}

/** Applies a function to the four words as 32-bit values. */
export function eachWord(b: Builder, x: V128, y: V128, f: (x: I32, y: I32) => I32): V128 {
  const word = (lane: number): I32 => f(b.extractLane('i32x4', lane, x), b.extractLane('i32x4', lane, y));
  let result = b.op('i32x4.splat', word(0));
  for (const lane of [1, 2, 3]) result = b.replaceLane('i32x4', lane, result, word(lane));
  return result;
}

/** The low byte of a 64-bit value in all 16 byte lanes. */
export function splatByte(b: Builder, value: I32): V128 {
  return b.op('i8x16.splat', value);
}

/** Sets the sticky VSCR[SAT] when c ≠ 0 (section 6.3.2). */
export function stickySaturation(b: Builder, c: I32): void {
  b.setSlot('vscr', b.or(b.slot('vscr'), b.zext(c)));
}

/** Effective address of an X-form access: (RA|0) + (RB). */
export function indexedAddress(b: Builder, f: Fields): I64 {
  return b.add(b.gprOr0(f.RA), b.gpr(f.RB));
}

/** Writes doubleword 0 of a VSR; doubleword 1 becomes 0. */
export function setDoubleword0(b: Builder, n: RegisterNumber, value: I64): void {
  b.setVsr(n, b.replaceLane('i64x2', 1, splatOf(b, 8, 0n), value));
}

/** VX-form row `mnemonic VRT,VRA,VRB` whose result is a function of two vectors. */
export function vx(
  mnemonic: string,
  xo: number,
  since: IsaVersion,
  compute: (b: Builder, x: V128, y: V128) => V128,
): InstructionRow {
  return {
    mnemonic,
    pattern: `4:6 VRT:5 VRA:5 VRB:5 ${xo}:11`,
    operands: 'VRT,VRA,VRB',
    since,
    facility: 'VEC',
    meaning: (b, f) => b.setVr(f.VRT, compute(b, b.vr(f.VRA), b.vr(f.VRB))),
  };
}

/** VX-form row `mnemonic VRT,VRB`; `eo` is the extended opcode in the place of VRA, or undefined when it is reserved. */
export function vxUnary(
  mnemonic: string,
  xo: number,
  eo: number | undefined,
  since: IsaVersion,
  compute: (b: Builder, y: V128) => V128,
): InstructionRow {
  return {
    mnemonic,
    pattern: `4:6 VRT:5 ${eo ?? '/'}:5 VRB:5 ${xo}:11`,
    operands: 'VRT,VRB',
    since,
    facility: 'VEC',
    meaning: (b, f) => b.setVr(f.VRT, compute(b, b.vr(f.VRB))),
  };
}

/** VA-form row `mnemonic VRT,VRA,VRB,VRC` whose result is a function of three vectors. */
export function va(
  mnemonic: string,
  xo: number,
  since: IsaVersion,
  compute: (b: Builder, x: V128, y: V128, z: V128) => V128,
): InstructionRow {
  return {
    mnemonic,
    pattern: `4:6 VRT:5 VRA:5 VRB:5 VRC:5 ${xo}:6`,
    operands: 'VRT,VRA,VRB,VRC',
    since,
    facility: 'VEC',
    meaning: (b, f) => b.setVr(f.VRT, compute(b, b.vr(f.VRA), b.vr(f.VRB), b.vr(f.VRC))),
  };
}

/** XX3-form row `mnemonic XT,XA,XB` whose result is a function of two vectors. */
export function xx3(
  mnemonic: string,
  xo: number,
  since: IsaVersion,
  compute: (b: Builder, x: V128, y: V128) => V128,
): InstructionRow {
  return {
    mnemonic,
    pattern: `60:6 T:5 A:5 B:5 ${xo}:8 AX:1 BX:1 TX:1`,
    operands: 'XT,XA,XB',
    since,
    facility: 'VSX',
    meaning: (b, f) => b.setVsr(f.XT, compute(b, b.vsr(f.XA), b.vsr(f.XB))),
  };
}

/** Facility of instructions that need `other` for VSR 0…31 and VEC for VSR 32…63, by their TX or SX bit. */
export function byRegister(field: 'TX' | 'SX', other: Facility): FacilityByField {
  return { field, facilities: [other, 'VEC'] };
}
