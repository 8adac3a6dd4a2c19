// Transactional memory in which every transaction fails when it begins, as an implementation may (Power ISA v2.07 Book II,
// chapter 5, and Book III-S, sections 3.2 and 6.5.9). Checkpointed registers, Suspended state and its transitions are there: a
// supervisor can still make a state with trechkpt., and leaves it with treclaim. or by resuming, which rolls back.
import * as L from '../generated/layout';
import { raiseProgram } from '../interrupts/raise';
import { writeAmr } from './amr';
import * as R from './registers';

// MSR[TS], and the states that occur: there is no code that runs in Transactional state.
const NONE: u64 = 0;
const SUSPENDED: u64 = 1;
const TRANSACTIONAL: u64 = 2;

const SPR_TFHAR: i32 = 128;
const SPR_TFIAR: i32 = 129;
const SPR_TEXASR: i32 = 130;

// TEXASR.
const PERSISTENT: u64 = 1 << 56;
const NESTING_OVERFLOW: u64 = 1 << 54;
const ABORTED: u64 = 1 << 32;
const WAS_SUSPENDED: u64 = 1 << 31;
const PROBLEM_STATE: u64 = 1 << 28;
const FAILURE_SUMMARY: u64 = 1 << 27;
const EXACT: u64 = 1 << 26;
const ROLLBACK_ONLY: u64 = 1 << 25;

/** Reason of a TM Bad Thing type program interrupt. */
const BAD_THING: u64 = 0x20_0000;

/** CR0 when the failure handler is entered. */
const CR0_FAILED: u8 = 0b1010;

/** The classes of editions 2.07 and 3.0 have the facility. */
@inline export function hasTransactions(cpu: usize): bool {
  return R.hasModel(cpu, L.MODEL_isa207) && !R.hasModel(cpu, L.MODEL_isa310);
}

/** MSR[TS] of a value of MSR. */
@inline export function stateOfTransaction(msr: u64): u64 {
  return (msr >> R.MSR_TS_SHIFT) & 3;
}

@inline function setState(cpu: usize, ts: u64): void {
  store<u64>(cpu, (R.msr(cpu) & ~R.MSR_TS) | (ts << R.MSR_TS_SHIFT), L.S_msr);
}

/** CR0 tells the state that the instruction has found. */
@inline function tellState(cpu: usize): void {
  store<u8>(cpu, <u8>(stateOfTransaction(R.msr(cpu)) << 1), L.S_cr);
}

function goOn(cpu: usize): void {
  const next = load<u64>(cpu, L.S_nip) + 4;
  store<u64>(cpu, R.msr(cpu) & R.MSR_SF ? next : next & 0xffff_ffff, L.S_nip);
}

/** Copies `bytes` of the state block to the checkpoint, or back. */
@inline function copy(cpu: usize, at: usize, place: usize, bytes: usize, save: bool): void {
  const saved = cpu + L.S_checkpoint + place;
  if (save) memory.copy(saved, cpu + at, bytes);
  else memory.copy(cpu + at, saved, bytes);
}

@inline function sprPlace(n: i32): usize {
  return L.S_spr + (n << 3);
}

/** Saves the checkpointed registers, or brings them back: GPRs, VSRs, CR, XER, LR, CTR, TAR, AMR, PPR, DSCR, VRSAVE, FPSCR, VSCR. */
function moveRegisters(cpu: usize, save: bool): void {
  copy(cpu, L.S_gpr, 0, 256, save);
  copy(cpu, L.S_vsr, 256, 1024, save);
  copy(cpu, L.S_cr, 1280, 8, save);
  copy(cpu, L.S_so, 1288, 8, save);
  copy(cpu, L.S_ov, 1296, 8, save);
  copy(cpu, L.S_ov32, 1304, 8, save);
  copy(cpu, L.S_ca, 1312, 8, save);
  copy(cpu, L.S_ca32, 1320, 8, save);
  copy(cpu, L.S_xerLow, 1328, 8, save);
  copy(cpu, L.S_fpscr, 1336, 8, save);
  copy(cpu, L.S_vscr, 1344, 8, save);
  copy(cpu, sprPlace(R.SPR_LR), 1352, 8, save);
  copy(cpu, sprPlace(R.SPR_CTR), 1360, 8, save);
  copy(cpu, sprPlace(815), 1368, 8, save);
  copy(cpu, sprPlace(896), 1376, 8, save);
  copy(cpu, sprPlace(17), 1384, 8, save);
  copy(cpu, sprPlace(256), 1392, 8, save);
  if (save) store<u64>(cpu, R.spr(cpu, R.SPR_AMR), L.S_checkpoint + 1400);
  else writeAmr(cpu, load<u64>(cpu, L.S_checkpoint + 1400));
}

/** Records a failure at the address in nip, unless one is recorded already. */
function recordFailure(cpu: usize, cause: u64): void {
  if (R.spr(cpu, SPR_TEXASR) & FAILURE_SUMMARY) return;
  const msr = R.msr(cpu);
  let texasr = cause | FAILURE_SUMMARY | EXACT;
  if (stateOfTransaction(msr) == SUSPENDED) texasr |= WAS_SUSPENDED;
  const problem = (msr & R.MSR_PR) != 0;
  if (problem) texasr |= PROBLEM_STATE;
  R.setSpr(cpu, SPR_TEXASR, texasr);
  R.setSpr(cpu, SPR_TFIAR, (load<u64>(cpu, L.S_nip) & ~3) | (problem ? 1 : 0));
}

/** Failure handling of a transaction that runs again: back to the checkpoint, on to TFHAR. */
export function rollBack(cpu: usize): void {
  moveRegisters(cpu, false);
  store<u8>(cpu, CR0_FAILED, L.S_cr);
  store<i32>(cpu, 0, L.S_reserveHost);
  setState(cpu, NONE);
  const handler = R.spr(cpu, SPR_TFHAR) & ~3;
  store<u64>(cpu, R.msr(cpu) & R.MSR_SF ? handler : handler & 0xffff_ffff, L.S_nip);
}

/**
 * MSR bits 29:31 (TS, TM) after rfid, rfscv or mtmsrd: a supervisor that knows nothing of transactions keeps Suspended state;
 * ~0 when the transition is not allowed.
 */
export function transactionBits(msr: u64, wanted: u64): u64 {
  const now = msr & (R.MSR_TS | R.MSR_TM);
  const next = wanted & (R.MSR_TS | R.MSR_TM);
  if (next == 0 && now == SUSPENDED << R.MSR_TS_SHIFT) return now;
  const from = stateOfTransaction(msr);
  const to = stateOfTransaction(wanted);
  return from == to || (from == SUSPENDED && to == TRANSACTIONAL) ? next : ~(<u64>0);
}

export function raiseBadThing(cpu: usize): void {
  raiseProgram(cpu, BAD_THING);
}

/** tbegin. (R). In Suspended state it only sets CR0. */
export function transactionBegin(cpu: usize, rollbackOnly: i32): void {
  if (stateOfTransaction(R.msr(cpu)) != NONE) {
    tellState(cpu);
    return goOn(cpu);
  }
  R.setSpr(cpu, SPR_TEXASR, 0);
  recordFailure(cpu, PERSISTENT | NESTING_OVERFLOW | (rollbackOnly ? ROLLBACK_ONLY : 0));
  goOn(cpu);
  R.setSpr(cpu, SPR_TFHAR, load<u64>(cpu, L.S_nip));
  store<u8>(cpu, CR0_FAILED, L.S_cr);
}

/** tend. */
export function transactionEnd(cpu: usize): void {
  if (stateOfTransaction(R.msr(cpu)) == SUSPENDED) return raiseBadThing(cpu);
  tellState(cpu);
  goOn(cpu);
}

/** tcheck (BF): what runs outside a transaction is doomed, too. */
export function transactionCheck(cpu: usize, field: i32): void {
  const ts = stateOfTransaction(R.msr(cpu));
  const doomed = ts == NONE || (R.spr(cpu, SPR_TEXASR) & FAILURE_SUMMARY) != 0;
  store<u8>(cpu + field, <u8>((doomed ? 8 : 0) | <i32>(ts << 1)), L.S_cr);
  goOn(cpu);
}

/** tsr. (L): suspends (0) or resumes (1). */
export function transactionSuspendOrResume(cpu: usize, resume: i32): void {
  tellState(cpu);
  if (resume && stateOfTransaction(R.msr(cpu)) == SUSPENDED) {
    recordFailure(cpu, PERSISTENT | NESTING_OVERFLOW);
    return rollBack(cpu);
  }
  goOn(cpu);
}

/** tabort. and its conditional forms whose condition holds: `cause` is the failure code. */
export function transactionAbort(cpu: usize, cause: u64): void {
  if (stateOfTransaction(R.msr(cpu)) == SUSPENDED) recordFailure(cpu, (cause << 56) | ABORTED);
  tellState(cpu);
  goOn(cpu);
}

/** tabort[wd]c[i]. (TO, a, b): as trap instructions compare; words come sign-extended. */
export function transactionAbortConditionally(cpu: usize, to: i32, a: u64, b: u64): void {
  let relation = a == b ? 4 : <i64>a < <i64>b ? 16 : 8;
  if (a != b) relation |= a < b ? 2 : 1;
  if (to & relation) return transactionAbort(cpu, 1);
  tellState(cpu);
  goOn(cpu);
}

/** treclaim. (failure code). */
export function transactionReclaim(cpu: usize, cause: u64): void {
  const ts = stateOfTransaction(R.msr(cpu));
  if (ts == NONE) return raiseBadThing(cpu);
  recordFailure(cpu, (cause << 56) | ABORTED);
  moveRegisters(cpu, false);
  tellState(cpu);
  setState(cpu, NONE);
  goOn(cpu);
}

/** trechkpt. */
export function transactionRecheckpoint(cpu: usize): void {
  if (stateOfTransaction(R.msr(cpu)) != NONE || !(R.spr(cpu, SPR_TEXASR) & FAILURE_SUMMARY)) return raiseBadThing(cpu);
  moveRegisters(cpu, true);
  tellState(cpu);
  setState(cpu, SUSPENDED);
  goOn(cpu);
}
