// Vector insert and double-vector extract by register index, and double-vector shifts by bits, of 3.1 (Power ISA
// Book I, section 6.8).
import type { Builder, Fields, I32, V128 } from '../builder.ts';
import type { InstructionRow } from '../row.ts';
import { byteLanes, type ElementSize, high, low, pair, splatByte } from '../vector-common.ts';
import { insertAt, permuteRight } from './vector-permute.ts';

const sizes = { b: 1, h: 2, w: 4, d: 8 } as const;

/**
 * The low bytes of doubleword 0 of the source into VRT, `index` bytes from the left or the right. An index that does
 * not leave room, for which the result is undefined, changes nothing.
 */
function insertInto(b: Builder, f: Fields, source: V128, index: I32, size: ElementSize, fromLeft = true): void {
  const last = b.const32(16 - size);
  const byte = fromLeft ? index : b.op('i32.sub', last, index);
  // Byte 64 is beyond all lanes.
  const at = b.select(b.op('i32.gt_u', index, last), b.const32(64), byte);
  b.setVr(f.VRT, insertAt(b, b.vr(f.VRT), source, at, size));
}

function insertRow(mnemonic: string, pattern: string, operands: string, meaning: InstructionRow['meaning']) {
  return { mnemonic, pattern, operands, since: '3.1', facility: 'VEC', meaning } as const satisfies InstructionRow;
}

/** (RA) modulo 16. */
function indexOf(b: Builder, f: Fields): I32 {
  return b.wrap(b.and(b.gpr(f.RA), b.const(15)));
}

/** vins…lx, vins…rx: the low bytes of RB into VRT at the index in RA. */
function insertGpr(letter: keyof typeof sizes, side: 'l' | 'r', xo: number): InstructionRow {
  const size = sizes[letter];
  const pattern = `4:6 VRT:5 RA:5 RB:5 ${xo}:11`;
  return insertRow(`vins${letter}${side}x`, pattern, 'VRT,RA,RB', (b, f) => {
    insertInto(b, f, pair(b, b.gpr(f.RB), b.const(0)), indexOf(b, f), size, side === 'l');
  });
}

/** vins…vlx, vins…vrx: the right-justified element of doubleword 0 of VRB into VRT at the index in RA. */
function insertVector(letter: 'b' | 'h' | 'w', side: 'l' | 'r', xo: number): InstructionRow {
  const size = sizes[letter];
  const pattern = `4:6 VRT:5 RA:5 VRB:5 ${xo}:11`;
  return insertRow(`vins${letter}v${side}x`, pattern, 'VRT,RA,VRB', (b, f) => {
    insertInto(b, f, b.vr(f.VRB), indexOf(b, f), size, side === 'l');
  });
}

/** vinsw, vinsd: the low bytes of RB into VRT at byte UIM. */
function insertImmediate(letter: 'w' | 'd', xo: number): InstructionRow {
  return insertRow(`vins${letter}`, `4:6 VRT:5 /:1 UIM:4 RB:5 ${xo}:11`, 'VRT,RB,UIM', (b, f) => {
    insertInto(b, f, pair(b, b.gpr(f.RB), b.const(0)), b.imm32(f.UIM), sizes[letter]);
  });
}

/** vextd…vlx, vextd…vrx: the element of VRA ‖ VRB at the byte index in RC, right-justified in doubleword 0. */
function extractDouble(letter: keyof typeof sizes, side: 'l' | 'r', xo: number): InstructionRow {
  const size = sizes[letter];
  const mnemonic = letter === 'd' ? `vextddv${side}x` : `vextdu${letter}v${side}x`;
  return insertRow(mnemonic, `4:6 VRT:5 VRA:5 VRB:5 RC:5 ${xo}:6`, 'VRT,VRA,VRB,RC', (b, f) => {
    const index = b.wrap(b.and(b.gpr(f.RC), b.const(31)));
    const fromRight = side === 'r' ? index : b.op('i32.sub', b.const32(32 - size), index);
    const bytes = byteLanes(b, (lane) => lane % 8);
    const chosen = permuteRight(b, b.vr(f.VRA), b.vr(f.VRB), b.op('i8x16.add', bytes, splatByte(b, fromRight)));
    const element = b.and(low(b, chosen), b.const((1n << BigInt(8 * size)) - 1n));
    // An index that leaves no room, for which the result is undefined, gives 0.
    const fits = b.op('i32.le_u', index, b.const32(32 - size));
    b.setVr(f.VRT, pair(b, b.select(fits, element, b.const(0)), b.const(0)));
  });
}

/** vsldbi, vsrdbi: the left quadword of VRA ‖ VRB shifted left by SH bits, the right one of it shifted right. */
function shiftDouble(mnemonic: string, fixed: 0 | 1): InstructionRow {
  const pattern = `4:6 VRT:5 VRA:5 VRB:5 ${fixed}:2 SH:3 22:6`;
  return insertRow(mnemonic, pattern, 'VRT,VRA,VRB,SH', (b, f) => {
    const n = b.imm(f.SH);
    const x = b.vr(f.VRA);
    const y = b.vr(f.VRB);
    // Bits that come from the neighbour in two shifts, since one by 64 (SH = 0) would be none.
    const rest = b.sub(b.const(63), n);
    const left = (p: V128, q: V128) =>
      pair(
        b,
        b.or(b.shl(high(b, p), n), b.shrU(b.shrU(low(b, p), b.const(1)), rest)),
        b.or(b.shl(low(b, p), n), b.shrU(b.shrU(high(b, q), b.const(1)), rest)),
      );
    const right = (p: V128, q: V128) =>
      pair(
        b,
        b.or(b.shrU(high(b, q), n), b.shl(b.shl(low(b, p), b.const(1)), rest)),
        b.or(b.shrU(low(b, q), n), b.shl(b.shl(high(b, q), b.const(1)), rest)),
      );
    b.setVr(f.VRT, fixed === 0 ? left(x, y) : right(x, y));
  });
}

export const vectorInsertRows: readonly InstructionRow[] = [
  insertGpr('b', 'l', 527),
  insertGpr('b', 'r', 783),
  insertGpr('h', 'l', 591),
  insertGpr('h', 'r', 847),
  insertGpr('w', 'l', 655),
  insertGpr('w', 'r', 911),
  insertGpr('d', 'l', 719),
  insertGpr('d', 'r', 975),
  insertVector('b', 'l', 15),
  insertVector('b', 'r', 271),
  insertVector('h', 'l', 79),
  insertVector('h', 'r', 335),
  insertVector('w', 'l', 143),
  insertVector('w', 'r', 399),
  insertImmediate('w', 207),
  insertImmediate('d', 463),
  extractDouble('b', 'l', 24),
  extractDouble('b', 'r', 25),
  extractDouble('h', 'l', 26),
  extractDouble('h', 'r', 27),
  extractDouble('w', 'l', 28),
  extractDouble('w', 'r', 29),
  extractDouble('d', 'l', 30),
  extractDouble('d', 'r', 31),
  shiftDouble('vsldbi', 0),
  shiftDouble('vsrdbi', 1),
];
