// Moves the hash page table to a table of another size (PAPR, H_RESIZE_HPT_COMMIT). An entry keeps its slot number and
// hash function, as the guest relies on for the entries that it made.
import * as L from '../generated/layout';
import * as H from './hash';
import { tlbFlushTranslated } from './tlb';

/** Software's mark (bit 59) of entries that must survive. */
const BOLTED: u64 = 0x10;

/** Hash of an entry's virtual page: AVPN gives all address bits from 2^23 up, the group number those below. */
function hashOf(pte0: u64, base: i32, oldHash: u64): u64 {
  const page = (pte0 & H.HPTE_V_AVPN) >> 7;
  const tera = (pte0 & H.HPTE_V_1TB) != 0;
  const vsid = page >> (tera ? 17 : 5);
  const scrambled = tera ? vsid ^ (vsid << 25) : vsid;
  const known = (page & (tera ? 0x1_ffff : 0x1f)) << 23;
  if (base >= 23) return scrambled ^ (known >> base);
  const missing = ((<u64>1) << (23 - base)) - 1;
  return scrambled ^ ((known >> base) | ((scrambled ^ oldHash) & missing));
}

/**
 * Copies all entries to an empty table of `bytes` at `to` (byte offset in linear memory) and makes that the table.
 * Returns 1; or 0, with everything as before, when two bolted entries want one place.
 */
export function hptRehash(to: usize, bytes: u32): i32 {
  const from = load<u32>(L.W_hptBase);
  const oldBytes = load<u32>(L.W_hptBytes);
  const oldMask = (oldBytes >> 7) - 1;
  const newMask = (bytes >> 7) - 1;
  for (let at: u32 = 0; at < oldBytes; at += 16) {
    const pte0 = load<u64>(from + at);
    if (!(pte0 & H.HPTE_V_VALID)) continue;
    const pte1 = load<u64>(from + at, 8);
    const secondary = (pte0 & H.HPTE_V_SECONDARY) != 0;
    const group = secondary ? ~(at >> 7) & oldMask : at >> 7;
    const hash = <u32>hashOf(pte0, H.basePageShiftOf(pte0, pte1), group);
    const entry = to + (((secondary ? ~hash : hash) & newMask) << 7) + (at & 0x70);
    const there = load<u64>(entry);
    if (there & H.HPTE_V_VALID) {
      // A smaller table: what the guest has not bolted it enters again when needed.
      if (!(pte0 & BOLTED)) continue;
      if (there & BOLTED) return 0;
    }
    store<u64>(entry, pte0);
    store<u64>(entry, pte1, 8);
  }
  store<u64>(L.W_hptBase, to);
  store<u64>(L.W_hptBytes, bytes);
  const first = load<u32>(L.W_vcpuBase);
  const count = load<i32>(L.W_vcpuCount);
  for (let i = 0; i < count; i++) tlbFlushTranslated(first + i * L.vcpuStride);
  return 1;
}

/** Empties a table. */
export function hptClear(at: usize, bytes: u32): void {
  memory.fill(at, 0, bytes);
}
