// Places and pages of code as the translator names them.

/** Where a region starts: a place in the code of a page. */
export interface RegionPlace {
  /** As `CodeKey`. */
  readonly key: number;
  /** Byte offset in the page. */
  readonly offset: number;
}

/** A place where control enters a region. */
export interface RegionStart extends RegionPlace {
  /** Index of the region in the table of regions; all starts of a region have the same. */
  readonly index: number;
  /** Number of this entry, from 0: what the region's function gets. */
  readonly entry: number;
}

/** A page of code. */
export interface CodePage {
  /** As in {@link RegionPlace}. */
  readonly key: number;
  /** Address of its records. */
  readonly records: number;
}

/** Instructions that were executed one behind the other. */
export interface StraightRun {
  /** Distance of the first in bytes from the page of some place. */
  readonly at: number;
  readonly instructions: number;
}

/** What was seen of the code around a place. Plain data: it may cross to another thread. */
export interface Surroundings {
  /** How control went on from there. */
  readonly runs: readonly StraightRun[];
  /** The pages that it came to, as far as they are known, by their distance in pages by effective address. */
  readonly pages: ReadonlyMap<number, CodePage>;
}

/** A place as a number: key × 4096 + offset. */
export function idOf({ key, offset }: RegionPlace): number {
  return key * 4096 + offset;
}
