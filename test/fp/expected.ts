// What the architecture asks of one operation on floating-point numbers: result bits and FPSCR (Power ISA Book I,
// sections 4.2.2, 4.4 and 7.4), from exact results.
import { bit, decode, type Exact, encode, type Format, type Num, round } from './reference.ts';

/** All invalid-operation bits. */
export const anyVx = 0x1f80700;

/** The most that an exponent of the format is moved by an enabled overflow or underflow. */
export function scaleOf(f: Format): number {
  return (3 * (f.emax + 1)) / 2;
}

/** The default NaN of a format. */
export function defaultNan(f: Format): bigint {
  return ((1n << BigInt(f.bits - f.precision + 1)) - 1n) << BigInt(f.precision - 2);
}

/** The value with its sign changed, unless it is a NaN. */
export const negated = (x: Num): Num => (x.kind === 'nan' ? x : { ...x, negative: !x.negative });

/** FPSCR with VX and FEX as the other bits make them. */
export function withSummaries(fpscr: number): number {
  let f = fpscr & ~0x6000_0000;
  if (f & anyVx) f |= 0x2000_0000;
  const pairs: readonly (readonly [number, number])[] = [
    [0x2000_0000, bit.VE],
    [bit.OX, bit.OE],
    [bit.UX, bit.UE],
    [bit.ZX, bit.ZE],
    [bit.XX, bit.XE],
  ];
  for (const [exception, enable] of pairs) if (f & exception && f & enable) f |= 0x4000_0000;
  return f >>> 0;
}

/** FPSCR after a scalar instruction; FPRF stays when `fprf` is undefined. */
export function fpscrAfter(old: number, raised: number, rounding: number, fprf: number | undefined): number {
  let f = old & ~(bit.FR | bit.FI);
  if (fprf !== undefined) f = (f & ~0x1f000) | (fprf << 12);
  f |= rounding | raised;
  if (raised & ~old) f |= 0x8000_0000;
  return withSummaries(f);
}

/** FPRF of a value. */
export function classOf(x: Num, denormal: boolean): number {
  if (x.kind === 'nan') return 0x11;
  if (x.kind === 'infinite') return x.negative ? 9 : 5;
  if (x.n === 0n) return x.negative ? 0x12 : 2;
  if (denormal) return x.negative ? 0x18 : 0x14;
  return x.negative ? 8 : 4;
}

/** An operation on numbers of one format whose result is rounded to another one. */
export interface Operation {
  /** Format of the operands, and that of the result's encoding. */
  readonly operands: Format;
  readonly encoding: Format;
  /** Format that the result is rounded to. */
  readonly result: Format;
  /** Operands in the order in which their NaNs are looked for; of a multiply-add: factor, addend, factor. */
  readonly bits: readonly bigint[];
  readonly exact: () => Exact;
  /** Changes the sign after rounding. */
  readonly negate?: boolean;
  /** Rounding mode where it is not FPSCR[RN]. */
  readonly mode?: number;
}

/** Outcome before anything is suppressed. */
export interface Outcome {
  readonly bits: bigint;
  readonly raised: number;
  readonly rounding: number;
  readonly fprf: number;
}

/** A NaN of one format, quiet, in another one. */
function convertNan(from: Format, to: Format, bits: bigint): bigint {
  const sign = bits >> BigInt(from.bits - 1);
  const fraction = bits & ((1n << BigInt(from.precision - 1)) - 1n);
  const shift = BigInt(to.precision - from.precision);
  const moved = shift >= 0n ? fraction << shift : fraction >> -shift;
  return (sign << BigInt(to.bits - 1)) | defaultNan(to) | moved;
}

/** Result and exceptions of an operation under FPSCR control bits. */
export function outcomeOf(operation: Operation, fpscr: number): Outcome {
  const { operands, encoding, result: format, bits } = operation;
  const numbers = bits.map((x) => decode(operands, x));
  let raised = numbers.some((x) => x.kind === 'nan' && x.signalling) ? bit.VXSNAN : 0;
  const first = bits[numbers.findIndex((x) => x.kind === 'nan')];
  if (first !== undefined) {
    // An infinity times zero counts even with a NaN as addend.
    const [a, , c] = numbers;
    if (a && c && isInfinityTimesZero(a, c)) raised |= bit.VXIMZ;
    return { bits: convertNan(operands, encoding, first), raised, rounding: 0, fprf: 0x11 };
  }
  const exact = operation.exact();
  if ('invalid' in exact) {
    return { bits: defaultNan(encoding), raised: raised | exact.invalid, rounding: 0, fprf: 0x11 };
  }
  const rounded = round(format, exact.value, fpscr & 0xff, operation.mode ?? fpscr & 3, scaleOf(format));
  const value = operation.negate ? negated(rounded.value) : rounded.value;
  return {
    bits: encode(encoding, value),
    raised: exact.raised | rounded.raised,
    rounding: rounded.rounding,
    fprf: classOf(value, rounded.denormal),
  };
}

function isInfinityTimesZero(a: Num, c: Num): boolean {
  const isZero = (x: Num) => x.kind === 'finite' && x.n === 0n;
  return (a.kind === 'infinite' && isZero(c)) || (isZero(a) && c.kind === 'infinite');
}

/** True when an enabled invalid operation or division by zero keeps a scalar target. */
export function suppressesScalar(fpscr: number, raised: number): boolean {
  return Boolean((raised & anyVx && fpscr & bit.VE) || (raised & bit.ZX && fpscr & bit.ZE));
}

/** True when any enabled exception keeps a vector target. */
export function suppressesVector(fpscr: number, raised: number): boolean {
  const enabled = withSummaries(raised | (fpscr & 0xf8));
  return (enabled & 0x4000_0000) !== 0;
}

/** A random FPSCR: every mode, often enables and sticky bits; summaries fit. */
export function randomFpscr(next: () => number): number {
  let f = 0;
  const sort = next() % 4;
  if (sort > 0) f |= next() & 3;
  if (sort > 1) f |= next() & 0xf8;
  if (sort > 2) f |= next() & 0x9ff80700;
  return withSummaries(f | (next() & 0x7f000));
}
