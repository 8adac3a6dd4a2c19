// Finds the code that a region is made from: what control reaches in a page, or the way that it was seen to take.

import type { Decode } from '../../isa/decode.ts';
import { isPrefix } from '../../isa/field.ts';
import { isRestrictedKey, sameDecoding } from '../code-key.ts';
import type { CodeMemory } from '../code-memory.ts';
import { VariantCache } from '../variants.ts';
import { type CoveredCode, coveredOffsets } from './covered-code.ts';
import { type CodeReader, type FoundBlocks, findBlocks, goesRoundAlone } from './flow-blocks.ts';
import { mostPages } from './region-compiler.ts';
import { furthestPlace } from './region-frame.ts';
import { behind, type DecodedInstruction, decodedVariant, type RegionInstruction } from './region-instructions.ts';
import type { CodePage, RegionPlace, Surroundings } from './region-place.ts';
import type { TranslatorTuning } from './translator-tuning.ts';

/** A place that is to be translated. Plain data: it may cross to another thread. */
export interface PlaceToTranslate extends RegionPlace {
  /** Address of the records of its page. */
  readonly records: number;
  /** What is around it when regions are to be joined there. */
  readonly around: Surroundings | undefined;
  /** The code of the region that starts there now, when it is to be joined with what is around it. */
  readonly before: CoveredCode | undefined;
}

/** What one region is made from. */
export interface RegionPlan {
  readonly place: PlaceToTranslate;
  readonly found: FoundBlocks;
  /** Pages by their distance from that of the place. */
  readonly pages: ReadonlyMap<number, CodePage>;
  /** Times that an instruction was executed on the traced way, on the average; undefined where nothing was traced. */
  readonly repetition: number | undefined;
}

/** A prefix here would cross a 64-byte boundary, and is no instruction. */
function isAtBoundary(at: number): boolean {
  return (at & 63) === 60;
}

/** Bits of the number of words that a decoder keeps. */
const keptBits = 12;

/** Decodes the words of one kind of code, and keeps what it has decoded lately. */
class WordDecoder {
  readonly #decode: Decode;
  readonly #forms: VariantCache<DecodedInstruction>;
  /** By a hash of the word; the word 0, which is no instruction, stands for none. */
  readonly #words = new Int32Array(2 ** keptBits);
  readonly #decoded = new Array<DecodedInstruction | undefined>(2 ** keptBits).fill(undefined);

  constructor(decode: Decode, forms: VariantCache<DecodedInstruction>) {
    this.#decode = decode;
    this.#forms = forms;
  }

  /** What an instruction means; undefined when it is none. */
  decoded(word: number, prefix: number): DecodedInstruction | undefined {
    if (prefix !== 0) {
      const row = this.#decode(prefix, word);
      return row && this.#forms.get(row, word, prefix);
    }
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - keptBits);
    if (this.#words[slot] === word) return this.#decoded[slot];
    const row = this.#decode(word);
    const decoded = row && this.#forms.get(row, word, 0);
    this.#words[slot] = word;
    this.#decoded[slot] = decoded;
    return decoded;
  }
}

/** How an instruction of a region ends a block; `calls`: a call is followed. */
function flowAt(
  at: number,
  word: number,
  prefix: number,
  decoded: DecodedInstruction | undefined,
  calls: boolean,
): RegionInstruction['flow'] {
  if (!decoded || decoded.flow.leaves || decoded.row.privilege === 'hypervisor') return 'stop';
  if (prefix !== 0 && isAtBoundary(at)) return 'stop';
  const { flow, fixed, row, prepared } = decoded;
  if (flow.relative === undefined && !flow.ends && !row.endsBlock) return undefined;
  const displacement = flow.relative === undefined ? undefined : prepared.field(flow.relative, word, prefix);
  // One that goes to the next instruction asks for its address, or fills the processor's stack of return addresses.
  const call = fixed.LK === 1 && displacement !== 4;
  const target = displacement !== undefined && (calls || !call) ? at + displacement : undefined;
  return { target, fallsThrough: !flow.ends, call, indirect: calls && flow.indirect };
}

/** The code around a place, as a region sees it. */
class RegionCode implements CodeReader {
  /** Pages by their distance from that of the place. */
  readonly pages: Map<number, CodePage>;
  /** Places that control was seen to pass. */
  readonly traced = new Set<number>();
  readonly #memory: CodeMemory;
  readonly #decoder: WordDecoder;
  readonly #place: PlaceToTranslate;
  readonly #around: Surroundings | undefined;
  readonly #onlyExecuted: boolean;
  /** The guest may be changing its code: each word is read once, so that all that is made of it agrees. */
  readonly #instructions = new Map<number, RegionInstruction>();

  constructor(
    memory: CodeMemory,
    decoder: WordDecoder,
    place: PlaceToTranslate,
    around: Surroundings | undefined,
    onlyExecuted: boolean,
  ) {
    this.#memory = memory;
    this.#decoder = decoder;
    this.#place = place;
    this.#around = around;
    this.#onlyExecuted = onlyExecuted;
    this.pages = new Map<number, CodePage>([[0, place]]);
  }

  /** The page that a place is in, if it belongs to the region. */
  page(at: number): CodePage | undefined {
    // Control may have been seen anywhere in the address space, where no bit of a place fits a word.
    if (Math.abs(at) >= furthestPlace) return undefined;
    const distance = at >> 12;
    const known = this.pages.get(distance);
    if (known || !this.#around || this.pages.size >= mostPages) return known;
    const page = this.#around.pages.get(distance);
    if (!page || !sameDecoding(page.key, this.#place.key)) return undefined;
    this.pages.set(distance, page);
    return page;
  }

  instruction(at: number): RegionInstruction {
    const known = this.#instructions.get(at);
    if (known) return known;
    const first = this.#memory.wordAt({ key: this.page(at)?.key ?? 0, offset: at & 0xfff }) | 0;
    let word = first;
    let prefix = 0;
    if (isPrefix(first)) {
      const suffix = isAtBoundary(at) ? undefined : this.instruction(at + 4);
      word = suffix ? suffix.prefix || suffix.word : 0;
      prefix = first;
    }
    const decoded = this.#decoder.decoded(word, prefix);
    const flow = flowAt(at, word, prefix, decoded, this.#around !== undefined);
    const instruction: RegionInstruction = { at, word, prefix, decoded, flow };
    this.#instructions.set(at, instruction);
    return instruction;
  }

  follows(at: number): boolean {
    if (this.#around) return this.traced.has(at);
    const page = this.page(at);
    return page !== undefined && (!this.#onlyExecuted || this.#memory.executed(page.records, at & 0xfff));
  }
}

const noEntries: ReadonlySet<number> = new Set();

/** Plans regions of one machine. */
export class RegionPlanner {
  readonly #memory: CodeMemory;
  readonly #decoderFor: (key: number) => Decode;
  readonly #tuning: TranslatorTuning;
  readonly #forms = new VariantCache(decodedVariant);
  /** For all code, and for problem state at a compatibility level. */
  readonly #decoders: [WordDecoder?, WordDecoder?] = [];

  constructor(memory: CodeMemory, decoderFor: (key: number) => Decode, tuning: TranslatorTuning) {
    this.#memory = memory;
    this.#decoderFor = decoderFor;
    this.#tuning = tuning;
  }

  /** Decoding has changed. */
  forgetWords(): void {
    this.#decoders.length = 0;
  }

  #decoder(key: number): WordDecoder {
    const kind = isRestrictedKey(key) ? 1 : 0;
    this.#decoders[kind] ??= new WordDecoder(this.#decoderFor(key), this.#forms);
    return this.#decoders[kind];
  }

  /**
   * Finds what belongs to a region; undefined when there is none to be had.
   * @param entries byte offsets in its page where other regions can be entered
   */
  plan(place: PlaceToTranslate, entries = noEntries): RegionPlan | undefined {
    const { regionLimit, joinedLimit, onlyExecuted } = this.#tuning;
    const around = place.around?.pages.get(0)?.key === place.key ? place.around : undefined;
    const code = new RegionCode(this.#memory, this.#decoder(place.key), place, around, onlyExecuted);
    const { pages, traced } = code;
    const starts = [place.offset];
    if (!around) {
      const limit = regionLimit;
      // What was translated already is not translated again.
      const nested = findBlocks(code, { starts, limit, ends: entries, calls: 'nest' });
      // A loop works on locals, which a call, or the way through another region, would have to be given.
      const found = goesRoundAlone(nested)
        ? findBlocks(code, { starts, limit, ends: noEntries, calls: 'leave' })
        : nested;
      return found.blocks.length > 0 ? { place, found, pages, repetition: undefined } : undefined;
    }
    // Where the run before goes on: at the target of its branch, or behind it at the end of a page. Elsewhere control came by an address.
    let expected: readonly (number | undefined)[] = [];
    for (const { at: first, instructions } of around.runs) {
      if (traced.size >= joinedLimit) break;
      const known = expected.includes(first);
      expected = [];
      if (!code.page(first)) continue;
      // The host may hold it as a floating-point number, and would all that is computed from it.
      const start = first | 0;
      if (!known) starts.push(start);
      for (let at = start, i = 0; i < instructions; i++) {
        if ((at & 0xfff) === 0 && !code.page(at)) break;
        const instruction = code.instruction(at);
        if (instruction.flow === 'stop') {
          expected = [];
          break;
        }
        traced.add(at);
        at = behind(instruction);
        expected = [instruction.flow?.target, at];
      }
    }
    const passed = traced.size;
    for (const [distance, { key }] of pages) {
      for (const offset of place.before ? coveredOffsets(place.before, key) : []) {
        if (traced.size < joinedLimit) traced.add(distance * 4096 + offset);
      }
    }
    const known = starts.filter((at) => traced.has(at));
    const found = findBlocks(code, { starts: known, limit: joinedLimit, ends: noEntries, calls: 'follow' });
    const executed = around.runs.reduce((sum, { instructions }) => sum + instructions, 0);
    const repetition = executed / passed;
    return found.blocks.length > 0 ? { place, found, pages, repetition } : undefined;
  }
}
