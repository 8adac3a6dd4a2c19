// One program on two bare CPUs, interpreted and translated, compared after every few instructions.
import assert from 'node:assert/strict';
import { sameArchitectedState, stateDifferences } from '../../src/cpu/architected-state.ts';
import { modelBit, state } from '../../src/cpu/state.ts';
import { leaveReason } from '../../src/engine/leave-reason.ts';
import { TestCpu } from '../../src/engine/test-cpu.ts';
import type { Translator, TranslatorStatistics } from '../../src/engine/translator/translator.ts';
import { defaultTuning, type TranslatorTuning } from '../../src/engine/translator/translator-tuning.ts';
import { loadEngineImages } from '../../src/host/engine-images.ts';
import { assemble } from '../../src/isa/assemble.ts';

/** Translates what it is shown at once, and counts as the interpreter does. */
export const eagerTuning: TranslatorTuning = {
  ...defaultTuning,
  threshold: 1,
  batch: 1,
  onlyExecuted: false,
  exactBudget: true,
};

/** LPCR[ILE]: handlers run little-endian, as the programs do. */
const interruptsLittleEndian = 0x200_0000n;
const lpcrNumber = 318;

/** Two CPUs in little-endian real mode. */
export class TwinCpu {
  readonly interpreter: TestCpu;
  readonly translated: TestCpu;

  constructor(tuning: TranslatorTuning = eagerTuning, ramBytes = 0x100_0000) {
    const images = loadEngineImages();
    this.interpreter = new TestCpu({ images, ramBytes });
    this.translated = new TestCpu({ images, ramBytes, translator: tuning });
    for (const { vcpu } of this.both) {
      vcpu.view.setInt32(
        state.model.offset,
        Object.values(modelBit).reduce((sum, bit) => sum | bit, 0),
        true,
      );
      vcpu.setSpr(lpcrNumber, interruptsLittleEndian);
    }
  }

  get both(): readonly TestCpu[] {
    return [this.interpreter, this.translated];
  }

  get translator(): Translator {
    const { translator } = this.translated.engine;
    assert.ok(translator);
    return translator;
  }

  /** What the translator has done, as it stands now. */
  statistics(): TranslatorStatistics {
    return { ...this.translator.statistics };
  }

  /** Puts assembled code at an address. */
  place(address: number, source: string, symbols: Readonly<Record<string, bigint>> = {}): void {
    const { bytes } = assemble(source, { origin: BigInt(address), littleEndian: true, symbols });
    for (const { engine } of this.both) engine.ram.writeBytes(address, bytes);
  }

  /** Runs from an address to `sc 1`, in at most `limit` steps of up to `most` instructions; both must agree after each. */
  run(address: number, most = 13, limit = 50_000): void {
    for (const { vcpu } of this.both) vcpu.nip = BigInt(address);
    for (let step = 0; step < limit; step++) {
      const results = this.both.map(({ engine, vcpu }) => engine.run(vcpu, 1 + ((step * 5) % most)));
      const [a, b] = [this.interpreter.vcpu, this.translated.vcpu];
      if (!sameArchitectedState(a, b)) assert.deepEqual(stateDifferences(a, b), [], `step ${step}`);
      assert.deepEqual(results[0], results[1], `step ${step}`);
      if (results[0]?.reason === leaveReason.hypercall) return;
    }
    assert.fail(`the program did not end in ${limit} steps`);
  }

  /** A register of the interpreter's CPU, which the other has shown to share. */
  gpr(n: number): bigint {
    return this.interpreter.vcpu.gpr(n);
  }
}
