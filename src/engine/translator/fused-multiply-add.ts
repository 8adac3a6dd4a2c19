// Whether WebAssembly's relaxed multiply-add rounds once on this host, as the fused instructions of Power do.
//
// The relaxed SIMD proposal leaves it to the runtime whether `relaxed_madd` rounds once or twice. Where it rounds once it
// is the fused operation of IEEE 754; elsewhere the data plane's error-free transforms do the work.
import { Bytes, ModuleWriter } from '../wasm/writer.ts';

/** Operators a·b + c of the relaxed SIMD proposal, as bytes. */
export const relaxedMultiplyAdd = {
  f32x4: [0xfd, 0x85, 0x02],
  f64x2: [0xfd, 0x87, 0x02],
} as const satisfies Record<string, readonly number[]>;

const splat = { f32x4: [0xfd, 0x13], f64x2: [0xfd, 0x14] } as const;
const firstLane = { f32x4: [0xfd, 0x1f, 0], f64x2: [0xfd, 0x21, 0] } as const;

function testModule(shape: 'f32x4' | 'f64x2'): Uint8Array<ArrayBuffer> {
  const scalar = shape === 'f32x4' ? 'f32' : 'f64';
  const body = new Bytes();
  for (let operand = 0; operand < 3; operand++) {
    body.byte(0x20);
    body.u32(operand);
    body.bytes(splat[shape]);
  }
  body.bytes(relaxedMultiplyAdd[shape]);
  body.bytes(firstLane[shape]);
  body.byte(0x0b);
  const module = new ModuleWriter();
  const run = module.addFunction({ params: [scalar, scalar, scalar], results: [scalar] }, [], body);
  module.exportFunction('run', run);
  return module.finish();
}

/** a·a − c with a = 2ⁿ + 1 and c = 2²ⁿ + 2ⁿ⁺¹ is 1 when rounded once, and 0 when a·a was rounded before. */
function roundsOnce(shape: 'f32x4' | 'f64x2', n: number): boolean {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(testModule(shape)), {});
  // The module exports exactly this function.
  const run = exports.run as (a: number, b: number, c: number) => number;
  const a = 2 ** n + 1;
  const c = 2 ** (2 * n) + 2 ** (n + 1);
  return run(a, a, -c) === 1 && run(-a, a, c) === -1;
}

/** True when the runtime has the relaxed operators and both round once. */
export function fusesMultiplyAdd(): boolean {
  try {
    return roundsOnce('f64x2', 27) && roundsOnce('f32x4', 12);
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return false;
    throw error;
  }
}
