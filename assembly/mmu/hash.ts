// Hash page table translation (Power ISA v3.0 Book III, section 5.7.8). The table lies outside guest memory; its
// doublewords are kept in the host's byte order.
import * as L from '../generated/layout';
import * as R from '../supervisor/registers';
import { slbIndexOf, slbVsidWord } from './slb';
import * as T from './translation';

// First doubleword of an entry.
export const HPTE_V_1TB: u64 = 1 << 62;
export const HPTE_V_AVPN: u64 = 0x3fff_ffff_ffff_ff80;
export const HPTE_V_LARGE: u64 = 4;
export const HPTE_V_SECONDARY: u64 = 2;
export const HPTE_V_VALID: u64 = 1;
/** B, AVPN, H and V decide whether an entry matches. */
const COMPARED: u64 = 0xffff_ffff_ffff_ff83;

// Second doubleword.
export const HPTE_R_PP0: u64 = 1 << 63;
export const HPTE_R_KEY_HIGH: u64 = 0x3000_0000_0000_0000;
export const HPTE_R_RPN: u64 = 0x0fff_ffff_ffff_f000;
export const HPTE_R_KEY_LOW: u64 = 0xe00;
export const HPTE_R_R: u64 = 0x100;
export const HPTE_R_C: u64 = 0x80;
export const HPTE_R_W: u64 = 0x40;
export const HPTE_R_I: u64 = 0x20;
export const HPTE_R_M: u64 = 0x10;
export const HPTE_R_G: u64 = 8;
export const HPTE_R_N: u64 = 4;
export const HPTE_R_PP: u64 = 3;

// VSID doubleword of an SLB entry.
const SLB_KS: u64 = 0x800;
const SLB_KP: u64 = 0x400;
const SLB_N: u64 = 0x200;
const SLB_L_LP: u64 = 0x130;
const SLB_VSID_AND_B: u64 = 0x7fff_ffff_ffff_f000;
/** Bits of a VSID that a 1 TiB segment has no use for. */
const SLB_NOT_1TB: u64 = 0xff_f000;

const LPCR_TC: u64 = 0x200;

/** log2 of the base page size of a segment (L and LP of the SLB entry); 0 for a reserved encoding. */
function baseShift(vsidWord: u64): i32 {
  const encoding = vsidWord & SLB_L_LP;
  return encoding == 0 ? 12 : encoding == 0x110 ? 16 : encoding == 0x100 ? 24 : encoding == 0x120 ? 34 : 0;
}

@inline function encodes(pte1: u64, shift: i32, encoding: u64): bool {
  return (pte1 & HPTE_R_RPN & (((<u64>1) << shift) - 1)) == encoding << 12;
}

/** Number of a page size in `hashPageBit` (src/cpu/memory-map.ts). */
@inline function sizeNumber(shift: i32): i32 {
  return shift == 12 ? 0 : shift == 16 ? 1 : shift == 24 ? 2 : 3;
}

/** `shift` when the machine offers pages of that size in segments with this base page size, else 0. */
@inline function offered(base: i32, shift: i32): i32 {
  return (load<u32>(L.W_hashPages) >> (4 * sizeNumber(base) + sizeNumber(shift))) & 1 ? shift : 0;
}

/** log2 of an entry's actual page size in a segment with this base page size; 0 = does not belong there. */
function actualShift(pte0: u64, pte1: u64, base: i32): i32 {
  if (!(pte0 & HPTE_V_LARGE)) return base == 12 ? offered(12, 12) : 0;
  if (base == 12) return encodes(pte1, 16, 7) ? offered(12, 16) : encodes(pte1, 24, 0x38) ? offered(12, 24) : 0;
  if (base == 16) return encodes(pte1, 16, 1) ? offered(16, 16) : encodes(pte1, 24, 8) ? offered(16, 24) : 0;
  if (base == 24) return encodes(pte1, 24, 0) ? offered(24, 24) : 0;
  return encodes(pte1, 34, 3) ? offered(34, 34) : 0;
}

/** log2 of the base page size of an entry, as far as the entry tells; 0 = no such encoding. */
export function basePageShiftOf(pte0: u64, pte1: u64): i32 {
  if (actualShift(pte0, pte1, 12) != 0) return 12;
  if (actualShift(pte0, pte1, 16) != 0) return 16;
  if (actualShift(pte0, pte1, 24) != 0) return 24;
  return actualShift(pte0, pte1, 34) != 0 ? 34 : 0;
}

/** log2 of the actual page size when the segment is not known (hypercalls); 0 = no such encoding. */
export function pageShiftOf(pte0: u64, pte1: u64): i32 {
  const base = basePageShiftOf(pte0, pte1);
  return base != 0 ? actualShift(pte0, pte1, base) : 0;
}

/** Address of the matching entry of a group, 0 when there is none. */
function searchGroup(hash: u64, pte0: u64, base: i32): usize {
  const groups = load<u64>(L.W_hptBytes) >> 7;
  let entry = load<u32>(L.W_hptBase) + (<u32>(hash & (groups - 1)) << 7);
  const end = entry + 128;
  for (; entry < end; entry += 16) {
    const word = load<u64>(entry);
    if (((word ^ pte0) & COMPARED) == 0 && actualShift(word, load<u64>(entry, 8), base) != 0) return entry;
  }
  return 0;
}

/** Rights that PP and the segment's key give (figure "Protection bits"). */
function ppRights(cpu: usize, vsidWord: u64, pte1: u64): i32 {
  const key = vsidWord & (R.msr(cpu) & R.MSR_PR ? SLB_KP : SLB_KS);
  const pp = <i32>(pte1 & HPTE_R_PP) | <i32>(pte1 >> 61 & 4);
  const readable = T.CAN_READ | T.CAN_EXECUTE;
  if (pp == 2) return readable | T.CAN_WRITE;
  if (pp == 3) return readable;
  if (pp < 2) return key == 0 ? readable | T.CAN_WRITE : pp == 1 ? readable : 0;
  return pp == 6 && key == 0 ? readable : 0;
}

@inline function keyOf(pte1: u64): i32 {
  return <i32>((pte1 & HPTE_R_KEY_HIGH) >> 57) | <i32>((pte1 & HPTE_R_KEY_LOW) >> 9);
}

/** Rights that AMR and IAMR leave for a page with this virtual page class key. */
function keyRights(cpu: usize, key: i32): i32 {
  const shift = <u64>(2 * (31 - key));
  const amr = R.spr(cpu, R.SPR_AMR) >> shift;
  const iamr = R.spr(cpu, R.SPR_IAMR) >> shift;
  return (amr & 1 ? 0 : T.CAN_READ) | (amr & 2 ? 0 : T.CAN_WRITE) | (iamr & 1 ? 0 : T.CAN_EXECUTE);
}

/** As `walkRadix`: finds the segment, then the page; sets R and C. */
export function walkHash(cpu: usize, ea: u64, access: i32): i32 {
  const index = slbIndexOf(cpu, ea);
  if (index < 0) return T.SEGMENT;
  const vsidWord = slbVsidWord(cpu, index);
  if (access == T.ACCESS_EXECUTE && vsidWord & SLB_N) return T.faulted(T.NO_EXECUTE);
  const base = baseShift(vsidWord);
  const tera = (vsidWord & HPTE_V_1TB) != 0;
  const offset = ea & (tera ? 0xff_ffff_ffff : 0xfff_ffff);
  const vsid = (vsidWord & HPTE_V_AVPN) >> (tera ? 24 : 12);
  const hash = vsid ^ (tera ? vsid << 25 : 0) ^ (offset >> base);
  // Address bits inside a base page larger than 2^23 are no part of AVPN.
  const page = (offset >> base) << base;
  const pte0 =
    (vsidWord & (tera ? SLB_VSID_AND_B & ~SLB_NOT_1TB : SLB_VSID_AND_B)) | ((page >> 16) & HPTE_V_AVPN) | HPTE_V_VALID;
  if (base == 0 || load<u64>(L.W_hptBytes) == 0) return T.faulted(T.NO_TRANSLATION);
  let entry = searchGroup(hash, pte0, base);
  if (entry == 0 && !(R.spr(cpu, R.SPR_LPCR) & LPCR_TC)) entry = searchGroup(~hash, pte0 | HPTE_V_SECONDARY, base);
  if (entry == 0) return T.faulted(T.NO_TRANSLATION);
  return checkEntry(cpu, ea, access, entry, vsidWord, base);
}

function checkEntry(cpu: usize, ea: u64, access: i32, entry: usize, vsidWord: u64, base: i32): i32 {
  const pte1 = load<u64>(entry, 8);
  const execute = pte1 & (HPTE_R_N | HPTE_R_G) || vsidWord & SLB_N ? T.CAN_READ | T.CAN_WRITE : 7;
  const pp = ppRights(cpu, vsidWord, pte1);
  const key = keyOf(pte1);
  const byKey = keyRights(cpu, key);
  const needed = 1 << access;
  const rights = execute & pp & byKey;
  if (!(rights & needed)) {
    let bits: u64 = !(execute & needed) ? T.NO_EXECUTE : !(pp & needed) ? T.PROTECTION : 0;
    if (!(byKey & needed)) bits |= T.KEY;
    return T.faulted(bits);
  }
  const update = access == T.ACCESS_WRITE ? HPTE_R_R | HPTE_R_C : HPTE_R_R;
  if ((pte1 & update) != update) atomic.or<u64>(entry + 8, update);
  T.foundInSlot((<u32>entry - load<u32>(L.W_hptBase)) >> 4);
  const mask = ((<u64>1) << actualShift(load<u64>(entry), pte1, base)) - 1;
  const real = (pte1 & HPTE_R_RPN & ~mask) | (ea & mask);
  // Of a larger page each base page has an entry of its own.
  return T.foundInLeaf(base, real, rights, ((pte1 | update) & HPTE_R_C) != 0, key != 0);
}
