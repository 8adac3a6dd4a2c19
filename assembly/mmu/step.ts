// Single-stepping: the trace interrupt of MSR[SE] and MSR[BE] (Power ISA v3.1 Book III, section 7.5.14). The instruction
// to be stepped runs from a page of records of its own, in which every other record is "illegal": control that arrives
// there, or at another page, has completed the instruction.
import * as L from '../generated/layout';
import { decodeRecord } from '../imports';
import * as R from '../supervisor/registers';

const OFF: i32 = 0;
const ARMED: i32 = 1;
const PREPARED: i32 = 2;
const PREPARED_PREFIXED: i32 = 3;

/** SRR1 bit 33 of a trace interrupt. */
const TRACED: u64 = 0x40000000;
/** SRR1 bit 34: the instruction was a prefixed one. */
const PREFIXED: u64 = 0x20000000;

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
  // Branch tracing alone passes over everything else.
  const word = steppedWord(cpu, real);
  const silent = !(R.msr(cpu) & R.MSR_SE) && !isBranch(word);
  store<i32>(cpu, silent ? ARMED : word >> 26 == 1 ? PREPARED_PREFIXED : PREPARED, L.S_stepState);
  return page(cpu);
}

/** True when the instruction that was prepared has completed and a trace interrupt is due at `nip`. */
export function stepCompleted(cpu: usize, nip: u64): bool {
  return load<i32>(cpu, L.S_stepState) >= PREPARED && nip != load<u64>(cpu, L.S_stepAddress);
}

/** Raises the trace interrupt; `nip` is the next instruction. */
export function stepRaise(cpu: usize): void {
  store<i32>(cpu, 0xd00, L.S_exception);
  store<i32>(cpu, 0, L.S_exceptionAfter);
  const prefixed = load<i32>(cpu, L.S_stepState) == PREPARED_PREFIXED;
  store<u64>(cpu, prefixed ? TRACED | PREFIXED : TRACED, L.S_exceptionSrr1);
}

/**
 * Control has reached a record of the step page that stands for "elsewhere". Returns true when that is what the raised
 * illegal-instruction interrupt means; the interrupt is then a trace interrupt, or none.
 */
export function stepElsewhere(cpu: usize, nip: u64): bool {
  const state = load<i32>(cpu, L.S_stepState);
  if (state == OFF || nip == load<u64>(cpu, L.S_stepAddress)) return false;
  if (load<i32>(cpu, L.S_exception) != 0x700 || load<u64>(cpu, L.S_exceptionSrr1) != 0x80000) return false;
  if (state >= PREPARED) stepRaise(cpu);
  else store<i32>(cpu, 0, L.S_exception);
  return true;
}
