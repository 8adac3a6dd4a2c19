// Which interrupts of a guest of the guest are its hypervisor's (Power ISA v3.1 Book III, section 7.5).
import * as L from '../generated/layout';
import { hypervisorFacilityUnavailable, hypervisorKeeps } from '../interrupts/raise';
import { translateQuietly } from '../mmu/access';
import { ACCESS_EXECUTE } from '../mmu/translation';
import * as R from '../supervisor/registers';

/** Cause numbers of floating point, and of vectors. */
const FP: i32 = 0;
const VECTOR: i32 = 1;
const ILLEGAL: u64 = 0x80000;

/** The instruction word at an address in RAM. */
function wordAt(cpu: usize, ea: u64): u32 {
  const real = translateQuietly(cpu, ea, ACCESS_EXECUTE);
  if (real >= load<u64>(L.W_ramBytes)) return 0;
  const word = load<u32>(load<u32>(L.W_ramBase) + <u32>real);
  return R.msr(cpu) & R.MSR_LE ? word : bswap(word);
}

/** HEIR: the instruction, in front of it the prefix that it has. */
function describeInstruction(cpu: usize): void {
  const ea = load<u64>(cpu, L.S_nip);
  const word = wordAt(cpu, ea);
  const prefixed = R.hasModel(cpu, L.MODEL_isa310) && word >> 26 == 1;
  R.setSpr(cpu, R.SPR_HEIR, prefixed ? (<u64>word << 32) | wordAt(cpu, ea + 4) : <u64>word);
}

/** A facility that MSR allows and HFSCR does not. */
function facilityKept(cpu: usize, enabled: u64, cause: i32): i32 {
  if (!(R.msr(cpu) & enabled) || !hypervisorKeeps(cpu, cause)) return 0;
  hypervisorFacilityUnavailable(cpu, cause);
  return 0xf80;
}

/**
 * The vector that the hypervisor is told of an interrupt that was raised at `nip`; 0: the guest takes it itself. An illegal
 * instruction is one for the hypervisor to emulate.
 */
export function hypervisorVector(cpu: usize, vector: i32): i32 {
  switch (vector) {
    case 0xe00:
    case 0xe20:
    case 0xf80:
      return vector;
    case 0x700: {
      if (!(load<u64>(cpu, L.S_exceptionSrr1) & ILLEGAL)) return 0;
      store<u64>(cpu, load<u64>(cpu, L.S_exceptionSrr1) & ~ILLEGAL, L.S_exceptionSrr1);
      describeInstruction(cpu);
      return 0xe40;
    }
    case 0x800:
      return facilityKept(cpu, R.MSR_FP, FP);
    case 0xf20:
      return facilityKept(cpu, R.MSR_VEC, VECTOR);
    case 0xf40:
      return facilityKept(cpu, R.MSR_VSX, VECTOR);
    default:
      return 0;
  }
}
