// What generated modules import besides the data-plane functions that meanings call: names and types in one list.
import type { FunctionType } from './wasm/writer.ts';

/** Data-plane functions of the engine's own (first parameter: address of the CPU state). */
export const coreImports = {
  /** (cpu, ea, size) → value in the current byte order, zero-extended. */
  loadSlow: { params: ['i32', 'i64', 'i32'], results: ['i64'] },
  storeSlow: { params: ['i32', 'i64', 'i32', 'i64'], results: [] },
  /** Sixteen bytes as they stand in memory, first byte in lane 0. */
  loadSlow128: { params: ['i32', 'i64'], results: ['v128'] },
  storeSlow128: { params: ['i32', 'i64', 'v128'], results: [] },
  /** (cpu, ea, size, write) → byte offset in linear memory, 0 with an exception raised. */
  hostAddress: { params: ['i32', 'i64', 'i32', 'i32'], results: ['i32'] },
  /** Delivers the raised exception. */
  deliver: { params: ['i32'], results: [] },
  /** Delivers a pending asynchronous interrupt if MSR lets it; returns 1 when it did. */
  deliverPending: { params: ['i32'], results: ['i32'] },
  /** Raises the unavailable interrupt of facility number n (FSCR interrupt cause). */
  facilityUnavailable: { params: ['i32', 'i32'], results: [] },
  /** Brings FPSCR up to date with what translated code has noted. */
  resolveFloatingPoint: { params: ['i32'], results: [] },
  /** a·b + c rounded once, and rounded to odd for singles; NaN where not provable. */
  fusedDouble: { params: ['i32', 'f64', 'f64', 'f64'], results: ['f64'] },
  fusedDoubles: { params: ['i32', 'v128', 'v128', 'v128'], results: ['v128'] },
  fusedSingles: { params: ['i32', 'v128', 'v128', 'v128'], results: ['v128'] },
  fusedToOdd: { params: ['i32', 'f64', 'f64', 'f64'], results: ['f64'] },
  /**
   * (cpu, address, result, and the last two of `regionParameters`): goes on in the region at an address, or returns the result; see
   * `region-switch.ts`.
   */
  goOn: { params: ['i32', 'i64', 'i32', 'i64', 'i32'], results: ['i32'] },
  /** Host: finds the records of the page at nip; returns their address, 0 with an exception raised. */
  fetchRecords: { params: ['i32'], results: ['i32'] },
  /** Host: translated code went on often in the code whose record is at this address. */
  noteHot: { params: ['i32'], results: [] },
  /** Host: decodes the instruction whose record is at this address. */
  decodeRecord: { params: ['i32'], results: [] },
} as const satisfies Record<string, FunctionType>;

/** Name of a core import. */
export type CoreImport = keyof typeof coreImports;
