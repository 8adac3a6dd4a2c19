// Finds the code that a region is made from: what control reaches in a page, or the way that it was seen to take.

import type { Decode } from '../../isa/decode.ts';
import { isPrefix } from '../../isa/field.ts';
import { isRestrictedKey, sameDecoding } from '../code-key.ts';
import type { CodeMemory } from '../code-memory.ts';
import { flowOf } from '../interpreter/variant-code.ts';
import { VariantCache } from '../variants.ts';
import { type CoveredCode, coveredOffsets } from './covered-code.ts';
import {
  behind,
  type CodeReader,
  type Flow,
  type FoundBlocks,
  findBlocks,
  goesRoundAlone,
  type RegionInstruction,
} from './flow-graph.ts';
import { mostPages } from './region-compiler.ts';
import { furthestPlace } from './region-frame.ts';
import type { DecodedInstruction } from './region-instructions.ts';
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

const recentMask = 0xfff;
type RecentWords = ({ word: number; decoded: DecodedInstruction | undefined } | undefined)[];

/** Plans regions of one machine. */
export class RegionPlanner {
  readonly #memory: CodeMemory;
  readonly #decoderFor: (key: number) => Decode;
  readonly #tuning: TranslatorTuning;
  readonly #forms = new VariantCache<DecodedInstruction>((prepared, fixed) => ({
    row: prepared.row,
    prepared,
    fixed,
    flow: flowOf(prepared, fixed),
  }));
  /** Words decoded lately, by their low bits: for all code, and for problem state at a compatibility level. */
  readonly #recent: readonly RecentWords[] = [[], []];

  constructor(memory: CodeMemory, decoderFor: (key: number) => Decode, tuning: TranslatorTuning) {
    this.#memory = memory;
    this.#decoderFor = decoderFor;
    this.#tuning = tuning;
  }

  /** Decoding has changed. */
  forgetWords(): void {
    for (const words of this.#recent) words.length = 0;
  }

  /** An instruction of a page with this key; undefined when there is none. */
  decoded({ word, prefix }: RegionInstruction, key: number): DecodedInstruction | undefined {
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
    const decoded = this.decoded(instruction, key);
    if (!decoded || decoded.flow.leaves || decoded.row.privilege === 'hypervisor') return 'stop';
    const { flow, fixed, row, prepared } = decoded;
    if (flow.relative === undefined && !flow.ends && !row.endsBlock) return undefined;
    const displacement = flow.relative === undefined ? undefined : prepared.field(flow.relative, word, prefix);
    // One that goes to the next instruction asks for its address, or fills the processor's stack of return addresses.
    const call = fixed.LK === 1 && displacement !== 4;
    const target = displacement !== undefined && (calls || !call) ? at + displacement : undefined;
    return { target, fallsThrough: !flow.ends, call, indirect: calls && flow.indirect };
  }

  /** Finds what belongs to a region; undefined when there is none to be had. */
  plan(place: PlaceToTranslate): RegionPlan | undefined {
    const { regionLimit, joinedLimit, onlyExecuted } = this.#tuning;
    const around = place.around?.pages.get(0)?.key === place.key ? place.around : undefined;
    const pages = new Map<number, CodePage>([[0, place]]);
    const pageAt = (at: number): CodePage | undefined => {
      // Control may have been seen anywhere in the address space, where no bit of a place fits a word.
      if (Math.abs(at) >= furthestPlace) return undefined;
      const distance = at >> 12;
      const known = pages.get(distance);
      if (known || !around || pages.size >= mostPages) return known;
      const page = around.pages.get(distance);
      if (page && sameDecoding(page.key, place.key)) pages.set(distance, page);
      return pages.get(distance);
    };
    // The guest may be changing its code: each word is read once, so that all that is made of it agrees.
    const words = new Map<number, number>();
    const wordAt = (at: number) => {
      const known = words.get(at);
      if (known !== undefined) return known;
      const word = this.#memory.wordAt({ key: pageAt(at)?.key ?? 0, offset: at & 0xfff });
      words.set(at, word);
      return word;
    };
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
        return page !== undefined && (!onlyExecuted || this.#memory.executed(page.records, at & 0xfff));
      },
    };
    const traced = new Set<number>();
    const starts = [place.offset];
    if (!around) {
      const nested = findBlocks(code, { starts, limit: regionLimit, calls: 'nest' });
      // A loop works on locals, which a call would have to be given.
      const found = goesRoundAlone(nested) ? findBlocks(code, { starts, limit: regionLimit, calls: 'leave' }) : nested;
      return found.blocks.length > 0 ? { place, found, pages, repetition: undefined } : undefined;
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
    const passed = traced.size;
    for (const [distance, { key }] of pages) {
      for (const offset of place.before ? coveredOffsets(place.before, key) : []) {
        if (traced.size < joinedLimit) traced.add(distance * 4096 + offset);
      }
    }
    const known = starts.filter((at) => traced.has(at));
    const found = findBlocks(code, { starts: known, limit: joinedLimit, calls: 'follow' });
    const executed = around.runs.reduce((sum, { instructions }) => sum + instructions, 0);
    const repetition = executed / passed;
    return found.blocks.length > 0 ? { place, found, pages, repetition } : undefined;
  }
}
