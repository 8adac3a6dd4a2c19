// Decides what to translate, compiles regions in batches, and puts them in place of the records where they start.

import type { Decode } from '../../isa/decode.ts';
import { isLittleEndianKey, isRestrictedKey } from '../code-key.ts';
import { ImportList } from '../import-list.ts';
import { flowOf } from '../interpreter/generate.ts';
import { VariantCache } from '../variants.ts';
import { ModuleWriter } from '../wasm/writer.ts';
import { type CodeReader, type Flow, findBlocks, structure } from './flow-graph.ts';
import { compileRegion, type DecodedInstruction } from './region-compiler.ts';

/** Where a region starts: a place in the code of a page. */
export interface RegionPlace {
  /** As `CodeKey`. */
  readonly key: number;
  /** Byte offset in the page. */
  readonly offset: number;
}

/** A region that runs. */
export interface InstalledRegion extends RegionPlace {
  /** Index in the table of regions. */
  readonly index: number;
  /** Byte offsets of the instructions that it was made from. */
  readonly covers: ReadonlySet<number>;
}

/** What the translator asks of the store of code pages. */
export interface CodeStore {
  /** The instruction word at a place. */
  wordAt(place: RegionPlace): number;
  /** Lets the region run whenever control comes to its start. */
  install(region: InstalledRegion): void;
  /** Undoes that. */
  uninstall(region: InstalledRegion): void;
}

/** How eager the translator is, and its bounds. */
export interface TranslatorTuning {
  /** Times that a place must be found hot. */
  readonly threshold: number;
  /** Slices that a place waits at most. */
  readonly longestWait: number;
  /** Regions in one module. */
  readonly batch: number;
  /** Times that control may be found where a translation is waited for before the batch is translated unfilled. */
  readonly patience: number;
  /** Most guest instructions in a region. */
  readonly regionLimit: number;
  /** Regions that may be installed; all are dropped when there would be more. */
  readonly maximumRegions: number;
  /** Bytes of host memory that modules may take for their copies of the table; all regions are dropped beyond. */
  readonly maximumTableBytes: number;
  readonly exactBudget: boolean;
  /** Translate each instruction that is not in a region yet when it is first reached. */
  readonly atFirstSight?: boolean;
  /** Drop regions at random, from this seed. */
  readonly evictionSeed?: number;
}

const recentMask = 0xfff;
/** Places that are remembered as warm, and as not translatable; then that starts anew. */
const rememberedPlaces = 65_536;

/** Bytes that V8 keeps in each module for an entry of a table that it imports. */
const entryBytes = 32;

/** Tuning for use. */
export const defaultTuning: TranslatorTuning = {
  threshold: 2,
  batch: 16,
  patience: 4,
  longestWait: 64,
  regionLimit: 256,
  maximumRegions: 60_000,
  maximumTableBytes: 384 * 2 ** 20,
  exactBudget: false,
};

/** What was done so far. */
export interface TranslatorStatistics {
  regions: number;
  modules: number;
  instructions: number;
  moduleBytes: number;
  dropped: number;
}

type RecentWords = ({ word: number; decoded: DecodedInstruction | undefined } | undefined)[];

/** Regions of one machine. */
export class Translator {
  readonly statistics: TranslatorStatistics = { regions: 0, modules: 0, instructions: 0, moduleBytes: 0, dropped: 0 };
  table: WebAssembly.Table;
  readonly #tuning: TranslatorTuning;
  /** Gives everything that runs guest code from now on a new table. */
  readonly #newTable: () => WebAssembly.Table;
  /** Told when a region's table entry is cleared. */
  readonly #regionGone: () => void;
  readonly #store: CodeStore;
  readonly #decoderFor: (key: number) => Decode;
  readonly #imports: Record<string, unknown>;
  readonly #forms = new VariantCache<DecodedInstruction>((prepared, fixed) => ({
    row: prepared.row,
    prepared,
    fixed,
    flow: flowOf(prepared, fixed),
  }));
  /** Words decoded lately, by their low bits: for all code, and for problem state at a compatibility level. */
  readonly #recent: readonly RecentWords[] = [[], []];
  /** Hits by place, key × 4096 + offset. */
  readonly #heat = new Map<number, number>();
  #waiting = new Map<number, RegionPlace>();
  #foundWaiting = 0;
  /** Slices since the first of them came. */
  #ticks = 0;
  /** Installed regions by page key. */
  readonly #byPage = new Map<number, Set<InstalledRegion>>();
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
    this.#decoderFor = decoderFor;
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
    const id = place.key * 4096 + place.offset;
    if (this.#refused.has(id)) return;
    if (this.#waiting.has(id)) {
      // A guest in one hot loop never fills a batch.
      if (++this.#foundWaiting >= this.#tuning.patience) this.translateWaiting();
      return;
    }
    const heat = (this.#heat.get(id) ?? 0) + 1;
    if (heat < this.#tuning.threshold) {
      if (this.#heat.size >= rememberedPlaces) this.#heat.clear();
      this.#heat.set(id, heat);
      return;
    }
    this.#heat.delete(id);
    this.#waiting.set(id, place);
    if (this.#waiting.size >= this.#tuning.batch) this.translateWaiting();
  }

  /** Translated code hands over to the interpreter at this place often. */
  request(place: RegionPlace): void {
    const id = place.key * 4096 + place.offset;
    if (!this.#refused.has(id)) this.#waiting.set(id, place);
  }

  /** A slice is over: what has waited long enough is translated. */
  tick(): void {
    if (this.#waiting.size === 0) return;
    const { batch, longestWait } = this.#tuning;
    if (this.#waiting.size >= batch || ++this.#ticks >= longestWait) this.translateWaiting();
  }

  /** What is held now: regions, entries of the table, and places that are remembered. */
  census(): { readonly regions: number; readonly table: number; readonly places: number } {
    let regions = 0;
    for (const page of this.#byPage.values()) regions += page.size;
    return { regions, table: this.table.length, places: this.#heat.size + this.#refused.size + this.#waiting.size };
  }

  #decoded(word: number, key: number): DecodedInstruction | undefined {
    const recent = this.#recent[isRestrictedKey(key) ? 1 : 0] ?? [];
    const known = recent[word & recentMask];
    if (known?.word === word) return known.decoded;
    const row = this.#decoderFor(key)(word);
    const decoded = row && this.#forms.get(row, word);
    recent[word & recentMask] = { word, decoded };
    return decoded;
  }

  #reader(key: number): CodeReader {
    const word = (offset: number) => this.#store.wordAt({ key, offset });
    return { word, flow: (instruction, offset) => this.#flow(instruction, offset, key) };
  }

  #flow(word: number, offset: number, key: number): Flow | 'stop' | undefined {
    const decoded = this.#decoded(word, key);
    if (!decoded || decoded.flow.leaves || decoded.row.privilege === 'hypervisor') return 'stop';
    const { flow, fixed, row, prepared } = decoded;
    if (flow.relative === undefined && !flow.ends && !row.endsBlock) return undefined;
    let target: number | undefined;
    if (flow.relative !== undefined && fixed.LK !== 1) {
      const to = offset + prepared.field(flow.relative, word);
      if (to >= 0 && to < 4096) target = to;
    }
    return { target, fallsThrough: !flow.ends };
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
    const regionType = module.type({ params: ['i32', 'i64'], results: ['i32'] });
    const compiled = places.flatMap((place) => {
      const blocks = findBlocks(this.#reader(place.key), place.offset, this.#tuning.regionLimit);
      const first = blocks[0];
      if (!first || first.instructions.length === 0) {
        if (this.#refused.size >= rememberedPlaces) this.#refused.clear();
        this.#refused.add(place.key * 4096 + place.offset);
        return [];
      }
      const covers = new Set(blocks.flatMap((block) => block.instructions.map((i) => i.offset)));
      const region = compileRegion(structure(blocks), {
        mode: { is64: true, littleEndian: isLittleEndianKey(place.key) },
        imports,
        regionType,
        exactBudget: this.#tuning.exactBudget,
        decode: (word) => {
          const decoded = this.#decoded(word, place.key);
          if (!decoded) throw new Error(`undecodable word ${word.toString(16)} in a region`);
          return decoded;
        },
      });
      return [{ place, covers, region }];
    });
    if (compiled.length === 0) return;
    const indices = this.#takeIndices(compiled.length);
    module.importMemory();
    module.importTable('regions', 1);
    for (const { name, type } of imports.list) module.importFunction(name, type);
    const functions = compiled.map(({ region }) =>
      module.addFunction({ params: ['i32', 'i64'], results: ['i32'] }, region.locals, region.body),
    );
    module.placeFunctions(indices, functions);
    const bytes = module.finish();
    new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: this.#imports });
    compiled.forEach(({ place, covers, region }, i) => {
      this.#install({ ...place, index: indices[i] ?? 0, covers });
      this.statistics.instructions += region.instructions;
    });
    this.statistics.modules++;
    this.#modulesOfTable++;
    this.statistics.regions += compiled.length;
    this.statistics.moduleBytes += bytes.length;
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

  #install(region: InstalledRegion): void {
    let page = this.#byPage.get(region.key);
    if (!page) {
      page = new Set();
      this.#byPage.set(region.key, page);
    }
    page.add(region);
    this.#store.install(region);
  }

  #drop(region: InstalledRegion): void {
    this.#store.uninstall(region);
    this.table.set(region.index, null);
    this.#regionGone();
    this.#free.push(region.index);
    const page = this.#byPage.get(region.key);
    page?.delete(region);
    if (page?.size === 0) this.#byPage.delete(region.key);
    this.statistics.dropped++;
  }

  /** True when regions of this page are installed. */
  holdsRegions(key: number): boolean {
    return (this.#byPage.get(key)?.size ?? 0) > 0;
  }

  /** Code at byte offsets [from, to] of a page has changed. */
  written(key: number, from: number, to: number): void {
    for (const region of this.#byPage.get(key) ?? []) {
      for (let offset = from & ~3; offset <= to; offset += 4) {
        if (region.covers.has(offset)) {
          this.#drop(region);
          break;
        }
      }
    }
    const base = key * 4096;
    for (let offset = from & ~3; offset <= to; offset += 4) {
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
    for (const recent of this.#recent) recent.length = 0;
    this.#tableSpent = this.#modulesOfTable > 0;
  }
}
