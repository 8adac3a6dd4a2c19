// VSX vector conversions between formats and integers (Power ISA Book I, section 7.6.1). Word results of doublewords
// stand in both words, as 3.0 places them.
import { operand } from './arithmetic';
import { begin, endVector, TOWARD_ZERO } from './fpscr';
import { convertToInteger } from './integer';
import {
  packDouble,
  packHalf,
  packSingle,
  roundTo,
  toA,
  unpackDouble,
  unpackHalf,
  unpackInteger,
  unpackSingle,
} from './number';
import { clearResult, doubleAt, putDouble, putWord, unpackElement, wordAt, writeResult } from './vector-elements';

/** Elements to integers of `width` bits, toward zero. */
function toIntegers(cpu: usize, t: usize, b: usize, single: bool, width: i32, signed: bool): void {
  begin(cpu);
  clearResult();
  const wordToWord = single && width == 32;
  const count = wordToWord ? 4 : 2;
  for (let i = 0; i < count; i++) {
    // A conversion between sizes uses words 0 and 2.
    unpackElement(b, single && !wordToWord ? 2 * i : i, single);
    toA();
    const value = convertToInteger(width, signed, TOWARD_ZERO);
    if (wordToWord) putWord(i, <u32>value);
    else putDouble(i, width == 64 ? value : (value << 32) | value);
  }
  if (endVector(cpu)) writeResult(t);
}

/** Integers of `width` bits to elements. */
function fromIntegers(cpu: usize, t: usize, b: usize, single: bool, width: i32, signed: bool): void {
  begin(cpu);
  clearResult();
  const wordToWord = single && width == 32;
  const count = wordToWord ? 4 : 2;
  for (let i = 0; i < count; i++) {
    let value: u64;
    if (width == 64) value = load<u64>(doubleAt(b, i));
    else {
      const at = wordAt(b, wordToWord ? i : 2 * i);
      value = signed ? <u64>(<i64>load<i32>(at)) : <u64>load<u32>(at);
    }
    const negative = signed && <i64>value < 0;
    unpackInteger(negative ? 1 : 0, 0, negative ? 0 - value : value);
    if (single) {
      roundTo(24, -126, 127, 192);
      const bits = packSingle();
      if (wordToWord) putWord(i, bits);
      else putDouble(i, ((<u64>bits) << 32) | bits);
    } else {
      roundTo(53, -1022, 1023, 1536);
      putDouble(i, packDouble());
    }
  }
  if (endVector(cpu)) writeResult(t);
}

/** xvcvdpsxds. */
export function xvcvdpsxds(cpu: usize, t: usize, b: usize): void {
  toIntegers(cpu, t, b, false, 64, true);
}
/** xvcvdpuxds. */
export function xvcvdpuxds(cpu: usize, t: usize, b: usize): void {
  toIntegers(cpu, t, b, false, 64, false);
}
/** xvcvdpsxws. */
export function xvcvdpsxws(cpu: usize, t: usize, b: usize): void {
  toIntegers(cpu, t, b, false, 32, true);
}
/** xvcvdpuxws. */
export function xvcvdpuxws(cpu: usize, t: usize, b: usize): void {
  toIntegers(cpu, t, b, false, 32, false);
}
/** xvcvspsxds. */
export function xvcvspsxds(cpu: usize, t: usize, b: usize): void {
  toIntegers(cpu, t, b, true, 64, true);
}
/** xvcvspuxds. */
export function xvcvspuxds(cpu: usize, t: usize, b: usize): void {
  toIntegers(cpu, t, b, true, 64, false);
}
/** xvcvspsxws. */
export function xvcvspsxws(cpu: usize, t: usize, b: usize): void {
  toIntegers(cpu, t, b, true, 32, true);
}
/** xvcvspuxws. */
export function xvcvspuxws(cpu: usize, t: usize, b: usize): void {
  toIntegers(cpu, t, b, true, 32, false);
}
/** xvcvsxddp. */
export function xvcvsxddp(cpu: usize, t: usize, b: usize): void {
  fromIntegers(cpu, t, b, false, 64, true);
}
/** xvcvuxddp. */
export function xvcvuxddp(cpu: usize, t: usize, b: usize): void {
  fromIntegers(cpu, t, b, false, 64, false);
}
/** xvcvsxwdp. */
export function xvcvsxwdp(cpu: usize, t: usize, b: usize): void {
  fromIntegers(cpu, t, b, false, 32, true);
}
/** xvcvuxwdp. */
export function xvcvuxwdp(cpu: usize, t: usize, b: usize): void {
  fromIntegers(cpu, t, b, false, 32, false);
}
/** xvcvsxdsp. */
export function xvcvsxdsp(cpu: usize, t: usize, b: usize): void {
  fromIntegers(cpu, t, b, true, 64, true);
}
/** xvcvuxdsp. */
export function xvcvuxdsp(cpu: usize, t: usize, b: usize): void {
  fromIntegers(cpu, t, b, true, 64, false);
}
/** xvcvsxwsp. */
export function xvcvsxwsp(cpu: usize, t: usize, b: usize): void {
  fromIntegers(cpu, t, b, true, 32, true);
}
/** xvcvuxwsp. */
export function xvcvuxwsp(cpu: usize, t: usize, b: usize): void {
  fromIntegers(cpu, t, b, true, 32, false);
}

/** xvcvdpsp. */
export function xvcvdpsp(cpu: usize, t: usize, b: usize): void {
  begin(cpu);
  for (let i = 0; i < 2; i++) {
    unpackDouble(load<u64>(doubleAt(b, i)));
    toA();
    operand();
    roundTo(24, -126, 127, 192);
    const bits = <u64>packSingle();
    putDouble(i, (bits << 32) | bits);
  }
  if (endVector(cpu)) writeResult(t);
}

/** xvcvspdp: from words 0 and 2. */
export function xvcvspdp(cpu: usize, t: usize, b: usize): void {
  begin(cpu);
  for (let i = 0; i < 2; i++) {
    unpackSingle(load<u32>(wordAt(b, 2 * i)));
    toA();
    operand();
    putDouble(i, packDouble());
  }
  if (endVector(cpu)) writeResult(t);
}

/** xvcvhpsp: from the low half of each word. */
export function xvcvhpsp(cpu: usize, t: usize, b: usize): void {
  begin(cpu);
  clearResult();
  for (let i = 0; i < 4; i++) {
    unpackHalf(load<u16>(wordAt(b, i)));
    toA();
    operand();
    putWord(i, packSingle());
  }
  if (endVector(cpu)) writeResult(t);
}

/** xvcvsphp: into the low half of each word, zero above. */
export function xvcvsphp(cpu: usize, t: usize, b: usize): void {
  begin(cpu);
  clearResult();
  for (let i = 0; i < 4; i++) {
    unpackSingle(load<u32>(wordAt(b, i)));
    toA();
    operand();
    roundTo(11, -14, 15, 24);
    putWord(i, packHalf() & 0xffff);
  }
  if (endVector(cpu)) writeResult(t);
}
