// Decimal floating-point numbers taken apart: sign, exponent, decimal digits (Power ISA Book I, section 5.3 and 5.4).
import { decletOf, digitsOf } from '../fixed/decimal';

/** Kinds of value. */
export const FINITE: i32 = 0;
export const INFINITE: i32 = 1;
export const QUIET: i32 = 2;
export const SIGNALLING: i32 = 3;

/** A number in memory: kind, sign, exponent of the last digit, count of digits, then the digits, last one first. */
const bytes = 160;
const digitsAt: usize = 16;
/** Most digits that a number can have. */
export const digitLimit: i32 = 140;

/** Scratch numbers: operands, result, and two for the inner work. */
const space = memory.data(800, 16);
export const A: usize = space;
export const B: usize = space + bytes;
export const R: usize = space + 2 * bytes;
export const S: usize = space + 3 * bytes;
export const T: usize = space + 4 * bytes;

export function kind(n: usize): i32 {
  return load<i32>(n);
}
export function sign(n: usize): i32 {
  return load<i32>(n + 4);
}
export function exponent(n: usize): i32 {
  return load<i32>(n + 8);
}
/** Digits without leading zeros; 0 for zero. */
export function count(n: usize): i32 {
  return load<i32>(n + 12);
}
export function setKind(n: usize, value: i32): void {
  store<i32>(n, value);
}
export function setSign(n: usize, value: i32): void {
  store<i32>(n + 4, value);
}
export function setExponent(n: usize, value: i32): void {
  store<i32>(n + 8, value);
}
export function setCount(n: usize, value: i32): void {
  store<i32>(n + 12, value);
}
/** Digit i from the right; zero beyond the count. */
export function digit(n: usize, i: i32): i32 {
  return i < count(n) && i >= 0 ? <i32>load<u8>(n + digitsAt + i) : 0;
}
export function setDigit(n: usize, i: i32, value: i32): void {
  store<u8>(n + digitsAt + i, <u8>value);
}
export function isZero(n: usize): bool {
  return kind(n) === FINITE && count(n) === 0;
}
export function isNan(n: usize): bool {
  return kind(n) >= QUIET;
}

/** Drops leading zeros from `most` digits. */
export function normalise(n: usize, most: i32): void {
  let c = most;
  while (c > 0 && load<u8>(n + digitsAt + c - 1) === 0) c--;
  setCount(n, c);
}

export function copy(to: usize, from: usize): void {
  memory.copy(to, from, bytes);
}

/** A value with no digits. */
export function setSpecial(n: usize, newKind: i32, newSign: i32): void {
  setKind(n, newKind);
  setSign(n, newSign);
  setExponent(n, 0);
  setCount(n, 0);
}

/** Moves the digits `places` to the left (right when negative, dropping digits); the exponent stays. */
export function shift(n: usize, places: i32): void {
  const c = count(n);
  if (c === 0 || places === 0) return;
  const from = n + digitsAt;
  if (places > 0) {
    memory.copy(from + places, from, c);
    memory.fill(from, 0, places);
    setCount(n, c + places);
  } else if (-places >= c) {
    setCount(n, 0);
  } else {
    memory.copy(from, from - places, c + places);
    setCount(n, c + places);
  }
}

/** Formats: short, long and extended. */
export const SHORT: i32 = 0;
export const LONG: i32 = 1;
export const EXTENDED: i32 = 2;

/** Digits of a format. */
export function precision(format: i32): i32 {
  return format === LONG ? 16 : format === EXTENDED ? 34 : 7;
}
/** Exponent bias. */
export function bias(format: i32): i32 {
  return format === LONG ? 398 : format === EXTENDED ? 6176 : 101;
}
/** Exponent bits that follow the combination field's five. */
function continuation(format: i32): i32 {
  return format === LONG ? 8 : format === EXTENDED ? 12 : 6;
}
/** Greatest biased exponent. */
export function limit(format: i32): i32 {
  return (3 << continuation(format)) - 1;
}

/** Ten bits of a 128-bit value, `place` bits from the right. */
function tenBits(high: u64, low: u64, place: i32): u64 {
  if (place >= 64) return (high >> (place - 64)) & 0x3ff;
  const part = low >> place;
  return (place > 54 ? part | (high << (64 - place)) : part) & 0x3ff;
}

/** Takes apart a number; formats of up to 64 bits stand at the right of `low`. */
export function unpack(n: usize, format: i32, high: u64, low: u64): void {
  const declets = (precision(format) - 1) / 3;
  for (let i = 0; i < declets; i++) {
    const three = digitsOf(tenBits(high, low, 10 * i));
    setDigit(n, 3 * i, <i32>(three & 15));
    setDigit(n, 3 * i + 1, <i32>((three >> 4) & 15));
    setDigit(n, 3 * i + 2, <i32>(three >> 8));
  }
  const more = continuation(format);
  // Sign, combination field and exponent continuation at the right.
  const width = 10 * declets;
  const top = width >= 64 ? high >> (width - 64) : low >> width;
  setSign(n, <i32>(top >> (more + 5)) & 1);
  const combination = <i32>(top >> more) & 31;
  let leading = combination & 7;
  let upper = combination >> 3;
  if (upper === 3) {
    upper = (combination >> 1) & 3;
    leading = 8 | (combination & 1);
  }
  setKind(n, FINITE);
  if (combination >= 30) {
    leading = 0;
    upper = 0;
    setKind(n, combination === 30 ? INFINITE : (<i32>(top >> (more - 1)) & 1) === 1 ? SIGNALLING : QUIET);
  }
  setExponent(n, ((upper << more) | <i32>(top & ((1 << more) - 1))) - bias(format));
  setDigit(n, precision(format) - 1, leading);
  normalise(n, precision(format));
}

/** The words that {@link pack} made. */
// biome-ignore lint/complexity/noStaticOnlyClass: static fields are WebAssembly globals that several files may assign.
export class Packed {
  static high: u64 = 0;
  static low: u64 = 0;
}

/** Puts a number that fits the format together in {@link Packed}. The digits of infinities and NaNs go along. */
export function pack(n: usize, format: i32): void {
  const p = precision(format);
  const declets = (p - 1) / 3;
  let high: u64 = 0;
  let low: u64 = 0;
  for (let i = declets - 1; i >= 0; i--) {
    const three = (<u64>digit(n, 3 * i + 2) << 8) | (<u64>digit(n, 3 * i + 1) << 4) | <u64>digit(n, 3 * i);
    high = (high << 10) | (low >> 54);
    low = (low << 10) | decletOf(three);
  }
  const more = continuation(format);
  const biased = exponent(n) + bias(format);
  const leading = digit(n, p - 1);
  const upper = biased >> more;
  let top: u64 = <u64>(leading < 8 ? (upper << 3) | leading : 24 | (upper << 1) | (leading & 1));
  top = (top << more) | <u64>(biased & ((1 << more) - 1));
  if (kind(n) === INFINITE) top = (<u64>30) << more;
  if (kind(n) === QUIET) top = (<u64>31) << more;
  if (kind(n) === SIGNALLING) top = ((<u64>63) << more) >> 1;
  if (kind(n) === SIGNALLING) top = ((<u64>31) << more) | ((<u64>1) << (more - 1));
  top |= <u64>sign(n) << (more + 5);
  const width = 10 * declets;
  if (width >= 64) high |= top << (width - 64);
  else low |= top << width;
  Packed.high = high;
  Packed.low = low;
}
