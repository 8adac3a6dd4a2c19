// Where QEMU 7.2 differs from the Power ISA, or the Power ISA leaves a result undefined: what a comparison leaves out.
import { block } from './machine-state.ts';

/** What a comparison of one case leaves out: everything, or bits of 8 bytes of the block. */
export type Ignored = 'all' | readonly { readonly index: number; readonly mask: bigint }[];

/** A known difference. */
export interface QemuGap {
  /** Base mnemonic. */
  readonly mnemonic: RegExp;
  /** What is left out for a word, run from a state, with the oracle's result. */
  readonly ignored: (word: number, state: DataView, result: DataView) => Ignored | undefined;
  readonly reason: string;
}

/** Value of bits first…last (as the manual numbers them) of a word. */
const bits = (word: number, first: number, last: number) => (word >>> (31 - last)) & (2 ** (last - first + 1) - 1);
const rt = (word: number) => bits(word, 6, 10);
const ra = (word: number) => bits(word, 11, 15);
const rb = (word: number) => bits(word, 16, 20);
const allBits = 2n ** 64n - 1n;
const whole = (offset: number, mask = allBits) => [{ index: offset / 8, mask }];
/** Both halves of a vector register. */
const vectorRegister = (n: number) => {
  const at = block.vsr + 16 * (32 + n);
  return [...whole(at), ...whole(at + 8)];
};
const gpr = (state: DataView, n: number) => state.getBigInt64(block.gpr + 8 * n, true);

/** True when the 128-bit dividend RA ‖ 0 divided by RB does not fit 64 bits, signed. */
function divideOverflows(word: number, state: DataView): boolean {
  const divisor = gpr(state, bits(word, 16, 20));
  if (divisor === 0n) return true;
  const quotient = (gpr(state, bits(word, 11, 15)) << 64n) / divisor;
  return BigInt.asIntN(64, quotient) !== quotient;
}

const fprf = 0x1_f000n;

/** True when VSR n holds a double that is denormalized in single precision. */
function isNarrowDenormal(state: DataView, n: number): boolean {
  const exponent = (state.getUint32(block.vsr + 16 * n + 12, true) >>> 20) & 0x7ff;
  return exponent > 0 && exponent < 897;
}

/** Register numbers of the VSX forms. */
const xt = (word: number) => rt(word) | ((word & 1) << 5);
const xb = (word: number) => bits(word, 16, 20) | (bits(word, 30, 30) << 5);

/** True when a vector register holds a quad-precision NaN. */
function isQuadNan(state: DataView, n: number): boolean {
  const high = state.getBigUint64(block.vsr + 16 * (32 + n) + 8, true);
  return ((high >> 48n) & 0x7fffn) === 0x7fffn;
}

/** True when a vector register holds a packed decimal number. */
function isDecimal(state: DataView, n: number): boolean {
  const at = block.vsr + 16 * (32 + n);
  for (let i = 0; i < 16; i++) {
    const byte = state.getUint8(at + i);
    if (byte >> 4 > 9 || (i === 0 ? (byte & 15) < 10 : (byte & 15) > 9)) return false;
  }
  return true;
}

/** Bits 24:25 tell the element size of these instructions. */
const sizeOfElement = (word: number) => ['b', 'h', 'w', 'd'][bits(word, 24, 25)] ?? 'b';
const elementBytes: Readonly<Record<string, number>> = { h: 2, w: 4, d: 8 };

/** The number in a vector register. */
function vectorValue(state: DataView, n: number): bigint {
  const at = block.vsr + 16 * (32 + n);
  return (state.getBigUint64(at + 8, true) << 64n) | state.getBigUint64(at, true);
}

/** True when VRA ‖ 0 divided by VRB does not fit a quadword. */
function quadwordQuotientOverflows(word: number, state: DataView, isSigned: boolean): boolean {
  const [dividend, divisor] = [ra(word), rb(word)].map((n) => {
    const value = vectorValue(state, n);
    return isSigned ? BigInt.asIntN(128, value) : value;
  }) as [bigint, bigint];
  if (divisor === 0n) return true;
  const quotient = (dividend << 128n) / divisor;
  return (isSigned ? BigInt.asIntN(128, quotient) : BigInt.asUintN(128, quotient)) !== quotient;
}

/** True when an FPR holds a decimal infinity or NaN. */
function isDecimalSpecial(state: DataView, n: number): boolean {
  return ((state.getUint8(block.vsr + 16 * n + 15) >> 2) & 31) >= 30;
}

/** Words of a vector-scalar register, from the left. */
const wordsOf = (state: DataView, n: number) =>
  [12, 8, 4, 0].map((at) => state.getUint32(block.vsr + 16 * n + at, true));

const conversion = new DataView(new ArrayBuffer(4));

/** The number that 16 bits are as bfloat16. */
function bfloat(bits: number): number {
  conversion.setUint32(0, bits << 16);
  return conversion.getFloat32(0);
}

/** True when a product of two bfloat16 elements, or the sum of two, is no normal single. */
function bfloatSumsLeaveRange(word: number, state: DataView): boolean {
  const x = wordsOf(state, bits(word, 11, 15) | (bits(word, 29, 29) << 5));
  const y = wordsOf(state, xb(word));
  const outside = (sum: number) =>
    (sum !== 0 && Math.abs(sum) < 2 ** -125) || (Math.abs(sum) > 2 ** 127.99 && sum !== Infinity);
  return x.some((p) =>
    y.some((q) => {
      const [first, second] = [bfloat(p >>> 16) * bfloat(q >>> 16), bfloat(p & 0xffff) * bfloat(q & 0xffff)];
      return outside(first) || outside(second) || outside(first + second);
    }),
  );
}

/** The gaps. */
export const qemuGaps: readonly QemuGap[] = [
  {
    mnemonic: /^vgnb$/,
    ignored: (word) => (bits(word, 13, 15) < 2 ? whole(block.gpr + 8 * rt(word)) : undefined),
    reason: 'RT is undefined for N other than 2 to 7',
  },
  {
    mnemonic: /^vdive[su]q$/,
    ignored: (word, state) => (quadwordQuotientOverflows(word, state, bits(word, 21, 31) === 779) ? 'all' : undefined),
    reason: 'the result of a quotient that does not fit is undefined',
  },
  {
    mnemonic: /^divde$/,
    ignored: (word, state) => (divideOverflows(word, state) ? 'all' : undefined),
    reason: 'QEMU misses the overflow of quotients of 2^63 to 2^64; RT is undefined then',
  },
  {
    mnemonic: /^stqcx\.$/,
    ignored: () => 'all',
    reason: 'lqarx of QEMU 7.2 makes no reservation, so that stqcx. always fails',
  },
  {
    mnemonic: /^(lwat|stwat)$/,
    ignored: (word) => ([5, 7].includes(bits(word, 16, 20)) ? 'all' : undefined),
    reason: 'QEMU compares words as unsigned for the signed maximum and minimum (Book II, 4.5: signed)',
  },
  {
    mnemonic: /^l[wd]at$/,
    ignored: (word) => ([24, 25, 28].includes(bits(word, 16, 20)) ? whole(block.gpr + 8 * rt(word)) : undefined),
    reason: 'QEMU gives -2^31 where a bounded operation is not performed; it is 2^31 for words, 2^63 for doublewords',
  },
  {
    mnemonic: /^mtspr$/,
    ignored: (word) => (bits(word, 11, 20) === 32 ? whole(block.xer, ~0xe00c_007fn & allBits) : undefined),
    reason: 'reserved bits of XER: zero or what was written',
  },
  {
    mnemonic: /^(f|xs|(pm)?xv)/,
    ignored: () => whole(block.fpscr, 0x4_0000n),
    reason: 'QEMU does not compute FPSCR[FR]',
  },
  {
    mnemonic: /^(f(add|sub|mul|div|sqrt|n?madd|n?msub)s|frsp)$/,
    ignored: (word, _, result) => (isNarrowDenormal(result, rt(word)) ? whole(block.fpscr, fprf) : undefined),
    reason: 'QEMU takes the class of a single-precision result from its double format: a denormal counts as normal',
  },
  {
    mnemonic: /^xs(add|sub|mul|div|sqrt|r|n?m(add|sub)[am])sp$/,
    ignored: (word, _, result) => (isNarrowDenormal(result, xt(word)) ? whole(block.fpscr, fprf) : undefined),
    reason: 'QEMU takes the class of a single-precision result from its double format: a denormal counts as normal',
  },
  {
    mnemonic: /^xststdcsp$/,
    ignored: (word, state) => (isNarrowDenormal(state, xb(word)) ? 'all' : undefined),
    reason: 'QEMU says that every denormal of single precision matches, whatever DCMX asks for',
  },
  {
    mnemonic: /^(pm)?xv/,
    ignored: () => whole(block.fpscr, 0x6_0000n),
    reason: 'QEMU clears FI; vector instructions alter neither FR nor FI (Book I, 7.6.1.7)',
  },
  {
    mnemonic: /^(pm)?xv/,
    ignored: (_, __, result) => {
      return (result.getUint32(block.fpscr, true) & 0x1000_0000) !== 0 ? whole(block.fpscr, 0x0800_0000n) : undefined;
    },
    reason: 'QEMU notes the overflow or the underflow of the elements of a vector, never both',
  },
  {
    mnemonic: /^xvcv[sd]p[su]x[wd]s$/,
    ignored: (word, _, result) => {
      if ((result.getUint32(block.fpscr, true) & 0x100) === 0) return undefined;
      return [...whole(block.vsr + 16 * xt(word)), ...whole(block.vsr + 16 * xt(word) + 8), ...whole(block.fpscr)];
    },
    reason: 'QEMU treats all elements after one that cannot be converted as such',
  },
  {
    mnemonic: /^xsnmsubqpo$/,
    ignored: () => 'all',
    reason: 'QEMU 7.2 does not round to odd here',
  },
  {
    mnemonic: /^xsrqp(ix?|xp)$/,
    ignored: (word, state) => {
      const fromFpscr = bits(word, 15, 15) === 0 && bits(word, 21, 22) === 3;
      return fromFpscr && (state.getUint32(block.fpscr, true) & 1) !== 0 ? 'all' : undefined;
    },
    reason: 'QEMU takes RN of FPSCR for a number of its own: 1 and 3 are exchanged',
  },
  {
    mnemonic: /^xsrqpxp$/,
    ignored: (word, state) => (isQuadNan(state, bits(word, 16, 20)) ? vectorRegister(rt(word)) : undefined),
    reason: 'QEMU cuts the payload of a NaN to the significand of the double-extended format',
  },
  {
    mnemonic: /^(fnm(add|sub)s?|x[sv]nm(add|sub)([am].*|qp))$/,
    ignored: (_, state) => ((state.getUint32(block.fpscr, true) & 2) !== 0 ? 'all' : undefined),
    reason: 'QEMU rounds toward an infinity after negating; the instruction negates the rounded sum (Book I, 4.6.6)',
  },
  {
    mnemonic: /^(pm)?xvf(32|64)gern[pn]$/,
    ignored: (_, state) => ((state.getUint32(block.fpscr, true) & 2) !== 0 ? 'all' : undefined),
    reason: 'QEMU rounds toward an infinity after negating; the instruction negates the rounded sum (Book I, 7.6.1.10)',
  },
  {
    mnemonic: /^(pm)?xvbf16ger2/,
    ignored: (word, state) => (bfloatSumsLeaveRange(word, state) ? 'all' : undefined),
    reason:
      'QEMU rounds the sum of products to single; here it is rounded to the significand of single, with any exponent, and to single at the end (Book I, 7.6.1.10, bfp_ROUND_TO_BFP32_SIGNIFICAND)',
  },
  {
    mnemonic: /^fcti/,
    ignored: () => whole(block.fpscr, fprf),
    reason: 'FPRF is undefined after a conversion to an integer',
  },
  {
    mnemonic: /^fctiw/,
    ignored: (word) => whole(block.vsr + 16 * rt(word) + 8, 0xffff_ffff_0000_0000n),
    reason: 'the high word of FRT is undefined',
  },
  {
    mnemonic: /^fcfi(ds|du|dus)$/,
    ignored: () => whole(block.fpscr, fprf),
    reason: 'QEMU leaves FPRF as it was; it is the class of the result (Book I, 4.6.7)',
  },
  {
    mnemonic: /^(fcmp[uo]|xscmp.*)$/,
    ignored: () => whole(block.fpscr, 0x7_0000n),
    reason: 'QEMU clears FI and sets C with a NaN; comparisons alter FPCC and exception bits only (Book I, 4.6.8)',
  },
  {
    mnemonic: /^mtfsb1$/,
    ignored: () => [...whole(block.fpscr, 0x8000_0004n), ...whole(block.cr, 0x0800_0000n)],
    reason:
      'QEMU does not set FX with an exception bit (Book I, 4.2.2: every instruction but mtfsf and mtfsfi does); NI is reserved',
  },
  {
    mnemonic: /^v(extractu[hw]|extractd|insert[hwd])$/,
    ignored: (word) => {
      return bits(word, 12, 15) > 16 - (elementBytes[sizeOfElement(word)] ?? 2) ? 'all' : undefined;
    },
    reason: 'an element that would pass the end of the register is undefined',
  },
  {
    mnemonic: /^vextu[hw][lr]x$/,
    ignored: (word, state) => {
      const index = Number(gpr(state, bits(word, 11, 15)) & 15n);
      return index > 16 - (elementBytes[sizeOfElement(word)] ?? 2) ? 'all' : undefined;
    },
    reason: 'an element that would pass the end of the register is undefined',
  },
  {
    mnemonic: /^mtvscr$/,
    ignored: () => whole(block.vscr, ~0x1_0001n & allBits),
    reason: 'reserved bits of VSCR: zero or what was written',
  },
  {
    mnemonic: /^vrldmi$/,
    ignored: () => 'all',
    reason: 'QEMU 7.2 does not insert: it does what vrldnm does (Book I, 6.9.3)',
  },
  {
    mnemonic: /^bcd(add|sub)\.$/,
    ignored: (word, state) => {
      return isDecimal(state, bits(word, 11, 15)) && isDecimal(state, bits(word, 16, 20)) ? undefined : 'all';
    },
    reason: 'QEMU does not see all invalid operands; the result is undefined then',
  },
  {
    mnemonic: /^bcd(c[ft][nz]|c[ft]sq|setsgn|cpsgn)\.$/,
    ignored: (word, _, result) => {
      const undefinedResult = (result.getUint32(block.cr, true) & 0x10) !== 0;
      return undefinedResult ? vectorRegister(rt(word)) : undefined;
    },
    reason: 'VRT is undefined when CR6 says invalid or overflow',
  },
  {
    mnemonic: /^bcdct[nz]\.$/,
    ignored: (word, state) => (isDecimal(state, bits(word, 16, 20)) ? undefined : 'all'),
    reason: 'QEMU does not look for invalid digits beyond those that it converts',
  },
  {
    mnemonic: /^bcdcpsgn\.$/,
    ignored: (word) => (rt(word) === bits(word, 16, 20) ? 'all' : undefined),
    reason: 'QEMU writes VRT before it reads the sign from the same register',
  },
  {
    mnemonic: /^bcdus\.$/,
    ignored: () => whole(block.cr, 0xe0n),
    reason: 'QEMU takes the last digit of an unsigned number for a sign',
  },
  {
    mnemonic: /^bcdsr\.$/,
    ignored: (word, state) => {
      const count = state.getInt8(block.vsr + 16 * (32 + bits(word, 11, 15)) + 8);
      return count < -31 ? 'all' : undefined;
    },
    reason: 'QEMU takes right shifts by more than 31 digits as 31 and rounds with the first digit',
  },
  {
    mnemonic: /^(st|l)fdpx?$/,
    ignored: () => 'all',
    reason: 'QEMU swaps the doublewords in little-endian mode; the even register is at EA in both (Book I, 4.6.4)',
  },
  {
    mnemonic: /^d(add|sub|mul|div|qua|rrnd|rint|ct|rsp|rdpq|cffix|enbcd|quai)/,
    ignored: () => whole(block.fpscr, 0x6_0000n),
    reason: 'QEMU computes FR of no decimal instruction and leaves FI set where the result is exact',
  },
  {
    mnemonic: /^d/,
    ignored: (word) => [
      ...whole(block.fpscr, 0x4000_0000n),
      ...((word & 1) !== 0 ? whole(block.cr, 0x0400_0000n) : []),
    ],
    reason: 'QEMU sets FEX with a decimal invalid operation that is not enabled',
  },
  {
    mnemonic: /^(drsp|drdpq)$/,
    ignored: (word, state) => (isDecimalSpecial(state, bits(word, 16, 20)) ? 'all' : undefined),
    reason: 'QEMU drops payloads that do not fit, and takes signalling NaNs otherwise than Book I, 5.6.4',
  },
  {
    mnemonic: /^denbcdq?$/,
    ignored: (_, __, result) =>
      (result.getUint32(block.fpscr, true) & 0x100) !== 0 ? whole(block.fpscr, fprf) : undefined,
    reason: 'QEMU leaves FPRF as it was when the digits are invalid',
  },
  {
    mnemonic: /^denbcdq?$/,
    ignored: (word, state) => {
      const n = bits(word, 16, 20);
      const doublewords = (word >>> 26 === 63 ? [n, n + 1] : [n]).map((i) => {
        return state.getBigUint64(block.vsr + 16 * i + 8, true).toString(16);
      });
      const digits = doublewords.join('').slice(0, bits(word, 11, 11) === 1 ? -1 : undefined);
      return digits.includes('a') ? 'all' : undefined;
    },
    reason: 'QEMU takes 0xA for a valid digit',
  },
  {
    mnemonic: /^diexq?$/,
    ignored: (word, state) => {
      const biased = state.getBigInt64(block.vsr + 16 * bits(word, 11, 15) + 8, true);
      const special = biased < 0n || biased > (word >>> 26 === 63 ? 12287n : 767n);
      return special || isDecimalSpecial(state, bits(word, 16, 20)) ? 'all' : undefined;
    },
    reason: 'QEMU keeps the declets of infinities and NaNs as they are; here they become canonical',
  },
  {
    mnemonic: /^dsc[lr]iq?$/,
    ignored: (word, state) => (isDecimalSpecial(state, bits(word, 11, 15)) ? 'all' : undefined),
    reason: 'QEMU keeps the bits of infinities and NaNs that do not count; here they become canonical',
  },
  {
    mnemonic: /^drdpq$/,
    ignored: (word) => [0, 8, 16, 24].flatMap((offset) => whole(block.vsr + 16 * rt(word) + offset)),
    reason: 'QEMU places the result in the odd register; compilers take it from the even one, as FRTp says',
  },
  {
    mnemonic: /^ddedpdq?$/,
    ignored: (word, state) => {
      const top = state.getUint8(block.vsr + 16 * bits(word, 16, 20) + 15);
      return ((top >> 2) & 31) === 30 ? 'all' : undefined;
    },
    reason: 'QEMU gives zero for infinities, not the digits of their trailing significand',
  },
  {
    mnemonic: /^(lxs|mtvsrd$|mtvsrw[az]$)/,
    ignored: (word) => whole(block.vsr + 16 * (rt(word) | ((word & 1) << 5))),
    reason: 'doubleword 1 of the target is undefined (ISA 3.0); QEMU keeps it, here it becomes zero',
  },
  {
    mnemonic: /^xx(extractuw|insertw)$/,
    ignored: (word) => (bits(word, 12, 15) > 12 ? 'all' : undefined),
    reason: 'UIM above 12 is undefined',
  },
];

/** What to leave out of the comparison of a word of this base mnemonic, run from a state. */
export function ignoredOf(mnemonic: string, word: number, state: DataView, result: DataView): Ignored {
  const list: { index: number; mask: bigint }[] = [];
  for (const gap of qemuGaps) {
    if (!gap.mnemonic.test(mnemonic)) continue;
    const ignored = gap.ignored(word, state, result);
    if (ignored === 'all') return 'all';
    if (ignored !== undefined) list.push(...ignored);
  }
  return list;
}
