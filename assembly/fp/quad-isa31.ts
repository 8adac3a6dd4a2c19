// Quad-precision compares to masks, type-C extremes, conversions to and from 128-bit integers, and bfloat16
// (Power ISA 3.1 Book I, section 7.6.1).
import { operand } from './arithmetic';
import { begin, endScalar, endVector, endWithoutClass, Now, TOWARD_ZERO, update, VE, VXCVI, VXSNAN, XX } from './fpscr';
import { roundIntegral } from './integer';
import { A, B, classOfResult, FINITE, packQuad, packSingle, QUIET, R, roundTo, SIGNALLING, toA, unpackInteger, unpackSingle, ZERO } from './number';
import { order, unpackPair } from './quad';
import { clearResult, putWord, wordAt, writeResult } from './vector-elements';
import { noteOrdered } from './vsx-scalar';

const TOP: u64 = 0x8000_0000_0000_0000;

/** Ends an instruction that raises but never rounds; false when VE keeps the target. */
function endWithoutRounding(cpu: usize): bool {
  update(cpu, Now.fpscr, 0, 0, Now.raised);
  return Now.raised == 0 || (Now.fpscr & VE) == 0;
}

/** xscmpeqqp, xscmpgtqp, xscmpgeqp: all ones when the order is one of `wanted` (LT=8, GT=4, EQ=2); EQ alone is quiet. */
export function xscmpqpMask(cpu: usize, t: usize, a: usize, b: usize, wanted: u32): void {
  begin(cpu);
  unpackPair(a, b);
  const field = order();
  if (field == 1) {
    const signals = A.kind == SIGNALLING || B.kind == SIGNALLING;
    if (wanted != 2) noteOrdered(true, signals);
    else if (signals) Now.raised |= VXSNAN;
  }
  if (!endWithoutRounding(cpu)) return;
  const mask: u64 = field & wanted ? ~(<u64>0) : 0;
  store<u64>(t + 8, mask);
  store<u64>(t, mask);
}

/** xsmaxcqp (`wanted` GT=4), xsmincqp (LT=8): a when it is the wanted side of b, else b. */
export function xsextremecqp(cpu: usize, t: usize, a: usize, b: usize, wanted: u32): void {
  begin(cpu);
  unpackPair(a, b);
  if (A.kind == SIGNALLING || B.kind == SIGNALLING) Now.raised |= VXSNAN;
  const from = order() & wanted ? a : b;
  if (!endWithoutRounding(cpu)) return;
  const high = load<u64>(from + 8);
  const low = load<u64>(from);
  store<u64>(t + 8, high);
  store<u64>(t, low);
}

/** Stores a 128-bit integer. */
function put(t: usize, high: u64, low: u64): void {
  store<u64>(t + 8, high);
  store<u64>(t, low);
}

/** xscvqpsqz, xscvqpuqz: toward zero, saturated. */
export function xscvqpToQuadword(cpu: usize, t: usize, b: usize, signed: i32): void {
  begin(cpu);
  unpackPair(b, b);
  operand();
  const leastHigh: u64 = signed ? TOP : 0;
  let high: u64 = 0;
  let low: u64 = 0;
  let invalid = R.kind >= QUIET;
  if (invalid) high = leastHigh;
  else {
    if (R.kind == FINITE) {
      roundIntegral(TOWARD_ZERO);
      if (Now.rounding) Now.raised |= XX;
    }
    if (R.kind != ZERO) {
      const down = 127 - R.exp;
      // In range: a magnitude below 2^127 (2^128 unsigned), or the least signed value.
      const least = signed && R.sign && down == 0 && R.hi == TOP && R.lo == 0;
      invalid = R.kind != FINITE || down < (signed && !least ? 1 : 0) || (!signed && R.sign != 0);
      if (invalid) {
        high = R.sign ? leastHigh : ~leastHigh;
        low = R.sign ? 0 : ~(<u64>0);
      } else {
        if (down >= 64) low = R.hi >> (down - 64);
        else {
          high = R.hi >> down;
          low = down ? (R.hi << (64 - down)) | (R.lo >> down) : R.lo;
        }
        if (R.sign) {
          low = 0 - low;
          high = ~high + <u64>(low == 0);
        }
      }
    }
  }
  if (invalid) {
    Now.raised = (Now.raised & ~XX) | VXCVI;
    Now.rounding = 0;
  }
  if (endWithoutClass(cpu)) put(t, high, low);
}

/** xscvsqqp, xscvuqqp: a 128-bit integer, rounded as FPSCR says. */
export function xscvQuadwordToQp(cpu: usize, t: usize, b: usize, signed: i32): void {
  begin(cpu);
  let high = load<u64>(b + 8);
  let low = load<u64>(b);
  const negative = signed && <i64>high < 0;
  if (negative) {
    low = 0 - low;
    high = ~high + <u64>(low == 0);
  }
  unpackInteger(negative ? 1 : 0, high, low);
  roundTo(113, -16382, 16383, 24576);
  if (endScalar(cpu, classOfResult(-16382))) packQuad(t);
}

/** xvcvspbf16: rounded to bfloat16, into the low half of each word, zero above. */
export function xvcvspbf16(cpu: usize, t: usize, b: usize): void {
  begin(cpu);
  clearResult();
  for (let i = 0; i < 4; i++) {
    unpackSingle(load<u32>(wordAt(b, i)));
    toA();
    operand();
    roundTo(8, -126, 127, 192);
    putWord(i, packSingle() >> 16);
  }
  if (endVector(cpu)) writeResult(t);
}
