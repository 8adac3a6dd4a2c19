// What the data plane asks of the machine around it (module "env"). 64-bit values cross through memory.

/**
 * Load from a real address outside RAM: (vCPU state, high and low word of the address, bytes). Stores the value in the
 * state's `mmioValue` (as a big-endian load would give it) and returns 0, or returns 1 when nothing answers there.
 */
@external("env", "mmioRead")
export declare function mmioRead(cpu: usize, realHigh: u32, realLow: u32, size: i32): i32;

/** Store to a real address outside RAM: the value is in `mmioValue`, as a big-endian store would take it. */
@external("env", "mmioWrite")
export declare function mmioWrite(cpu: usize, realHigh: u32, realLow: u32, size: i32): i32;

/** Bytes at a real address were (or are about to be) written, and their page holds decoded code. */
@external("env", "codeWritten")
export declare function codeWritten(cpu: usize, real: u32, size: i32): void;

/** Address of the records of a page: key = real page number << 1 | little-endian. They are made if need be. */
@external("env", "recordsOf")
export declare function recordsOf(cpu: usize, key: u32): u32;

/** Decodes the instruction whose record is at this address. */
@external("env", "decodeRecord")
export declare function decodeRecord(record: u32): void;

/** Brings the machine word `virtualTicks` up to date. */
@external("env", "ticks")
export declare function ticks(cpu: usize): void;

/** An interrupt or scv is about to be taken: `nip` and MSR are still the old ones. Only with `watchInterrupts`. */
@external("env", "interrupted")
export declare function interrupted(cpu: usize, vector: i32): void;

/** This vCPU's `decExpiry` has changed. */
@external("env", "timerChanged")
export declare function timerChanged(cpu: usize): void;
