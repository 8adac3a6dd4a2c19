// Hypercalls on the hash page table (PAPR, section 14.5.4.1). Arguments are GPRs 4…11 of the caller, results go there;
// the function's result is the status. The table's place is in the machine words hptBase and hptBytes.
import * as L from '../generated/layout';
import { H_SUCCESS, H_PARAMETER, H_PTEG_FULL, H_NOT_FOUND } from '../hypercall';
import { codeWritten } from '../imports';
import * as H from './hash';
import { tlbDropSlot, tlbDropSlotAt } from './tlb';

const FLAG_EXACT: u64 = 0x80_0000_0000;
const FLAG_ZERO_PAGE: u64 = 0x8000;
const FLAG_READ_4: u64 = 0x20_0000_0000;
const FLAG_AVPN: u64 = 0x8000_0000;
const FLAG_ANDCOND: u64 = 0x4000_0000;
const WIMG: u64 = H.HPTE_R_W | H.HPTE_R_I | H.HPTE_R_M | H.HPTE_R_G;

@inline function argument(cpu: usize, n: i32): u64 {
  return load<u64>(cpu + L.S_gpr + (n << 3));
}
@inline function setResult(cpu: usize, n: i32, value: u64): void {
  store<u64>(cpu + L.S_gpr + (n << 3), value);
}
@inline function exists(index: u64): bool {
  return index < load<u64>(L.W_hptBytes) >> 4;
}
@inline function entryAt(index: u64): usize {
  return load<u32>(L.W_hptBase) + (<u32>index << 4);
}

/**
 * Low 32 bits of the effective address of a base page in a segment of 1 TiB: AVPN has those from 2^23 on, the hash, which
 * the entry's group tells, the others.
 */
function lowAddress(slot: u32, pte0: u64, base: i32): u32 {
  const page = (pte0 & H.HPTE_V_AVPN) >> 7;
  const vsid = <u32>(page >> 17);
  const hash = pte0 & H.HPTE_V_SECONDARY ? ~(slot >> 3) : slot >> 3;
  const low = (hash ^ vsid) & ((<u32>1 << (23 - base)) - 1);
  return (<u32>page << 23) | (low << base);
}

/** Drops what any vCPU has derived from an entry. An entry serves one base page, however large its own page is. */
function dropDerived(slot: u32, pte0: u64, pte1: u64): void {
  const shift = H.basePageShiftOf(pte0, pte1);
  const known = (pte0 & H.HPTE_V_1TB) != 0 && shift <= 16;
  const low = known ? lowAddress(slot, pte0, shift) : 0;
  const first = load<u32>(L.W_vcpuBase);
  const count = load<i32>(L.W_vcpuCount);
  for (let i = 0; i < count; i++) {
    const cpu = first + i * L.vcpuStride;
    if (known) tlbDropSlotAt(cpu, slot, low, <u32>1 << (shift - 12));
    else tlbDropSlot(cpu, slot);
  }
}

/** RAM is cached and coherent (WIMG = 0010), anything else cache-inhibited. */
function storageAttributesFit(pte1: u64, shift: i32): bool {
  const real = pte1 & H.HPTE_R_RPN & ~(((<u64>1) << shift) - 1);
  if (real < load<u64>(L.W_ramBytes)) return (pte1 & WIMG) == H.HPTE_R_M;
  return (pte1 & (H.HPTE_R_W | H.HPTE_R_I)) == H.HPTE_R_I;
}

/** Fills the page with zeros, as far as it is RAM. */
function zeroPage(cpu: usize, pte1: u64, shift: i32): void {
  const first = pte1 & H.HPTE_R_RPN & ~(((<u64>1) << shift) - 1);
  const end = min(first + ((<u64>1) << shift), load<u64>(L.W_ramBytes));
  for (let page = first; page < end; page += 4096) {
    memory.fill(load<u32>(L.W_ramBase) + <u32>page, 0, 4096);
    if (load<u8>(load<u32>(L.W_codeMap) + <u32>(page >> 12))) codeWritten(cpu, <u32>page, 4096);
  }
}

/** H_ENTER (flags, index, HPTE): r4 = the slot. Of the flags those for caches have nothing to do. */
export function hEnter(cpu: usize): i32 {
  const flags = argument(cpu, 4);
  const index = argument(cpu, 5);
  // Bits 57 and 58 are the hypervisor's.
  const pte0 = argument(cpu, 6) & ~0x60;
  const pte1 = argument(cpu, 7);
  const shift = H.pageShiftOf(pte0, pte1);
  if (shift == 0 || !storageAttributesFit(pte1, shift) || !exists(index)) return H_PARAMETER;
  let slot = index;
  if (flags & FLAG_EXACT) {
    if (load<u64>(entryAt(slot)) & H.HPTE_V_VALID) return H_PTEG_FULL;
  } else {
    slot = index & ~7;
    while (load<u64>(entryAt(slot)) & H.HPTE_V_VALID) if ((++slot & 7) == 0) return H_PTEG_FULL;
  }
  if (flags & FLAG_ZERO_PAGE) zeroPage(cpu, pte1, shift);
  store<u64>(entryAt(slot), pte1, 8);
  store<u64>(entryAt(slot), pte0);
  setResult(cpu, 4, slot);
  return H_SUCCESS;
}

/** Words of the entry that was removed last. */
let removed0: u64 = 0;
let removed1: u64 = 0;

@inline function matches(pte0: u64, flags: u64, avpn: u64): bool {
  if (!(pte0 & H.HPTE_V_VALID)) return false;
  if (flags & FLAG_AVPN && (pte0 & ~0x7f) != avpn) return false;
  return !(flags & FLAG_ANDCOND && (pte0 & avpn) != 0);
}

function remove(index: u64, flags: u64, avpn: u64): i32 {
  if (!exists(index)) return H_PARAMETER;
  const entry = entryAt(index);
  const pte0 = load<u64>(entry);
  if (!matches(pte0, flags, avpn)) return H_NOT_FOUND;
  store<u64>(entry, 0);
  removed0 = pte0;
  removed1 = load<u64>(entry, 8);
  store<u64>(entry, 0, 8);
  dropDerived(<u32>index, removed0, removed1);
  return H_SUCCESS;
}

/** H_REMOVE (flags, index, AVPN): r4, r5 = the old entry. */
export function hRemove(cpu: usize): i32 {
  const status = remove(argument(cpu, 5), argument(cpu, 4), argument(cpu, 6));
  if (status == H_SUCCESS) {
    setResult(cpu, 4, removed0);
    setResult(cpu, 5, removed1);
  }
  return status;
}

/** H_BULK_REMOVE: up to four {control and index, AVPN} pairs, answered in their control words. */
export function hBulkRemove(cpu: usize): i32 {
  for (let n = 4; n < 12; n += 2) {
    const request = argument(cpu, n);
    const type = <i32>(request >> 62);
    if (type == 3) break;
    if (type != 1) return H_PARAMETER;
    let answer = (request & 0x03ff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
    const flags = (request & 0x0300_0000_0000_0000) >> 26;
    const both = (flags & (FLAG_AVPN | FLAG_ANDCOND)) == (FLAG_AVPN | FLAG_ANDCOND);
    const status = both ? H_PARAMETER : remove(request & 0x00ff_ffff_ffff_ffff, flags, argument(cpu, n + 1));
    if (status == H_SUCCESS) answer |= (removed1 & (H.HPTE_R_R | H.HPTE_R_C)) << 51;
    else answer |= status == H_NOT_FOUND ? 0x1000_0000_0000_0000 : 0x2000_0000_0000_0000;
    setResult(cpu, n, answer);
    if (status == H_PARAMETER) return H_PARAMETER;
  }
  return H_SUCCESS;
}

/** H_PROTECT (flags with PP0, key, N and PP; index; AVPN). */
export function hProtect(cpu: usize): i32 {
  const flags = argument(cpu, 4);
  const index = argument(cpu, 5);
  if (!exists(index)) return H_PARAMETER;
  const entry = entryAt(index);
  const pte0 = load<u64>(entry);
  if (!matches(pte0, flags & FLAG_AVPN, argument(cpu, 6))) return H_NOT_FOUND;
  const pte1 = load<u64>(entry, 8);
  const low = H.HPTE_R_PP | H.HPTE_R_N | H.HPTE_R_KEY_LOW;
  const rights =
    ((flags << 55) & H.HPTE_R_PP0) | ((flags << 48) & H.HPTE_R_KEY_HIGH) | (flags & low);
  store<u64>(entry, (pte1 & ~(H.HPTE_R_PP0 | H.HPTE_R_KEY_HIGH | low)) | rights, 8);
  dropDerived(<u32>index, pte0, pte1);
  return H_SUCCESS;
}

/** H_READ (flags, index): r4, r5 = the entry; with the flag for four entries r4…r11. */
export function hRead(cpu: usize): i32 {
  let index = argument(cpu, 5);
  if (!exists(index)) return H_PARAMETER;
  let count = 1;
  if (argument(cpu, 4) & FLAG_READ_4) {
    index &= ~3;
    count = 4;
  }
  for (let i = 0; i < count; i++) {
    setResult(cpu, 4 + 2 * i, load<u64>(entryAt(index + i)));
    setResult(cpu, 5 + 2 * i, load<u64>(entryAt(index + i), 8));
  }
  return H_SUCCESS;
}

function clearBit(cpu: usize, bit: u64): i32 {
  const index = argument(cpu, 5);
  if (!exists(index)) return H_PARAMETER;
  const entry = entryAt(index);
  const pte0 = load<u64>(entry);
  if (!(pte0 & H.HPTE_V_VALID)) return H_NOT_FOUND;
  const pte1 = load<u64>(entry, 8);
  store<u64>(entry, pte1 & ~bit, 8);
  setResult(cpu, 4, pte1);
  dropDerived(<u32>index, pte0, pte1);
  return H_SUCCESS;
}

/** H_CLEAR_REF and H_CLEAR_MOD (flags, index): r4 = the old second doubleword. */
export function hClearRef(cpu: usize): i32 {
  return clearBit(cpu, H.HPTE_R_R);
}
export function hClearMod(cpu: usize): i32 {
  return clearBit(cpu, H.HPTE_R_C);
}
