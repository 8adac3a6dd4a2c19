// The `ibm,pa-features` and `ibm,pi-features` properties of a CPU node: sections 3.3, 5 and 7.3 (PAPR, processor features).
import type { CapabilityValues } from './capabilities.ts';
import { type LevelName, levelRank } from './cpu-models.ts';

/** A feature: byte and bit (0 is the most significant) of the attribute descriptor. */
type Feature = readonly [byte: number, bits: number];

/** MMU, FPU, SLB, run, DABR, no-execute; then fri*, DABRX, SPRG3, SLB entry 0, privileged page protection; DS205, PPR, DS206. */
const base206: readonly Feature[] = [
  [0, 0xf6],
  [1, 0x1f],
  [2, 0xc7],
  [5, 0xc0],
];
/** LSD, URG; little-endian, CFAR, event-based branches, LSQ; DS207; vectors, vector-scalar, vector XOR. */
const added207: readonly Feature[] = [
  [3, 0xc0],
  [5, 0xf0],
  [6, 0x80],
  [16, 0x80],
  [18, 0x80],
  [20, 0x80],
];
/**
 * ISA 3.0: decrementer, 64-bit and performance-monitor features; little-endian atomics; event-based branches; radix; `scv` at 46;
 * SIMD, quad-precision, strings, decimal, SHA, atomics, random numbers. Strong access ordering and copy/paste are left out:
 * they would have to come from the host.
 */
const added300: readonly Feature[] = [
  [24, 0x80],
  [26, 0x80],
  [28, 0x80],
  [32, 0x80],
  [34, 0xc0],
  [40, 0x80],
  [42, 0x80],
  [44, 0x80],
  [46, 0x80],
  [48, 0x80],
  [50, 0x80],
  [52, 0x80],
  [54, 0x80],
  [56, 0x80],
  [58, 0x80],
  [60, 0x80],
  [62, 0x80],
];
/** ISA 3.1: the aspects of DEXCR, and hashst/hashchk. */
const added310: readonly Feature[] = [
  [68, 0xce],
  [72, 0x80],
];

interface Table {
  readonly from: LevelName;
  readonly size: number;
  readonly features: readonly Feature[];
}

/** The tables, oldest first: a level uses the last one that is not newer than it. */
const tables: readonly Table[] = [
  { from: 'power7', size: 6, features: base206 },
  { from: 'power8', size: 24, features: [...base206, ...added207] },
  { from: 'power9', size: 66, features: [...base206, ...added207, ...added300] },
  { from: 'power10', size: 74, features: [...base206, ...added207, ...added300, ...added310] },
];

/** Byte 1: 64 KiB cache-inhibited pages. */
const ciLargePages: Feature = [1, 0x20];
/** Byte 22: transactional memory. */
const transactional: Feature = [22, 0x80];
/** Byte 64: second data watchpoint. */
const secondWatchpoint: Feature = [64, 0x80];
/** Place of the radix bit in the property, after the two bytes of its header, for guests that must not see it (section 7.3). */
export const radixFeature = { offset: 2 + 40, mask: 0x80 } as const;

/**
 * The property in a level.
 * @param level the level that the guest is in
 * @param capabilities the capability values
 * @param ciLarge whether a hash page of 64 KiB or more remains
 * @returns header (size, type 0) and descriptor; empty for a level that has none (power6)
 */
export function paFeatures(level: LevelName, capabilities: CapabilityValues, ciLarge: boolean): number[] {
  const table = tables.findLast((row) => levelRank(row.from) <= levelRank(level));
  if (table === undefined) return [];
  const bytes = new Array<number>(2 + table.size).fill(0);
  bytes[0] = table.size;
  const features = [...table.features];
  if (ciLarge) features.push(ciLargePages);
  if (capabilities.htm !== 0) features.push(transactional);
  if (capabilities.dawr1 !== 0) features.push(secondWatchpoint);
  for (const [byte, bits] of features) {
    // A feature beyond the table's end does not exist in this level.
    if (byte < table.size) bytes[2 + byte] = (bytes[2 + byte] ?? 0) | bits;
  }
  return bytes;
}

/** @returns `ibm,pi-features`: one byte; bit 4 (no usable `msgsndp`) is set from ISA 3.0 on, whatever the host (section 1). */
export function piFeatures(level: LevelName): number[] {
  return [1, 0, levelRank(level) >= levelRank('power9') ? 0x08 : 0];
}
