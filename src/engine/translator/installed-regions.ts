// The regions that run: where control enters them, and which code each was made from.
import type { TranslatedRegion } from './batch-compiler.ts';
import { type CoveredCode, covers } from './covered-code.ts';
import { idOf, type RegionStart } from './region-place.ts';

/** A region that runs. */
export interface InstalledRegion {
  readonly covers: CoveredCode;
  starts: readonly RegionStart[];
  /** How often regions were joined into it. */
  readonly joins: number;
  /** Instructions that led to its starts, and those that had led to any start before. */
  found: number;
  since: number;
}

/** Where the starts of regions are kept. */
export interface RegionStore {
  /** Lets the region run whenever control comes to a start of it. */
  install(start: RegionStart): void;
  /** Undoes that. */
  uninstall(start: RegionStart): void;
}

/** What is told of regions that come and go. */
export interface InstallationParts {
  readonly store: RegionStore;
  /** Told when control must not go to a region any more. */
  readonly regionGone: () => void;
}

/** The regions of one machine. */
export class InstalledRegions {
  readonly #parts: InstallationParts;
  readonly #dropped: (starts: readonly RegionStart[]) => void;
  /** By page key. */
  readonly #byPage = new Map<number, Set<InstalledRegion>>();
  /** By the places of their starts. */
  readonly #byStart = new Map<number, InstalledRegion>();

  /** @param dropped told of the last starts of a region that is not entered any more */
  constructor(parts: InstallationParts, dropped: (starts: readonly RegionStart[]) => void) {
    this.#parts = parts;
    this.#dropped = dropped;
  }

  /** How many there are. */
  get count(): number {
    return new Set(this.#byStart.values()).size;
  }

  /** The region that starts at a place (`idOf`). */
  startingAt(id: number): InstalledRegion | undefined {
    return this.#byStart.get(id);
  }

  /** True when there are regions of the page with this key. */
  areIn(key: number): boolean {
    return (this.#byPage.get(key)?.size ?? 0) > 0;
  }

  /** Byte offsets in a page where regions can be entered. */
  entriesOf(key: number): readonly number[] {
    const regions = [...(this.#byPage.get(key) ?? [])];
    return regions.flatMap(({ starts }) => starts.flatMap((start) => (start.key === key ? [start.offset] : [])));
  }

  /**
   * Puts a region in place.
   * @param own the place that it was made for, `idOf`
   * @param joined the one that starts there was joined with what is around it
   * @param since instructions that have led to any start up to now
   */
  install(own: number, joined: boolean, { starts, covers: covered }: TranslatedRegion, since: number): void {
    const joins = joined ? (this.#byStart.get(own)?.joins ?? 0) + 1 : 0;
    const installed: RegionStart[] = [];
    const region: InstalledRegion = { starts: installed, covers: covered, joins, found: 0, since };
    for (const start of starts) {
      const id = idOf(start);
      const other = this.#byStart.get(id);
      // Other ways into it are taken from regions that it replaces only.
      if (other && id !== own && (joins === 0 || other.joins > 0)) continue;
      if (other) this.#removeStart(other, id);
      installed.push(start);
      this.#byStart.set(id, region);
      this.#parts.store.install(start);
    }
    for (const key of covered.keys()) {
      const page = this.#byPage.get(key) ?? new Set();
      this.#byPage.set(key, page.add(region));
    }
  }

  /** Code at byte offsets [from, to] of a page has changed: drops the regions that were made from it. */
  written(key: number, from: number, to: number): void {
    for (const region of [...(this.#byPage.get(key) ?? [])]) {
      if (covers(region.covers, key, from, to)) this.#drop(region);
    }
  }

  /** Drops those for which `choose`, asked once for each page of a region, says so. */
  dropSome(choose: () => boolean): void {
    for (const page of [...this.#byPage.values()]) for (const region of [...page]) if (choose()) this.#drop(region);
  }

  /** Control does not enter the region at this place any more. */
  #removeStart(region: InstalledRegion, id: number): void {
    for (const start of region.starts) {
      if (idOf(start) !== id) continue;
      this.#parts.store.uninstall(start);
      this.#byStart.delete(id);
      this.#parts.regionGone();
    }
    const left = region.starts.filter((start) => idOf(start) !== id);
    if (left.length === 0) {
      this.#dropped(region.starts);
      this.#forget(region);
    }
    region.starts = left;
  }

  #drop(region: InstalledRegion): void {
    for (const start of region.starts) this.#removeStart(region, idOf(start));
  }

  /** A region has lost its last start. */
  #forget(region: InstalledRegion): void {
    for (const key of region.covers.keys()) {
      const page = this.#byPage.get(key);
      page?.delete(region);
      if (page?.size === 0) this.#byPage.delete(key);
    }
  }
}
