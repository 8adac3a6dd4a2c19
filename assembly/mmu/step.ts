// Single-stepping: the trace interrupt of MSR[SE] and MSR[BE], and of CIABR (Power ISA v3.1 Book III, sections 7.5.14 and
// 9.3). The instruction to be stepped runs from a page of records of its own, in which every other record is "illegal":
// control that arrives there, or at another page, has completed the instruction.
import * as L from '../generated/layout';
import { decodeRecord } from '../imports';
import * as R from '../supervisor/registers';
import { jumpsChanged, tlbFlushSet } from './tlb';
import { breakpointMatches } from './watchpoint';

const OFF: i32 = 0;
const ARMED: i32 = 1;
const PREPARED: i32 = 2;
/** With {@link PREPARED}: the instruction is a prefixed one; it is at the address of CIABR. */
const IS_PREFIXED: i32 = 4;
const IS_MATCHED: i32 = 8;

/** SRR1 bit 33 of a trace interrupt. */
const TRACED: u64 = 0x40000000;
/** SRR1 bit 34: the instruction was a prefixed one. */
const PREFIXED: u64 = 0x20000000;
/** SRR1 bit 43: CIABR matched. */
const BY_CIABR: u64 = 0x100000;

@inline function page(cpu: usize): usize {
  return cpu + L.stepPageOffset;
}

/** Fills the page once. */
export function stepInit(cpu: usize): void {
  for (let i = 0; i < 1024; i++) store<u16>(page(cpu) + i * L.recordBytes, <u16>L.W_illegal);
  store<u16>(page(cpu) + 1024 * L.recordBytes, <u16>L.W_endOfPage);
  store<u32>(cpu, page(cpu), L.S_stepRecord);
}

/** MSR has changed: true when the next instruction is to be stepped. */
export function stepContext(cpu: usize, msr: u64): bool {
  const on = (msr & (R.MSR_SE | R.MSR_BE)) != 0;
  store<i32>(cpu, on ? ARMED : OFF, L.S_stepState);
  return on;
}

/** The word is a branch (b, bc, bclr, bcctr, bctar). */
function isBranch(word: u32): bool {
  const primary = word >> 26;
  const extended = (word >> 1) & 0x3ff;
  return primary == 18 || primary == 16 || (primary == 19 && (extended == 16 || extended == 528 || extended == 560));
}

/** The instruction word whose record is being stepped. */
function steppedWord(cpu: usize, real: u64): u32 {
  const word = load<u32>(load<u32>(L.W_ramBase) + <u32>real);
  return R.msr(cpu) & R.MSR_LE ? word : bswap(word);
}

/** What is to happen after the instruction at `ea`: branch tracing and CIABR pass over all that is not theirs. */
function stateOf(cpu: usize, ea: u64, word: u32): i32 {
  const prepared = word >> 26 == 1 ? PREPARED | IS_PREFIXED : PREPARED;
  if (breakpointMatches(cpu, ea)) {
    // Control that leaves the page has to be noticed.
    tlbFlushSet(cpu, load<i32>(cpu, L.S_tlbFetchSet));
    jumpsChanged();
    return prepared | IS_MATCHED;
  }
  const msr = R.msr(cpu);
  return msr & R.MSR_SE || (msr & R.MSR_BE && isBranch(word)) ? prepared : ARMED;
}

/** Copies the record at `ea` into the step page and returns that page. `records` is the page's own. */
export function stepPrepare(cpu: usize, ea: u64, real: u64, records: u32): u32 {
  const index = <i32>((ea >> 2) & 1023);
  const source = records + index * L.recordBytes;
  if (load<u16>(source) == <u16>L.W_undecoded) decodeRecord(source);
  store<u16>(load<u32>(cpu, L.S_stepRecord), <u16>L.W_illegal);
  const target = page(cpu) + index * L.recordBytes;
  memory.copy(target, source, L.recordBytes);
  if (load<u16>(source) == <u16>L.W_translated) {
    store<u16>(target, load<u16>(records + L.W_original + 2 * index));
  }
  store<u32>(cpu, target, L.S_stepRecord);
  store<u64>(cpu, ea, L.S_stepAddress);
  store<i32>(cpu, stateOf(cpu, ea, steppedWord(cpu, real)), L.S_stepState);
  return page(cpu);
}

/** True when the instruction that was prepared has completed and a trace interrupt is due at `nip`. */
export function stepCompleted(cpu: usize, nip: u64): bool {
  return load<i32>(cpu, L.S_stepState) >= PREPARED && nip != load<u64>(cpu, L.S_stepAddress);
}

/** What is due after the instruction that runs, for {@link stepRaise}; 0: nothing. */
export function stepDue(cpu: usize): i32 {
  const state = load<i32>(cpu, L.S_stepState);
  return state >= PREPARED ? state : 0;
}

/** Raises the trace interrupt that {@link stepDue} has told of; `nip` is the next instruction. */
export function stepRaise(cpu: usize, state: i32): void {
  store<i32>(cpu, 0xd00, L.S_exception);
  store<i32>(cpu, 0, L.S_exceptionAfter);
  const bits = TRACED | (state & IS_PREFIXED ? PREFIXED : 0) | (state & IS_MATCHED ? BY_CIABR : 0);
  store<u64>(cpu, bits, L.S_exceptionSrr1);
}

/**
 * Control has reached a record of the step page that stands for "elsewhere". Returns true when that is what the raised
 * illegal-instruction interrupt means; the interrupt is then a trace interrupt, or none.
 */
export function stepElsewhere(cpu: usize, nip: u64): bool {
  const state = load<i32>(cpu, L.S_stepState);
  const stepped = load<u64>(cpu, L.S_stepAddress);
  if (state == OFF || nip == stepped) return false;
  // After CIABR's page was left, the others run as ever.
  if ((nip ^ stepped) >> 12 != 0) return false;
  if (load<i32>(cpu, L.S_exception) != 0x700 || load<u64>(cpu, L.S_exceptionSrr1) != 0x80000) return false;
  if (state >= PREPARED) stepRaise(cpu, state);
  else store<i32>(cpu, 0, L.S_exception);
  return true;
}
