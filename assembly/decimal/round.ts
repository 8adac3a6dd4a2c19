// Rounding of decimal results, overflow and underflow (Power ISA Book I, sections 5.5.9 and 5.5.10).
import { FI, FR, Now, OE, OX, UE, UX, XX } from '../fp/fpscr';
import * as L from '../generated/layout';
import {
  bias,
  count,
  digit,
  EXTENDED,
  exponent,
  LONG,
  INFINITE,
  limit,
  normalise,
  precision,
  setCount,
  setDigit,
  setExponent,
  setKind,
  shift,
  sign,
} from './number';

/** Rounding modes, the values of FPSCR[DRN]. */
export const EVEN: i32 = 0;
export const ZERO: i32 = 1;
export const UP: i32 = 2;
export const DOWN: i32 = 3;
export const HALF_AWAY: i32 = 4;
export const HALF_ZERO: i32 = 5;
export const AWAY: i32 = 6;
export const PREPARE: i32 = 7;

/** FPSCR[DRN]. */
export function drn(cpu: usize): i32 {
  return load<i32>(cpu + L.S_fpscr + 4) & 7;
}

/** The mode of a two-bit RMC field; of R and RMC when r is 1. */
export function modeOf(cpu: usize, r: i32, rmc: i32): i32 {
  if (r === 1) return rmc === 0 ? UP : rmc === 1 ? DOWN : rmc === 2 ? AWAY : HALF_ZERO;
  return rmc === 0 ? EVEN : rmc === 1 ? ZERO : rmc === 2 ? HALF_AWAY : drn(cpu);
}

function adds(mode: i32, negative: i32, last: i32, first: i32, rest: bool): bool {
  const above = first > 5 || (first === 5 && rest);
  const half = first === 5 && !rest;
  const inexact = first !== 0 || rest;
  switch (mode) {
    case EVEN:
      return above || (half && (last & 1) === 1);
    case UP:
      return inexact && negative === 0;
    case DOWN:
      return inexact && negative === 1;
    case HALF_AWAY:
      return above || half;
    case HALF_ZERO:
      return above;
    case AWAY:
      return inexact;
    case PREPARE:
      return inexact && (last === 0 || last === 5);
    default:
      return false;
  }
}

/** Drops `places` digits from the right, rounding; FI and FR are set in `Now.rounding`. */
export function dropDigits(n: usize, places: i32, mode: i32): void {
  if (places <= 0) return;
  const c = count(n);
  const first = digit(n, places - 1);
  let rest = false;
  for (let i = 0; i < places - 1 && i < c; i++) if (digit(n, i) !== 0) rest = true;
  const inexact = first !== 0 || rest;
  const increment = adds(mode, sign(n), digit(n, places), first, rest);
  shift(n, -places);
  setExponent(n, exponent(n) + places);
  if (increment) {
    let i = 0;
    while (digit(n, i) === 9) {
      setDigit(n, i, 0);
      i++;
    }
    setDigit(n, i, i < count(n) ? digit(n, i) + 1 : 1);
    if (i >= count(n)) setCount(n, i + 1);
  }
  if (inexact) Now.rounding = FI | (increment ? FR : 0);
}

/** Rounds a finite result to a format: precision, then exponent range. `Now.raised` gets OX, UX, XX. */
export function roundTo(n: usize, format: i32, mode: i32): void {
  const p = precision(format);
  const lowest = -bias(format);
  const highest = limit(format) - bias(format);
  if (count(n) === 0) {
    setExponent(n, min(max(exponent(n), lowest), highest));
    return;
  }
  const tiny = exponent(n) + count(n) - 1 < lowest + p - 1;
  if (tiny && (Now.fpscr & UE) !== 0) {
    // An enabled underflow scales the result up by the format's wrap in place of denormalising it.
    dropDigits(n, count(n) - p, mode);
    if (count(n) > p) dropDigits(n, 1, ZERO_KEEPING);
    Now.raised |= Now.rounding & FI ? UX | XX : UX;
    setExponent(n, exponent(n) + wrap(format));
    return;
  }
  dropDigits(n, max(count(n) - p, lowest - exponent(n)), mode);
  if (count(n) > p) dropDigits(n, 1, ZERO_KEEPING);
  if (Now.rounding & FI) {
    Now.raised |= XX;
    if (tiny) Now.raised |= UX;
  }
  if (count(n) === 0) {
    setExponent(n, min(max(exponent(n), lowest), highest));
    return;
  }
  if (exponent(n) > highest) {
    const places = exponent(n) - highest;
    if (count(n) + places <= p) {
      shift(n, places);
      setExponent(n, highest);
    } else {
      overflow(n, format, mode);
    }
  }
}

/** A last digit that is known to be zero is dropped without any rounding. */
const ZERO_KEEPING: i32 = ZERO;

/** What an enabled overflow or underflow adds to the exponent. */
function wrap(format: i32): i32 {
  return format === EXTENDED ? 9216 : format === LONG ? 576 : 192;
}

function overflow(n: usize, format: i32, mode: i32): void {
  Now.raised |= OX;
  if ((Now.fpscr & OE) !== 0) {
    // The result is scaled down by the format's wrap when the exception is enabled.
    setExponent(n, exponent(n) - wrap(format));
    return;
  }
  Now.raised |= XX;
  Now.rounding = FI | FR;
  const toward = mode === ZERO || mode === PREPARE || (mode === UP && sign(n) === 1) || (mode === DOWN && sign(n) === 0);
  if (!toward) {
    setKind(n, INFINITE);
    setCount(n, 0);
    return;
  }
  const p = precision(format);
  for (let i = 0; i < p; i++) setDigit(n, i, 9);
  normalise(n, p);
  setExponent(n, limit(format) - bias(format));
}
