// Guest code as it lies in a machine's memory: instruction words, and which of them the interpreter has decoded.
import { recordBytes, specialHandler } from '../cpu/memory-map.ts';
import { isLittleEndianKey, realPageOf } from './code-key.ts';
import type { RegionPlace } from './translator/region-place.ts';

/** Reads code; any thread that shares the memory may have one. */
export class CodeMemory {
  readonly #view: DataView;
  readonly #ramBase: number;

  /** `ramBase`: byte offset of guest real address 0. */
  constructor(buffer: ArrayBufferLike, ramBase: number) {
    this.#view = new DataView(buffer);
    this.#ramBase = ramBase;
  }

  /** The instruction word at a place. */
  wordAt({ key, offset }: RegionPlace): number {
    return this.#view.getUint32(this.#ramBase + realPageOf(key) * 4096 + offset, isLittleEndianKey(key));
  }

  /** True when the instruction at a byte offset of the page with these records was decoded since its code was written. */
  executed(records: number, offset: number): boolean {
    return this.#view.getUint16(records + (offset >> 2) * recordBytes, true) !== specialHandler.undecoded;
  }
}
