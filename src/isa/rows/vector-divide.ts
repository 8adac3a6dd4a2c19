// Vector division, remainder and high multiplication of 3.1 (Power ISA Book I, section 6.9.1.8 and following).
import type { Builder, I64, V128 } from '../builder.ts';
import type { InstructionRow } from '../row.ts';
import { eachDoubleword, high, low, pair, pick, vx } from '../vector-common.ts';
import { multiplySumDoublewords } from './vector-multiply.ts';

/** Operations as the data plane numbers them; odd ones are unsigned. */
const operation = { divs: 0, divu: 1, dives: 2, diveu: 3, mods: 4, modu: 5 } as const;

const functionOf = {
  w: 'vectorDivideWords',
  d: 'vectorDivideDoublewords',
  q: 'vectorDivideQuadwords',
} as const;

/** vdiv…, vdive… (the dividend followed by zeros) and vmod…. */
function divide(name: keyof typeof operation, element: keyof typeof functionOf, xo: number): InstructionRow {
  return {
    mnemonic: `v${name}${element}`,
    pattern: `4:6 VRT:5 VRA:5 VRB:5 ${xo}:11`,
    operands: 'VRT,VRA,VRB',
    since: '3.1',
    facility: 'VEC',
    meaning: (b, f) =>
      b.call(functionOf[element], b.vrRef(f.VRT), b.vrRef(f.VRA), b.vrRef(f.VRB), b.const32(operation[name])),
  };
}

/** The high halves of the products of words. */
function multiplyHighWords(sign: 's' | 'u') {
  return (b: Builder, x: V128, y: V128): V128 => {
    const left = b.op(`i64x2.extmul_high_i32x4_${sign}`, x, y);
    const right = b.op(`i64x2.extmul_low_i32x4_${sign}`, x, y);
    return pick(b, 4, left, right, [0, 2, 4, 6]);
  };
}

/** The 128-bit product of one doubleword of each. */
function multiplyDoublewords(mnemonic: string, xo: number, half: typeof high, sign: 's' | 'u'): InstructionRow {
  return vx(mnemonic, xo, '3.1', (b, x, y) => {
    const left = half(b, x);
    const right = half(b, y);
    return pair(b, sign === 's' ? b.mulhS(left, right) : b.mulhU(left, right), b.mul(left, right));
  });
}

function eachWith(f: (b: Builder, x: I64, y: I64) => I64) {
  return (b: Builder, x: V128, y: V128): V128 => eachDoubleword(b, x, y, (p, q) => f(b, p, q));
}

/** Rows of the sections. */
export const vectorDivideRows: readonly InstructionRow[] = [
  divide('divs', 'w', 395),
  divide('divu', 'w', 139),
  divide('dives', 'w', 907),
  divide('diveu', 'w', 651),
  divide('divs', 'd', 459),
  divide('divu', 'd', 203),
  divide('dives', 'd', 971),
  divide('diveu', 'd', 715),
  divide('divs', 'q', 267),
  divide('divu', 'q', 11),
  divide('dives', 'q', 779),
  divide('diveu', 'q', 523),
  divide('mods', 'w', 1931),
  divide('modu', 'w', 1675),
  divide('mods', 'd', 1995),
  divide('modu', 'd', 1739),
  divide('mods', 'q', 1803),
  divide('modu', 'q', 1547),
  vx('vmulhsw', 905, '3.1', multiplyHighWords('s')),
  vx('vmulhuw', 649, '3.1', multiplyHighWords('u')),
  vx(
    'vmulhsd',
    969,
    '3.1',
    eachWith((b, x, y) => b.mulhS(x, y)),
  ),
  vx(
    'vmulhud',
    713,
    '3.1',
    eachWith((b, x, y) => b.mulhU(x, y)),
  ),
  vx('vmulld', 457, '3.1', (b, x, y) => b.op('i64x2.mul', x, y)),
  multiplyDoublewords('vmulesd', 968, high, 's'),
  multiplyDoublewords('vmuleud', 712, high, 'u'),
  multiplyDoublewords('vmulosd', 456, low, 's'),
  multiplyDoublewords('vmuloud', 200, low, 'u'),
  {
    mnemonic: 'vmsumcud',
    pattern: '4:6 VRT:5 VRA:5 VRB:5 VRC:5 23:6',
    operands: 'VRT,VRA,VRB,VRC',
    since: '3.1',
    facility: 'VEC',
    meaning: (b, f) => {
      const { carry } = multiplySumDoublewords(b, b.vr(f.VRA), b.vr(f.VRB), b.vr(f.VRC));
      b.setVr(f.VRT, pair(b, b.const(0), carry));
    },
  },
];
