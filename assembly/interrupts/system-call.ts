// System calls and returns: sc, scv, rfid, rfscv, mtmsr[d] (Power ISA v3.1 Book III, sections 4.3.1 and 5.4.1).
import * as L from '../generated/layout';
import { interrupted } from '../imports';
import { updateContext } from '../mmu/context';
import { stepDue, stepRaise } from '../mmu/step';
import * as R from '../supervisor/registers';
import { deliverPending, interruptLocation, interruptMode, leaveDue, suspended } from './deliver';
import {
  hasTransactions, raiseBadThing, rollBack, stateOfTransaction, transactionBits,
} from '../supervisor/transaction';
import { facilityUnavailable, raise } from './raise';

/** sc that is no hypercall. */
export function systemCall(cpu: usize, lev: i32): void {
  raise(cpu, 0xc00, 0);
  store<i32>(cpu, 1, L.S_exceptionAfter);
}

/** scv: LR and CTR save the context; EE, RI and ME keep their values. `nip` is the instruction's address. */
export function systemCallVectored(cpu: usize, lev: i32): void {
  if (!(load<i32>(cpu, L.S_facilities) & L.FACILITY_SCV)) return facilityUnavailable(cpu, 12);
  if (load<u64>(L.W_watchInterrupts)) interrupted(cpu, 0x3000);
  const old = R.msr(cpu);
  const next = load<u64>(cpu, L.S_nip) + 4;
  R.setSpr(cpu, R.SPR_LR, old & R.MSR_SF ? next : next & 0xffffffff);
  R.setSpr(cpu, R.SPR_CTR, old & ~R.SRR1_STATUS);
  const location = interruptLocation(cpu);
  let msr = interruptMode(cpu) | (old & (R.MSR_EE | R.MSR_RI | R.MSR_ME)) | suspended(old);
  if (location != 0) msr |= R.MSR_IR | R.MSR_DR;
  store<u64>(cpu, msr, L.S_msr);
  store<u64>(cpu, (location == 3 ? 0xc000_0000_0000_3000 : 0x17000) + (<u64>lev << 5), L.S_nip);
  updateContext(cpu);
}

/** MSR[PR] implies EE, IR and DR. */
@inline export function withProblemState(msr: u64): u64 {
  return msr & R.MSR_PR ? msr | R.MSR_EE | R.MSR_IR | R.MSR_DR : msr;
}

/** Installs an MSR whose bits in `mask` come from `value`, and takes what waits and is enabled now. */
function changeMsr(cpu: usize, value: u64, mask: u64): void {
  const msr = (R.msr(cpu) & ~mask) | (value & mask);
  store<u64>(cpu, withProblemState(msr & implemented(cpu)), L.S_msr);
  updateContext(cpu);
}

/** MSR bits that this CPU's guests have. */
@inline export function implemented(cpu: usize): u64 {
  return hasTransactions(cpu) ? R.MSR_IMPLEMENTED | R.MSR_TS | R.MSR_TM : R.MSR_IMPLEMENTED;
}

/** `msr` with the transaction bits that it really asks for; ~0 with an interrupt raised when it must not. */
function withTransaction(cpu: usize, msr: u64): u64 {
  if (!hasTransactions(cpu)) return msr;
  const bits = transactionBits(R.msr(cpu), msr);
  if (bits != ~(<u64>0)) return (msr & ~(R.MSR_TS | R.MSR_TM)) | bits;
  raiseBadThing(cpu);
  return ~(<u64>0);
}

/** A transaction that was resumed goes back to where it began. */
export function endDoomed(cpu: usize): void {
  if (stateOfTransaction(R.msr(cpu)) == 2) rollBack(cpu);
}

function returnTo(cpu: usize, address: u64, msr: u64): void {
  const wanted = withTransaction(cpu, msr);
  if (wanted == ~(<u64>0)) return;
  // A guest can't change ME.
  changeMsr(cpu, wanted, ~R.MSR_ME);
  const target = address & ~3;
  store<u64>(cpu, R.msr(cpu) & R.MSR_SF ? target : target & 0xffffffff, L.S_nip);
  endDoomed(cpu);
  deliverPending(cpu);
}

export function returnFromInterrupt(cpu: usize): void {
  returnTo(cpu, R.spr(cpu, R.SPR_SRR0), R.spr(cpu, R.SPR_SRR1));
}

export function returnFromScv(cpu: usize): void {
  returnTo(cpu, R.spr(cpu, R.SPR_LR), R.spr(cpu, R.SPR_CTR));
}

/** form: 0 mtmsrd L=0, 1 mtmsrd L=1, 2 mtmsr L=0, 3 mtmsr L=1. HV, ME and LE never change; mtmsr leaves bits 0:31. */
export function moveToMsr(cpu: usize, value: u64, form: i32): void {
  // MSR[SE] as it was when the instruction began counts.
  const due = stepDue(cpu);
  if (form & 1) changeMsr(cpu, value, R.MSR_EE | R.MSR_RI);
  else if (form == 2) changeMsr(cpu, value, 0xffffffff & ~(R.MSR_ME | R.MSR_LE));
  else {
    const wanted = withTransaction(cpu, value);
    // The interrupt is that of this instruction, not of the next one.
    if (wanted == ~(<u64>0)) return store<u64>(cpu, load<u64>(cpu, L.S_nip) - 4, L.S_nip);
    changeMsr(cpu, wanted, ~(R.MSR_ME | R.MSR_LE));
    endDoomed(cpu);
  }
  if (due != 0) stepRaise(cpu, due);
  // Translated code keeps registers elsewhere while it calls this; it looks again when it has put them back.
  else if (leaveDue(cpu) < 0) deliverPending(cpu);
}
