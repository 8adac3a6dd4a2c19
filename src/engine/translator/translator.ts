// Decides what to translate, has regions compiled in batches, and puts them in place of the records where they start.

import type { IsaVersion } from '../../isa/version.ts';
import type { BatchCompiler, TranslatedBatch, TranslationOrder } from './batch-compiler.ts';
import { covers } from './covered-code.ts';
import { type InstallationParts, InstalledRegions, type RegionStore } from './installed-regions.ts';
import { idOf, type RegionPlace, type RegionStart, type Surroundings } from './region-place.ts';
import type { TranslatorTuning } from './translator-tuning.ts';

/** A place that is to be translated; with what is around it when regions are to be joined there. */
interface WaitingPlace extends RegionPlace {
  readonly around: Surroundings | undefined;
}

/** An order that another thread works on. */
interface OrderUnderWay {
  readonly order: TranslationOrder;
  readonly ids: ReadonlySet<number>;
  /** Keys of the pages that the regions can be made from. */
  readonly keys: ReadonlySet<number>;
  /** What has changed in them since: byte offsets from…to. */
  readonly written: { readonly key: number; readonly from: number; readonly to: number }[];
  /** All that was decoded is gone: nothing of what comes may be used. */
  stale: boolean;
}

/** A region is joined with what is around it when one in so many of all instructions led to it. */
const joinShare = 30;

/** How often a region may be joined with what is around it. */
const mostJoins = 3;

/** Places that are remembered as warm, and as not translatable; then that starts anew. */
const rememberedPlaces = 65_536;

/** Stores into code that is being compiled; after more of them nothing of it is used. */
const mostWritten = 256;

/** What the translator asks of the store of code pages. */
export interface CodeStore extends RegionStore {
  /** Has stores to the page with this key noticed: regions are about to be made of it. */
  watch(key: number): void;
  /** Address of the records of the page with this key when it has any. */
  knownRecords(key: number): number | undefined;
}

/** A thread that compiles while guest code runs: one order at a time. */
export interface TranslationThread {
  submit(order: TranslationOrder): void;
  /** What came of the order, once; undefined while it is under way. Throws when the thread has failed. */
  take(): CompiledBatch | undefined;
}

/** A {@link TranslatedBatch} with its module, which is undefined when there is no region. */
export interface CompiledBatch extends Omit<TranslatedBatch, 'bytes'> {
  readonly module: WebAssembly.Module | undefined;
  readonly moduleBytes: number;
}

/** What a translator works with. */
export interface TranslatorParts extends InstallationParts {
  readonly store: CodeStore;
  readonly tuning: TranslatorTuning;
  /** Who compiles: this thread, or another one. */
  readonly compiler: BatchCompiler | TranslationThread;
  /** What modules import. */
  readonly imports: Record<string, unknown>;
  /** Newest edition of what problem state may use where it is held to a level, now. */
  readonly problemEdition: () => IsaVersion;
  /** Gives everything that runs guest code from now on a new table. */
  readonly newTable: () => WebAssembly.Table;
}

/** What was done so far. */
export interface TranslatorStatistics {
  regions: number;
  modules: number;
  instructions: number;
  moduleBytes: number;
  dropped: number;
}

function keysOf(around: Surroundings | undefined): number[] {
  return around ? [...around.pages.values()].map(({ key }) => key) : [];
}

/** Compiles an order in the calling thread, to a module that any thread of the process may use. */
export function compileNow(compiler: BatchCompiler, order: TranslationOrder): CompiledBatch {
  const { bytes, ...batch } = compiler.compile(order);
  return { ...batch, module: bytes && new WebAssembly.Module(bytes), moduleBytes: bytes?.length ?? 0 };
}

/** Regions of one machine. */
export class Translator {
  readonly statistics: TranslatorStatistics = { regions: 0, modules: 0, instructions: 0, moduleBytes: 0, dropped: 0 };
  table: WebAssembly.Table;
  readonly #parts: TranslatorParts;
  readonly #tuning: TranslatorTuning;
  /** Hits by place, key × 4096 + offset. */
  readonly #heat = new Map<number, number>();
  readonly #waiting = new Map<number, WaitingPlace>();
  #foundWaiting = 0;
  #underWay: OrderUnderWay | undefined;
  /** Instructions that led to starts of regions. */
  #found = 0;
  /** Slices since the first of them came. */
  #ticks = 0;
  readonly #regions: InstalledRegions;
  readonly #refused = new Set<number>();
  #free: number[] = [];
  #nextIndex = 0;
  /** Modules whose functions are, or were, in the table. */
  #modulesOfTable = 0;
  /** All regions were dropped: the next module gets a new table. */
  #tableSpent = false;
  /** Guest code is running, on the table that it was started with. */
  #running = false;
  #evictionState: number;

  constructor(parts: TranslatorParts) {
    this.#parts = parts;
    this.#regions = new InstalledRegions(parts, (starts) => {
      this.#giveBack(starts);
      this.statistics.dropped++;
    });
    this.#tuning = parts.tuning;
    this.table = parts.newTable();
    this.#evictionState = parts.tuning.evictionSeed ?? 0;
  }

  /** Running code has come to this place for the first time. */
  firstSeen(place: RegionPlace): void {
    if (!this.#tuning.atFirstSight) return;
    this.#running = true;
    this.sample(place);
    this.#running = false;
  }

  /** One batch more would be too many regions, or too many modules. */
  get #full(): boolean {
    const { regions, dropped } = this.statistics;
    const { maximumRegions, maximumModules } = this.#tuning;
    if (regions - dropped + this.#waiting.size > maximumRegions) return true;
    return this.#modulesOfTable >= maximumModules;
  }

  /** Control was found at this place, which is not the start of a region. */
  sample(place: RegionPlace): void {
    const id = idOf(place);
    if (this.#refused.has(id) || this.#foundAgain(id)) return;
    const heat = (this.#heat.get(id) ?? 0) + 1;
    if (heat < this.#tuning.threshold) {
      if (this.#heat.size >= rememberedPlaces) this.#heat.clear();
      this.#heat.set(id, heat);
      return;
    }
    this.#heat.delete(id);
    this.#wait(id, { ...place, around: undefined });
  }

  /**
   * Control was found at this place, the start of a region, having come from other code, after so many instructions. True when
   * that has happened so often that the region is to be joined with those around it.
   */
  sampleStart(place: RegionPlace, instructions: number): boolean {
    const id = idOf(place);
    this.#found += instructions;
    const region = this.#regions.startingAt(id);
    if (!region || region.joins >= mostJoins || this.#foundAgain(id)) return false;
    // What was joined already is looked at again, more and more seldom: control may take other ways.
    const threshold = this.#tuning.joinThreshold * 64 ** region.joins;
    if (this.#found - region.since > threshold * joinShare) {
      region.found = 0;
      region.since = this.#found;
    }
    region.found += instructions;
    if (region.found < threshold) return false;
    region.found = 0;
    region.since = this.#found;
    return true;
  }

  /** Joins the region that starts at this place with what is around it. */
  join(place: RegionPlace, around: Surroundings): void {
    this.#wait(idOf(place), { ...place, around });
  }

  /** True when the place waits for its translation already. */
  #foundAgain(id: number): boolean {
    if (this.#underWay?.ids.has(id)) return true;
    if (!this.#waiting.has(id)) return false;
    // A guest in one hot loop never fills a batch.
    if (++this.#foundWaiting >= this.#tuning.patience) this.translateWaiting();
    return true;
  }

  #wait(id: number, place: WaitingPlace): void {
    this.#waiting.set(id, place);
    if (this.#waiting.size >= this.#tuning.batch) this.translateWaiting();
  }

  /** Control often comes to this place not long after translated code has handed over to the interpreter. */
  request(place: RegionPlace): void {
    const id = idOf(place);
    if (this.#refused.has(id) || this.#underWay?.ids.has(id)) return;
    this.#waiting.set(id, { ...place, around: undefined });
  }

  /** A slice is over: what was compiled meanwhile is put in place, and what has waited long enough is translated. */
  tick(): void {
    if (this.#underWay) this.#takeCompiled(this.#underWay);
    if (this.#waiting.size === 0) return;
    const { batch, longestWait, patience } = this.#tuning;
    const due = this.#waiting.size >= batch || this.#foundWaiting >= patience;
    if (++this.#ticks >= longestWait || due) this.translateWaiting();
  }

  /** What is held now: regions, entries of the table, and places that are remembered. */
  census(): { readonly regions: number; readonly table: number; readonly places: number } {
    const regions = this.#regions.count;
    return { regions, table: this.table.length, places: this.#heat.size + this.#refused.size + this.#waiting.size };
  }

  /** Has a batch of what waits translated, as one module: at once, or by the thread that does so when it has nothing else to do. */
  translateWaiting(): void {
    if (this.#underWay || (this.#running && (this.#tableSpent || this.#full))) return;
    const full = this.#full;
    const waiting = this.#takeWaiting();
    this.#foundWaiting = 0;
    this.#ticks = 0;
    if (waiting.length === 0) return;
    if (full) this.dropAll();
    if (this.#tableSpent) this.#renewTable();
    this.#evictSome();
    const { compiler, problemEdition } = this.#parts;
    const places = waiting.flatMap(([id, { key, offset, around }]) => {
      const records = this.#parts.store.knownRecords(key);
      // A region that was made for another place can be entered here by now.
      if (records === undefined || (!around && this.#regions.startingAt(id))) return [];
      const before = around && this.#regions.startingAt(id)?.covers;
      return [{ key, offset, records, around, before }];
    });
    if (places.length === 0) return;
    const keys = new Set(places.flatMap(({ key, around }) => [key, ...keysOf(around)]));
    // What was seen of the code may be long ago: a page may have been taken for data since.
    for (const key of keys) this.#parts.store.watch(key);
    const entries = new Map([...keys].map((key) => [key, this.#regions.entriesOf(key)]));
    const order = { problemEdition: problemEdition(), places, entries, indices: this.#takeIndices(places.length) };
    if ('compile' in compiler) {
      this.#finish(order, [], compileNow(compiler, order));
      return;
    }
    this.#underWay = { order, ids: new Set(waiting.map(([id]) => id)), keys, written: [], stale: false };
    compiler.submit(order);
  }

  /** Those that have waited longest, as many as a batch has; the others go on waiting. */
  #takeWaiting(): readonly (readonly [id: number, place: WaitingPlace])[] {
    const taken = [...this.#waiting].slice(0, this.#tuning.batch);
    for (const [id] of taken) this.#waiting.delete(id);
    return taken;
  }

  /** Looks whether the other thread is done. */
  #takeCompiled(underWay: OrderUnderWay): void {
    const { compiler } = this.#parts;
    const batch = 'take' in compiler ? compiler.take() : undefined;
    if (!batch) return;
    this.#underWay = undefined;
    if (!underWay.stale) this.#finish(underWay.order, underWay.written, batch);
    // A table that is to be renewed has no free indices.
    else if (!this.#tableSpent) this.#free.push(...underWay.order.indices);
  }

  /** Puts regions in place, but those whose code has changed since they were ordered. */
  #finish({ places, indices }: TranslationOrder, written: OrderUnderWay['written'], batch: CompiledBatch): void {
    const { regions, usedIndices, module, moduleBytes } = batch;
    // The last ones first: they are taken from the end.
    for (let i = indices.length; i-- > usedIndices; ) this.#free.push(indices[i] ?? 0);
    const translated = new Set(regions.flatMap(({ starts }) => starts.map(idOf)));
    for (const place of places) {
      const changed = written.some(({ key }) => key === place.key);
      if (!translated.has(idOf(place)) && !place.around && !changed) this.#refuse(place);
    }
    if (!module) return;
    const { exports } = new WebAssembly.Instance(module, { env: this.#parts.imports });
    for (let i = 0; i < usedIndices; i++) this.table.set(indices[i] ?? 0, exports[i]);
    for (const region of regions) {
      const place = places[region.place];
      const changed = written.some(({ key, from, to }) => covers(region.covers, key, from, to));
      if (place && !changed) {
        this.#regions.install(idOf(place), place.around !== undefined, region, this.#found);
        this.statistics.regions++;
      } else this.#giveBack(region.starts);
      this.statistics.instructions += region.instructions;
    }
    this.statistics.modules++;
    this.#modulesOfTable++;
    this.statistics.moduleBytes += moduleBytes;
  }

  #refuse(place: RegionPlace): void {
    if (this.#refused.size >= rememberedPlaces) this.#refused.clear();
    this.#refused.add(idOf(place));
  }

  #renewTable(): void {
    this.table = this.#parts.newTable();
    this.#tableSpent = false;
    this.#modulesOfTable = 0;
    this.#nextIndex = 0;
    this.#free = [];
  }

  /** Drops one region in 1024 when the tuning asks for it. */
  #evictSome(): void {
    if (this.#tuning.evictionSeed === undefined) return;
    this.#regions.dropSome(() => {
      // A linear congruential generator is random enough to choose.
      this.#evictionState = (Math.imul(this.#evictionState, 1664525) + 1013904223) | 0;
      return this.#evictionState >>> 22 === 0;
    });
  }

  /** Table indices that no region has, those of dropped regions first. */
  #takeIndices(count: number): readonly number[] {
    const indices = this.#free.splice(-count);
    while (indices.length < count) indices.push(this.#nextIndex++);
    if (this.#nextIndex > this.table.length) this.table.grow(Math.max(count, 4096));
    return indices;
  }

  /**
   * The index of a region that is not entered any more is free. The table keeps the function until the index is used again:
   * clearing it costs a step for each module.
   */
  #giveBack([start]: readonly RegionStart[]): void {
    if (start) this.#free.push(start.index);
  }

  /** True when regions of this page are installed. */
  holdsRegions(key: number): boolean {
    return this.#regions.areIn(key);
  }

  /** Code at byte offsets [from, to] of a page has changed. */
  written(key: number, from: number, to: number): void {
    this.#regions.written(key, from, to);
    if (this.#underWay?.keys.has(key)) {
      this.#underWay.written.push({ key, from, to });
      if (this.#underWay.written.length > mostWritten) this.#underWay.stale = true;
    }
    const base = key * 4096;
    // The word before may be the prefix of the first.
    for (let offset = (from & ~3) - 4; offset <= to; offset += 4) {
      this.#waiting.delete(base + offset);
      this.#refused.delete(base + offset);
    }
  }

  /** Drops all regions. */
  dropAll(): void {
    this.#regions.dropSome(() => true);
    this.#waiting.clear();
    this.#heat.clear();
    this.#refused.clear();
    if (this.#underWay) this.#underWay.stale = true;
    this.#tableSpent = this.#modulesOfTable > 0;
  }
}
