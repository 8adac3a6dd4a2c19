// Makes one WebAssembly module of the regions at some places: a function of the machine's memory and of the places, so
// that any thread may do it.
import { decoderOf } from '../../isa/decode.ts';
import type { IsaVersion } from '../../isa/version.ts';
import { isLittleEndianKey, isRestrictedKey } from '../code-key.ts';
import { CodeMemory } from '../code-memory.ts';
import { ImportList } from '../import-list.ts';
import { regionParameters } from '../region-interface.ts';
import { ModuleWriter } from '../wasm/writer.ts';
import { type CoveredCode, cover } from './covered-code.ts';
import { goesRoundAlone } from './flow-blocks.ts';
import { fusesMultiplyAdd } from './fused-multiply-add.ts';
import { type CompiledRegion, compileRegion } from './region-compiler.ts';
import { idOf, type RegionPlace, type RegionStart } from './region-place.ts';
import { type PlaceToTranslate, type RegionPlan, RegionPlanner } from './region-planner.ts';
import { structure } from './structured-graph.ts';
import type { TranslatorTuning } from './translator-tuning.ts';

/** What a compiler is made from. Plain data: it may cross to another thread. */
export interface BatchCompilerSetup {
  /** Byte offset of guest real address 0. */
  readonly ramBase: number;
  /** Edition of the CPU model. */
  readonly edition: IsaVersion;
  readonly tuning: TranslatorTuning;
}

/** What is to be translated. Plain data. */
export interface TranslationOrder {
  /** Newest edition of what problem state may use where it is held to a level. */
  readonly problemEdition: IsaVersion;
  readonly places: readonly PlaceToTranslate[];
  /** Byte offsets where regions can be entered already, by the keys of the pages. */
  readonly entries: ReadonlyMap<number, readonly number[]>;
  /** Free indices of the table of regions, at least one for each place. */
  readonly indices: readonly number[];
}

/** A region of a module. Plain data. */
export interface TranslatedRegion {
  /** Which of the order's places it was made for. */
  readonly place: number;
  /** Where control may enter it. */
  readonly starts: readonly RegionStart[];
  readonly covers: CoveredCode;
  /** Guest instructions in it. */
  readonly instructions: number;
}

/** What came of an order. Plain data. */
export interface TranslatedBatch {
  /** Places for which there is no region are left out. */
  readonly regions: readonly TranslatedRegion[];
  /** How many of the order's indices were used, the first ones. */
  readonly usedIndices: number;
  /**
   * The module; undefined when there is no region. It imports `env` as the engine provides it, and exports the function for the
   * order's nth index by the name n.
   */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
}

/** Times that each instruction on a traced way was executed, on the average, from which on it is a loop that counts. */
const goesRound = 16;

function placeAt({ place, pages }: RegionPlan, at: number): RegionPlace {
  return { key: pages.get(at >> 12)?.key ?? place.key, offset: at & 0xfff };
}

function coverOf({ place, found, pages }: RegionPlan): CoveredCode {
  const covered = new Map<number, Int32Array>();
  for (const { instructions, start } of found.blocks) {
    // A block lies in one page.
    const key = pages.get(start >> 12)?.key ?? place.key;
    for (const { at, prefix } of instructions) {
      cover(covered, key, at & 0xfff);
      if (prefix !== 0) cover(covered, key, (at + 4) & 0xfff);
    }
  }
  return covered;
}

/** Compiles regions of one machine. */
export class BatchCompiler {
  readonly #setup: BatchCompilerSetup;
  readonly #planner: RegionPlanner;
  readonly #fusesMultiplyAdd = fusesMultiplyAdd();
  #problemEdition: IsaVersion;

  constructor(buffer: ArrayBufferLike, setup: BatchCompilerSetup) {
    this.#setup = setup;
    this.#problemEdition = setup.edition;
    const { ramBase, edition, tuning } = setup;
    const decoderFor = (key: number) => decoderOf(edition, isRestrictedKey(key) ? this.#problemEdition : edition);
    this.#planner = new RegionPlanner(new CodeMemory(buffer, ramBase), decoderFor, tuning);
  }

  #compile({ place, found, pages, repetition }: RegionPlan, imports: ImportList): CompiledRegion {
    const graph = structure(found);
    return compileRegion(graph, {
      registersInMemory: !(repetition === undefined ? goesRoundAlone(found) : repetition >= goesRound),
      mode: { is64: true, littleEndian: isLittleEndianKey(place.key) },
      imports,
      exactBudget: this.#setup.tuning.exactBudget,
      fusesMultiplyAdd: this.#fusesMultiplyAdd,
      pages: new Map([...pages].map(([distance, { records }]) => [distance, records])),
    });
  }

  /** Compiles what an order asks for. */
  compile({ problemEdition, places, entries, indices }: TranslationOrder): TranslatedBatch {
    if (problemEdition !== this.#problemEdition) {
      this.#problemEdition = problemEdition;
      this.#planner.forgetWords();
    }
    const imports = new ImportList();
    const module = new ModuleWriter();
    // A region may be entered behind its calls, too: of the places in one function the first serves all.
    const entered = new Map([...entries].map(([key, offsets]) => [key, new Set(offsets)]));
    const enter = ({ key, offset }: RegionPlace) => {
      const offsets = entered.get(key) ?? new Set();
      entered.set(key, offsets.add(offset));
    };
    const inOrder = [...places.entries()].sort(([, a], [, b]) => idOf(a) - idOf(b));
    const compiled = inOrder.flatMap(([number, place]) => {
      const known = entered.get(place.key);
      if (!place.around && known?.has(place.offset)) return [];
      const plan = this.#planner.plan(place, known);
      if (!plan) return [];
      const region = this.#compile(plan, imports);
      for (const at of region.entries) enter(placeAt(plan, at));
      return [{ number, plan, region }];
    });
    if (compiled.length === 0) return { regions: [], usedIndices: 0, bytes: undefined };
    module.importMemory();
    for (const { name, type } of imports.list) module.importFunction(name, type);
    const regions = compiled.map(({ number, plan, region }, which) => {
      const { entries, locals, body, instructions } = region;
      const whole = module.addFunction({ params: regionParameters, results: ['i32'] }, locals, body);
      module.exportFunction(`${which}`, whole);
      const index = indices[which] ?? 0;
      const starts = entries.map((at, entry) => ({ ...placeAt(plan, at), index, entry }));
      return { place: number, starts, covers: coverOf(plan), instructions };
    });
    return { regions, usedIndices: compiled.length, bytes: module.finish() };
  }
}
