// DOUBLE and SINGLE: what loading and storing a single does to its bits (Power ISA Book I, sections 4.6.2 and 4.6.3).
import type { Builder, I64 } from './builder.ts';

/** DOUBLE(WORD): the 64-bit format of the single in the low 32 bits; NaNs keep their payload and stay signalling. */
export function doubleOfSingle(b: Builder, word: I64): I64 {
  const promoted = b.op('i64.reinterpret_f64', b.op('f64.promote_f32', b.op('f32.reinterpret_i32', b.wrap(word))));
  const sign = b.shl(b.and(word, b.const(0x8000_0000n)), b.const(32));
  const fraction = b.shl(b.and(word, b.const(0x7f_ffff)), b.const(29));
  const special = b.or(b.or(sign, b.const(0x7ffn << 52n)), fraction);
  const exponent = b.and(b.shrU(word, b.const(23)), b.const(255));
  // Promotion would quiet a signalling NaN.
  return b.select(b.eq(exponent, b.const(255)), special, promoted);
}

/** SINGLE(x): the 32 bits that a store of a double in single format writes (no rounding; denormals are shifted). */
export function singleOfDouble(b: Builder, x: I64): I64 {
  const exponent = b.and(b.shrU(x, b.const(52)), b.const(0x7ff));
  const sign = b.and(b.shrU(x, b.const(32)), b.const(0x8000_0000n));
  const kept = b.or(
    b.and(b.shrU(x, b.const(32)), b.const(0xc000_0000n)),
    b.and(b.shrU(x, b.const(29)), b.const(0x3fff_ffff)),
  );
  const significand = b.or(b.and(x, b.const((1n << 52n) - 1n)), b.const(1n << 52n));
  const shifted = b.shrU(significand, b.sub(b.const(926), exponent));
  const small = b.select(b.ltU(exponent, b.const(874)), b.const(0), shifted);
  return b.select(b.gtU(exponent, b.const(896)), kept, b.or(sign, small));
}
