// Runs a case on an interpreter and a translator side by side; the first difference, reduced to few instructions.
import { sameArchitectedState, stateDifferences } from '../../src/cpu/architected-state.ts';
import type { EngineImages } from '../../src/engine/engine.ts';
import { defaultTuning } from '../../src/engine/translator/translator-tuning.ts';
import { disassemble } from '../../src/isa/disassemble.ts';
import type { IsaVersion } from '../../src/isa/version.ts';
import type { FuzzCase } from './case.ts';
import { FuzzCpu } from './fuzz-cpu.ts';

/** Sizes of regions that cases are run with. */
export const regionLimits = [256, 5] as const;

const nop = 0x6000_0000;

interface Pair {
  readonly interpreter: FuzzCpu;
  readonly translators: readonly FuzzCpu[];
}

/** How two CPUs came to differ. */
export interface FuzzDifference {
  /** Number of the step at whose end they did. */
  readonly step: number;
  readonly regionLimit: number;
  readonly text: string;
}

/** Runs cases; keeps its engines. */
export class FuzzComparison {
  readonly #pairs = new Map<IsaVersion, Pair>();
  readonly #images: EngineImages;

  constructor(images: EngineImages) {
    this.#images = images;
  }

  #pair(edition: IsaVersion): Pair {
    let pair = this.#pairs.get(edition);
    if (!pair) {
      const tuning = {
        ...defaultTuning,
        threshold: 1,
        batch: 1,
        joinThreshold: 1,
        onlyExecuted: false,
        exactBudget: true,
      };
      pair = {
        interpreter: new FuzzCpu(this.#images, edition),
        translators: regionLimits.map(
          (regionLimit) => new FuzzCpu(this.#images, edition, { ...tuning, regionLimit, joinedLimit: regionLimit }),
        ),
      };
      this.#pairs.set(edition, pair);
    }
    return pair;
  }

  /** Regions that were translated so far. */
  get regions(): number {
    let sum = 0;
    for (const { translators } of this.#pairs.values())
      for (const { engine } of translators) sum += engine.translator?.statistics.regions ?? 0;
    return sum;
  }

  /** Runs a case on the interpreter and on each translator; the first difference. */
  run(fuzzCase: FuzzCase): FuzzDifference | undefined {
    const { interpreter, translators } = this.#pair(fuzzCase.edition);
    for (const [i, translator] of translators.entries()) {
      const found = compareRun(fuzzCase, interpreter, translator);
      if (found) return { ...found, regionLimit: regionLimits[i] ?? 0 };
    }
    return undefined;
  }

  /** The case with as many instructions as possible made no-operations, and as few steps as needed. */
  minimise(failing: FuzzCase): FuzzCase {
    let best = failing;
    for (let changed = true; changed; ) {
      changed = false;
      for (let i = 0; i < best.words.length; i++) {
        if (best.words[i] === nop) continue;
        const candidate = { ...best, words: best.words.map((word, n) => (n === i ? nop : word)) };
        if (this.run(candidate)) {
          best = candidate;
          changed = true;
        }
      }
    }
    for (let i = best.steps.length - 1; i >= 0; i--) {
      const candidate = { ...best, steps: best.steps.filter((_, n) => n !== i) };
      if (this.run(candidate)) best = candidate;
    }
    return best;
  }

  /** A report of a failing case: its seed, what differs, the code. */
  explain(failing: FuzzCase): string {
    const least = this.minimise(failing);
    const difference = this.run(least);
    const code = least.words.flatMap((word, i) => {
      if (word === nop) return [];
      const address = least.start + 4 * i;
      const text = disassemble(word, BigInt(address), least.edition, least.words[i + 1]);
      return [`  ${address.toString(16)}: ${word.toString(16).padStart(8, '0')}  ${text}`];
    });
    const start = `start ${least.start.toString(16)}, MSR ${least.msr.toString(16)}, FPSCR ${least.fpscr.toString(16)}`;
    const budgets = least.steps.map(({ budget, drop }) => `${drop ? 'drop ' : ''}${budget}`).join(', ');
    return [
      `seed ${failing.seed}: ${difference?.text ?? 'no difference any more'}`,
      `edition ${least.edition}, ${start}, budgets ${budgets}, regions at ${least.hot.map((i) => (least.start + 4 * i).toString(16)).join(' ')}, at most ${difference?.regionLimit} instructions`,
      ...code,
    ].join('\n');
  }
}

function programUnchanged(fuzzCase: FuzzCase, cpu: FuzzCpu): boolean {
  const { ram } = cpu.engine;
  const bytes = ram.readBytes(fuzzCase.start, 4 * fuzzCase.words.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return fuzzCase.words.every((word, i) => view.getUint32(4 * i, fuzzCase.littleEndian) === word);
}

function compareRun(
  fuzzCase: FuzzCase,
  left: FuzzCpu,
  right: FuzzCpu,
): Omit<FuzzDifference, 'regionLimit'> | undefined {
  left.prepare(fuzzCase);
  right.prepare(fuzzCase);
  right.heat(fuzzCase);
  for (const [step, { budget, drop }] of fuzzCase.steps.entries()) {
    if (drop) right.engine.translator?.dropAll();
    const [a, b] = [left.run(budget), right.run(budget)];
    const same = a.reason === b.reason && a.executed === b.executed && sameArchitectedState(left.vcpu, right.vcpu);
    if (!same) {
      // Code that writes itself without icbi and isync may see either.
      if (!programUnchanged(fuzzCase, left)) return undefined;
      const list = stateDifferences(left.vcpu, right.vcpu).map((d) => `${d.name} ${d.left} / ${d.right}`);
      if (a.executed !== b.executed) list.push(`executed ${a.executed} / ${b.executed}`);
      if (a.reason !== b.reason) list.push(`reason ${a.reason} / ${b.reason}`);
      return { step, text: `step ${step}: interpreter / translator: ${list.join(', ')}` };
    }
    left.handleInterrupt(fuzzCase, a.reason);
    right.handleInterrupt(fuzzCase, b.reason);
  }
  const [a, b] = [left.memory(), right.memory()];
  const at = a.findIndex((byte, i) => byte !== b[i]);
  if (at < 0 || !programUnchanged(fuzzCase, left)) return undefined;
  return { step: fuzzCase.steps.length, text: `memory at 0x${at.toString(16)}: ${a[at]} / ${b[at]}` };
}
