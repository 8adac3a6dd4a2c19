// An oracle for floating point made of exact rational arithmetic: slow, and shares nothing with the data plane
// (IEEE 754-2008; exceptions as in Power ISA Book I, section 4.4).

/** A binary format: precision in bits with the hidden one, largest exponent, bits of the encoding. */
export interface Format {
  readonly precision: number;
  readonly emax: number;
  readonly bits: number;
}
export const half: Format = { precision: 11, emax: 15, bits: 16 };
export const single: Format = { precision: 24, emax: 127, bits: 32 };
export const double: Format = { precision: 53, emax: 1023, bits: 64 };
export const quad: Format = { precision: 113, emax: 16383, bits: 128 };

/** A number: finite ones are numerator ÷ denominator with the sign apart, so that zeros keep theirs. */
export type Num =
  | { readonly kind: 'finite'; readonly negative: boolean; readonly n: bigint; readonly d: bigint }
  | { readonly kind: 'infinite'; readonly negative: boolean }
  | { readonly kind: 'nan'; readonly negative: boolean; readonly signalling: boolean; readonly bits: bigint };

const one = 1n;
const fractionBits = (f: Format) => BigInt(f.precision - 1);
const exponentOnes = (f: Format) => BigInt(2 * f.emax + 1);

/** Decodes an encoding. */
export function decode(f: Format, bits: bigint): Num {
  const negative = bits >> BigInt(f.bits - 1) !== 0n;
  const e = (bits >> fractionBits(f)) & exponentOnes(f);
  const fraction = bits & ((one << fractionBits(f)) - one);
  if (e === exponentOnes(f)) {
    if (fraction === 0n) return { kind: 'infinite', negative };
    return { kind: 'nan', negative, signalling: fraction >> (fractionBits(f) - one) === 0n, bits };
  }
  const significand = e === 0n ? fraction : fraction | (one << fractionBits(f));
  const power = Number(e === 0n ? one : e) - f.emax - (f.precision - 1);
  return power >= 0
    ? { kind: 'finite', negative, n: significand << BigInt(power), d: one }
    : { kind: 'finite', negative, n: significand, d: one << BigInt(-power) };
}

/** FPSCR exception and rounding bits, and the control bits that this oracle knows. */
export const bit = {
  ...{ OX: 0x1000_0000, UX: 0x800_0000, ZX: 0x400_0000, XX: 0x200_0000 },
  ...{ VXSNAN: 0x100_0000, VXISI: 0x80_0000, VXIDI: 0x40_0000, VXZDZ: 0x20_0000, VXIMZ: 0x10_0000, VXSQRT: 0x200 },
  ...{ VXCVI: 0x100, VXVC: 0x8_0000, FR: 0x4_0000, FI: 0x2_0000 },
  ...{ VE: 0x80, OE: 0x40, UE: 0x20, ZE: 0x10, XE: 8 },
} as const;

/** A rounded result: its value (before a scaling that leaves the format, too), flags, and FPRF class. */
export interface Rounded {
  readonly value: Num;
  readonly raised: number;
  readonly rounding: number;
  readonly denormal: boolean;
}

/** Rounding modes beyond FPSCR[RN]. */
export const roundAway = 4;
export const roundOdd = 5;

/** Largest e with 2^e ≤ n ÷ d. */
function exponentOf(n: bigint, d: bigint): number {
  let e = n.toString(2).length - d.toString(2).length;
  const atLeast = e >= 0 ? n >= d << BigInt(e) : n << BigInt(-e) >= d;
  if (!atLeast) e -= 1;
  return e;
}

/** n ÷ d to an integral multiple of 2^power: the multiple, and how it was rounded. */
function quantise(n: bigint, d: bigint, power: number, mode: number, negative: boolean) {
  const top = power < 0 ? n << BigInt(-power) : n;
  const bottom = power > 0 ? d << BigInt(power) : d;
  let units = top / bottom;
  const rest = top - units * bottom;
  if (rest === 0n) return { units, rounding: 0 };
  const twice = 2n * rest;
  let up = false;
  if (mode === 0) up = twice > bottom || (twice === bottom && (units & 1n) === 1n);
  else if (mode === 2) up = !negative;
  else if (mode === 3) up = negative;
  else if (mode === roundAway) up = twice >= bottom;
  if (mode === roundOdd) units |= 1n;
  else if (up) units += 1n;
  return { units, rounding: up ? bit.FI | bit.FR : bit.FI };
}

function scaled(units: bigint, power: number, negative: boolean): Num {
  return power >= 0
    ? { kind: 'finite', negative, n: units << BigInt(power), d: one }
    : { kind: 'finite', negative, n: units, d: one << BigInt(-power) };
}

/** Rounds an exact value to a format. `control` holds the mode in the low bits (or `mode`) and OE, UE. */
export function round(f: Format, x: Num, control: number, mode: number, scale: number): Rounded {
  if (x.kind !== 'finite' || x.n === 0n) return { value: x, raised: 0, rounding: 0, denormal: false };
  let { n, d } = x;
  const { negative } = x;
  const emin = 1 - f.emax;
  let e = exponentOf(n, d);
  let raised = 0;
  const tiny = e < emin;
  if (tiny && control & bit.UE) {
    raised |= bit.UX;
    n <<= BigInt(scale);
    e += scale;
  }
  const least = tiny && !(control & bit.UE) ? emin : e;
  const power = least - (f.precision - 1);
  const { units, rounding } = quantise(n, d, power, mode, negative);
  if (rounding) raised |= bit.XX;
  if (tiny && rounding && !(control & bit.UE)) raised |= bit.UX;
  const value = scaled(units, power, negative);
  if (units === 0n) return { value, raised, rounding, denormal: false };
  const after = exponentOf(units, one) + power;
  if (after > f.emax) {
    raised |= bit.OX;
    if (control & bit.OE) {
      d = one << BigInt(scale);
      return {
        value: power - scale >= 0 ? scaled(units, power - scale, negative) : scaled(units, power - scale, negative),
        raised,
        rounding,
        denormal: false,
      };
    }
    raised |= bit.XX;
    const toInfinity = mode === 0 || mode === roundAway || (mode === 2 && !negative) || (mode === 3 && negative);
    if (toInfinity)
      return { value: { kind: 'infinite', negative }, raised, rounding: bit.FI | bit.FR, denormal: false };
    const largest = scaled((one << BigInt(f.precision)) - one, f.emax - f.precision + 1, negative);
    return { value: largest, raised, rounding: bit.FI, denormal: false };
  }
  return { value, raised, rounding, denormal: after < emin && !(control & bit.UE) };
}

/** Encodes a value that the format can represent. */
export function encode(f: Format, x: Num): bigint {
  const sign = x.kind !== 'nan' && x.negative ? one << BigInt(f.bits - 1) : 0n;
  if (x.kind === 'nan') return x.bits;
  if (x.kind === 'infinite') return sign | (exponentOnes(f) << fractionBits(f));
  if (x.n === 0n) return sign;
  const emin = 1 - f.emax;
  const e = Math.max(exponentOf(x.n, x.d), emin);
  const power = e - (f.precision - 1);
  const { units, rounding } = quantise(x.n, x.d, power, 1, false);
  if (rounding) throw new Error('value does not fit the format');
  const hidden = one << fractionBits(f);
  if (units < hidden) return sign | units;
  return sign | (BigInt(e + f.emax) << fractionBits(f)) | (units - hidden);
}

const finite = (negative: boolean, n: bigint, d: bigint): Num => ({ kind: 'finite', negative, n, d });
const isZero = (x: Num) => x.kind === 'finite' && x.n === 0n;

/** An exact result, or the exception bits that make it the default NaN. */
export type Exact = { readonly value: Num; readonly raised: number } | { readonly invalid: number };

const signed = (x: { negative: boolean; n: bigint }) => (x.negative ? -x.n : x.n);

/** x + y of numbers that are not NaN. */
export function addExact(x: Num, y: Num, mode: number): Exact {
  if (x.kind === 'nan' || y.kind === 'nan') throw new Error('NaN operand');
  if (x.kind === 'infinite') {
    if (y.kind === 'infinite' && x.negative !== y.negative) return { invalid: bit.VXISI };
    return { value: x, raised: 0 };
  }
  if (y.kind === 'infinite') return { value: y, raised: 0 };
  const n = signed(x) * y.d + signed(y) * x.d;
  if (n === 0n) {
    const negative = x.negative === y.negative ? x.negative : mode === 3;
    return { value: finite(negative, 0n, one), raised: 0 };
  }
  return { value: finite(n < 0n, n < 0n ? -n : n, x.d * y.d), raised: 0 };
}

/** x × y of numbers that are not NaN. */
export function multiplyExact(x: Num, y: Num): Exact {
  if (x.kind === 'nan' || y.kind === 'nan') throw new Error('NaN operand');
  const negative = x.negative !== y.negative;
  if (x.kind === 'infinite' || y.kind === 'infinite') {
    if (isZero(x) || isZero(y)) return { invalid: bit.VXIMZ };
    return { value: { kind: 'infinite', negative }, raised: 0 };
  }
  return { value: finite(negative, x.n * y.n, x.d * y.d), raised: 0 };
}

/** x ÷ y of numbers that are not NaN. */
export function divideExact(x: Num, y: Num): Exact {
  if (x.kind === 'nan' || y.kind === 'nan') throw new Error('NaN operand');
  const negative = x.negative !== y.negative;
  if (x.kind === 'infinite') {
    if (y.kind === 'infinite') return { invalid: bit.VXIDI };
    return { value: { kind: 'infinite', negative }, raised: 0 };
  }
  if (y.kind === 'infinite') return { value: finite(negative, 0n, one), raised: 0 };
  if (y.n === 0n) {
    if (x.n === 0n) return { invalid: bit.VXZDZ };
    return { value: { kind: 'infinite', negative }, raised: bit.ZX };
  }
  return { value: finite(negative, x.n * y.d, x.d * y.n), raised: 0 };
}

function integerRoot(n: bigint): bigint {
  if (n < 2n) return n;
  let x = one << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (x + n / x) >> one;
    if (next >= x) return x;
    x = next;
  }
}

/** √x of a number that is not NaN; irrational ones get enough digits and a last one that shows that there are more. */
export function rootExact(x: Num): Exact {
  if (x.kind === 'nan') throw new Error('NaN operand');
  if (isZero(x)) return { value: x, raised: 0 };
  if (x.negative) return { invalid: bit.VXSQRT };
  if (x.kind === 'infinite') return { value: x, raised: 0 };
  // √(n/d) = √(n·d)/d
  const radicand = (x.n * x.d) << 600n;
  const root = integerRoot(radicand);
  const more = root * root !== radicand;
  return { value: finite(false, 2n * root + (more ? one : 0n), x.d << 301n), raised: 0 };
}

/** Rounds to an integral value; also says how. */
export function integral(x: Num, mode: number): { value: Num; rounding: number } {
  if (x.kind !== 'finite') return { value: x, rounding: 0 };
  const { units, rounding } = quantise(x.n, x.d, 0, mode, x.negative);
  return { value: finite(x.negative, units, one), rounding };
}
