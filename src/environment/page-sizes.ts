// Page and segment sizes of a CPU and how cap-hpt-max-page-size filters them: section 3.3 of the specification.

/** A page size inside a segment: 2^shift bytes and its encoding in a hash page table entry. */
export interface HashPage {
  readonly shift: number;
  readonly encoding: number;
}

/** A segment's base page size: 2^shift bytes, its SLB encoding (L||LP), and the page sizes that may lie in it. */
export interface SegmentPages {
  readonly shift: number;
  readonly slbEncoding: number;
  readonly pages: readonly HashPage[];
}

/** What every CPU from POWER7 on has. */
const allSegments: readonly SegmentPages[] = [
  {
    shift: 12,
    slbEncoding: 0,
    pages: [
      { shift: 12, encoding: 0 },
      { shift: 16, encoding: 7 },
      { shift: 24, encoding: 0x38 },
    ],
  },
  {
    shift: 16,
    slbEncoding: 0x110,
    pages: [
      { shift: 16, encoding: 1 },
      { shift: 24, encoding: 8 },
    ],
  },
  { shift: 24, slbEncoding: 0x100, pages: [{ shift: 24, encoding: 0 }] },
  { shift: 34, slbEncoding: 0x120, pages: [{ shift: 34, encoding: 3 }] },
];

/**
 * The segments that remain under a largest page size. Of the mixed sizes only 16 MiB in 4 KiB and 64 KiB segments stays, since
 * a host cannot give the others with pages of its own that are smaller.
 */
export function segmentPages(maximumShift: number): SegmentPages[] {
  return allSegments
    .filter((segment) => segment.shift <= maximumShift)
    .map((segment) => ({
      ...segment,
      pages: segment.pages.filter(
        (page) => page.shift <= maximumShift && (page.shift === segment.shift || page.shift === 24),
      ),
    }));
}

/** @returns whether a segment of 64 KiB pages or larger remains, without which large cache-inhibited pages are not offered. */
export function hasLargePages(segments: readonly SegmentPages[]): boolean {
  return segments.some((segment) => segment.shift >= 16);
}

/** Radix page sizes: 2^shift bytes and the AP field of `tlbie` (Power ISA book III, radix). */
export const radixPages: readonly { readonly shift: number; readonly ap: number }[] = [
  { shift: 12, ap: 0 },
  { shift: 16, ap: 5 },
  { shift: 21, ap: 1 },
  { shift: 30, ap: 2 },
];

/** Segment sizes as powers of two: 256 MiB and 1 TiB. */
export const segmentShifts: readonly number[] = [28, 40];

/** @returns the power of two of the hash page table's size for a memory size in bytes (PAPR: 1/128 of it, 256 KiB at least). */
export function hptShift(memory: bigint): number {
  let shift = 0;
  while (1n << BigInt(shift) < memory) shift += 1;
  return Math.min(46, Math.max(18, shift - 7));
}
