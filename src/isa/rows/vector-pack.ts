// Vector pack and unpack (Power ISA Book I, section 6.8.1): narrowing with or without saturation, and widening.
import type { Builder, I32, V128 } from '../builder.ts';
import type { InstructionRow } from '../row.ts';
import { pick, splatOf, stickySaturation, vx, vxUnary } from '../vector-common.ts';
import type { IsaVersion } from '../version.ts';
import { greaterUnsigned64 } from './vector-compare.ts';

/** Limits each element to what the narrower one holds. */
type Clamp = (b: Builder, v: V128) => V128;

/** The low halves of the elements of x, then those of y; `size` is that of the result's elements. */
function narrow(b: Builder, size: 1 | 2 | 4, x: V128, y: V128): V128 {
  const count = 16 / size;
  return pick(
    b,
    size,
    x,
    y,
    Array.from({ length: count }, (_, i) => 2 * i + 1),
  );
}

/** Sets VSCR[SAT] if a value changed when it was limited. */
export function saturateIfChanged(b: Builder, ...pairs: readonly (readonly [V128, V128])[]): void {
  let changed: I32 | undefined;
  for (const [before, after] of pairs) {
    const differs = b.op('v128.any_true', b.op('v128.xor', before, after));
    changed = changed ? b.op('i32.or', changed, differs) : differs;
  }
  if (changed) stickySaturation(b, changed);
}

/** A pack whose result saturates. */
function packSaturating(mnemonic: string, xo: number, size: 1 | 2 | 4, clamp: Clamp, since: IsaVersion) {
  return vx(mnemonic, xo, since, (b, x, y) => {
    const limitedX = clamp(b, x);
    const limitedY = clamp(b, y);
    saturateIfChanged(b, [x, limitedX], [y, limitedY]);
    return narrow(b, size, limitedX, limitedY);
  });
}

const shapes = { 2: 'i16x8', 4: 'i32x4' } as const;

/** Signed elements of `size` bytes limited to min…max. */
export function clampSigned(size: 2 | 4, min: bigint, max: bigint): Clamp {
  const shape = shapes[size];
  return (b, v) => {
    const below = b.op(`${shape}.min_s`, v, splatOf(b, size, BigInt.asUintN(64, max)));
    return b.op(`${shape}.max_s`, below, splatOf(b, size, BigInt.asUintN(64, min)));
  };
}

/** Unsigned elements of `size` bytes limited to max. */
function clampUnsigned(size: 2 | 4, max: bigint): Clamp {
  return (b, v) => b.op(`${shapes[size]}.min_u`, v, splatOf(b, size, max));
}

/** As {@link clampSigned} for doublewords, which have no minimum and maximum in WebAssembly. */
function clampSigned64(min: bigint, max: bigint): Clamp {
  return (b, v) => {
    const upper = splatOf(b, 8, BigInt.asUintN(64, max));
    const lower = splatOf(b, 8, BigInt.asUintN(64, min));
    const below = b.op('v128.bitselect', upper, v, b.op('i64x2.gt_s', v, upper));
    return b.op('v128.bitselect', lower, below, b.op('i64x2.lt_s', below, lower));
  };
}

function clampUnsigned64(max: bigint): Clamp {
  return (b, v) => {
    const upper = splatOf(b, 8, max);
    return b.op('v128.bitselect', upper, v, greaterUnsigned64(b, v, upper));
  };
}

/** `mask` of the words shifted by n bits (left when negative). */
function moveBits(b: Builder, v: V128, n: number, mask: bigint): V128 {
  const moved = n < 0 ? b.op('i32x4.shl', v, b.const32(-n)) : b.op('i32x4.shr_u', v, b.const32(n));
  return b.op('v128.and', moved, splatOf(b, 4, mask));
}

function or3(b: Builder, x: V128, y: V128, z: V128): V128 {
  return b.op('v128.or', x, b.op('v128.or', y, z));
}

/** 8:8:8:8 pixels to 1:5:5:5. */
function packPixel(b: Builder, v: V128): V128 {
  return or3(b, moveBits(b, v, 9, 0xfc00n), moveBits(b, v, 6, 0x3e0n), moveBits(b, v, 3, 0x1fn));
}

/** 1:5:5:5 pixels, sign-extended to words, to 8:8:8:8. */
function unpackPixel(b: Builder, v: V128): V128 {
  const alphaAndBlue = b.op('v128.and', v, splatOf(b, 4, 0xff00_001fn));
  return or3(b, alphaAndBlue, moveBits(b, v, -6, 0x1f_0000n), moveBits(b, v, -3, 0x1f00n));
}

export const vectorPackRows: readonly InstructionRow[] = [
  vx('vpkpx', 782, '2.05', (b, x, y) => narrow(b, 2, packPixel(b, x), packPixel(b, y))),
  vx('vpkuhum', 14, '2.05', (b, x, y) => narrow(b, 1, x, y)),
  vx('vpkuwum', 78, '2.05', (b, x, y) => narrow(b, 2, x, y)),
  vx('vpkudum', 1102, '2.07', (b, x, y) => narrow(b, 4, x, y)),
  packSaturating('vpkshss', 398, 1, clampSigned(2, -128n, 127n), '2.05'),
  packSaturating('vpkshus', 270, 1, clampSigned(2, 0n, 255n), '2.05'),
  packSaturating('vpkswss', 462, 2, clampSigned(4, -32768n, 32767n), '2.05'),
  packSaturating('vpkswus', 334, 2, clampSigned(4, 0n, 65535n), '2.05'),
  packSaturating('vpksdss', 1486, 4, clampSigned64(-(1n << 31n), (1n << 31n) - 1n), '2.07'),
  packSaturating('vpksdus', 1358, 4, clampSigned64(0n, (1n << 32n) - 1n), '2.07'),
  packSaturating('vpkuhus', 142, 1, clampUnsigned(2, 255n), '2.05'),
  packSaturating('vpkuwus', 206, 2, clampUnsigned(4, 65535n), '2.05'),
  packSaturating('vpkudus', 1230, 4, clampUnsigned64((1n << 32n) - 1n), '2.07'),
  vxUnary('vupkhsb', 526, undefined, '2.05', (b, y) => b.op('i16x8.extend_high_i8x16_s', y)),
  vxUnary('vupkhsh', 590, undefined, '2.05', (b, y) => b.op('i32x4.extend_high_i16x8_s', y)),
  vxUnary('vupkhsw', 1614, undefined, '2.07', (b, y) => b.op('i64x2.extend_high_i32x4_s', y)),
  vxUnary('vupklsb', 654, undefined, '2.05', (b, y) => b.op('i16x8.extend_low_i8x16_s', y)),
  vxUnary('vupklsh', 718, undefined, '2.05', (b, y) => b.op('i32x4.extend_low_i16x8_s', y)),
  vxUnary('vupklsw', 1742, undefined, '2.07', (b, y) => b.op('i64x2.extend_low_i32x4_s', y)),
  vxUnary('vupkhpx', 846, undefined, '2.05', (b, y) => unpackPixel(b, b.op('i32x4.extend_high_i16x8_s', y))),
  vxUnary('vupklpx', 974, undefined, '2.05', (b, y) => unpackPixel(b, b.op('i32x4.extend_low_i16x8_s', y))),
];
