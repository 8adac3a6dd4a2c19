// Operands for floating-point tests: random ones that favour the borders of a format, and neighbours of each other.
import type { Format } from './reference.ts';

/** A small deterministic generator (xorshift) of 32-bit numbers. */
export function generator(seed: number): () => number {
  let x = seed | 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

/** A random encoding of the format. `near` gives an exponent that others should be close to. */
export function randomOperand(f: Format, next: () => number): bigint {
  const fractionBits = BigInt(f.precision - 1);
  const ones = BigInt(2 * f.emax + 1);
  const word = () => (BigInt(next()) << 96n) | (BigInt(next()) << 64n) | (BigInt(next()) << 32n) | BigInt(next());
  const mask = (1n << fractionBits) - 1n;
  let fraction = word() & mask;
  const shape = next() % 8;
  if (shape === 0) fraction = 0n;
  else if (shape === 1) fraction = mask;
  else if (shape === 2) fraction = (1n << (word() % fractionBits)) & mask;
  else if (shape === 3) fraction = (mask << (word() % fractionBits)) & mask;
  else if (shape === 4) fraction = (mask >> (word() % fractionBits)) & mask;
  let exponent: bigint;
  const place = next() % 16;
  if (place === 0) exponent = 0n;
  else if (place === 1) exponent = ones;
  else if (place === 2) exponent = BigInt(next() % 4);
  else if (place === 3) exponent = ones - BigInt(next() % 4);
  else if (place < 10) exponent = BigInt(f.emax) + BigInt(next() % 8) - 4n;
  else if (place < 12) exponent = BigInt(f.emax) + BigInt(next() % (4 * f.precision)) - BigInt(2 * f.precision);
  else exponent = word() % (ones + 1n);
  if (exponent < 0n) exponent = 0n;
  if (exponent > ones) exponent = ones;
  const sign = BigInt(next() & 1) << BigInt(f.bits - 1);
  return sign | (exponent << fractionBits) | fraction;
}
