// Floating-point functions of the data plane that translated code does in line with the host's arithmetic.
//
// That gives the same result and the same FPSCR when rounding is to nearest, FPSCR[XX] is set already and no exception is
// enabled, and when operation and result are ordinary (each row's test). FI, FR and FPRF depend on the last operation only:
// its kind and operands are kept, and `resolveFloatingPoint` of the data plane computes them when somebody looks.
import type { F64, I32, I64, Value } from '../../isa/builder.ts';
import type { FunctionName } from '../../isa/functions.ts';
import type { OperatorBuilder } from '../operator-builder.ts';

/** What an inline form computes. */
export interface InlineResult {
  readonly value: I64;
  /** Nonzero when the value is right and no flag but XX can have been raised. */
  readonly ordinary: I32;
}

/** Helpers of the data plane for fused operations; both give a NaN where they have no proof. */
export type FusedHelper = 'fusedDouble' | 'fusedToOdd';

/** A function that can be done in line. */
export interface InlineFunction {
  /** Number of the operation for `resolveFloatingPoint` (assembly/fp/fast.ts). */
  readonly kind: number;
  /** `args` are the operands without the old target. */
  readonly compute: (
    b: OperatorBuilder,
    args: readonly I64[],
    fused: (helper: FusedHelper, args: readonly F64[]) => F64,
  ) => InlineResult;
}

const toF64 = (b: OperatorBuilder, x: I64): F64 => b.op('f64.reinterpret_i64', x);
const toBits = (b: OperatorBuilder, x: F64): I64 => b.op('i64.reinterpret_f64', x);

/** Twice the bits less `low`, compared with a span: tests the exponent whatever the sign. */
function exponentWithin(b: OperatorBuilder, bits: I64, lowest: number, highest: number): I32 {
  const unit = 1n << 53n;
  const shifted = b.shl(bits, b.const(1));
  return b.ltU(b.sub(shifted, b.const(BigInt(lowest) * unit)), b.const(BigInt(highest - lowest + 1) * unit));
}
/** Neither denormal, nor the smallest normal binade (which rounding may reach from below), nor the largest, nor more. */
const normalDouble = (b: OperatorBuilder, bits: I64): I32 => exponentWithin(b, bits, 2, 2045);
const normalSingle = (b: OperatorBuilder, bits: I64): I32 => exponentWithin(b, bits, 1023 - 125, 1023 + 126);
const isZero = (b: OperatorBuilder, bits: I64): I32 => b.eqz(b.shl(bits, b.const(1)));
/** Significands of at most 24 bits: rounding to double first changes nothing (53 ≥ 2·24 + 2). */
const singles = (b: OperatorBuilder, ...bits: readonly I64[]): I32 =>
  b.eqz(
    b.and(
      bits.reduce((x, y) => b.or(x, y)),
      b.const(0x1fffffff),
    ),
  );
const toSingle = (b: OperatorBuilder, x: F64): F64 => b.op('f64.promote_f32', b.op('f32.demote_f64', x));

type Operator = 'f64.add' | 'f64.sub' | 'f64.mul' | 'f64.div';

/** A zero sum is exact; a zero product or quotient may be an underflow. */
function double(kind: number, operator: Operator, zeroIsExact: boolean): InlineFunction {
  return {
    kind,
    compute: (b, [x, y]) => {
      if (!x || !y) throw new Error('two operands expected');
      const value = toBits(b, b.op(operator, toF64(b, x), toF64(b, y)));
      const normal = normalDouble(b, value);
      return { value, ordinary: zeroIsExact ? b.op('i32.or', normal, isZero(b, value)) : normal };
    },
  };
}

function single(kind: number, operator: Operator, zeroIsExact: boolean): InlineFunction {
  return {
    kind,
    compute: (b, [x, y]) => {
      if (!x || !y) throw new Error('two operands expected');
      const exact = b.op(operator, toF64(b, x), toF64(b, y));
      const value = toBits(b, toSingle(b, exact));
      const normal = normalSingle(b, value);
      // A sum that only becomes zero when it is rounded to single is an underflow.
      const fits = zeroIsExact ? b.op('i32.or', normal, isZero(b, toBits(b, exact))) : normal;
      return { value, ordinary: b.op('i32.and', fits, singles(b, x, y)) };
    },
  };
}

/** Factor, factor, addend; `subtract` the addend, `negate` the result. */
function fused(kind: number, isSingle: boolean, subtract: boolean, negate: boolean): InlineFunction {
  return {
    kind,
    compute: (b, [x, y, z], call) => {
      if (!x || !y || !z) throw new Error('three operands expected');
      const addend = toF64(b, z);
      const sum = call(isSingle ? 'fusedToOdd' : 'fusedDouble', [
        toF64(b, x),
        toF64(b, y),
        subtract ? b.op('f64.neg', addend) : addend,
      ]);
      const rounded = isSingle ? toSingle(b, sum) : sum;
      const positive = toBits(b, rounded);
      const value = negate ? b.xor(positive, b.const(1n << 63n)) : positive;
      return { value, ordinary: isSingle ? normalSingle(b, positive) : normalDouble(b, positive) };
    },
  };
}

function root(kind: number, isSingle: boolean): InlineFunction {
  return {
    kind,
    compute: (b, [x]) => {
      if (!x) throw new Error('one operand expected');
      const exact = b.op('f64.sqrt', toF64(b, x));
      const value = toBits(b, isSingle ? toSingle(b, exact) : exact);
      const normal = isSingle ? b.op('i32.and', normalSingle(b, value), singles(b, x)) : normalDouble(b, value);
      return { value, ordinary: normal };
    },
  };
}

function fromInteger(kind: number, operator: 'f64.convert_i64_s' | 'f64.convert_i64_u'): InlineFunction {
  return {
    kind,
    compute: (b, [x]) => {
      if (!x) throw new Error('one operand expected');
      return { value: toBits(b, b.op(operator, x)), ordinary: b.const32(1) };
    },
  };
}

/** Inline forms by function. */
export const inlineFunctions: Readonly<Partial<Record<FunctionName, InlineFunction>>> = {
  fadd: double(1, 'f64.add', true),
  fsub: double(2, 'f64.sub', true),
  fmul: double(3, 'f64.mul', false),
  fdiv: double(4, 'f64.div', false),
  fadds: single(5, 'f64.add', true),
  fsubs: single(6, 'f64.sub', true),
  fmuls: single(7, 'f64.mul', false),
  fdivs: single(8, 'f64.div', false),
  fmadd: fused(9, false, false, false),
  fmsub: fused(10, false, true, false),
  fnmadd: fused(11, false, false, true),
  fnmsub: fused(12, false, true, true),
  fmadds: fused(13, true, false, false),
  fmsubs: fused(14, true, true, false),
  fnmadds: fused(15, true, false, true),
  fnmsubs: fused(16, true, true, true),
  fsqrt: root(17, false),
  fsqrts: root(18, true),
  frsp: {
    kind: 19,
    compute: (b, [x]) => {
      if (!x) throw new Error('one operand expected');
      const value = toBits(b, toSingle(b, toF64(b, x)));
      return { value, ordinary: b.op('i32.or', normalSingle(b, value), isZero(b, x)) };
    },
  },
  fcfid: fromInteger(20, 'f64.convert_i64_s'),
  fcfidu: fromInteger(21, 'f64.convert_i64_u'),
};

/** CR field of a comparison, and whether the operands are ordered (else the data plane raises what is due). */
export function compareInline(b: OperatorBuilder, x: I64, y: I64): { readonly field: I32; readonly ordered: I32 } {
  const [p, q] = [toF64(b, x), toF64(b, y)];
  const less = b.op('f64.lt', p, q);
  const greater = b.op('f64.gt', p, q);
  const equal = b.op('f64.eq', p, q);
  const field = b.select<'i32'>(less, b.const32(8), b.select<'i32'>(greater, b.const32(4), b.const32(2)));
  return { field, ordered: b.op('i32.or', b.op('i32.or', less, greater), equal) };
}

/** Value type check helper for callers that hold opaque values. */
export function isI64(value: Value): value is I64 {
  return value.type === 'i64';
}
