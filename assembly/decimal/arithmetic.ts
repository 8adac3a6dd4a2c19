// Sums, products, quotients and comparison of decimal numbers, exact or with one digit that stands for the rest.
import {
  A,
  B,
  copy,
  count,
  digit,
  exponent,
  FINITE,
  isZero,
  normalise,
  R,
  S,
  setCount,
  setDigit,
  setExponent,
  setKind,
  setSign,
  shift,
  sign,
  T,
} from './number';
import { DOWN } from './round';

/** Digits that an aligned operand may have. */
const exactDigits: i32 = 100;

/** −1, 0, 1 as the digits of x are less than, equal to, greater than those of y (same exponent). */
function compareDigits(x: usize, y: usize): i32 {
  if (count(x) !== count(y)) return count(x) < count(y) ? -1 : 1;
  for (let i = count(x) - 1; i >= 0; i--) {
    const difference = digit(x, i) - digit(y, i);
    if (difference !== 0) return difference < 0 ? -1 : 1;
  }
  return 0;
}

/** R = A + B for finite A and B, with B's sign changed when `negate`; p digits are wanted. */
export function sum(p: i32, negate: bool, mode: i32): void {
  copy(S, A);
  copy(T, B);
  if (negate) setSign(T, sign(T) ^ 1);
  // S gets the greater exponent.
  if (exponent(S) < exponent(T)) {
    copy(R, S);
    copy(S, T);
    copy(T, R);
  }
  const distance = exponent(S) - exponent(T);
  if (count(S) === 0 || count(S) + distance <= exactDigits) {
    shift(S, distance);
    setExponent(S, exponent(T));
  } else {
    // T lies below every digit that counts: one in the last place stands for it.
    const places = p + 2 - count(S);
    shift(S, places);
    setExponent(S, exponent(S) - places);
    if (count(T) > 0) {
      setDigit(T, 0, 1);
      setCount(T, 1);
    }
    setExponent(T, exponent(S));
  }
  setKind(R, FINITE);
  setExponent(R, exponent(T));
  if (sign(S) === sign(T)) {
    setSign(R, sign(S));
    addDigits(S, T);
    return;
  }
  const order = compareDigits(S, T);
  if (order === 0) {
    setCount(R, 0);
    setSign(R, mode === DOWN ? 1 : 0);
  } else if (order > 0) {
    setSign(R, sign(S));
    subtractDigits(S, T);
  } else {
    setSign(R, sign(T));
    subtractDigits(T, S);
  }
}

function addDigits(x: usize, y: usize): void {
  const most = max(count(x), count(y));
  let carry = 0;
  for (let i = 0; i < most; i++) {
    const value = digit(x, i) + digit(y, i) + carry;
    carry = value > 9 ? 1 : 0;
    setDigit(R, i, value - 10 * carry);
  }
  setDigit(R, most, carry);
  normalise(R, most + 1);
}

/** x − y for digits of x not less than those of y. */
function subtractDigits(x: usize, y: usize): void {
  let borrow = 0;
  for (let i = 0; i < count(x); i++) {
    const value = digit(x, i) - digit(y, i) - borrow;
    borrow = value < 0 ? 1 : 0;
    setDigit(R, i, value + 10 * borrow);
  }
  normalise(R, count(x));
}

/** R = A × B for finite A and B, exact. */
export function product(): void {
  setKind(R, FINITE);
  setSign(R, sign(A) ^ sign(B));
  setExponent(R, exponent(A) + exponent(B));
  const most = count(A) + count(B);
  let carry = 0;
  for (let k = 0; k < most; k++) {
    let value = carry;
    for (let i = max(0, k - count(B) + 1); i <= min(k, count(A) - 1); i++) value += digit(A, i) * digit(B, k - i);
    setDigit(R, k, value % 10);
    carry = value / 10;
  }
  normalise(R, most);
}

/** R = A ÷ B for finite A and finite non-zero B: exact with the ideal exponent, or p + 2 digits and one for the rest. */
export function quotient(p: i32): void {
  const ideal = exponent(A) - exponent(B);
  setKind(R, FINITE);
  setSign(R, sign(A) ^ sign(B));
  setExponent(R, ideal);
  setCount(R, 0);
  if (isZero(A)) return;
  const places = p + 2 + count(B) - count(A);
  copy(S, A);
  shift(S, places);
  // Long division: T is the remainder so far, R gets the digits from the left.
  const most = count(S);
  setCount(T, 0);
  for (let i = most - 1; i >= 0; i--) {
    shift(T, 1);
    setDigit(T, 0, digit(S, i));
    if (count(T) === 0 && digit(S, i) !== 0) setCount(T, 1);
    let times = 0;
    while (compareDigits(T, B) >= 0) {
      subtractInPlace();
      times++;
    }
    setDigit(R, i, times);
  }
  normalise(R, most);
  setExponent(R, ideal - places);
  if (count(T) > 0) {
    shift(R, 1);
    setDigit(R, 0, 1);
    setExponent(R, exponent(R) - 1);
    return;
  }
  let zeros = 0;
  while (zeros < ideal - exponent(R) && digit(R, zeros) === 0) zeros++;
  shift(R, -zeros);
  setExponent(R, exponent(R) + zeros);
}

/** T −= B. */
function subtractInPlace(): void {
  let borrow = 0;
  const most = count(T);
  for (let i = 0; i < most; i++) {
    const value = digit(T, i) - digit(B, i) - borrow;
    borrow = value < 0 ? 1 : 0;
    setDigit(T, i, value + 10 * borrow);
  }
  normalise(T, most);
}

/** −1, 0, 1 as A is less than, equal to, greater than B; neither is a NaN. `magnitude` of an infinity is above all. */
export function compareNumbers(aInfinite: bool, bInfinite: bool): i32 {
  const aZero = !aInfinite && count(A) === 0;
  const bZero = !bInfinite && count(B) === 0;
  if (aZero && bZero) return 0;
  if (aZero) return sign(B) === 1 ? 1 : -1;
  if (bZero) return sign(A) === 1 ? -1 : 1;
  if (sign(A) !== sign(B)) return sign(A) === 1 ? -1 : 1;
  let order = 0;
  if (aInfinite || bInfinite) order = aInfinite ? (bInfinite ? 0 : 1) : -1;
  else order = compareMagnitudes();
  return sign(A) === 1 ? -order : order;
}

function compareMagnitudes(): i32 {
  const top = exponent(A) + count(A) - (exponent(B) + count(B));
  if (top !== 0) return top < 0 ? -1 : 1;
  for (let i = 1; i <= max(count(A), count(B)); i++) {
    const difference = digit(A, count(A) - i) - digit(B, count(B) - i);
    if (difference !== 0) return difference < 0 ? -1 : 1;
  }
  return 0;
}
