// Segment lookaside buffer and its instructions (Power ISA v3.1 Book III, sections 6.7.8.1 and 6.9.3.1). An entry is
// {ESID doubleword with V, VSID doubleword} as slbmte gives them.
import * as L from '../generated/layout';
import * as R from '../supervisor/registers';
import { tlbFlushLowQuadrants, tlbFlushSegment, tlbFlushTranslated } from './tlb';

/** Entries of the buffer; `ibm,slb-size` of the device tree. */
const entries: i32 = 32;
const ESID_V: u64 = 0x800_0000;
const ESID_MASK: u64 = 0xffff_ffff_f000_0000;
const VSID_1TB: u64 = 1 << 62;
const VSID_CLASS: u64 = 0x80;

@inline function slot(cpu: usize, index: i32): usize {
  return cpu + L.S_slb + (index << 4);
}
@inline function esidMask(vsidWord: u64): u64 {
  return vsidWord & VSID_1TB ? 0xffff_ff00_0000_0000 : ESID_MASK;
}

/** Radix translations do not come from the SLB, and follow tlbie. */
@inline function isRadix(cpu: usize): bool {
  return (R.spr(cpu, R.SPR_LPCR) & R.LPCR_HR) != 0;
}

function dropDerived(cpu: usize, ea: u64, shift: i32): void {
  if (!isRadix(cpu)) tlbFlushSegment(cpu, ea, shift);
}

/** VSID doubleword of an entry. */
export function slbVsidWord(cpu: usize, index: i32): u64 {
  return load<u64>(slot(cpu, index), 8);
}

/** Index of the entry that translates `ea`, -1 when there is none. */
export function slbIndexOf(cpu: usize, ea: u64): i32 {
  for (let index = 0; index < entries; index++) {
    const esid = load<u64>(slot(cpu, index));
    if (esid & ESID_V && ((esid ^ ea) & esidMask(slbVsidWord(cpu, index))) == 0) return index;
  }
  return -1;
}

/** log2 of the size of an entry's segment. */
@inline function segmentShift(vsidWord: u64): i32 {
  return vsidWord & VSID_1TB ? 40 : 28;
}

/**
 * slbmte. What was derived from an entry that it replaces is dropped, so that everything derived belongs to an entry that
 * is there; slbia with IH = 3 relies on it.
 */
export function slbMoveTo(cpu: usize, rs: u64, rb: u64): void {
  const index = <i32>(rb & 0xfff);
  if (index >= entries) return;
  const esid = load<u64>(slot(cpu, index));
  const vsidWord = slbVsidWord(cpu, index);
  const same = esid == (rb & (ESID_MASK | ESID_V)) && vsidWord == rs;
  if (esid & ESID_V && !same) dropDerived(cpu, esid, segmentShift(vsidWord));
  store<u64>(slot(cpu, index), rb & (ESID_MASK | ESID_V));
  store<u64>(slot(cpu, index), rs, 8);
}

/** slbie and slbieg: ESID and segment size of RB name the segment. */
export function slbInvalidateEntry(cpu: usize, rb: u64): void {
  const tera = ((rb >> 25) & 3) == 1;
  const mask = tera ? 0xffff_ff00_0000_0000 : ESID_MASK;
  for (let index = 0; index < entries; index++) {
    const esid = load<u64>(slot(cpu, index));
    if (((esid ^ rb) & mask) == 0 && ((slbVsidWord(cpu, index) & VSID_1TB) != 0) == tera) {
      store<u64>(slot(cpu, index), esid & ~ESID_V);
    }
  }
  dropDerived(cpu, rb, tera ? 40 : 28);
}

/** What supervisor state has of class 1: by far the most of it lies in the lower quadrants, which go as a whole. */
function dropClass1(cpu: usize): void {
  tlbFlushLowQuadrants(cpu);
  for (let index = 0; index < entries; index++) {
    const esid = load<u64>(slot(cpu, index));
    const vsidWord = slbVsidWord(cpu, index);
    if (esid >> 62 != 3 || !(esid & ESID_V) || !(vsidWord & VSID_CLASS)) continue;
    tlbFlushSegment(cpu, esid, segmentShift(vsidWord));
  }
}

/**
 * slbia: IH 0, 1, 2, 6 spare entry 0; from edition 3.0 on 4 spares none, 3 takes those of class 1 and 7 takes none. All
 * drop what was derived from the SLB, 3 from entries of class 1.
 */
export function slbInvalidateAll(cpu: usize, ih: i32): void {
  if (!isRadix(cpu)) {
    if (ih == 3 && R.hasModel(cpu, L.MODEL_isa300)) dropClass1(cpu);
    else tlbFlushTranslated(cpu);
  }
  let first = 1;
  if (R.hasModel(cpu, L.MODEL_isa300)) {
    if (ih == 7) return;
    if (ih == 3 || ih == 4) first = 0;
  } else ih = 0;
  for (let index = first; index < entries; index++) {
    if (ih == 3 && !(slbVsidWord(cpu, index) & VSID_CLASS)) continue;
    store<u64>(slot(cpu, index), load<u64>(slot(cpu, index)) & ~ESID_V);
  }
}

/** slbmfev: the VSID doubleword of entry RB[52:63]; 0 when it is not valid. */
export function slbMoveFromVsid(cpu: usize, rb: u64): u64 {
  const index = <i32>(rb & 0xfff);
  return index < entries && load<u64>(slot(cpu, index)) & ESID_V ? slbVsidWord(cpu, index) : 0;
}

/** slbmfee: ESID and V of entry RB[52:63]; 0 when it is not valid. */
export function slbMoveFromEsid(cpu: usize, rb: u64): u64 {
  const index = <i32>(rb & 0xfff);
  if (index >= entries) return 0;
  const esid = load<u64>(slot(cpu, index));
  return esid & ESID_V ? esid : 0;
}

let lastFound: i32 = 0;

/** slbfee.: the VSID doubleword of the entry whose segment RB lies in, 0 when there is none. Bits 36:63 do not count. */
export function slbFindEntry(cpu: usize, rb: u64): u64 {
  const index = slbIndexOf(cpu, rb & ESID_MASK);
  lastFound = index >= 0 ? 1 : 0;
  return index >= 0 ? slbVsidWord(cpu, index) : 0;
}

/** 1 when the last {@link slbFindEntry} found an entry. */
export function slbFound(cpu: usize): i32 {
  return lastFound;
}
