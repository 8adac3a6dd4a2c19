// Where everything lies in the one linear memory of a machine.
import { stateBytes } from './state.ts';

/** A soft TLB entry: {tag: i64, host: i32, slot: i32}; assembly/mmu/tlb.ts says what they are. */
export const tlbEntryBytes = 16;
/** Entries of a read or write table, and of an execute table. */
export const tlbEntries = 16384;
export const tlbExecuteEntries = 16384;
/** Bytes of one set of tables: read, write, execute. */
export const tlbSetBytes = (2 * tlbEntries + tlbExecuteEntries) * tlbEntryBytes;
/**
 * Sets of one vCPU: 0 for translation off, 1 for supervisor state with translation, 2 + slot for problem state of the PID
 * that has the slot. The supervisor's set serves all processes, so that what the kernel has of its own stays; a change of
 * PID drops from it what lies in the process's quadrants.
 */
export const tlbPidSlots = 6;
export const tlbSets = 2 + tlbPidSlots;
/** IR and DR differ rarely; such code takes data tables from one set and the execute table from another. */
export const tlbBytes = tlbSets * tlbSetBytes;
/**
 * Journals behind the tables: for each set the byte offsets of the entries filled since it was flushed, so that a flush
 * costs what was filled. Two more list entries that depend on AMR, and those of the supervisor's set that belong to the
 * current PID. {count: u32, offsets: u32 × tlbJournalEntries}; a count above tlbJournalEntries means "all". Behind them
 * lies a list of another form: entries that AMR keeps out for the moment, {count: u32} and from byte 16 on
 * {tag: u64, host: u32, offset + 1 for an entry that is for the second of its pages: u32}.
 */
export const tlbJournalEntries = 4095;
export const tlbJournalBytes = 4 * (tlbJournalEntries + 1);
export const tlbJournalsBytes = (tlbSets + 3) * tlbJournalBytes;
/** Most entries that AMR keeps out and that are remembered. */
export const tlbParkedEntries = 64;

/**
 * Jump cache behind the journals: where translated code goes on from one region to the next. Direct-mapped by the
 * address, see `writeJumpCacheEntry`: {address: u64, table index: u32, context: u32}; context = `jumpContext` of
 * the state when it was made.
 */
export const jumpCacheEntries = 16384;
export const jumpCacheBytes = 16 * jumpCacheEntries;

/** AssemblyScript's static data and stack live below this address. */
export const machineBase = 0x10_0000;

/** The words that all vCPUs share, at `machineBase`. Each is 8 bytes wide. */
export const machineWord = {
  /** Byte offset in linear memory of guest real address 0, and bytes of guest RAM. */
  ramBase: machineBase + 8,
  ramBytes: machineBase + 16,
  /** Byte map, one byte for each 4 KiB of guest RAM: 1 = holds decoded or translated code. */
  codeMap: machineBase + 24,
  vcpuCount: machineBase + 32,
  /** Byte offset of the first vCPU's state block; the next ones follow at `vcpuStride`. */
  vcpuBase: machineBase + 40,
  /** Timebase ticks (512 MHz): the import `ticks` brings it up to date. */
  virtualTicks: machineBase + 48,
  /** Partition-wide LPCR bits, process table base etc. are per vCPU in its `spr` area; the hash table's place is here. */
  hptBase: machineBase + 56,
  hptBytes: machineBase + 64,
  /** Page sizes of the hash MMU that the machine offers: bits `hashPageBit`. */
  hashPages: machineBase + 72,
  /**
   * Addresses of decoded records, a u32 for each key of a 4 KiB page of guest RAM (page << 2 | problem state under a PCR <<
   * 1 | little-endian), 0 = none.
   */
  recordMap: machineBase + 80,
  /** ≠ 0: the import `interrupted` is told of each interrupt. */
  watchInterrupts: machineBase + 88,
  /** The partition table of the guest's own guests as H_SET_PARTITION_TABLE gave it (PTCR); 0 = none. */
  partitionTable: machineBase + 96,
  /** `pcrMask` that the records of problem state at a compatibility level were decoded for. */
  problemMask: machineBase + 112,
  /** LPCR bits that the guest may choose for its guests. */
  nestedLpcr: machineBase + 104,
} as const;

/** Page sizes of the hash MMU, log2, by number. */
const hashPageShifts = [12, 16, 24, 34];

/** The bit of the machine word `hashPages` for pages of 2^shift bytes in segments of base pages of 2^base bytes. */
export function hashPageBit(base: number, shift: number): number {
  return 2 ** (4 * hashPageShifts.indexOf(base) + hashPageShifts.indexOf(shift));
}

/** Bytes of a predecoded record. */
export const recordBytes = 16;
/**
 * Behind the records of a page (1024 instructions, one end record): for each instruction the region that starts there
 * (u32 table index) and the handler of the record as it was decoded (u16), both used while a region starts there.
 */
export const recordSide = { region: 1024 * recordBytes + 64, original: 1024 * recordBytes + 64 + 4096 } as const;
/** Bytes of the records of one 4 KiB page with all of this. */
export const recordPageBytes = recordSide.original + 2048;

/** Handler numbers (u16 at the start of a record) that stand for no instruction. */
export const specialHandler = {
  /** The record was not decoded yet. */
  undecoded: 0,
  /** Behind the last record of a page. */
  endOfPage: 1,
  illegal: 2,
  /** A translated region starts here. */
  translated: 3,
  /** The prefix of no instruction, and one whose suffix is beyond a 64-byte boundary. */
  illegalPrefixed: 4,
  prefixAtBoundary: 5,
} as const;

/** Bytes reserved for one vCPU: state block, TLB tables and journals, jump cache, step page. */
export const vcpuStride =
  Math.ceil((stateBytes + tlbBytes + tlbJournalsBytes + jumpCacheBytes + recordPageBytes) / 65536) * 65536;
/** Offset of the jump cache from the start of a vCPU's block. */
export const jumpCacheOffset = stateBytes + tlbBytes + tlbJournalsBytes;
/** Offset of the page of records that single-stepping uses, likewise. */
export const stepPageOffset = jumpCacheOffset + jumpCacheBytes;
/** First vCPU block. */
export const vcpuBase = machineBase + 0x1_0000;
