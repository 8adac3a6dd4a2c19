// Soft TLB: tables that inline code probes. An entry {u64 tag, u32 host, u32 slot} of a read or write table spans two pages, the
// first one at `tag`, and hits when ea - tag ≤ 8192 - size. It is for the first page when the next one is translated alike, so that
// accesses from one into the other hit; else for the second one, and nothing in the first is looked up there. An entry of an
// execute table has the page's address as its tag. Slot is the number of the hash page table entry that it was derived from,
// where it was, with a bit that says which page it is for.
// Sets and journals are laid out in src/cpu/memory-map.ts. Real mode uses set 0, supervisor state set 1, problem state of
// the PID in slot s set 2 + s.
import * as L from '../generated/layout';
import { stepInit } from './step';
import * as T from './translation';

const readBytes: i32 = L.tlbEntries * L.tlbEntryBytes;
const executeOffset: i32 = 2 * readBytes;
/** The set of supervisor state, and that of the first slot. */
const supervisorSet: i32 = 1;
const firstSlotSet: i32 = 2;
/** Number of the journal of entries whose permission depends on AMR. */
const keyedJournal: i32 = L.tlbSets;
/** Of those of the supervisor's set that belong to the current PID. */
const processJournal: i32 = L.tlbSets + 1;
/** Of the list of entries that AMR keeps out. */
const parkedJournal: i32 = L.tlbSets + 2;

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
  return ((low >>> 8) ^ (low >>> 20)) & ((L.tlbEntries - 1) << 4);
}
/** A tag that no address looked up at this index is near. */
@inline function emptyTag(index: i32): u64 {
  const inTable = index & (L.tlbEntries - 1);
  return <u64>(inTable ^ (inTable >> 12) ^ 2) << 12;
}
/** In the word of the slot: the entry is for the second one of its pages. */
const ALONE: u32 = 0x8000_0000;

@inline function isAlone(entry: usize): bool {
  return (load<u32>(entry, 12) & ALONE) != 0;
}
@inline function slotOf(entry: usize): u32 {
  return load<u32>(entry, 12) & ~ALONE;
}
/** Effective address of the page that an entry is for. */
@inline function pageOf(entry: usize): u64 {
  return load<u64>(entry) + (isAlone(entry) ? 4096 : 0);
}
@inline function clearEntry(cpu: usize, set: i32, entry: usize): void {
  const base = setBase(cpu, set);
  const tag = emptyTag((entry - base) >> 4);
  if (entry >= base + executeOffset && load<u64>(entry) != tag) setJumpsChanged(cpu, set);
  store<u64>(entry, tag);
}

/** An execute entry of the set is gone: no jump that was remembered with it may be taken without a new look. */
function setJumpsChanged(cpu: usize, set: i32): void {
  const at = cpu + (set << 2);
  const epoch = ((load<u32>(at, L.S_jumpEpoch) & ~15) | set) + 16;
  store<u32>(at, epoch, L.S_jumpEpoch);
  // The count has wrapped: very old entries would look new.
  if (epoch < 16) memory.fill(cpu + L.jumpCacheOffset, 0xff, L.jumpCacheBytes);
  if (load<i32>(cpu, L.S_tlbFetchSet) == set) store<u32>(cpu, epoch, L.S_jumpContext);
}

/** A region is gone: no jump that any vCPU remembers may be taken without a new look. */
export function jumpsChanged(): void {
  for (let i = 0; i < load<i32>(L.W_vcpuCount); i++) {
    for (let set = 0; set < L.tlbSets; set++) setJumpsChanged(L.vcpuBase + i * L.vcpuStride, set);
  }
}

function record(list: usize, entry: usize): void {
  const count = load<u32>(list);
  if (count < <u32>L.tlbJournalEntries) store<u32>(list + 4 + (count << 2), entry);
  if (count <= <u32>L.tlbJournalEntries) store<u32>(list, count + 1);
}

/**
 * Puts a page into the read (0), write (1) or execute (2) table of the current mode. `joined`: the next page is translated alike and
 * may be accessed alike.
 */
export function tlbInsert(cpu: usize, ea: u64, kind: i32, host: u32, keyed: bool, joined: bool): void {
  const set = kind == 2 ? load<i32>(cpu, L.S_tlbFetchSet) : load<i32>(cpu, L.S_tlbDataSet);
  const table = setBase(cpu, set) + kind * readBytes;
  const entry = table + tlbIndex(ea);
  // An execute entry that makes room for another page takes remembered jumps with it.
  if (kind == 2) clearEntry(cpu, set, entry);
  const alone = kind != 2 && !joined;
  store<u64>(entry, (ea & ~0xfff) - (alone ? 4096 : 0));
  store<u32>(entry, host - (alone ? 4096 : 0), 8);
  store<u32>(entry, alone ? T.slot | ALONE : T.slot, 12);
  const fills = cpu + L.S_tlbFills + (kind << 3);
  store<u64>(fills, load<u64>(fills) + 1);
  record(journal(cpu, set), entry);
  if (keyed) record(journal(cpu, keyedJournal), entry);
  if (set == supervisorSet && !isShared(ea)) record(journal(cpu, processJournal), entry);
}

/** Bits 2:63 of an effective address. */
const OFFSET_IN_QUADRANT: u64 = 0x3fff_ffff_ffff_ffff;

/** Quadrant 3 is PID 0 for every process. */
@inline function isShared(ea: u64): bool {
  return ea >> 62 == 3;
}

/** Forgets the entries that AMR keeps out: something has changed, and they would have to be looked at. */
@inline function forgetParked(cpu: usize): void {
  store<u32>(journal(cpu, parkedJournal), 0);
}

function clearSet(cpu: usize, set: i32): void {
  const base = setBase(cpu, set);
  for (let i = 0; i < L.tlbSetBytes >> 4; i++) clearEntry(cpu, set, base + (i << 4));
  store<u32>(journal(cpu, set), 0);
}

/** Drops what a set holds. */
export function tlbFlushSet(cpu: usize, set: i32): void {
  if (set == supervisorSet) {
    forgetParked(cpu);
    store<u32>(journal(cpu, processJournal), 0);
  }
  const list = journal(cpu, set);
  const count = load<u32>(list);
  if (count > <u32>L.tlbJournalEntries) return clearSet(cpu, set);
  for (let i: u32 = 0; i < count; i++) clearEntry(cpu, set, load<u32>(list + 4 + (i << 2)));
  store<u32>(list, 0);
}

/** Drops what the supervisor's set holds of the current PID. */
function flushProcess(cpu: usize): void {
  forgetParked(cpu);
  const list = journal(cpu, processJournal);
  const count = load<u32>(list);
  store<u32>(list, 0);
  if (count > <u32>L.tlbJournalEntries) {
    const base = setBase(cpu, supervisorSet);
    for (let entry = base; entry < base + L.tlbSetBytes; entry += 16) {
      if (!isShared(pageOf(entry))) clearEntry(cpu, supervisorSet, entry);
    }
    return;
  }
  for (let i: u32 = 0; i < count; i++) {
    const entry: usize = load<u32>(list + 4 + (i << 2));
    if (!isShared(pageOf(entry))) clearEntry(cpu, supervisorSet, entry);
  }
}

/** Drops all of problem state, and what supervisor state has outside quadrant 3. */
export function tlbFlushLowQuadrants(cpu: usize): void {
  for (let set = firstSlotSet; set < L.tlbSets; set++) tlbFlushSet(cpu, set);
  flushProcess(cpu);
}

/** First-time set-up of a vCPU's tables and context; all entries invalid. */
export function tlbInit(cpu: usize): void {
  for (let set = 0; set < L.tlbSets; set++) clearSet(cpu, set);
  // The epochs start anew with the rest of the state: jumps that were remembered under the same numbers must not come back.
  memory.fill(cpu + L.jumpCacheOffset, 0xff, L.jumpCacheBytes);
  store<u32>(journal(cpu, keyedJournal), 0);
  store<u32>(journal(cpu, processJournal), 0);
  forgetParked(cpu);
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

/**
 * Drops all translations of a PID. PID 0 also serves quadrant 3 of every process, so that it drops all.
 */
export function tlbFlushPid(cpu: usize, pid: u32): void {
  if (pid == 0) return tlbFlushTranslated(cpu);
  for (let slot = 0; slot < L.tlbPidSlots; slot++) {
    if (load<u32>(cpu + (slot << 2), L.S_tlbPid) != pid) continue;
    tlbFlushSet(cpu, firstSlotSet + slot);
    if (load<i32>(cpu, L.S_tlbSlot) == slot) flushProcess(cpu);
  }
}

/** Drops entries that AMR let in: call it when AMR forbids more than before. */
export function tlbFlushKeyed(cpu: usize): void {
  forgetParked(cpu);
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
    clearEntry(cpu, <i32>((entry - first) / L.tlbSetBytes), entry);
  }
}

/**
 * AMR of a radix guest has changed, whose entries that depend on it are all of the supervisor's set: those that it keeps
 * out now are put aside, those that it lets in again are put back. A kernel opens and closes its way to the process's pages
 * at each access, and they are few.
 * @param rights bits CAN_READ and CAN_WRITE (`translation.ts`) that key 0 has now
 */
export function tlbSelectKeyed(cpu: usize, rights: i32): void {
  const keyed = journal(cpu, keyedJournal);
  const parked = journal(cpu, parkedJournal);
  const count = load<u32>(keyed);
  const waiting = load<u32>(parked);
  if (count + waiting > <u32>L.tlbParkedEntries) return tlbFlushKeyed(cpu);
  const base = setBase(cpu, supervisorSet);
  // All of them go to the list, then those that are let in come back.
  let end = waiting;
  for (let i: u32 = 0; i < count; i++) {
    const entry: usize = load<u32>(keyed + 4 + (i << 2));
    const tag = load<u64>(entry);
    // One that has made room for a page of another kind comes back with that page.
    if (tag == emptyTag((entry - base) >> 4)) continue;
    clearEntry(cpu, supervisorSet, entry);
    // An execute entry is not worth remembering.
    if (entry >= base + executeOffset) continue;
    const at = parked + 16 + (end++ << 4);
    store<u64>(at, tag);
    store<u32>(at, load<u32>(entry, 8), 8);
    store<u32>(at, <u32>entry | (isAlone(entry) ? 1 : 0), 12);
  }
  let kept: u32 = 0;
  let back: u32 = 0;
  for (let i: u32 = 0; i < end; i++) {
    const from = parked + 16 + (i << 4);
    const word = load<u32>(from, 12);
    const entry: usize = word & ~15;
    if (rights & (entry < base + readBytes ? 1 : 2)) {
      store<u64>(entry, load<u64>(from));
      store<u32>(entry, load<u32>(from, 8), 8);
      store<u32>(entry, word & 1 ? ALONE : 0, 12);
      store<u32>(keyed + 4 + (back++ << 2), entry);
    } else {
      v128.store(parked + 16 + (kept++ << 4), v128.load(from));
    }
  }
  store<u32>(keyed, back);
  store<u32>(parked, kept);
}

function dropPage(cpu: usize, set: i32, table: usize, page: u64): void {
  const entry = table + tlbIndex(page << 12);
  if (pageOf(entry) == page << 12) clearEntry(cpu, set, entry);
}

/** Drops the entry for a page if it is joined with the next one. */
function dropJoined(cpu: usize, set: i32, table: usize, page: u64): void {
  const entry = table + tlbIndex(page << 12);
  if (load<u64>(entry) == page << 12 && !isAlone(entry)) clearEntry(cpu, set, entry);
}

function invalidateInSet(cpu: usize, set: i32, ea: u64, sizeShift: i32): void {
  if (set == supervisorSet) forgetParked(cpu);
  if (load<u32>(journal(cpu, set)) == 0) return;
  const pages: u64 = sizeShift <= 12 ? 1 : sizeShift >= 22 ? 1024 : (<u64>1) << (sizeShift - 12);
  if (pages >= 1024) return tlbFlushSet(cpu, set);
  const base = setBase(cpu, set);
  const first = (ea >> 12) & ~(pages - 1);
  // The size that is named may be less than that of the leaf.
  dropJoined(cpu, set, base, first - 1);
  dropJoined(cpu, set, base + readBytes, first - 1);
  for (let page = first; page < first + pages; page++) {
    dropPage(cpu, set, base, page);
    dropPage(cpu, set, base + readBytes, page);
    dropPage(cpu, set, base + executeOffset, page);
  }
}

/** Drops the page of 2^sizeShift bytes around `ea` from all sets with translation on. */
export function tlbInvalidatePage(cpu: usize, ea: u64, sizeShift: i32): void {
  for (let set = 1; set < L.tlbSets; set++) invalidateInSet(cpu, set, ea, sizeShift);
}

/** As {@link tlbInvalidatePage}, for one PID. Bits 0 and 1 of `ea` do not count: PID 0 is in quadrants 0 and 3. */
export function tlbInvalidatePagePid(cpu: usize, ea: u64, sizeShift: i32, pid: u32): void {
  ea &= OFFSET_IN_QUADRANT;
  if (pid == 0) {
    tlbInvalidatePage(cpu, ea, sizeShift);
    return tlbInvalidatePage(cpu, ea | ~OFFSET_IN_QUADRANT, sizeShift);
  }
  for (let slot = 0; slot < L.tlbPidSlots; slot++) {
    if (load<u32>(cpu + (slot << 2), L.S_tlbPid) != pid) continue;
    invalidateInSet(cpu, firstSlotSet + slot, ea, sizeShift);
    if (load<i32>(cpu, L.S_tlbSlot) == slot) invalidateInSet(cpu, supervisorSet, ea, sizeShift);
  }
}

/** Drops what was derived from the segment of 2^shift bytes around `ea`. */
export function tlbFlushSegment(cpu: usize, ea: u64, shift: i32): void {
  forgetParked(cpu);
  for (let set = 1; set < L.tlbSets; set++) {
    const list = journal(cpu, set);
    const count = load<u32>(list);
    if (count > <u32>L.tlbJournalEntries) {
      const base = setBase(cpu, set);
      for (let entry = base; entry < base + L.tlbSetBytes; entry += 16) {
        if (pageOf(entry) >> shift == ea >> shift) clearEntry(cpu, set, entry);
      }
      continue;
    }
    for (let i: u32 = 0; i < count; i++) {
      const entry: usize = load<u32>(list + 4 + (i << 2));
      if (pageOf(entry) >> shift == ea >> shift) clearEntry(cpu, set, entry);
    }
  }
}

/** Ranges of more pages than this are dropped with the whole process. */
const mostPages: u64 = 128;

/**
 * Drops what a PID (PID 0: also quadrant 3 of all processes) has of the effective addresses from `start` to `end`,
 * exclusive. More may go.
 */
export function tlbFlushRange(cpu: usize, pid: u32, start: u64, end: u64): void {
  const first = start & ~0xfff;
  if (end - first > mostPages << 12) return tlbFlushPid(cpu, pid);
  for (let page = first; page < end; page += 4096) {
    tlbInvalidatePagePid(cpu, page, 12, pid);
    if (page + 4096 < page) return;
  }
}

/** Drops what was derived from an entry of the hash page table, wherever it may be. */
export function tlbDropSlot(cpu: usize, slot: u32): void {
  for (let set = 1; set < L.tlbSets; set++) {
    const list = journal(cpu, set);
    const count = load<u32>(list);
    if (count > <u32>L.tlbJournalEntries) {
      const base = setBase(cpu, set);
      for (let entry = base; entry < base + L.tlbSetBytes; entry += 16) {
        if (slotOf(entry) == slot) clearEntry(cpu, set, entry);
      }
      continue;
    }
    for (let i: u32 = 0; i < count; i++) {
      const entry: usize = load<u32>(list + 4 + (i << 2));
      if (slotOf(entry) == slot) clearEntry(cpu, set, entry);
    }
  }
}

/** The same for an entry whose pages have these low 32 bits of their address: `pages` of 4 KiB from `low` on. */
export function tlbDropSlotAt(cpu: usize, slot: u32, low: u32, pages: u32): void {
  for (let set = 1; set < L.tlbSets; set++) {
    if (load<u32>(journal(cpu, set)) == 0) continue;
    const base = setBase(cpu, set);
    for (let page: u32 = 0; page < pages; page++) {
      const first = base + tlbIndex(low + (page << 12));
      for (let entry = first; entry <= first + executeOffset; entry += readBytes) {
        if (slotOf(entry) == slot) clearEntry(cpu, set, entry);
      }
    }
  }
}

/** The page at this place in linear memory is one of the two of an entry. */
@inline function spans(entry: usize, host: u32): bool {
  return host - load<u32>(entry, 8) <= 4096;
}

function dropWrite(cpu: usize, host: u32): void {
  forgetParked(cpu);
  for (let set = 0; set < L.tlbSets; set++) {
    const list = journal(cpu, set);
    const count = load<u32>(list);
    const base = setBase(cpu, set);
    const table = base + readBytes;
    if (count > <u32>L.tlbJournalEntries) {
      for (let i = 0; i < L.tlbEntries; i++) {
        if (spans(table + (i << 4), host)) clearEntry(cpu, set, table + (i << 4));
      }
      continue;
    }
    for (let i: u32 = 0; i < count; i++) {
      const entry: usize = load<u32>(list + 4 + (i << 2));
      if (entry >= table && entry < table + readBytes && spans(entry, host)) clearEntry(cpu, set, entry);
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
    tlbFlushSet(cpu, firstSlotSet + found);
    store<u32>(cpu + (found << 2), pid, L.S_tlbPid);
  }
  store<i32>(cpu + (found << 2), youngest + 1, L.S_tlbAge);
  flushProcess(cpu);
  store<i32>(cpu, found, L.S_tlbSlot);
  return found;
}

/** The set of the mode with translation: of supervisor state, or of problem state with the PID in `slot`. */
export function tlbTranslatedSet(slot: i32, problem: bool): i32 {
  return problem ? firstSlotSet + slot : supervisorSet;
}

/** Points the state's table words at these sets. */
export function tlbSelectSets(cpu: usize, data: i32, fetch: i32): void {
  const base = setBase(cpu, data);
  store<i32>(cpu, data, L.S_tlbDataSet);
  store<i32>(cpu, fetch, L.S_tlbFetchSet);
  store<u32>(cpu, load<u32>(cpu + (fetch << 2), L.S_jumpEpoch), L.S_jumpContext);
  store<u32>(cpu, base, L.S_tlbRead);
  store<u32>(cpu, base + readBytes, L.S_tlbWrite);
  store<u32>(cpu, setBase(cpu, fetch) + executeOffset, L.S_tlbExecute);
}
