// Vector permute: merge, splat, permute, select, shift by bytes, extract and insert (Power ISA Book I, section 6.8).
import type { Builder, Field, I32, V128 } from '../builder.ts';
import type { InstructionRow } from '../row.ts';
import {
  byteLanes,
  type ElementSize,
  high,
  laneNumbers,
  low,
  pair,
  pick,
  shapeOf,
  splatByte,
  splatOf,
  va,
  vx,
} from '../vector-common.ts';
import type { IsaVersion } from '../version.ts';

/** Element i of x, then element i of y, for each of `from`. */
function interleave(mnemonic: string, xo: number, size: ElementSize, from: readonly number[], since: IsaVersion) {
  const count = 16 / size;
  const elements = from.flatMap((i) => [i, i + count]);
  return vx(mnemonic, xo, since, (b, x, y) => pick(b, size, x, y, elements));
}

/** vmrgh…, vmrgl…. */
function merges(size: 1 | 2 | 4, letter: string, highXo: number, lowXo: number): InstructionRow[] {
  const half = Array.from({ length: 8 / size }, (_, i) => i);
  return [
    interleave(`vmrgh${letter}`, highXo, size, half, '2.05'),
    interleave(
      `vmrgl${letter}`,
      lowXo,
      size,
      half.map((i) => i + half.length),
      '2.05',
    ),
  ];
}

/** The element of VRB with number UIM in all elements. */
function splat(mnemonic: string, xo: number, size: 1 | 2 | 4): InstructionRow {
  const bits = { 1: 4, 2: 3, 4: 2 }[size];
  return {
    mnemonic,
    pattern: `4:6 VRT:5 /:${5 - bits} UIM:${bits} VRB:5 ${xo}:11`,
    operands: 'VRT,VRB,UIM',
    since: '2.05',
    facility: 'VEC',
    meaning: (b, f) => {
      const start = b.op('i32.mul', b.imm32(f.UIM), b.const32(size));
      const first = byteLanes(b, (lane) => 16 - size + (lane % size));
      b.setVr(f.VRT, b.op('i8x16.swizzle', b.vr(f.VRB), b.op('i8x16.sub', first, splatByte(b, start))));
    },
  };
}

/** The signed immediate in all elements. */
function splatImmediate(mnemonic: string, xo: number, size: 1 | 2 | 4): InstructionRow {
  return {
    mnemonic,
    pattern: `4:6 VRT:5 SIM:5 /:5 ${xo}:11`,
    operands: 'VRT,SIM',
    since: '2.05',
    facility: 'VEC',
    meaning: (b, f) => b.setVr(f.VRT, b.op(`${shapeOf[size]}.splat`, b.imm32(f.SIM))),
  };
}

/** Bytes of x || y chosen by numbers that count from the right (0…31): byte lane n of y || x as lanes. */
export function permuteRight(b: Builder, x: V128, y: V128, fromRight: V128): V128 {
  const sixteen = splatOf(b, 1, 16n);
  return b.op(
    'v128.or',
    b.op('i8x16.swizzle', y, fromRight),
    b.op('i8x16.swizzle', x, b.op('i8x16.sub', fromRight, sixteen)),
  );
}

/** vperm: bytes of x || y chosen by the low five bits of each byte of `control`, counted from the left. */
export function permute(b: Builder, x: V128, y: V128, control: V128): V128 {
  return permuteRight(b, x, y, b.op('v128.andnot', splatOf(b, 1, 31n), control));
}

/** vpermr: as {@link permute}, counted from the right. */
export function permuteReversed(b: Builder, x: V128, y: V128, control: V128): V128 {
  return permuteRight(b, x, y, b.op('v128.and', splatOf(b, 1, 31n), control));
}

/** Each byte is the exclusive or of a byte of x chosen by the high nibble and one of y chosen by the low nibble. */
function permuteXor(b: Builder, x: V128, y: V128, control: V128): V128 {
  const fifteen = splatOf(b, 1, 15n);
  const left = b.op('i8x16.sub', fifteen, b.op('i8x16.shr_u', control, b.const32(4)));
  const right = b.op('v128.andnot', fifteen, control);
  return b.op('v128.xor', b.op('i8x16.swizzle', x, left), b.op('i8x16.swizzle', y, right));
}

/** Bytes n…n+15 of x || y, counted from the left; n in 0…15. */
export function shiftLeftDouble(b: Builder, x: V128, y: V128, n: I32): V128 {
  const shift = splatByte(b, n);
  const lanes = b.op('i8x16.sub', laneNumbers(b), shift);
  return b.op(
    'v128.or',
    b.op('i8x16.swizzle', x, lanes),
    b.op('i8x16.swizzle', y, b.op('i8x16.add', lanes, splatOf(b, 1, 16n))),
  );
}

/** Number of bytes that vslo and vsro shift by: bits 121:124 of VRB. */
function octets(b: Builder, y: V128): V128 {
  const bits = b.extractLane('i8x16_u', 0, y);
  return splatByte(b, b.op('i32.and', b.op('i32.shr_u', bits, b.const32(3)), b.const32(15)));
}

/** Bits that vsl and vsr shift by: bits 125:127 of VRB. */
function bitsOf(b: Builder, y: V128) {
  return b.and(low(b, y), b.const(7));
}

function shiftLeftBits(b: Builder, x: V128, y: V128): V128 {
  const n = bitsOf(b, y);
  const carried = b.shrU(b.shrU(low(b, x), b.const(1)), b.sub(b.const(63), n));
  return pair(b, b.or(b.shl(high(b, x), n), carried), b.shl(low(b, x), n));
}

function shiftRightBits(b: Builder, x: V128, y: V128): V128 {
  const n = bitsOf(b, y);
  const carried = b.shl(b.shl(high(b, x), b.const(1)), b.sub(b.const(63), n));
  return pair(b, b.shrU(high(b, x), n), b.or(b.shrU(low(b, x), n), carried));
}

/** The element whose leftmost byte is byte UIM of VRB, right-justified in doubleword 0; the rest 0. */
function extract(mnemonic: string, xo: number, size: ElementSize): InstructionRow {
  return {
    mnemonic,
    pattern: `4:6 VRT:5 /:1 UIM:4 VRB:5 ${xo}:11`,
    operands: 'VRT,VRB,UIM',
    since: '3.0',
    facility: 'VEC',
    meaning: (b, f) => b.setVr(f.VRT, extractAt(b, b.vr(f.VRB), b.imm32(f.UIM), size)),
  };
}

/** See {@link extract}; `byte` counts from the left. */
export function extractAt(b: Builder, v: V128, byte: I32, size: ElementSize): V128 {
  // Lanes outside doubleword 0's low `size` bytes name no source (128 and above), so they become 0.
  const from = byteLanes(b, (lane) => (lane >= 8 && lane < 8 + size ? 16 - size + lane - 8 : 128));
  return b.op('i8x16.swizzle', v, b.op('i8x16.sub', from, splatByte(b, byte)));
}

/** The right-justified element of doubleword 0 of VRB replaces the bytes of VRT from byte UIM on. */
function insert(mnemonic: string, xo: number, size: ElementSize): InstructionRow {
  return {
    mnemonic,
    pattern: `4:6 VRT:5 /:1 UIM:4 VRB:5 ${xo}:11`,
    operands: 'VRT,VRB,UIM',
    since: '3.0',
    facility: 'VEC',
    meaning: (b, f) => b.setVr(f.VRT, insertAt(b, b.vr(f.VRT), b.vr(f.VRB), b.imm32(f.UIM), size)),
  };
}

/** See {@link insert}; `byte` counts from the left. */
export function insertAt(b: Builder, target: V128, source: V128, byte: I32, size: ElementSize): V128 {
  const distance = b.op(
    'i8x16.add',
    byteLanes(b, (lane) => lane - 16 + size),
    splatByte(b, byte),
  );
  const inserted = b.op('i8x16.swizzle', source, b.op('i8x16.add', distance, splatOf(b, 1, 8n)));
  return b.op('v128.bitselect', inserted, target, b.op('i8x16.lt_u', distance, splatOf(b, 1, BigInt(size))));
}

/** vextu…lx, vextu…rx: the element at byte GPR[RA] of VRB, counted from the left or from the right, into RT. */
function extractIndexed(mnemonic: string, xo: number, size: 1 | 2 | 4, fromLeft: boolean): InstructionRow {
  return {
    mnemonic,
    pattern: `4:6 RT:5 RA:5 VRB:5 ${xo}:11`,
    operands: 'RT,RA,VRB',
    since: '3.0',
    facility: 'VEC',
    meaning: (b, f) => {
      const index = splatByte(b, b.wrap(b.and(b.gpr(f.RA), b.const(15))));
      const lanes = byteLanes(b, (lane) => (lane >= size ? 128 : fromLeft ? 16 - size + lane : lane));
      const moved = b.op('i8x16.swizzle', b.vr(f.VRB), b.op(fromLeft ? 'i8x16.sub' : 'i8x16.add', lanes, index));
      b.setGpr(f.RT, low(b, moved));
    },
  };
}

function select(b: Builder, x: V128, y: V128, mask: V128): V128 {
  return b.op('v128.bitselect', y, x, mask);
}

function shiftDoubleImmediate(b: Builder, x: V128, y: V128, n: Field): V128 {
  return shiftLeftDouble(b, x, y, b.imm32(n));
}

/** Rows of the section, but for pack and unpack. */
export const vectorPermuteRows: readonly InstructionRow[] = [
  ...merges(1, 'b', 12, 268),
  ...merges(2, 'h', 76, 332),
  ...merges(4, 'w', 140, 396),
  interleave('vmrgew', 1932, 4, [0, 2], '2.07'),
  interleave('vmrgow', 1676, 4, [1, 3], '2.07'),
  splat('vspltb', 524, 1),
  splat('vsplth', 588, 2),
  splat('vspltw', 652, 4),
  splatImmediate('vspltisb', 780, 1),
  splatImmediate('vspltish', 844, 2),
  splatImmediate('vspltisw', 908, 4),
  { ...va('vperm', 43, '2.05', permute), hot: true },
  va('vpermr', 59, '3.0', permuteReversed),
  va('vpermxor', 45, '2.07', permuteXor),
  va('vsel', 42, '2.05', select),
  {
    mnemonic: 'vsldoi',
    pattern: '4:6 VRT:5 VRA:5 VRB:5 /:1 SHB:4 44:6',
    operands: 'VRT,VRA,VRB,SHB',
    since: '2.05',
    facility: 'VEC',
    meaning: (b, f) => b.setVr(f.VRT, shiftDoubleImmediate(b, b.vr(f.VRA), b.vr(f.VRB), f.SHB)),
  },
  vx('vsl', 452, '2.05', shiftLeftBits),
  vx('vsr', 708, '2.05', shiftRightBits),
  vx('vslo', 1036, '2.05', (b, x, y) => b.op('i8x16.swizzle', x, b.op('i8x16.sub', laneNumbers(b), octets(b, y)))),
  vx('vsro', 1100, '2.05', (b, x, y) => b.op('i8x16.swizzle', x, b.op('i8x16.add', laneNumbers(b), octets(b, y)))),
  extract('vextractub', 525, 1),
  extract('vextractuh', 589, 2),
  extract('vextractuw', 653, 4),
  extract('vextractd', 717, 8),
  insert('vinsertb', 781, 1),
  insert('vinserth', 845, 2),
  insert('vinsertw', 909, 4),
  insert('vinsertd', 973, 8),
  extractIndexed('vextublx', 1549, 1, true),
  extractIndexed('vextuhlx', 1613, 2, true),
  extractIndexed('vextuwlx', 1677, 4, true),
  extractIndexed('vextubrx', 1805, 1, false),
  extractIndexed('vextuhrx', 1869, 2, false),
  extractIndexed('vextuwrx', 1933, 4, false),
];
