// Vector floating-point functions of the data plane that translated code does in line, under the same conditions as the
// scalar ones (floating-point.ts). They leave FI, FR and FPRF alone, so that nothing has to be noted.
import type { I32, OperatorName, V128 } from '../../isa/builder.ts';
import type { FunctionName } from '../../isa/functions.ts';
import type { OperatorBuilder } from '../operator-builder.ts';

/** Helpers of the data plane for fused operations on all elements. */
export type VectorFusedHelper = 'fusedDoubles' | 'fusedSingles';

/** What an inline form computes; `ordinary` is nonzero when no flag but XX can have been raised. */
export interface VectorResult {
  readonly value: V128;
  readonly ordinary: I32;
}

/** A vector function that can be done in line. */
export interface VectorInline {
  /** `operands` are the values of the references after the target's; `variant` is the constant behind them. */
  readonly compute: (
    b: OperatorBuilder,
    operands: readonly V128[],
    variant: number,
    fused: (helper: VectorFusedHelper, args: readonly V128[]) => V128,
  ) => VectorResult;
}

type Shape = 'f64x2' | 'f32x4';

/** Bits of a constant in every element, least significant byte first. */
function splat(b: OperatorBuilder, shape: Shape, value: number): V128 {
  const bytes = shape === 'f64x2' ? new Float64Array([value, value]) : new Float32Array([value, value, value, value]);
  return b.constV128([...new Uint8Array(bytes.buffer)]);
}

/** Two binades away from denormals and one from overflow, as the scalar test. */
const bounds = { f64x2: [2 ** -1021, 2 ** 1023], f32x4: [2 ** -125, 2 ** 127] } as const;

/** All elements are normal numbers (or zero, where that is exact). */
function ordinary(b: OperatorBuilder, shape: Shape, value: V128, zeroIsExact: boolean): I32 {
  const op = (name: string, ...args: readonly V128[]): V128 =>
    b.op(`${shape}.${name}` as `f64x2.${string}`, ...args) as V128;
  const size = op('abs', value);
  const [lowest, limit] = bounds[shape];
  const normal = b.op('v128.and', op('ge', size, splat(b, shape, lowest)), op('lt', size, splat(b, shape, limit)));
  const good = zeroIsExact ? b.op('v128.or', normal, op('eq', value, splat(b, shape, 0))) : normal;
  return b.op(shape === 'f64x2' ? 'i64x2.all_true' : 'i32x4.all_true', good);
}

function binary(shape: Shape, operation: 'add' | 'sub' | 'mul' | 'div'): VectorInline {
  return {
    compute: (b, [x, y]) => {
      if (!x || !y) throw new Error('two operands expected');
      const value: V128 = b.op(`${shape}.${operation}` as 'f64x2.add', x, y);
      return { value, ordinary: ordinary(b, shape, value, operation === 'add' || operation === 'sub') };
    },
  };
}

function fusedOf(shape: Shape, helper: VectorFusedHelper): VectorInline {
  const negate: OperatorName = `${shape}.neg`;
  return {
    compute: (b, [x, y, z], variant, call) => {
      if (!x || !y || !z) throw new Error('three operands expected');
      const addend: V128 = variant & 1 ? (b.op(negate, z) as V128) : z;
      const sum = call(helper, [x, y, addend]);
      const value: V128 = variant & 2 ? (b.op(negate, sum) as V128) : sum;
      return { value, ordinary: ordinary(b, shape, sum, false) };
    },
  };
}

/** Inline forms by function. */
export const vectorInlineFunctions: Readonly<Partial<Record<FunctionName, VectorInline>>> = {
  xvadddp: binary('f64x2', 'add'),
  xvsubdp: binary('f64x2', 'sub'),
  xvmuldp: binary('f64x2', 'mul'),
  xvdivdp: binary('f64x2', 'div'),
  xvaddsp: binary('f32x4', 'add'),
  xvsubsp: binary('f32x4', 'sub'),
  xvmulsp: binary('f32x4', 'mul'),
  xvdivsp: binary('f32x4', 'div'),
  xvmadddp: fusedOf('f64x2', 'fusedDoubles'),
  xvmaddsp: fusedOf('f32x4', 'fusedSingles'),
};
