// Decides what to translate, compiles regions in batches, and puts them in place of the records where they start.

import type { Decode } from '../../isa/decode.ts';
import { isLittleEndianKey } from '../code-key.ts';
import { ImportList } from '../import-list.ts';
import { ModuleWriter } from '../wasm/writer.ts';
import { structure } from './flow-graph.ts';
import { fusesMultiplyAdd } from './fused-multiply-add.ts';
import { type CompiledRegion, compileRegion, writeEntry } from './region-compiler.ts';
import { dispatchedParameters, regionParameters } from './region-frame.ts';
import { idOf, type RegionPlace, type RegionStart, type Surroundings } from './region-place.ts';
import { type CodeSource, type Covering, type RegionPlan, RegionPlanner, type WaitingPlace } from './region-planner.ts';
import type { TranslatorTuning } from './translator-tuning.ts';

/** A region that runs. */
interface Region extends Covering {
  starts: RegionStart[];
  /** How often regions were joined into it. */
  readonly joins: number;
  /** Instructions that led to its starts since it was made. */
  found: number;
}

/** How often a region may be joined with what is around it. */
const mostJoins = 3;

/** Places that are remembered as warm, and as not translatable; then that starts anew. */
const rememberedPlaces = 65_536;

/** Bytes that V8 keeps in each module for an entry of a table that it imports. */
const entryBytes = 32;

/** What the translator asks of the store of code pages. */
export interface CodeStore extends CodeSource {
  /** Lets the region run whenever control comes to a start of it. */
  install(start: RegionStart): void;
  /** Undoes that. */
  uninstall(start: RegionStart): void;
}

/** What was done so far. */
export interface TranslatorStatistics {
  regions: number;
  modules: number;
  instructions: number;
  moduleBytes: number;
  dropped: number;
}

/** Regions of one machine. */
export class Translator {
  readonly statistics: TranslatorStatistics = { regions: 0, modules: 0, instructions: 0, moduleBytes: 0, dropped: 0 };
  table: WebAssembly.Table;
  readonly #tuning: TranslatorTuning;
  readonly #fusesMultiplyAdd = fusesMultiplyAdd();
  /** Gives everything that runs guest code from now on a new table. */
  readonly #newTable: () => WebAssembly.Table;
  /** Told when control must not go to a region any more. */
  readonly #regionGone: () => void;
  readonly #store: CodeStore;
  readonly #planner: RegionPlanner;
  readonly #imports: Record<string, unknown>;
  /** Hits by place, key × 4096 + offset. */
  readonly #heat = new Map<number, number>();
  #waiting = new Map<number, WaitingPlace>();
  #foundWaiting = 0;
  /** Slices since the first of them came. */
  #ticks = 0;
  /** Installed regions by page key. */
  readonly #byPage = new Map<number, Set<Region>>();
  /** Regions by the places of their starts. */
  readonly #byStart = new Map<number, Region>();
  readonly #refused = new Set<number>();
  #free: number[] = [];
  #nextIndex = 0;
  /** Modules that were made with the table. The runtime keeps them, dropped or not, for as long as it keeps the table. */
  #modulesOfTable = 0;
  /** All regions were dropped: the next module gets a new table. */
  #tableSpent = false;
  /** Guest code is running, on the table that it was started with. */
  #running = false;
  #evictionState: number;

  constructor(
    store: CodeStore,
    decoderFor: (key: number) => Decode,
    imports: Record<string, unknown>,
    newTable: () => WebAssembly.Table,
    tuning: TranslatorTuning,
    regionGone: () => void,
  ) {
    this.#regionGone = regionGone;
    this.#store = store;
    this.#planner = new RegionPlanner(store, decoderFor, tuning);
    this.#imports = imports;
    this.#newTable = newTable;
    this.table = newTable();
    this.#tuning = tuning;
    this.#evictionState = tuning.evictionSeed ?? 0;
  }

  /** Running code has come to this place for the first time. */
  firstSeen(place: RegionPlace): void {
    if (!this.#tuning.atFirstSight) return;
    this.#running = true;
    this.sample(place);
    this.#running = false;
  }

  /** One batch more would be too many regions, or too much memory for the modules. */
  get #full(): boolean {
    const { regions, dropped } = this.statistics;
    const { maximumRegions, maximumTableBytes } = this.#tuning;
    if (regions - dropped + this.#waiting.size > maximumRegions) return true;
    return this.#modulesOfTable * this.table.length * entryBytes > maximumTableBytes;
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
    const region = this.#byStart.get(id);
    if (!region || region.joins >= mostJoins || this.#foundAgain(id)) return false;
    region.found += instructions;
    // What was joined already is looked at again, more and more seldom: control may take other ways.
    if (region.found < this.#tuning.joinThreshold << (3 * region.joins)) return false;
    region.found = 0;
    return true;
  }

  /** Joins the region that starts at this place with what is around it. */
  join(place: RegionPlace, around: Surroundings): void {
    this.#wait(idOf(place), { ...place, around });
  }

  /** True when the place waits for its translation already. */
  #foundAgain(id: number): boolean {
    if (!this.#waiting.has(id)) return false;
    // A guest in one hot loop never fills a batch.
    if (++this.#foundWaiting >= this.#tuning.patience) this.translateWaiting();
    return true;
  }

  #wait(id: number, place: WaitingPlace): void {
    this.#waiting.set(id, place);
    if (this.#waiting.size >= this.#tuning.batch) this.translateWaiting();
  }

  /** Translated code hands over to the interpreter at this place often. */
  request(place: RegionPlace): void {
    const id = idOf(place);
    if (!this.#refused.has(id)) this.#waiting.set(id, { ...place, around: undefined });
  }

  /** A slice is over: what has waited long enough is translated. */
  tick(): void {
    if (this.#waiting.size === 0) return;
    const { batch, longestWait } = this.#tuning;
    if (this.#waiting.size >= batch || ++this.#ticks >= longestWait) this.translateWaiting();
  }

  /** What is held now: regions, entries of the table, and places that are remembered. */
  census(): { readonly regions: number; readonly table: number; readonly places: number } {
    const regions = new Set(this.#byStart.values()).size;
    return { regions, table: this.table.length, places: this.#heat.size + this.#refused.size + this.#waiting.size };
  }

  #compile({ place, found, pages }: RegionPlan, imports: ImportList, regionType: number): CompiledRegion {
    return compileRegion(structure(found), {
      mode: { is64: true, littleEndian: isLittleEndianKey(place.key) },
      imports,
      regionType,
      exactBudget: this.#tuning.exactBudget,
      fusesMultiplyAdd: this.#fusesMultiplyAdd,
      pages: new Map([...pages].map(([distance, { records }]) => [distance, records])),
      decode: (instruction) => {
        const decoded = this.#planner.decoded(instruction, place.key);
        if (!decoded) throw new Error(`undecodable word ${instruction.word.toString(16)} in a region`);
        return decoded;
      },
    });
  }

  /** Translates what waits, as one module. */
  translateWaiting(): void {
    if (this.#running && (this.#tableSpent || this.#full)) return;
    const places = [...this.#waiting.values()];
    const full = this.#full;
    this.#waiting = new Map();
    this.#foundWaiting = 0;
    this.#ticks = 0;
    if (places.length === 0) return;
    if (full) this.dropAll();
    if (this.#tableSpent) this.#renewTable();
    this.#evictSome();
    const imports = new ImportList();
    const module = new ModuleWriter();
    const regionType = module.type({ params: regionParameters, results: ['i32'] });
    const compiled = places.flatMap((place) => {
      const plan = this.#planner.plan(place, this.#byStart.get(idOf(place)));
      if (plan) return [{ plan, region: this.#compile(plan, imports, regionType) }];
      if (!place.around) this.#refuse(place);
      return [];
    });
    if (compiled.length === 0) return;
    module.importMemory();
    module.importTable('regions', 1);
    for (const { name, type } of imports.list) module.importFunction(name, type);
    const functions: number[] = [];
    const made = compiled.map(({ plan, region }) => {
      const { locals, body } = region;
      const entries = region.entries?.filter(({ at }) => this.#enters(plan, at));
      const type = { params: region.entries ? dispatchedParameters : regionParameters, results: ['i32'] } as const;
      const whole = module.addFunction(type, locals, body);
      const first = functions.length;
      const ats = entries ? entries.map(({ at }) => at) : [plan.place.offset];
      for (const entry of entries ?? []) {
        functions.push(
          module.addFunction({ params: regionParameters, results: ['i32'] }, [], writeEntry(entry, whole)),
        );
      }
      if (!entries) functions.push(whole);
      return { plan, ats, first };
    });
    const indices = this.#takeIndices(functions.length);
    module.placeFunctions(indices, functions);
    const bytes = module.finish();
    new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: this.#imports });
    for (const { plan, ats, first } of made) {
      this.#install(plan, new Map(ats.map((at, i) => [at, indices[first + i] ?? 0])));
    }
    for (const { region } of compiled) this.statistics.instructions += region.instructions;
    this.statistics.modules++;
    this.#modulesOfTable++;
    this.statistics.regions += compiled.length;
    this.statistics.moduleBytes += bytes.length;
  }

  #refuse(place: RegionPlace): void {
    if (this.#refused.size >= rememberedPlaces) this.#refused.clear();
    this.#refused.add(idOf(place));
  }

  #renewTable(): void {
    this.table = this.#newTable();
    this.#tableSpent = false;
    this.#modulesOfTable = 0;
    this.#nextIndex = 0;
    this.#free = [];
  }

  /** Drops one region in 1024 when the tuning asks for it. */
  #evictSome(): void {
    if (this.#tuning.evictionSeed === undefined) return;
    for (const page of this.#byPage.values()) {
      for (const region of [...page]) {
        // A linear congruential generator is random enough to choose.
        this.#evictionState = (Math.imul(this.#evictionState, 1664525) + 1013904223) | 0;
        if (this.#evictionState >>> 22 === 0) this.#drop(region);
      }
    }
  }

  /** Table indices that no region has, those of dropped regions first. */
  #takeIndices(count: number): readonly number[] {
    const indices = this.#free.splice(-count);
    while (indices.length < count) indices.push(this.#nextIndex++);
    if (this.#nextIndex > this.table.length) this.table.grow(Math.max(count, 4096));
    return indices;
  }

  /** True when a region that is to be made takes this place of it from the region, if any, that control enters there now. */
  #enters({ place, pages, joins }: RegionPlan, at: number): boolean {
    if (at === place.offset) return true;
    const other = this.#byStart.get(idOf({ key: pages.get(at >> 12)?.key ?? place.key, offset: at & 0xfff }));
    return !other || (joins > 0 && other.joins === 0);
  }

  /** Puts a region in place, given the table indices of its entries by place. */
  #install({ place, found, pages, joins }: RegionPlan, indices: ReadonlyMap<number, number>): void {
    const covers = new Map<number, Set<number>>();
    for (const { at, prefix } of found.blocks.flatMap((block) => block.instructions)) {
      const key = pages.get(at >> 12)?.key ?? place.key;
      const offsets = covers.get(key) ?? new Set();
      covers.set(key, offsets.add(at & 0xfff));
      if (prefix !== 0) offsets.add((at & 0xfff) + 4);
    }
    const region: Region = { starts: [], covers, joins, found: 0 };
    for (const [at, index] of indices) {
      const start: RegionStart = { key: pages.get(at >> 12)?.key ?? place.key, offset: at & 0xfff, index };
      const id = idOf(start);
      const other = this.#byStart.get(id);
      if (other) this.#removeStart(other, id);
      region.starts.push(start);
      this.#byStart.set(id, region);
      this.#store.install(start);
    }
    for (const key of covers.keys()) {
      const page = this.#byPage.get(key) ?? new Set();
      this.#byPage.set(key, page.add(region));
    }
  }

  /** Control does not enter the region at this place any more. */
  #removeStart(region: Region, id: number): void {
    for (const start of region.starts) {
      if (idOf(start) !== id) continue;
      this.#store.uninstall(start);
      this.#byStart.delete(id);
      // The table keeps the function until the index is used again: clearing it costs a step for each module.
      this.#free.push(start.index);
      this.#regionGone();
    }
    region.starts = region.starts.filter((start) => idOf(start) !== id);
    if (region.starts.length === 0) this.#forget(region);
  }

  #drop(region: Region): void {
    for (const start of region.starts) this.#removeStart(region, idOf(start));
  }

  /** A region has lost its last start. */
  #forget(region: Region): void {
    for (const key of region.covers.keys()) {
      const page = this.#byPage.get(key);
      page?.delete(region);
      if (page?.size === 0) this.#byPage.delete(key);
    }
    this.statistics.dropped++;
  }

  /** True when regions of this page are installed. */
  holdsRegions(key: number): boolean {
    return (this.#byPage.get(key)?.size ?? 0) > 0;
  }

  /** Code at byte offsets [from, to] of a page has changed. */
  written(key: number, from: number, to: number): void {
    for (const region of [...(this.#byPage.get(key) ?? [])]) {
      for (let offset = from & ~3; offset <= to; offset += 4) {
        if (region.covers.get(key)?.has(offset)) {
          this.#drop(region);
          break;
        }
      }
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
    for (const page of this.#byPage.values()) for (const region of [...page]) this.#drop(region);
    this.#byPage.clear();
    this.#waiting.clear();
    this.#heat.clear();
    this.#refused.clear();
    // What problem state may use has changed, perhaps.
    this.#planner.forgetWords();
    this.#tableSpent = this.#modulesOfTable > 0;
  }
}
