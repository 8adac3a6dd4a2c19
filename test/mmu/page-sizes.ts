// The page sizes of the hash MMU as a guest reads them in `ibm,segment-page-sizes`, for models of translation
// (Power ISA v3.0 Book III, section 5.7.7; PAPR, "ibm,segment-page-sizes").
import { hashPageBit } from '../../src/cpu/memory-map.ts';
import { segmentPages } from '../../src/environment/page-sizes.ts';

/** One row of the property: pages of 2^actual bytes in segments whose base pages have 2^base bytes. */
export interface PageKind {
  readonly base: bigint;
  readonly actual: bigint;
  /** L and LP of the SLB entry. */
  readonly slb: bigint;
  /** L of the first word and LP of the second word of a page table entry. */
  readonly large: bigint;
  readonly lp: bigint;
}

/** The rows for a value of cap-hpt-max-page-size (log2). */
export function pageKinds(maximumShift: number): readonly PageKind[] {
  return segmentPages(maximumShift).flatMap(({ shift, slbEncoding, pages }) =>
    pages.map((page) => ({
      base: BigInt(shift),
      actual: BigInt(page.shift),
      slb: BigInt(slbEncoding),
      large: page.shift === 12 ? 0n : 4n,
      lp: BigInt(page.encoding) << 12n,
    })),
  );
}

/** The same as the data plane's machine word `hashPages`. */
export function hashPagesWord(kinds: readonly PageKind[]): number {
  return kinds.reduce((sum, { base, actual }) => sum + hashPageBit(Number(base), Number(actual)), 0);
}
