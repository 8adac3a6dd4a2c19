// Vector masks, strings and bit manipulation of 3.1 (Power ISA Book I, sections 6.9.4, 6.12, 6.13 and 7.6.1).
import type { Builder, I32, I64, V128 } from '../builder.ts';
import type { FunctionName } from '../functions.ts';
import type { InstructionRow } from '../row.ts';
import {
  type ElementSize,
  eachDoubleword,
  high,
  laneNumbers,
  low,
  pair,
  shapeOf,
  splatByte,
  splatOf,
  vx,
  vxUnary,
} from '../vector-common.ts';

const sizes = [
  ['b', 1],
  ['h', 2],
  ['w', 4],
  ['d', 8],
] as const;

/** The sign of each element in all its bits. */
function signs(b: Builder, size: ElementSize, v: V128): V128 {
  return b.op(`${shapeOf[size]}.shr_s`, v, b.const32(8 * size - 1));
}

/** The signs of the elements as a number, that of the leftmost element in the highest bit. */
function bitmask(b: Builder, size: ElementSize, v: V128): I32 {
  return b.op(`${shapeOf[size]}.bitmask`, v);
}

/** All elements of `size` bytes true where the bit of the number is 1; the inverse of {@link bitmask}. */
function fromBits(b: Builder, size: ElementSize, bits: I64): V128 {
  // Each byte gets the byte of the number that has its element's bit, then tests that bit alone.
  const spread = b.op('i8x16.swizzle', b.op('i64x2.splat', bits), byteOfElement(b, size));
  const chosen = b.constV128(Array.from({ length: 16 }, (_, lane) => 1 << (Math.floor(lane / size) % 8)));
  return b.op('i8x16.eq', b.op('v128.and', spread, chosen), chosen);
}

function byteOfElement(b: Builder, size: ElementSize): V128 {
  return b.constV128(Array.from({ length: 16 }, (_, lane) => Math.floor(lane / size / 8)));
}

function unaryToGpr(mnemonic: string, eo: string, xo: number, result: (b: Builder, v: V128) => I64): InstructionRow {
  return {
    mnemonic,
    pattern: `4:6 RT:5 ${eo} VRB:5 ${xo}:11`,
    operands: 'RT,VRB',
    since: '3.1',
    facility: 'VEC',
    meaning: (b, f) => b.setGpr(f.RT, result(b, b.vr(f.VRB))),
  };
}

function fromGpr(mnemonic: string, eo: number, result: (b: Builder, x: I64) => V128): InstructionRow {
  return {
    mnemonic,
    pattern: `4:6 VRT:5 ${eo}:5 RB:5 1602:11`,
    operands: 'VRT,RB',
    since: '3.1',
    facility: 'VEC',
    meaning: (b, f) => b.setVr(f.VRT, result(b, b.gpr(f.RB))),
  };
}

/** vcntmb…: the number of elements whose sign is MP, times the element size, in the highest byte of RT. */
function countMask(letter: string, size: ElementSize, index: number): InstructionRow {
  return {
    mnemonic: `vcntmb${letter}`,
    pattern: `4:6 RT:5 ${12 + index}:4 MP:1 VRB:5 1602:11`,
    operands: 'RT,VRB,MP',
    since: '3.1',
    facility: 'VEC',
    meaning: (b, f) => {
      const ones = b.op('i32.popcnt', bitmask(b, size, b.vr(f.VRB)));
      const zeros = b.op('i32.sub', b.const32(16 / size), ones);
      const count = b.select(b.imm32(f.MP), ones, zeros);
      b.setGpr(f.RT, b.shl(b.zext(count), b.const(56 + index)));
    },
  };
}

/** vstri…: the elements up to the first zero one from the left or the right; CR6[EQ] tells whether there is one. */
function isolateString(mnemonic: string, eo: number, size: 1 | 2, fromLeft: boolean): InstructionRow {
  return {
    mnemonic,
    pattern: `4:6 VRT:5 ${eo}:5 VRB:5 Rc:1 13:10`,
    operands: 'VRT,VRB',
    since: '3.1',
    facility: 'VEC',
    meaning: (b, f) => {
      const v = b.vr(f.VRB);
      const zero = b.op(`${shapeOf[size]}.eq`, v, splatOf(b, 8, 0n));
      const found = b.op('i8x16.bitmask', zero);
      // Lanes beyond the first zero element: above its lowest lane from the right, below its highest from the left.
      const kept = fromLeft
        ? b.op('i8x16.gt_s', laneNumbers(b), splatByte(b, b.op('i32.sub', b.const32(31), b.op('i32.clz', found))))
        : b.op('i8x16.lt_s', laneNumbers(b), splatByte(b, b.op('i32.ctz', b.op('i32.or', found, b.const32(0x1_0000)))));
      b.setVr(f.VRT, b.op('v128.and', v, kept));
      if (b.fixed(f.Rc) === 1) b.setCrField(6, b.op('i32.shl', b.op('i32.ne', found, b.const32(0)), b.const32(1)));
    },
  };
}

/** vclrlb, vclrrb: only the rightmost, or leftmost, RB bytes stay. */
function clearBytes(mnemonic: string, xo: number, keepRight: boolean): InstructionRow {
  return {
    mnemonic,
    pattern: `4:6 VRT:5 VRA:5 RB:5 ${xo}:11`,
    operands: 'VRT,VRA,RB',
    since: '3.1',
    facility: 'VEC',
    meaning: (b, f) => {
      const given = b.gpr(f.RB);
      const count = splatByte(b, b.wrap(b.select(b.gtU(given, b.const(16)), b.const(16), given)));
      const lanes = keepRight ? laneNumbers(b) : b.op('i8x16.sub', splatOf(b, 1, 15n), laneNumbers(b));
      b.setVr(f.VRT, b.op('v128.and', b.vr(f.VRA), b.op('i8x16.lt_s', lanes, count)));
    },
  };
}

/** The scalar operation of the same kind on both doublewords. */
function onDoublewords(mnemonic: string, xo: number, name: FunctionName): InstructionRow {
  return vx(mnemonic, xo, '3.1', (b, x, y) => eachDoubleword(b, x, y, (source, mask) => b.callI64(name, source, mask)));
}

/** vclzdm, vctzdm: zeros of x where the mask has ones, counted from the left or the right up to the first one. */
function countUnderMask(mnemonic: string, xo: number, fromLeft: boolean): InstructionRow {
  return vx(mnemonic, xo, '3.1', (b, x, y) =>
    eachDoubleword(b, x, y, (source, mask) => {
      const hits = b.and(source, mask);
      const edge = fromLeft ? b.op('i64.clz', hits) : b.op('i64.ctz', hits);
      // The mask without what lies at and beyond the first hit; all of it when there is none (a shift by 64).
      const ones = b.const(-1);
      const beyond = fromLeft ? b.shrU(ones, edge) : b.shl(ones, edge);
      const before = b.select(b.eqz(hits), mask, b.and(mask, b.not(beyond)));
      return b.op('i64.popcnt', before);
    }),
  );
}

/** xxgenpcv…: permute control vector that expands or compresses by the signs of VRB, for either byte order. */
function generateControl(letter: string, size: ElementSize, xo: number): InstructionRow {
  return {
    mnemonic: `xxgenpcv${letter}m`,
    pattern: `60:6 T:5 IMM:5 VRB:5 ${xo}:10 TX:1`,
    operands: 'XT,VRB,IMM',
    since: '3.1',
    facility: 'VSX',
    meaning: (b, f) => b.call('vectorPermuteControl', b.vsrRef(f.XT), b.vrRef(f.VRB), b.const32(size), b.imm32(f.IMM)),
  };
}

export const vectorMaskRows: readonly InstructionRow[] = [
  ...sizes.map(([letter, size], i) => vxUnary(`vexpand${letter}m`, 1602, i, '3.1', (b, y) => signs(b, size, y))),
  vxUnary('vexpandqm', 1602, 4, '3.1', (b, y) => b.op('i64x2.splat', b.shrS(high(b, y), b.const(63)))),
  ...sizes.map(([letter, size], i) =>
    unaryToGpr(`vextract${letter}m`, `${8 + i}:5`, 1602, (b, v) => b.zext(bitmask(b, size, v))),
  ),
  unaryToGpr('vextractqm', '12:5', 1602, (b, v) => b.shrU(high(b, v), b.const(63))),
  ...sizes.map(([letter, size], i) => fromGpr(`mtvsr${letter}m`, 16 + i, (b, x) => fromBits(b, size, x))),
  fromGpr('mtvsrqm', 20, (b, x) => b.op('i64x2.splat', b.neg(b.and(x, b.const(1))))),
  {
    mnemonic: 'mtvsrbmi',
    pattern: '4:6 VRT:5 d1:5 d0:10 10:5 d2:1',
    operands: 'VRT,d',
    since: '3.1',
    facility: 'VEC',
    meaning: (b, f) => b.setVr(f.VRT, fromBits(b, 1, b.imm(f.d))),
  },
  ...sizes.map(([letter, size], i) => countMask(letter, size, i)),
  isolateString('vstribl', 0, 1, true),
  isolateString('vstribr', 1, 1, false),
  isolateString('vstrihl', 2, 2, true),
  isolateString('vstrihr', 3, 2, false),
  clearBytes('vclrlb', 397, true),
  clearBytes('vclrrb', 461, false),
  onDoublewords('vcfuged', 1357, 'centrifugeBits'),
  onDoublewords('vpdepd', 1485, 'depositBits'),
  onDoublewords('vpextd', 1421, 'extractBits'),
  countUnderMask('vclzdm', 1924, true),
  countUnderMask('vctzdm', 1988, false),
  {
    mnemonic: 'vgnb',
    pattern: '4:6 RT:5 /:2 N:3 VRB:5 1228:11',
    operands: 'RT,VRB,N',
    since: '3.1',
    facility: 'VEC',
    meaning: (b, f) => b.setGpr(f.RT, b.callI64('vectorGatherEveryNth', b.vrRef(f.VRB), b.imm32(f.N))),
  },
  vxUnary('vextsd2q', 1538, 27, '3.1', (b, y) => pair(b, b.shrS(low(b, y), b.const(63)), low(b, y))),
  {
    mnemonic: 'xvtlsbb',
    pattern: '60:6 BF:3 /:2 2:5 B:5 475:9 BX:1 /:1',
    operands: 'BF,XB',
    since: '3.1',
    facility: 'VSX',
    meaning: (b, f) => {
      const bits = b.op('v128.and', b.vsr(f.XB), splatOf(b, 1, 1n));
      const all = b.op('i32.shl', b.op('i8x16.all_true', bits), b.const32(3));
      const none = b.op('i32.shl', b.op('i32.eqz', b.op('v128.any_true', bits)), b.const32(1));
      b.setCrField(f.BF, b.op('i32.or', all, none));
    },
  },
  generateControl('b', 1, 916),
  generateControl('h', 2, 917),
  generateControl('w', 4, 948),
  generateControl('d', 8, 949),
];
