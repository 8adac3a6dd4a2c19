// Radix tree translation, process-scoped; guest real is host real (Power ISA v3.1 Book III, section 6.7.10).
import * as L from '../generated/layout';
import * as R from '../supervisor/registers';
import * as T from './translation';

const PTE_VALID: u64 = 1 << 63;
const PTE_LEAF: u64 = 1 << 62;
const PTE_R: u64 = 0x100;
const PTE_C: u64 = 0x80;
const PTE_ATT: u64 = 0x30;
const ATT_NON_IDEMPOTENT: u64 = 0x20;
const EAA_PRIVILEGED: u64 = 8;
const EAA_READ: u64 = 4;
const EAA_WRITE: u64 = 2;
const EAA_EXECUTE: u64 = 1;
const NEXT_LEVEL: u64 = 0x0fff_ffff_ffff_ff00;
const RPN: u64 = 0x01ff_ffff_ffff_f000;

/** Host address of a doubleword of a table in RAM; 0 when it lies outside. */
@inline function tableEntry(real: u64): usize {
  return real + 8 <= load<u64>(L.W_ramBytes) ? load<u32>(L.W_ramBase) + <u32>real : 0;
}

/** What AMR and IAMR key 0 leave of the access rights of a problem-state page for privileged accesses. */
function keyRights(cpu: usize): i32 {
  const amr = R.spr(cpu, R.SPR_AMR);
  const iamr = R.spr(cpu, R.SPR_IAMR);
  return (amr >> 62 & 1 ? 0 : T.CAN_READ) | (amr >> 63 ? 0 : T.CAN_WRITE) | (iamr >> 62 & 1 ? 0 : T.CAN_EXECUTE);
}

/**
 * Walks the tree for `access` (ACCESS_READ, …). Returns FOUND with `real` and `rights` set, or FAULT/SEGMENT with
 * `fault` set to DSISR or SRR1 bits. Sets R and C.
 */
export function walkRadix(cpu: usize, ea: u64, access: i32): i32 {
  const quadrant = <i32>(ea >> 62);
  if (quadrant == 1 || quadrant == 2) return T.SEGMENT;
  const pid = quadrant == 0 ? R.spr(cpu, R.SPR_PIDR) & 0xffffffff : 0;
  const processTable = load<u64>(cpu, L.S_processTable);
  if (pid << 4 >= (<u64>1) << (12 + (processTable & 31))) return T.faulted(T.NO_TRANSLATION);
  const process = tableEntry((processTable & 0x0fff_ffff_ffff_f000) + (pid << 4));
  if (process == 0) return T.faulted(T.BAD_PROCESS_TABLE);
  const root = bswap(load<u64>(process));
  let bits = 31 + <i32>(((root >> 58) & 0x18) | ((root >> 5) & 7));
  if (bits > 62 || (ea & 0x3fff_ffff_ffff_ffff) >> bits != 0) return T.SEGMENT;
  let next = root & NEXT_LEVEL;
  let width = <i32>(root & 31);
  let entry: usize;
  let pte: u64;
  for (;;) {
    // A level of no bits, or one that reaches below 4 KiB, is no supported configuration.
    if (width == 0 || bits - width < 12) return T.faulted(T.BAD_CONFIGURATION);
    bits -= width;
    entry = tableEntry(next + (((ea >> bits) & (((<u64>1) << width) - 1)) << 3));
    if (entry == 0) return T.faulted(T.BAD_CONFIGURATION);
    pte = bswap(load<u64>(entry));
    if (!(pte & PTE_VALID)) return T.faulted(T.NO_TRANSLATION);
    if (pte & PTE_LEAF) break;
    next = pte & NEXT_LEVEL;
    width = <i32>(pte & 31);
  }
  return checkLeaf(cpu, ea, access, entry, pte, bits);
}

function checkLeaf(cpu: usize, ea: u64, access: i32, entry: usize, pte: u64, bits: i32): i32 {
  const problem = (R.msr(cpu) & R.MSR_PR) != 0;
  const privilegedPage = (pte & EAA_PRIVILEGED) != 0;
  let rights =
    (pte & (EAA_READ | EAA_WRITE) ? T.CAN_READ : 0) |
    (pte & EAA_WRITE ? T.CAN_WRITE : 0) |
    (pte & EAA_EXECUTE && (pte & PTE_ATT) != ATT_NON_IDEMPOTENT ? T.CAN_EXECUTE : 0);
  const keyed = !problem && !privilegedPage;
  if (keyed) rights &= keyRights(cpu);
  else if (problem && privilegedPage) rights = 0;
  if (!(rights & (1 << access))) return T.faulted(access == T.ACCESS_EXECUTE ? T.NO_EXECUTE : T.PROTECTION);
  const update = access == T.ACCESS_WRITE ? PTE_R | PTE_C : PTE_R;
  if ((pte & update) != update) {
    atomic.or<u64>(entry, bswap(update));
    pte |= update;
  }
  const offset = ((<u64>1) << bits) - 1;
  return T.found((pte & RPN & ~offset) | (ea & offset), rights, (pte & PTE_C) != 0, keyed);
}
