// Places of a machine's linear memory that nothing may write while guests run: a pattern in the gaps between what is laid out, and the
// shared words that stay as they were made.
import {
  machineBase,
  machineWord,
  recordPageBytes,
  stepPageOffset,
  vcpuBase,
  vcpuStride,
} from '../../src/cpu/memory-map.ts';
import type { Engine } from '../../src/engine/engine.ts';

const pattern = 0xa5;
const wordsEnd = machineBase + 0x1000;

/** Words that a machine never changes once it is built. */
const constantWords = ['ramBase', 'ramBytes', 'codeMap', 'vcpuCount', 'vcpuBase', 'recordMap'] as const;

/** The canaries of one engine. */
export class Canaries {
  readonly engine: Engine;
  readonly #areas: readonly Buffer[];
  /** A stretch of the pattern, as long as the longest area: comparing with it is fast. */
  readonly #intact: Buffer;
  readonly #constants: readonly bigint[];

  /** @param hptUnused true where the second place of the hash page table stays empty because its size can't change */
  constructor(engine: Engine, hptUnused: boolean) {
    this.engine = engine;
    const { buffer } = engine.memory;
    const word = (name: (typeof constantWords)[number]) => Number(this.#word(name));
    const mapEnd = word('codeMap') + word('ramBytes') / 4096;
    const gaps: [from: number, to: number][] = [
      [wordsEnd, vcpuBase],
      [mapEnd, word('ramBase')],
    ];
    for (const { address } of engine.vcpus)
      gaps.push([address + stepPageOffset + recordPageBytes, address + vcpuStride]);
    if (hptUnused) gaps.push([engine.hptPlaces.bases[1], buffer.byteLength]);
    this.#areas = gaps.filter(([from, to]) => to > from).map(([from, to]) => Buffer.from(buffer, from, to - from));
    this.#intact = Buffer.alloc(Math.max(...this.#areas.map(({ length }) => length)), pattern);
    for (const area of this.#areas) area.fill(pattern);
    this.#constants = constantWords.map((name) => this.#word(name));
  }

  #word(name: (typeof constantWords)[number]): bigint {
    return new DataView(this.engine.memory.buffer).getBigUint64(machineWord[name], true);
  }

  /** Bytes that are watched. */
  get bytes(): number {
    return this.#areas.reduce((sum, area) => sum + area.length, 0);
  }

  /** What was written, or undefined. */
  damage(): string | undefined {
    for (const area of this.#areas) {
      if (this.#intact.subarray(0, area.length).equals(area)) continue;
      const at = area.findIndex((byte) => byte !== pattern);
      return `linear memory at 0x${(area.byteOffset + at).toString(16)}, outside guest RAM, was written`;
    }
    const changed = constantWords.find((name, index) => this.#word(name) !== this.#constants[index]);
    return changed && `the shared word ${changed} was written`;
  }
}
