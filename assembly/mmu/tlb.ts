// Soft TLB: tables that inline code probes. An entry {u64 tag, u32 host, u32 spare} hits when ea - tag ≤ 4096 - size.
// Sets and journals are laid out in src/cpu/memory-map.ts. Real mode uses set 0, slot s (a PID) sets 1 + 2s + PR.
import * as L from '../generated/layout';
import { stepInit } from './step';

const readBytes: i32 = L.tlbEntries * L.tlbEntryBytes;
const executeOffset: i32 = 2 * readBytes;
/** Number of the journal of entries whose permission depends on AMR. */
const keyedJournal: i32 = L.tlbSets;

@inline function setBase(cpu: usize, set: i32): usize {
  return cpu + L.STATE_BYTES + set * L.tlbSetBytes;
}
@inline function journal(cpu: usize, number: i32): usize {
  return cpu + L.STATE_BYTES + L.tlbBytes + number * L.tlbJournalBytes;
}
/**
 * Byte offset of an address's entry in its table. Bits 24 to 31 are mixed in, so that arrays a multiple of 16 MiB apart
 * do not share an entry. The engine's inline probes compute the same.
 */
@inline export function tlbIndex(ea: u64): usize {
  const low = <u32>ea;
  return ((low >>> 8) ^ (low >>> 20)) & 0xfff0;
}
/** A tag that no address looked up at this index has. */
@inline function emptyTag(index: i32): u64 {
  return <u64>((index ^ 1) & 4095) << 12;
}
@inline function clearEntry(base: usize, entry: usize): void {
  const tag = emptyTag((entry - base) >> 4);
  if (entry >= base + executeOffset && load<u64>(entry) != tag) jumpsChanged();
  store<u64>(entry, tag);
}

/** An execute entry or a region is gone: no jump that was remembered may be taken without a new look. */
export function jumpsChanged(): void {
  const epoch = load<u32>(L.W_jumpEpoch) + 16;
  store<u32>(L.W_jumpEpoch, epoch);
  if (epoch != 0) return;
  // The count has wrapped: very old entries would look new.
  for (let i = 0; i < load<i32>(L.W_vcpuCount); i++) {
    memory.fill(L.vcpuBase + i * L.vcpuStride + L.jumpCacheOffset, 0xff, L.jumpCacheBytes);
  }
}

function record(list: usize, entry: usize): void {
  const count = load<u32>(list);
  if (count < <u32>L.tlbJournalEntries) store<u32>(list + 4 + (count << 2), entry);
  if (count <= <u32>L.tlbJournalEntries) store<u32>(list, count + 1);
}

/** Puts a page into the read (0), write (1) or execute (2) table of the current mode. */
export function tlbInsert(cpu: usize, ea: u64, kind: i32, host: u32, keyed: bool): void {
  const set = kind == 2 ? load<i32>(cpu, L.S_tlbFetchSet) : load<i32>(cpu, L.S_tlbDataSet);
  const table = setBase(cpu, set) + kind * readBytes;
  const entry = table + tlbIndex(ea);
  // An execute entry that makes room for another page takes remembered jumps with it.
  if (kind == 2) clearEntry(setBase(cpu, set), entry);
  store<u64>(entry, ea & ~0xfff);
  store<u32>(entry, host, 8);
  const fills = cpu + L.S_tlbFills + (kind << 3);
  store<u64>(fills, load<u64>(fills) + 1);
  record(journal(cpu, set), entry);
  if (keyed) record(journal(cpu, keyedJournal), entry);
}

function clearSet(cpu: usize, set: i32): void {
  const base = setBase(cpu, set);
  for (let i = 0; i < L.tlbSetBytes >> 4; i++) clearEntry(base, base + (i << 4));
  store<u32>(journal(cpu, set), 0);
}

/** Drops what a set holds. */
export function tlbFlushSet(cpu: usize, set: i32): void {
  const list = journal(cpu, set);
  const count = load<u32>(list);
  if (count > <u32>L.tlbJournalEntries) return clearSet(cpu, set);
  const base = setBase(cpu, set);
  for (let i: u32 = 0; i < count; i++) clearEntry(base, load<u32>(list + 4 + (i << 2)));
  store<u32>(list, 0);
}

/** First-time set-up of a vCPU's tables and context; all entries invalid. */
export function tlbInit(cpu: usize): void {
  for (let set = 0; set < L.tlbSets; set++) clearSet(cpu, set);
  store<u32>(journal(cpu, keyedJournal), 0);
  for (let slot = 0; slot < L.tlbPidSlots; slot++) {
    store<i32>(cpu + (slot << 2), -1, L.S_tlbPid);
    store<i32>(cpu + (slot << 2), 0, L.S_tlbAge);
  }
  store<i32>(cpu, 0, L.S_tlbSlot);
  stepInit(cpu);
}

/** Drops everything of one vCPU. */
export function tlbFlushAll(cpu: usize): void {
  for (let set = 0; set < L.tlbSets; set++) tlbFlushSet(cpu, set);
  store<u32>(journal(cpu, keyedJournal), 0);
}

/** Drops all translations made with translation on, whatever their PID. */
export function tlbFlushTranslated(cpu: usize): void {
  for (let set = 1; set < L.tlbSets; set++) tlbFlushSet(cpu, set);
  store<u32>(journal(cpu, keyedJournal), 0);
}

/** Drops what a slot holds. */
export function tlbFlushSlot(cpu: usize, slot: i32): void {
  tlbFlushSet(cpu, 1 + 2 * slot);
  tlbFlushSet(cpu, 2 + 2 * slot);
}

/** Drops all translations of a PID. PID 0 also serves quadrant 3 of every process, so that it drops all. */
export function tlbFlushPid(cpu: usize, pid: u32): void {
  if (pid == 0) return tlbFlushTranslated(cpu);
  for (let slot = 0; slot < L.tlbPidSlots; slot++) {
    if (load<u32>(cpu + (slot << 2), L.S_tlbPid) == pid) tlbFlushSlot(cpu, slot);
  }
}

/** Drops entries that AMR let in: call it when AMR forbids more than before. */
export function tlbFlushKeyed(cpu: usize): void {
  const list = journal(cpu, keyedJournal);
  const count = load<u32>(list);
  store<u32>(list, 0);
  if (count > <u32>L.tlbJournalEntries) {
    for (let set = 1; set < L.tlbSets; set++) tlbFlushSet(cpu, set);
    return;
  }
  const first = setBase(cpu, 0);
  for (let i: u32 = 0; i < count; i++) {
    const entry: usize = load<u32>(list + 4 + (i << 2));
    clearEntry(first + ((entry - first) / L.tlbSetBytes) * L.tlbSetBytes, entry);
  }
}

function dropPage(base: usize, table: usize, page: u64): void {
  const entry = table + tlbIndex(page << 12);
  if (load<u64>(entry) == page << 12) clearEntry(base, entry);
}

function invalidateInSet(cpu: usize, set: i32, ea: u64, sizeShift: i32): void {
  if (load<u32>(journal(cpu, set)) == 0) return;
  const pages: u64 = sizeShift <= 12 ? 1 : sizeShift >= 22 ? 1024 : (<u64>1) << (sizeShift - 12);
  if (pages >= 1024) return tlbFlushSet(cpu, set);
  const base = setBase(cpu, set);
  const first = (ea >> 12) & ~(pages - 1);
  for (let page = first; page < first + pages; page++) {
    dropPage(base, base, page);
    dropPage(base, base + readBytes, page);
    dropPage(base, base + executeOffset, page);
  }
}

/** Drops the page of 2^sizeShift bytes around `ea` from all sets with translation on. */
export function tlbInvalidatePage(cpu: usize, ea: u64, sizeShift: i32): void {
  for (let set = 1; set < L.tlbSets; set++) invalidateInSet(cpu, set, ea, sizeShift);
}

/** As {@link tlbInvalidatePage}, for one PID (PID 0: all sets, for quadrant 3). */
export function tlbInvalidatePagePid(cpu: usize, ea: u64, sizeShift: i32, pid: u32): void {
  if (pid == 0) return tlbInvalidatePage(cpu, ea, sizeShift);
  for (let slot = 0; slot < L.tlbPidSlots; slot++) {
    if (load<u32>(cpu + (slot << 2), L.S_tlbPid) != pid) continue;
    invalidateInSet(cpu, 1 + 2 * slot, ea, sizeShift);
    invalidateInSet(cpu, 2 + 2 * slot, ea, sizeShift);
  }
}

/** Drops what was derived from the segment of 2^shift bytes around `ea`. */
export function tlbFlushSegment(cpu: usize, ea: u64, shift: i32): void {
  for (let set = 1; set < L.tlbSets; set++) {
    const list = journal(cpu, set);
    const count = load<u32>(list);
    if (count > <u32>L.tlbJournalEntries) {
      tlbFlushSet(cpu, set);
      continue;
    }
    const base = setBase(cpu, set);
    for (let i: u32 = 0; i < count; i++) {
      const entry: usize = load<u32>(list + 4 + (i << 2));
      if (load<u64>(entry) >> shift == ea >> shift) clearEntry(base, entry);
    }
  }
}

/**
 * Drops translations to the real page of 2^shift bytes at `real`, whatever their address. Execute entries do not tell
 * their real address: with `executable` all of them go.
 */
export function tlbDropReal(cpu: usize, real: u64, shift: i32, executable: bool): void {
  if (real >= load<u64>(L.W_ramBytes)) return;
  const first = load<u32>(L.W_ramBase) + <u32>real;
  const size = <u32>1 << shift;
  for (let set = 1; set < L.tlbSets; set++) {
    const list = journal(cpu, set);
    const count = load<u32>(list);
    if (count > <u32>L.tlbJournalEntries) {
      tlbFlushSet(cpu, set);
      continue;
    }
    const base = setBase(cpu, set);
    const execute = base + executeOffset;
    for (let i: u32 = 0; i < count; i++) {
      const entry: usize = load<u32>(list + 4 + (i << 2));
      if (entry >= execute ? executable : load<u32>(entry, 8) - first < size) clearEntry(base, entry);
    }
  }
}

function dropWrite(cpu: usize, host: u32): void {
  for (let set = 0; set < L.tlbSets; set++) {
    const list = journal(cpu, set);
    const count = load<u32>(list);
    const base = setBase(cpu, set);
    const table = base + readBytes;
    if (count > <u32>L.tlbJournalEntries) {
      for (let i = 0; i < L.tlbEntries; i++) {
        if (load<u32>(table + (i << 4), 8) == host) clearEntry(base, table + (i << 4));
      }
      continue;
    }
    for (let i: u32 = 0; i < count; i++) {
      const entry: usize = load<u32>(list + 4 + (i << 2));
      if (entry >= table && entry < table + readBytes && load<u32>(entry, 8) == host) clearEntry(base, entry);
    }
  }
}

/** A 4 KiB page of RAM (real address >> 12) gets code: drops write entries for it on all vCPUs. */
export function tlbDropWrite(realPage: u32): void {
  const host = load<u32>(L.W_ramBase) + (realPage << 12);
  const count = load<i32>(L.W_vcpuCount);
  for (let i = 0; i < count; i++) dropWrite(load<u32>(L.W_vcpuBase) + i * L.vcpuStride, host);
}

/** Makes a slot the current one for this PID: the one that has it, else the one unused for longest, flushed. */
export function tlbSelectSlot(cpu: usize, pid: u32): i32 {
  const current = load<i32>(cpu, L.S_tlbSlot);
  if (load<u32>(cpu + (current << 2), L.S_tlbPid) == pid) return current;
  let best = 0;
  let youngest = 0;
  let found = -1;
  for (let slot = 0; slot < L.tlbPidSlots; slot++) {
    const at = cpu + (slot << 2);
    if (load<u32>(at, L.S_tlbPid) == pid) found = slot;
    const age = load<i32>(at, L.S_tlbAge);
    if (age > youngest) youngest = age;
    if (age < load<i32>(cpu + (best << 2), L.S_tlbAge)) best = slot;
  }
  if (found < 0) {
    found = best;
    tlbFlushSlot(cpu, found);
    store<u32>(cpu + (found << 2), pid, L.S_tlbPid);
  }
  store<i32>(cpu + (found << 2), youngest + 1, L.S_tlbAge);
  store<i32>(cpu, found, L.S_tlbSlot);
  return found;
}

/** Points the state's table words at these sets. */
export function tlbSelectSets(cpu: usize, data: i32, fetch: i32): void {
  const base = setBase(cpu, data);
  store<i32>(cpu, data, L.S_tlbDataSet);
  store<i32>(cpu, fetch, L.S_tlbFetchSet);
  store<u32>(cpu, base, L.S_tlbRead);
  store<u32>(cpu, base + readBytes, L.S_tlbWrite);
  store<u32>(cpu, setBase(cpu, fetch) + executeOffset, L.S_tlbExecute);
}
