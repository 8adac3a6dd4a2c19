// 128-bit integer addition and subtraction (Power ISA Book I, section 6.9.1: quadword instructions).
import type { Builder, I64, V128 } from '../builder.ts';
import type { InstructionRow } from '../row.ts';
import { high, low, pair, va, vx } from '../vector-common.ts';

/** Sum of two quadwords and a carry (0 or 1), and the carry out. */
export function addQuadwords(b: Builder, x: V128, y: V128, carryIn: I64): { sum: V128; carry: V128 } {
  const add = (p: I64, q: I64, c: I64): readonly [I64, I64] => {
    const partial = b.add(p, q);
    const sum = b.add(partial, c);
    return [sum, b.or(b.zext(b.ltU(partial, p)), b.zext(b.ltU(sum, partial)))];
  };
  const [sumLow, carryLow] = add(low(b, x), low(b, y), carryIn);
  const [sumHigh, carryHigh] = add(high(b, x), high(b, y), carryLow);
  return { sum: pair(b, sumHigh, sumLow), carry: pair(b, b.const(0), carryHigh) };
}

/** x + ¬y + carry: the subtraction of the manual. */
function subtractQuadwords(b: Builder, x: V128, y: V128, carryIn: I64): { sum: V128; carry: V128 } {
  return addQuadwords(b, x, b.op('v128.not', y), carryIn);
}

/** The carry in that the extended forms take from bit 127 of VRC. */
function carryOf(b: Builder, z: V128): I64 {
  return b.and(low(b, z), b.const(1));
}

export const vectorQuadwordRows: readonly InstructionRow[] = [
  vx('vadduqm', 256, '2.07', (b, x, y) => addQuadwords(b, x, y, b.const(0)).sum),
  vx('vaddcuq', 320, '2.07', (b, x, y) => addQuadwords(b, x, y, b.const(0)).carry),
  va('vaddeuqm', 60, '2.07', (b, x, y, z) => addQuadwords(b, x, y, carryOf(b, z)).sum),
  va('vaddecuq', 61, '2.07', (b, x, y, z) => addQuadwords(b, x, y, carryOf(b, z)).carry),
  vx('vsubuqm', 1280, '2.07', (b, x, y) => subtractQuadwords(b, x, y, b.const(1)).sum),
  vx('vsubcuq', 1344, '2.07', (b, x, y) => subtractQuadwords(b, x, y, b.const(1)).carry),
  va('vsubeuqm', 62, '2.07', (b, x, y, z) => subtractQuadwords(b, x, y, carryOf(b, z)).sum),
  va('vsubecuq', 63, '2.07', (b, x, y, z) => subtractQuadwords(b, x, y, carryOf(b, z)).carry),
];
