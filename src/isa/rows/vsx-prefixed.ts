// Prefixed VSX instructions: immediates of 32 bits, blends, and a function of three bits (Power ISA v3.1 Book I,
// sections 7.6.1.3 and 7.6.3).
import type { Builder, Fields, I32, V128 } from '../builder.ts';
import type { InstructionRow } from '../row.ts';
import { doubleOfSingle } from '../single-format.ts';
import { byteLanes, type ElementSize, shapeOf } from '../vector-common.ts';

/** Form 8RR:D: the upper half of the immediate is in the prefix; `head` are the bits of the suffix before it. */
function immediate(
  mnemonic: string,
  head: string,
  operands: string,
  meaning: InstructionRow['meaning'],
): InstructionRow {
  return {
    mnemonic,
    prefix: '1:6 1:2 0:4 /:4 imm0:16',
    pattern: `32:6 T:5 ${head} TX:1 imm1:16`,
    operands,
    since: '3.1',
    facility: 'VSX',
    meaning,
  };
}

/** Form 8RR:XX4; `extra` are the last bits of the prefix. */
function fourOperands(
  mnemonic: string,
  primary: 33 | 34,
  xo: number,
  compute: (b: Builder, f: Fields, operands: readonly [x: V128, y: V128, z: V128]) => V128,
  extra?: { readonly prefix: string; readonly operand: string },
): InstructionRow {
  return {
    mnemonic,
    prefix: `1:6 1:2 0:4 ${extra?.prefix ?? '/:20'}`,
    pattern: `${primary}:6 T:5 A:5 B:5 C:5 ${xo}:2 CX:1 AX:1 BX:1 TX:1`,
    operands: extra ? `XT,XA,XB,XC,${extra.operand}` : 'XT,XA,XB,XC',
    since: '3.1',
    facility: 'VSX',
    meaning: (b, f) => b.setVsr(f.XT, compute(b, f, [b.vsr(f.XA), b.vsr(f.XB), b.vsr(f.XC)])),
  };
}

/** The element of B where the sign bit of that of C is 1, else of A. */
function blend(letter: string, xo: number, size: ElementSize): InstructionRow {
  return fourOperands(`xxblendv${letter}`, 33, xo, (b, _f, [x, y, z]) =>
    b.op('v128.bitselect', y, x, b.op(`${shapeOf[size]}.shr_s`, z, b.const32(8 * size - 1))),
  );
}

/** Bytes of A ‖ B that C names with its low five bits, 0 where its upper three are not UIM. */
function permuteExtended(b: Builder, f: Fields, [x, y, z]: readonly [V128, V128, V128]): V128 {
  const index = b.op(
    'v128.and',
    z,
    byteLanes(b, () => 31),
  );
  // Byte n is lane 15 − n of A, or 31 − n of B; `swizzle` gives 0 for other lanes.
  const fromA = b.op(
    'i8x16.swizzle',
    x,
    b.op(
      'i8x16.sub',
      byteLanes(b, () => 15),
      index,
    ),
  );
  const fromB = b.op(
    'i8x16.swizzle',
    y,
    b.op(
      'i8x16.sub',
      byteLanes(b, () => 31),
      index,
    ),
  );
  const section = b.op('i8x16.shr_u', z, b.const32(5));
  const chosen = b.op('i8x16.eq', section, b.op('i8x16.splat', b.imm32(f.UIM3)));
  return b.op('v128.and', b.op('v128.or', fromA, fromB), chosen);
}

/** Bit 4a + 2b + c of IMM for each position. */
function evaluate(b: Builder, f: Fields, [x, y, z]: readonly [V128, V128, V128]): V128 {
  const imm = b.imm32(f.IMM8);
  const leaf = (bit: number): V128 => {
    const isolated: I32 = b.op('i32.and', b.op('i32.shr_u', imm, b.const32(7 - bit)), b.const32(1));
    return b.op('i32x4.splat', b.op('i32.sub', b.const32(0), isolated));
  };
  const byC = (bit: number) => b.op('v128.bitselect', leaf(bit + 1), leaf(bit), z);
  const byB = (bit: number) => b.op('v128.bitselect', byC(bit + 2), byC(bit), y);
  return b.op('v128.bitselect', byB(4), byB(0), x);
}

export const vsxPrefixedRows: readonly InstructionRow[] = [
  immediate('xxspltiw', '3:4', 'XT,IMM32', (b, f) => b.setVsr(f.XT, b.op('i32x4.splat', b.imm32(f.IMM32)))),
  immediate('xxspltidp', '2:4', 'XT,IMM32', (b, f) =>
    b.setVsr(f.XT, b.op('i64x2.splat', doubleOfSingle(b, b.imm(f.IMM32)))),
  ),
  {
    // Words IX and IX + 2.
    ...immediate('xxsplti32dx', '0:3 IX:1', 'XT,IX,IMM32', (b, f) => {
      const lane = 1 - b.fixed(f.IX);
      const word = b.imm32(f.IMM32);
      const first = b.replaceLane('i32x4', lane, b.vsr(f.XT), word);
      b.setVsr(f.XT, b.replaceLane('i32x4', lane + 2, first, word));
    }),
    split: ['IX'],
  },
  blend('b', 0, 1),
  blend('h', 1, 2),
  blend('w', 2, 4),
  blend('d', 3, 8),
  fourOperands('xxpermx', 34, 0, permuteExtended, { prefix: '/:17 UIM3:3', operand: 'UIM3' }),
  fourOperands('xxeval', 34, 1, evaluate, { prefix: '/:12 IMM8:8', operand: 'IMM8' }),
];
