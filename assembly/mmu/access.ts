// Slow paths of storage access: what inline code calls when its TLB probe misses (Book III, sections 6.7 and 7.5).
// A fault leaves the vector in the state's `exception` and the result 0.
import * as L from '../generated/layout';
import { codeWritten, mmioRead, mmioWrite } from '../imports';
import {
  raise, raiseAlignment, raiseData, raiseDataSegment, raiseHypervisorData, raiseHypervisorFetch,
} from '../interrupts/raise';
import * as R from '../supervisor/registers';
import { walkHash } from './hash';
import { walkNested, walkRadix } from './radix';
import { tlbInsert, tlbIndex } from './tlb';
import * as T from './translation';
import { pageIsWatched, watchpointMatches } from './watchpoint';

/** Translates; in real mode a pseries guest's effective address is its real address. */
function translate(cpu: usize, ea: u64, access: i32): i32 {
  if (load<i32>(cpu, L.S_nested)) return walkNested(cpu, ea, access);
  const msr = R.msr(cpu);
  if (!(msr & (access == T.ACCESS_EXECUTE ? R.MSR_IR : R.MSR_DR))) {
    return T.found(ea & T.REAL_MASK, T.CAN_READ | T.CAN_WRITE | T.CAN_EXECUTE, true, false);
  }
  return R.spr(cpu, R.SPR_LPCR) & R.LPCR_HR ? walkRadix(cpu, ea, access) : walkHash(cpu, ea, access);
}

@inline function inRam(real: u64): bool {
  return real < load<u64>(L.W_ramBytes);
}
@inline function holdsCode(real: u32): bool {
  return load<u8>(load<u32>(L.W_codeMap) + (real >> 12)) != 0;
}

/** HDSISR of the fault that {@link translate} has found in the partition's tree. */
function hdsisr(access: i32): u64 {
  const stores = access == T.ACCESS_WRITE || (T.fault & T.TABLE_STORE) != 0;
  return (T.fault & ~T.TABLE_STORE) | (stores ? T.STORE : 0);
}
/** HSRR1 bits likewise. */
function hsrr1(): u64 {
  return (T.fault & ~T.TABLE_STORE) | (T.fault & T.TABLE_STORE ? HISI_STORE : 0);
}
/** HSRR1 bit 47: the fetch had to store to a table. */
const HISI_STORE: u64 = 0x10000;

/** Bits of an address in a block of pages that are put into the TLB together. */
const BLOCK_BITS: i32 = 16;
/** The pages that a load and a store missed last. */
let lastLoaded: u64 = 0;
let lastStored: u64 = 0;

/** The page behind that of `ea` is in the same leaf, in RAM, and not watched. Addresses of 32 bits end at 2³². */
@inline function isJoined(cpu: usize, ea: u64, real: u32): bool {
  const next = (ea & ~0xfff) + 4096;
  if (next >> T.sharedBits != ea >> T.sharedBits || <u32>next == 0) return false;
  return !T.keyed && load<i32>(cpu, L.S_watching) == 0 && inRam(<u64>real + 4096);
}

@inline function insert(cpu: usize, ea: u64, real: u32): void {
  const page = load<u32>(L.W_ramBase) + real;
  const joined = isJoined(cpu, ea, real);
  if (T.rights & T.CAN_READ) tlbInsert(cpu, ea, T.ACCESS_READ, page, T.keyed, joined);
  if (T.rights & T.CAN_WRITE && T.changed && !holdsCode(real)) {
    tlbInsert(cpu, ea, T.ACCESS_WRITE, page, T.keyed, joined && !holdsCode(real + 4096));
  }
}

/**
 * Puts the page that missed into the TLB. When pages miss one after the other, a copy is under way: those that come next in the same
 * leaf are put there, too.
 */
function fill(cpu: usize, ea: u64, access: i32): void {
  const page = ea & ~0xfff;
  const real = <u32>T.real & ~0xfff;
  const follows = page == (access == T.ACCESS_WRITE ? lastStored : lastLoaded) + 4096;
  let last = page;
  insert(cpu, page, real);
  if (follows && T.sharedBits >= BLOCK_BITS) {
    const end = ((page >> BLOCK_BITS) + 1) << BLOCK_BITS;
    for (let next = page + 4096; next != end; next += 4096) {
      const distance = <u32>(next - page);
      if (!inRam(T.real + distance)) break;
      insert(cpu, next, real + distance);
      last = next;
    }
  }
  if (access == T.ACCESS_WRITE) lastStored = last;
  else lastLoaded = last;
}

/**
 * Translates a data access and fills the TLB. Returns the host address, or 0: then either `exception` is set or the
 * access goes to the real address `T.real` outside RAM.
 */
function resolve(cpu: usize, ea: u64, access: i32): usize {
  const outcome = translate(cpu, ea, access);
  if (outcome != T.FOUND) {
    if (outcome == T.SEGMENT) raiseDataSegment(cpu, ea);
    else if (outcome == T.PARTITION) raiseHypervisorData(cpu, ea, hdsisr(access), T.guestReal);
    else raiseData(cpu, ea, T.fault | (access == T.ACCESS_WRITE ? T.STORE : 0));
    return 0;
  }
  if (!inRam(T.real)) return 0;
  const real = <u32>T.real;
  const page = load<u32>(L.W_ramBase) + (real & ~0xfff);
  if (load<i32>(cpu, L.S_watching) && pageIsWatched(cpu, ea)) return page + (real & 0xfff);
  // Among watched pages each is looked at.
  if (load<i32>(cpu, L.S_watching)) insert(cpu, ea, real & ~0xfff);
  else fill(cpu, ea, access);
  return page + (real & 0xfff);
}

/** Host address on a hit in the read or write table (its place is the state word at `table`), else 0. */
@inline function probe(cpu: usize, table: usize, ea: u64): usize {
  const entry = load<u32>(cpu + table) + tlbIndex(ea);
  const offset = ea - load<u64>(entry);
  return offset <= 8191 ? load<u32>(entry, 8) + <u32>offset : 0;
}

@inline function raised(cpu: usize): bool {
  return load<i32>(cpu, L.S_exception) != 0;
}
/** A watchpoint matches; the interrupt is raised. */
@inline function watched(cpu: usize, ea: u64, size: i32, access: i32): bool {
  return load<i32>(cpu, L.S_watching) != 0 && watchpointMatches(cpu, ea, size, access);
}
@inline function crosses(ea: u64, size: i32): bool {
  return (<i32>ea & 0xfff) + size > 4096;
}
/** The page after the one of `ea`, as the current mode (64 or 32 bits) computes addresses. */
@inline function nextPage(cpu: usize, ea: u64): u64 {
  const next = (ea & ~0xfff) + 4096;
  return R.msr(cpu) & R.MSR_SF ? next : next & 0xffffffff;
}

/** Reads nothing as zero and drops writes where no device answers. */
function deviceLoad(cpu: usize, real: u64, size: i32): u64 {
  if (mmioRead(cpu, <u32>(real >> 32), <u32>real, size) != 0) return 0;
  return load<u64>(cpu, L.S_mmioValue);
}
function deviceStore(cpu: usize, real: u64, size: i32, value: u64): void {
  store<u64>(cpu, value, L.S_mmioValue);
  mmioWrite(cpu, <u32>(real >> 32), <u32>real, size);
}

/** Byte reversal of the low `size` bytes. */
@inline function reverse(value: u64, size: i32): u64 {
  return bswap(value) >> ((8 - size) << 3);
}

function loadBigEndian(host: usize, size: i32): u64 {
  if (size == 8) return bswap(load<u64>(host));
  if (size == 4) return bswap(load<u32>(host));
  if (size == 2) return <u64>bswap(load<u16>(host));
  return load<u8>(host);
}

function storeBigEndian(host: usize, size: i32, value: u64): void {
  if (size == 8) store<u64>(host, bswap(value));
  else if (size == 4) store<u32>(host, bswap(<u32>value));
  else if (size == 2) store<u16>(host, bswap(<u16>value));
  else store<u8>(host, <u8>value);
}

/** Tells the engine about a store to RAM at this host address when its page holds code. */
function noteStore(cpu: usize, host: usize, size: i32): void {
  const real = <u32>host - load<u32>(L.W_ramBase);
  if (holdsCode(real)) codeWritten(cpu, real, size);
}

/** Copies `size` bytes from two pages into the scratch area; false when one of them faults. */
function gather(cpu: usize, ea: u64, size: i32): bool {
  const first = 4096 - (<i32>ea & 0xfff);
  const host = resolve(cpu, ea, T.ACCESS_READ);
  const real = T.real;
  if (raised(cpu)) return false;
  const host2 = resolve(cpu, nextPage(cpu, ea), T.ACCESS_READ);
  const real2 = T.real;
  if (raised(cpu) || watched(cpu, ea, size, T.ACCESS_READ)) return false;
  for (let i = 0; i < size; i++) {
    const low = i < first;
    const base = low ? host : host2;
    const at = low ? i : i - first;
    const byte = base ? load<u8>(base + at) : <u8>deviceLoad(cpu, (low ? real : real2) + at, 1);
    store<u8>(cpu + i, byte, L.S_scratch);
  }
  return true;
}

/** Copies `size` bytes of the scratch area to two pages, after both were checked; false when one of them faults. */
function scatter(cpu: usize, ea: u64, size: i32): bool {
  const first = 4096 - (<i32>ea & 0xfff);
  const host = resolve(cpu, ea, T.ACCESS_WRITE);
  const real = T.real;
  if (raised(cpu)) return false;
  const host2 = resolve(cpu, nextPage(cpu, ea), T.ACCESS_WRITE);
  const real2 = T.real;
  if (raised(cpu) || watched(cpu, ea, size, T.ACCESS_WRITE)) return false;
  for (let i = 0; i < size; i++) {
    const low = i < first;
    const base = low ? host : host2;
    const at = low ? i : i - first;
    const byte = load<u8>(cpu + i, L.S_scratch);
    if (base) store<u8>(base + at, byte);
    else deviceStore(cpu, (low ? real : real2) + at, 1, byte);
  }
  if (host) noteStore(cpu, host, first);
  if (host2) noteStore(cpu, host2, size - first);
  return true;
}

/** Loads 1, 2, 4 or 8 bytes in the current byte order, zero-extended. */
export function loadSlow(cpu: usize, ea: u64, size: i32): u64 {
  let value: u64;
  if (crosses(ea, size)) {
    if (!gather(cpu, ea, size)) return 0;
    value = loadBigEndian(cpu + L.S_scratch, size);
  } else {
    const host = resolve(cpu, ea, T.ACCESS_READ);
    const real = T.real;
    if (raised(cpu) || watched(cpu, ea, size, T.ACCESS_READ)) return 0;
    if (host) value = loadBigEndian(host, size);
    else value = deviceLoad(cpu, real, size);
  }
  return R.msr(cpu) & R.MSR_LE ? reverse(value, size) : value;
}

/** Stores the low 1, 2, 4 or 8 bytes of `value` in the current byte order. */
export function storeSlow(cpu: usize, ea: u64, size: i32, value: u64): void {
  const shift = (8 - size) << 3;
  const bigEndian = R.msr(cpu) & R.MSR_LE ? reverse(value, size) : (value << shift) >> shift;
  if (crosses(ea, size)) {
    storeBigEndian(cpu + L.S_scratch, size, bigEndian);
    scatter(cpu, ea, size);
    return;
  }
  const host = resolve(cpu, ea, T.ACCESS_WRITE);
  if (raised(cpu) || watched(cpu, ea, size, T.ACCESS_WRITE)) return;
  if (host) {
    storeBigEndian(host, size, bigEndian);
    noteStore(cpu, host, size);
  } else deviceStore(cpu, T.real, size, bigEndian);
}

/** Loads 16 bytes as they lie in memory: the first byte in lane 0. */
export function loadSlow128(cpu: usize, ea: u64): v128 {
  if (crosses(ea, 16)) {
    if (!gather(cpu, ea, 16)) return i64x2.splat(0);
    return v128.load(cpu + L.S_scratch);
  }
  const host = resolve(cpu, ea, T.ACCESS_READ);
  if (raised(cpu) || watched(cpu, ea, 16, T.ACCESS_READ)) return i64x2.splat(0);
  if (host) return v128.load(host);
  const real = T.real;
  store<u64>(cpu, bswap(deviceLoad(cpu, real, 8)), L.S_scratch);
  store<u64>(cpu, bswap(deviceLoad(cpu, real + 8, 8)), L.S_scratch + 8);
  return v128.load(cpu + L.S_scratch);
}

/** Stores 16 bytes as they are to lie in memory: lane 0 first. */
export function storeSlow128(cpu: usize, ea: u64, value: v128): void {
  if (crosses(ea, 16)) {
    v128.store(cpu + L.S_scratch, value);
    scatter(cpu, ea, 16);
    return;
  }
  const host = resolve(cpu, ea, T.ACCESS_WRITE);
  if (raised(cpu) || watched(cpu, ea, 16, T.ACCESS_WRITE)) return;
  if (host) {
    v128.store(host, value);
    noteStore(cpu, host, 16);
  } else {
    const real = T.real;
    deviceStore(cpu, real, 8, bswap(i64x2.extract_lane(value, 0)));
    deviceStore(cpu, real + 8, 8, bswap(i64x2.extract_lane(value, 1)));
  }
}

/**
 * Address in linear memory of an aligned operand, for load-and-reserve, store conditional and atomics; with `write` ≠ 0
 * the caller is about to store there. 0 when an interrupt was raised: alignment, or DSI where there is no RAM.
 */
export function hostAddress(cpu: usize, ea: u64, size: i32, write: i32): usize {
  if (<i32>ea & (size - 1)) {
    raiseAlignment(cpu, ea);
    return 0;
  }
  // Write entries exist only for pages without code.
  const hit = probe(cpu, write ? L.S_tlbWrite : L.S_tlbRead, ea);
  if (hit) return hit;
  const host = resolve(cpu, ea, write ? T.ACCESS_WRITE : T.ACCESS_READ);
  if (host) {
    if (watched(cpu, ea, size, write ? T.ACCESS_WRITE : T.ACCESS_READ)) return 0;
    // Decoded instructions are dropped before the store: none can be decoded again in between.
    if (write) noteStore(cpu, host, size);
  } else if (!raised(cpu)) raiseData(cpu, ea, T.UNSUPPORTED_ACCESS | (write ? T.STORE : 0));
  return host;
}

/** Real address of an instruction, in RAM; ~0 with ISI (0x400) or instruction segment (0x480) raised. */
export function translateFetch(cpu: usize, ea: u64): u64 {
  const outcome = translate(cpu, ea, T.ACCESS_EXECUTE);
  if (outcome == T.FOUND && inRam(T.real)) return T.real;
  if (outcome == T.SEGMENT) raise(cpu, 0x480, 0);
  else if (outcome == T.PARTITION) raiseHypervisorFetch(cpu, hsrr1(), T.guestReal);
  else raise(cpu, 0x400, outcome == T.FOUND ? T.NO_TRANSLATION : T.fault);
  return ~(<u64>0);
}

/**
 * Real address for a debugger or the platform, without faults or R/C side effects on the CPU's state but those of the
 * walk; ~0 when there is no translation. `access` as in translation.ts.
 */
export function translateQuietly(cpu: usize, ea: u64, access: i32): u64 {
  return translate(cpu, ea, access) == T.FOUND ? T.real : ~(<u64>0);
}

/** icbi: translated as a load; code is found by real address and dropped by the store, so nothing else is to do. */
export function instructionCacheBlockInvalidate(cpu: usize, ea: u64): void {
  if (!probe(cpu, L.S_tlbRead, ea)) resolve(cpu, ea, T.ACCESS_READ);
}

/** dcbst, dcbf: translated as a load. */
export function dataCacheBlockTouch(cpu: usize, ea: u64): void {
  if (!probe(cpu, L.S_tlbRead, ea)) resolve(cpu, ea, T.ACCESS_READ);
}

/** Zeroes 128 bytes in line: `memory.fill` of so few is a call out of WebAssembly. */
@inline function clearBlock(at: usize): void {
  const zero = i64x2.splat(0);
  for (let i = 0; i < 128; i += 16) v128.store(at + i, zero);
}

/** dcbz: zeroes the block of 128 bytes around `ea`; DAR of a fault is `ea` itself. Devices raise alignment. */
export function dataCacheBlockZero(cpu: usize, ea: u64): void {
  const hit = probe(cpu, L.S_tlbWrite, ea);
  if (hit) return clearBlock(hit & ~127);
  const host = resolve(cpu, ea, T.ACCESS_WRITE);
  if (host) {
    if (watched(cpu, ea & ~127, 128, T.ACCESS_WRITE)) return;
    const block = host & ~127;
    clearBlock(block);
    noteStore(cpu, block, 128);
  } else if (!raised(cpu)) raiseAlignment(cpu, ea);
}
