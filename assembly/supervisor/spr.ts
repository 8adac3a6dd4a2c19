// mfspr and mtspr of SPRs that are more than a stored value (Power ISA v3.1 Book III, section 4.4.4). Access rights
// come from the register table (src/isa/spr-table.ts) through generated attributes.

import * as L from '../generated/layout';
import * as A from '../generated/spr-attributes';
import {
  PROGRAM_ILLEGAL, PROGRAM_PRIVILEGED, facilityUnavailable, hypervisorFacilityUnavailable, hypervisorKeeps,
  raiseProgram,
} from '../interrupts/raise';
import { updateContext } from '../mmu/context';
import { tlbFlushTranslated } from '../mmu/tlb';
import { writeAmr } from './amr';
import { doorbells, threadNumber } from './message';
import * as R from './registers';
import { now, readDecrementer, timebase, writeDecrementer } from './time';
import { raiseBadThing, stateOfTransaction } from './transaction';

const SPR_MMCR0: i32 = 795;
const DPDES: i32 = 176;
const TIR: i32 = 446;

/**
 * The register's attributes when the access is allowed. 0: it is not there, and nothing (more) is to happen; an
 * interrupt has been raised where one is due.
 */
function attributes(cpu: usize, n: i32, problemBit: i32, supervisorBit: i32): i32 {
  let bits = A.sprAttributes(n);
  const problem = (R.msr(cpu) & R.MSR_PR) != 0;
  // PCR takes editions away from problem state only.
  const model = load<i32>(cpu, L.S_model) & ~(problem ? load<i32>(cpu, L.S_pcrMask) : 0);
  const newest =
    model & L.MODEL_isa310
      ? 4
      : model & L.MODEL_isa300
        ? 3
        : model & L.MODEL_isa207
          ? 2
          : model & L.MODEL_isa206
            ? 1
            : 0;
  if (newest < ((bits >> A.sinceShift) & 7) || newest > ((bits >> A.untilShift) & 7)) bits = 0;
  if (isMonitorGroupA(n)) {
    bits = monitorAttributes(cpu, n, bits);
    if (bits < 0) return 0;
  }
  if (((bits >> A.causeShift) & 15) == 5) return transactionAttributes(cpu, bits, problemBit);
  // Reserved numbers that software may use freely, from edition 2.07 on.
  if (n >= 808 && n <= 811 && R.hasModel(cpu, L.MODEL_isa207)) return 0;
  if (problem) {
    if (bits & problemBit) return facilityAllows(cpu, bits) ? bits : 0;
    // SPR numbers with bit 0 of the (unswapped) field set are privileged.
    raiseProgram(cpu, n & 0x10 ? PROGRAM_PRIVILEGED : PROGRAM_ILLEGAL);
    return 0;
  }
  if (bits & supervisorBit) return hypervisorAllows(cpu, n, bits) ? bits : 0;
  // Number 0 is illegal, and so is reading 4 to 6; others that do not exist are no-operations.
  if (n == 0 || (problemBit == A.readProblem && n >= 4 && n <= 6)) raiseProgram(cpu, PROGRAM_ILLEGAL);
  return 0;
}

/** UMMCR2, UMMCRA, UPMC1 to UPMC6, UMMCR0. */
@inline function isMonitorGroupA(n: i32): bool {
  return (n >= 769 && n <= 776) || n == 779;
}

/**
 * Problem state's numbers of the performance monitor, group A: MMCR0[PMCC] says whether it may read (0), neither (1), do both
 * (2), or both but for PMC5 and PMC6 (3). Before edition 2.07 they are for reading (Power ISA v2.07 Book III-S, section 9.4.4).
 * -1: an interrupt has been raised.
 */
function monitorAttributes(cpu: usize, n: i32, bits: i32): i32 {
  if (!R.hasModel(cpu, L.MODEL_isa207)) return bits & ~A.writeSupervisor;
  if (!(R.msr(cpu) & R.MSR_PR)) return bits;
  const control = <i32>(R.spr(cpu, SPR_MMCR0) >> 18) & 3;
  if (control == 1 || (control == 3 && (n == 775 || n == 776))) {
    facilityUnavailable(cpu, 4);
    return -1;
  }
  return control == 0 ? bits : bits | A.writeProblem;
}

/** Bits that problem state sees and changes of UMMCR0 (FC, PMAE, PMAO) and UMMCR2 (FCnP0). */
function monitorMask(cpu: usize, n: i32): u64 {
  if (!(R.msr(cpu) & R.MSR_PR)) return ~(<u64>0);
  return n == 779 ? 0x8400_0080 : n == 769 ? 0x4020_1008_0402_0000 : ~(<u64>0);
}

/** The registers of transactional memory need MSR[TM] in every state, and are not changed inside a transaction. */
function transactionAttributes(cpu: usize, bits: i32, problemBit: i32): i32 {
  if (!(load<i32>(cpu, L.S_facilities) & L.FACILITY_TM)) facilityUnavailable(cpu, 5);
  else if (problemBit == A.writeProblem && stateOfTransaction(R.msr(cpu)) != 0) raiseBadThing(cpu);
  else return bits;
  return 0;
}

function facilityAllows(cpu: usize, bits: i32): bool {
  const cause = (bits >> A.causeShift) & 15;
  if (cause == 0 || !R.hasModel(cpu, L.MODEL_isa207)) return true;
  // Each cause number is that of its FSCR bit, and of its HFSCR bit.
  if ((R.spr(cpu, R.SPR_FSCR) >> cause) & 1 && !hypervisorKeeps(cpu, cause)) return true;
  facilityUnavailable(cpu, cause);
  return false;
}

/** HFSCR's part where FSCR has none: privileged state of a guest of the guest. */
function hypervisorAllows(cpu: usize, n: i32, bits: i32): bool {
  if (!load<i32>(cpu, L.S_nested)) return true;
  const cause = hypervisorCause(n, bits);
  if (cause == 0 || !hypervisorKeeps(cpu, cause)) return true;
  hypervisorFacilityUnavailable(cpu, cause);
  return false;
}

/** The HFSCR bit, and its cause number, that covers an SPR; 0 when none does: DSCR, performance monitor, doorbells. */
function hypervisorCause(n: i32, bits: i32): i32 {
  if (n == 17) return 2;
  if ((n >= 736 && n <= 754) || (n >= 768 && n <= 798) || n == 894) return 3;
  if (n == DPDES || n == TIR) return 10;
  return (bits >> A.causeShift) & 15;
}

/** mfspr; `old` is RT, which stays where the register does not exist. */
export function moveFromSpr(cpu: usize, n: i32, old: u64): u64 {
  const bits = attributes(cpu, n, A.readProblem, A.readSupervisor);
  if (bits == 0) return old;
  switch (n) {
    case 1:
      return readXer(cpu);
    case 22:
      return readDecrementer(cpu);
    case 268:
      return timebase(cpu);
    case 269:
      return timebase(cpu) >> 32;
    // PURR, SPURR and VTB count as the timebase does while no thread shares the core.
    case 308:
      return now(cpu) + load<u64>(cpu, L.S_spurrOffset);
    case 309:
      return now(cpu) + load<u64>(cpu, L.S_purrOffset);
    case 849:
      return now(cpu) + load<u64>(cpu, L.S_vtbOffset);
    case DPDES:
      return doorbells(cpu);
    case TIR:
      return threadNumber(cpu);
    case 769:
    case 779:
      return R.spr(cpu, A.sprStorage(n)) & monitorMask(cpu, n);
    // TEXASRU, BESCRSU, BESCRRU and PPR32 are the upper words of TEXASR, BESCR and PPR.
    case 131:
    case 801:
    case 803:
    case 898:
      return R.spr(cpu, A.sprStorage(n)) >> 32;
    // Problem state sees the right half of HDEXCR and DEXCR.
    case 455:
    case 812:
      return R.spr(cpu, A.sprStorage(n)) & 0xffffffff;
    default:
      return R.spr(cpu, A.sprStorage(n));
  }
}

/** mtspr. */
export function moveToSpr(cpu: usize, n: i32, value: u64): void {
  const bits = attributes(cpu, n, A.writeProblem, A.writeSupervisor);
  if (bits == 0) return;
  switch (n) {
    case 1:
      return writeXer(cpu, value);
    case 22:
      return writeDecrementer(cpu, value);
    // Both numbers of AMR.
    case 13:
    case R.SPR_AMR:
      return writeAmr(cpu, R.msr(cpu) & R.MSR_PR ? merged(cpu, value) : value);
    case R.SPR_PIDR: {
      R.setSpr(cpu, n, value & 0xffffffff);
      return updateContext(cpu);
    }
    case R.SPR_IAMR: {
      R.setSpr(cpu, n, value);
      return tlbFlushTranslated(cpu);
    }
    case R.SPR_FSCR: {
      R.setSpr(cpu, n, value & ~load<u64>(cpu + L.S_fscrLost));
      return updateContext(cpu);
    }
    // BESCRS, BESCRSU, BESCRR, BESCRRU set and reset bits of BESCR.
    case 800:
      return R.setSpr(cpu, 806, R.spr(cpu, 806) | value);
    case 801:
      return R.setSpr(cpu, 806, R.spr(cpu, 806) | (value << 32));
    case 802:
      return R.setSpr(cpu, 806, R.spr(cpu, 806) & ~value);
    case 803:
      return R.setSpr(cpu, 806, R.spr(cpu, 806) & ~(value << 32));
    case 131:
      return R.setSpr(cpu, 130, (R.spr(cpu, 130) & 0xffffffff) | (value << 32));
    case 769:
    case 779: {
      const storage = A.sprStorage(n);
      const mask = monitorMask(cpu, n);
      return R.setSpr(cpu, storage, (R.spr(cpu, storage) & ~mask) | (value & mask));
    }
    // PPR32 is the upper word of PPR.
    case 898:
      return R.setSpr(cpu, 896, (R.spr(cpu, 896) & 0xffffffff) | (value << 32));
    default:
      R.setSpr(cpu, A.sprStorage(n), bits & A.is32 ? value & 0xffffffff : value);
  }
}

/** AMR bits that problem state may change are those of UAMOR. */
function merged(cpu: usize, value: u64): u64 {
  const mask = R.spr(cpu, 157);
  return (R.spr(cpu, R.SPR_AMR) & ~mask) | (value & mask);
}

/** XER as mfspr reads it. */
export function readXer(cpu: usize): u64 {
  const all =
    (load<u64>(cpu, L.S_so) << 31) |
    (load<u64>(cpu, L.S_ov) << 30) |
    (load<u64>(cpu, L.S_ca) << 29) |
    (load<u64>(cpu, L.S_ov32) << 19) |
    (load<u64>(cpu, L.S_ca32) << 18) |
    load<u64>(cpu, L.S_xerLow);
  return all & ~load<u64>(cpu, L.S_xerHidden);
}

/** XER from a register. */
export function writeXer(cpu: usize, value: u64): void {
  store<u64>(cpu, (value >> 31) & 1, L.S_so);
  store<u64>(cpu, (value >> 30) & 1, L.S_ov);
  store<u64>(cpu, (value >> 29) & 1, L.S_ca);
  store<u64>(cpu, (value >> 19) & 1, L.S_ov32);
  store<u64>(cpu, (value >> 18) & 1, L.S_ca32);
  // Bits 35:43 and 46:56 are reserved; the byte count is bits 57:63.
  store<u64>(cpu, value & 0x7f, L.S_xerLow);
}
