// A bare CPU for instruction tests: real mode, all facilities on, no platform around it.
import { state } from '../cpu/state.ts';
import type { Vcpu } from '../cpu/vcpu.ts';
import type { IsaVersion } from '../isa/version.ts';
import { Engine, type EngineImages } from './engine.ts';
import { type EngineKind, tuningOf } from './engine-kind.ts';
import { leaveReason } from './leave-reason.ts';
import type { TranslatorTuning } from './translator/translator-tuning.ts';

/** How a test CPU is made. */
export interface TestCpuOptions {
  readonly images: EngineImages;
  readonly edition?: IsaVersion;
  readonly littleEndian?: boolean;
  readonly ramBytes?: number;
  /** How code is run; absent: interpreted. */
  readonly engine?: EngineKind | undefined;
  /** A translator of this tuning, in place of `engine`. */
  readonly translator?: TranslatorTuning;
}

/** MSR[SF], MSR[VEC], MSR[VSX], MSR[FP], MSR[ME], MSR[RI]. */
const testMsr = 0x8000_0000_0280_3002n;
/** sc 1: comes back to the caller. */
const returnWord = 0x44000022;
const codeAddress = 0x1000;

/** A CPU that executes a few words at a time. */
export class TestCpu {
  readonly engine: Engine;
  readonly vcpu: Vcpu;
  readonly #littleEndian: boolean;
  #next = codeAddress;

  constructor(options: TestCpuOptions) {
    this.#littleEndian = options.littleEndian ?? true;
    const tuning = tuningOf(options.engine ?? 'interpreter');
    // Few words run here: they don't wait for company.
    const translator = options.translator ?? (tuning && { ...tuning, batch: 1 });
    this.engine = new Engine(
      {
        vcpus: 1,
        ramBytes: options.ramBytes ?? 0x100_0000,
        edition: options.edition ?? '3.0',
        images: options.images,
        ...(translator ? { translator } : {}),
      },
      { mmioRead: () => undefined, mmioWrite: () => false, ticks: () => 0, timerChanged: () => {} },
    );
    const vcpu = this.engine.vcpus[0];
    if (!vcpu) throw new Error('a machine has at least one vCPU');
    this.vcpu = vcpu;
    // Interrupts, taken in big-endian order, come back at once.
    for (let vector = 0x100; vector < codeAddress; vector += 0x20) this.engine.ram.write32(vector, returnWord);
    this.reset();
  }

  /** MSR as the tests want it, no exception pending. */
  reset(): void {
    this.vcpu.msr = testMsr | (this.#littleEndian ? 1n : 0n);
    this.vcpu.view.setInt32(state.exception.offset, 0, true);
    this.engine.dataPlane.updateContext(this.vcpu.address);
  }

  /**
   * Executes instruction words in a straight run. Returns undefined when all were completed, else the vector of the
   * interrupt that one of them raised (registers then hold what the interrupt left).
   */
  execute(words: readonly number[]): number | undefined {
    if (this.#next + 4 * words.length + 8 > codeAddress + 0x8000) this.#next = codeAddress;
    const start = this.#next;
    const bytes = new Uint8Array(4 * words.length + 4);
    const view = new DataView(bytes.buffer);
    [...words, returnWord].forEach((word, i) => {
      view.setUint32(4 * i, word, this.#littleEndian);
    });
    this.engine.ram.writeBytes(start, bytes);
    this.#next = start + bytes.length;
    this.vcpu.nip = BigInt(start);
    const { reason } = this.engine.run(this.vcpu, words.length + 2);
    const nip = Number(this.vcpu.nip);
    if (reason !== leaveReason.hypercall) throw new Error(`left for reason ${reason} at 0x${nip.toString(16)}`);
    return nip === this.#next ? undefined : nip - 4;
  }
}
