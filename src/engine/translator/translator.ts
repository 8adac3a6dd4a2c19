// Decides what to translate, compiles regions in batches, and puts them in place of the records where they start.

import type { Decode } from '../../isa/decode.ts';
import { isPrefix } from '../../isa/field.ts';
import { isLittleEndianKey, isRestrictedKey, sameDecoding } from '../code-key.ts';
import { ImportList } from '../import-list.ts';
import { flowOf } from '../interpreter/generate.ts';
import { VariantCache } from '../variants.ts';
import { ModuleWriter } from '../wasm/writer.ts';
import {
  behind,
  type CodeReader,
  type Flow,
  type FoundBlocks,
  findBlocks,
  type RegionInstruction,
  structure,
} from './flow-graph.ts';
import { fusesMultiplyAdd } from './fused-multiply-add.ts';
import {
  type CompiledRegion,
  compileRegion,
  type DecodedInstruction,
  dispatchedParameters,
  mostPages,
  regionParameters,
  writeEntry,
} from './region-compiler.ts';
import { furthestPlace } from './region-frame.ts';

/** Where a region starts: a place in the code of a page. */
export interface RegionPlace {
  /** As `CodeKey`. */
  readonly key: number;
  /** Byte offset in the page. */
  readonly offset: number;
}

/** A place where control enters a region. */
export interface RegionStart extends RegionPlace {
  /** Index in the table of regions. */
  readonly index: number;
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

/** What was seen of the code around a place. */
export interface Surroundings {
  /** How control went on from there. */
  readonly runs: readonly StraightRun[];
  /** The page at this distance, in pages, by effective address; undefined when it is not known. */
  page(distance: number): CodePage | undefined;
}

/** A region that runs. */
interface Region {
  starts: RegionStart[];
  /** Byte offsets of the instructions that it was made from, by page key. */
  readonly covers: ReadonlyMap<number, ReadonlySet<number>>;
  /** How often regions were joined into it. */
  readonly joins: number;
  /** Instructions that led to its starts since it was made. */
  found: number;
}

/** A place that is to be translated; with what is around it when regions are to be joined there. */
interface WaitingPlace extends RegionPlace {
  readonly around: Surroundings | undefined;
}

/** What one region is made from. */
interface RegionPlan {
  readonly place: WaitingPlace;
  readonly found: FoundBlocks;
  /** Pages by their distance from that of the place. */
  readonly pages: ReadonlyMap<number, CodePage>;
  readonly joins: number;
}

/** What the translator asks of the store of code pages. */
export interface CodeStore {
  /** The instruction word at a place. */
  wordAt(place: RegionPlace): number;
  /** True when the instruction at a place was executed by the interpreter since its code was written. */
  executed(place: RegionPlace): boolean;
  /** Lets the region run whenever control comes to a start of it. */
  install(start: RegionStart): void;
  /** Undoes that. */
  uninstall(start: RegionStart): void;
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
  /** Most guest instructions in a region, and in one that regions were joined into. */
  readonly regionLimit: number;
  readonly joinedLimit: number;
  /** Instructions that must have led from other code to the starts of a region before it is joined with those around it. */
  readonly joinThreshold: number;
  /** Leave out code that was not executed yet. */
  readonly onlyExecuted: boolean;
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

/** How often a region may be joined with what is around it. */
const mostJoins = 3;

/** A place as a number. */
function idOf({ key, offset }: RegionPlace): number {
  return key * 4096 + offset;
}

/** A prefix here would cross a 64-byte boundary, and is no instruction. */
function isAtBoundary(at: number): boolean {
  return (at & 63) === 60;
}

const recentMask = 0xfff;
/** Places that are remembered as warm, and as not translatable; then that starts anew. */
const rememberedPlaces = 65_536;

/** Bytes that V8 keeps in each module for an entry of a table that it imports. */
const entryBytes = 32;

/** Tuning for use. */
export const defaultTuning: TranslatorTuning = {
  threshold: 2,
  batch: 32,
  patience: 8,
  longestWait: 64,
  regionLimit: 256,
  joinedLimit: 800,
  joinThreshold: 2_000_000,
  onlyExecuted: true,
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
  readonly #fusesMultiplyAdd = fusesMultiplyAdd();
  /** Gives everything that runs guest code from now on a new table. */
  readonly #newTable: () => WebAssembly.Table;
  /** Told when control must not go to a region any more. */
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

  #decoded({ word, prefix }: RegionInstruction, key: number): DecodedInstruction | undefined {
    if (prefix !== 0) {
      const row = this.#decoderFor(key)(prefix, word);
      return row && this.#forms.get(row, word, prefix);
    }
    const recent = this.#recent[isRestrictedKey(key) ? 1 : 0] ?? [];
    const known = recent[word & recentMask];
    if (known?.word === word) return known.decoded;
    const row = this.#decoderFor(key)(word);
    const decoded = row && this.#forms.get(row, word, 0);
    recent[word & recentMask] = { word, decoded };
    return decoded;
  }

  /** How an instruction ends a block; `calls`: a call is followed. */
  #flow(instruction: RegionInstruction, key: number, calls: boolean): Flow | 'stop' | undefined {
    const { at, word, prefix } = instruction;
    if (prefix !== 0 && isAtBoundary(at)) return 'stop';
    const decoded = this.#decoded(instruction, key);
    if (!decoded || decoded.flow.leaves || decoded.row.privilege === 'hypervisor') return 'stop';
    const { flow, fixed, row, prepared } = decoded;
    if (flow.relative === undefined && !flow.ends && !row.endsBlock) return undefined;
    const call = fixed.LK === 1;
    const target =
      flow.relative !== undefined && (calls || !call) ? at + prepared.field(flow.relative, word, prefix) : undefined;
    return { target, fallsThrough: !flow.ends, call, indirect: calls && flow.indirect };
  }

  /** Finds what belongs to a region; undefined when there is none to be had. */
  #plan(place: WaitingPlace): RegionPlan | undefined {
    const { regionLimit, joinedLimit, onlyExecuted } = this.#tuning;
    const own = place.around?.page(0);
    const around = own?.key === place.key ? place.around : undefined;
    const pages = new Map([[0, own ?? { key: place.key, records: 0 }]]);
    const pageAt = (at: number): CodePage | undefined => {
      const distance = at >> 12;
      const known = pages.get(distance);
      if (known || !around || pages.size >= mostPages || Math.abs(at) >= furthestPlace) return known;
      const page = around.page(distance);
      if (page && sameDecoding(page.key, place.key)) pages.set(distance, page);
      return pages.get(distance);
    };
    const wordAt = (at: number) => this.#store.wordAt({ key: pageAt(at)?.key ?? 0, offset: at & 0xfff });
    const code: CodeReader = {
      instruction: (at) => {
        const word = wordAt(at);
        if (!isPrefix(word)) return { at, word, prefix: 0 };
        return { at, word: isAtBoundary(at) ? 0 : wordAt(at + 4), prefix: word };
      },
      flow: (instruction) => this.#flow(instruction, place.key, around !== undefined),
      follows: (at) => {
        if (around) return traced.has(at);
        const page = pageAt(at);
        return page !== undefined && (!onlyExecuted || this.#store.executed({ key: page.key, offset: at & 0xfff }));
      },
    };
    const traced = new Set<number>();
    const starts = [place.offset];
    if (!around) {
      const found = findBlocks(code, { starts, limit: regionLimit, calls: false });
      return found.blocks.length > 0 ? { place, found, pages, joins: 0 } : undefined;
    }
    // Where a run did not come to by the branch in front of it, it came by an address.
    let expected: Flow | undefined;
    for (const { at: start, instructions } of around.runs) {
      if (traced.size >= joinedLimit) break;
      if (expected?.target !== start) starts.push(start);
      expected = undefined;
      for (let at = start, i = 0; i < instructions && pageAt(at); i++) {
        const instruction = code.instruction(at);
        const flow = code.flow(instruction);
        if (flow === 'stop') {
          expected = undefined;
          break;
        }
        traced.add(at);
        expected = flow;
        at = behind(instruction);
      }
    }
    const before = this.#byStart.get(idOf(place));
    for (const [distance, { key }] of pages) {
      for (const offset of before?.covers.get(key) ?? []) {
        if (traced.size < joinedLimit) traced.add(distance * 4096 + offset);
      }
    }
    const known = starts.filter((at) => traced.has(at));
    const found = findBlocks(code, { starts: known, limit: joinedLimit, calls: true });
    const joins = (before?.joins ?? 0) + 1;
    return found.blocks.length > 0 ? { place, found, pages, joins } : undefined;
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
        const decoded = this.#decoded(instruction, place.key);
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
      const plan = this.#plan(place);
      if (plan) return [{ plan, region: this.#compile(plan, imports, regionType) }];
      if (this.#refused.size >= rememberedPlaces) this.#refused.clear();
      this.#refused.add(idOf(place));
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
    for (const recent of this.#recent) recent.length = 0;
    this.#tableSpent = this.#modulesOfTable > 0;
  }
}
