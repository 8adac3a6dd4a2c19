// Interrupt delivery: saves the old context, makes the new one, chooses the vector (Power ISA v3.1 Book III,
// sections 7.5 and 2.2 "LPCR[AIL]").
import * as L from '../generated/layout';
import { interrupted } from '../imports';
import { translateQuietly } from '../mmu/access';
import { updateContext } from '../mmu/context';
import { ACCESS_EXECUTE } from '../mmu/translation';
import { stepElsewhere } from '../mmu/step';
import * as R from '../supervisor/registers';
import { decrementerExpired } from '../supervisor/time';
import { hypervisorVector } from '../nested/exits';
import { nestedLeave } from '../nested/leave';

/** Alternate interrupt location in force: 0 none, 2 or 3. */
export function interruptLocation(cpu: usize): i32 {
  const relocated = R.MSR_IR | R.MSR_DR;
  if (!R.hasModel(cpu, L.MODEL_isa207) || (R.msr(cpu) & relocated) != relocated) return 0;
  const mode = <i32>(R.spr(cpu, R.SPR_LPCR) >> R.LPCR_AIL_SHIFT) & 3;
  if (mode == 3 || (mode == 2 && !R.hasModel(cpu, L.MODEL_isa310))) return mode;
  return 0;
}

/** MSR bits that every interrupt sets from the partition's settings. */
@inline export function interruptMode(cpu: usize): u64 {
  return R.MSR_SF | (R.spr(cpu, R.SPR_LPCR) & R.LPCR_ILE ? R.MSR_LE : 0);
}

/** MSR[TS] after an interrupt: a transaction is suspended. */
@inline export function suspended(msr: u64): u64 {
  return msr & R.MSR_TS ? (<u64>1) << R.MSR_TS_SHIFT : 0;
}

/**
 * DSISR of an alignment interrupt, which tells of the instruction up to edition 2.07 (Power ISA v2.07 Book III-S, section
 * 6.5.8): its form, part of its opcode, RT or RS, and RA.
 */
function describeAlignment(cpu: usize): void {
  const real = translateQuietly(cpu, load<u64>(cpu, L.S_nip), ACCESS_EXECUTE);
  if (real >= load<u64>(L.W_ramBytes)) return;
  const raw = load<u32>(load<u32>(L.W_ramBase) + <u32>real);
  const word = R.msr(cpu) & R.MSR_LE ? raw : bswap(raw);
  const primary = word >> 26;
  let dsisr = (word >> 16) & 0x3ff;
  if (primary == 31) {
    dsisr |= ((word >> 1) & 3) << 15 | ((word >> 6) & 1) << 14 | ((word >> 7) & 15) << 10;
  } else {
    // Only the DS forms (primary opcodes 57, 58, 61 and 62) have opcode bits at the end.
    if (primary >= 57) dsisr |= (word & 3) << 18;
    dsisr |= (primary & 1) << 14 | ((primary >> 1) & 15) << 10;
  }
  R.setSpr(cpu, R.SPR_DSISR, dsisr);
}

/** Takes the interrupt in the state's `exception`; `nip` is the address of the instruction that raised it. */
export function deliver(cpu: usize): void {
  if (stepElsewhere(cpu, load<u64>(cpu, L.S_nip)) && load<i32>(cpu, L.S_exception) == 0) return;
  const vector = load<i32>(cpu, L.S_exception);
  if (load<u64>(L.W_watchInterrupts)) interrupted(cpu, vector);
  const old = R.msr(cpu);
  let resume = load<u64>(cpu, L.S_nip);
  if (load<i32>(cpu, L.S_exceptionAfter)) resume += 4;
  if (!(old & R.MSR_SF)) resume &= 0xffffffff;
  if (load<i32>(cpu, L.S_nested)) {
    const due = hypervisorVector(cpu, vector);
    if (due != 0) return nestedLeave(cpu, due, load<u64>(cpu, L.S_exceptionSrr1));
  }
  if (vector == 0x600 && !R.hasModel(cpu, L.MODEL_isa300)) describeAlignment(cpu);
  R.setSpr(cpu, R.SPR_SRR0, resume);
  R.setSpr(cpu, R.SPR_SRR1, (old & ~R.SRR1_STATUS) | load<u64>(cpu, L.S_exceptionSrr1));
  let msr = interruptMode(cpu) | (vector == 0x200 ? 0 : old & R.MSR_ME) | suspended(old);
  let entry = <u64>vector;
  const location = vector == 0x100 || vector == 0x200 ? 0 : interruptLocation(cpu);
  if (location != 0) {
    msr |= R.MSR_IR | R.MSR_DR;
    entry |= location == 3 ? 0xc000_0000_0000_4000 : 0x18000;
  }
  store<u64>(cpu, msr, L.S_msr);
  store<u64>(cpu, entry, L.S_nip);
  store<i32>(cpu, 0, L.S_exception);
  store<i32>(cpu, 0, L.S_exceptionAfter);
  store<u64>(cpu, 0, L.S_exceptionSrr1);
  updateContext(cpu);
}

@inline function take(cpu: usize, vector: i32): i32 {
  store<i32>(cpu, vector, L.S_exception);
  store<i32>(cpu, 0, L.S_exceptionAfter);
  store<u64>(cpu, 0, L.S_exceptionSrr1);
  deliver(cpu);
  return 1;
}

@inline function forget(cpu: usize, bit: i32): void {
  store<i32>(cpu, load<i32>(cpu, L.S_pending) & ~bit, L.S_pending);
}

/**
 * What waits and ends a run of a guest of the guest: the vector that its hypervisor is told, 0 where the interrupt is for the
 * hypervisor itself to take; -1 when nothing does. None of them looks at MSR[EE] of the guest.
 */
export function leaveDue(cpu: usize): i32 {
  const pending = load<i32>(cpu, L.S_pending);
  if (!load<i32>(cpu, L.S_nested)) return -1;
  if (pending & (L.PENDING_systemReset | L.PENDING_machineCheck | L.PENDING_outerDoorbell)) return 0;
  if (pending & L.PENDING_external) return 0x500;
  if (pending & L.PENDING_hypervisorDecrementer) return 0x980;
  return -1;
}

/**
 * Delivers the most favoured waiting interrupt that is enabled; `nip` is the next instruction. Returns 1 when it did.
 * Order: system reset, machine check, external, decrementer, doorbell (section 7.9). The external condition stays while
 * its source asserts it, the decrementer's while DEC is negative (until taken before edition 2.07).
 */
export function deliverPending(cpu: usize): i32 {
  if (load<i32>(cpu, L.S_pending) == 0) return 0;
  const due = leaveDue(cpu);
  if (due >= 0) nestedLeave(cpu, due, 0);
  const pending = load<i32>(cpu, L.S_pending);
  if (pending & L.PENDING_systemReset) {
    forget(cpu, L.PENDING_systemReset);
    return take(cpu, 0x100);
  }
  if (pending & L.PENDING_machineCheck && R.msr(cpu) & R.MSR_ME) {
    forget(cpu, L.PENDING_machineCheck);
    return take(cpu, 0x200);
  }
  if (!(R.msr(cpu) & R.MSR_EE)) return 0;
  if (pending & (L.PENDING_external | L.PENDING_mediated)) return take(cpu, 0x500);
  if (pending & L.PENDING_decrementer && decrementerExpired(cpu)) {
    if (!R.hasModel(cpu, L.MODEL_isa207)) forget(cpu, L.PENDING_decrementer);
    return take(cpu, 0x900);
  }
  if (pending & L.PENDING_doorbell) {
    forget(cpu, L.PENDING_doorbell);
    return take(cpu, 0xa00);
  }
  return due >= 0 ? 1 : 0;
}
