// Two machines that should do exactly the same: one interprets, the other translates. Time counts instructions.

import { architectedSum, sameArchitectedState, stateDifferences } from '../../src/cpu/architected-state.ts';
import { machineWord } from '../../src/cpu/memory-map.ts';
import type { Vcpu } from '../../src/cpu/vcpu.ts';
import type { EngineImages } from '../../src/engine/engine.ts';
import type { EngineKind } from '../../src/engine/engine-kind.ts';
import { disassemble } from '../../src/isa/disassemble.ts';
import { createSteppableMachine, type SteppableMachine } from '../../src/machine/machine.ts';
import type { MachineConfig, MachineHost, MachineOutcome } from '../../src/machine/machine-api.ts';
import { delayedTranslation } from '../delayed-translation.ts';
import { outputOnly, quietHost } from '../quiet-host.ts';
import { Random } from '../translator-fuzz/random.ts';

/** A difference between the machines. */
export interface TwinDifference {
  /** Guest instructions of the interpreting machine when it was found. */
  readonly instructions: number;
  readonly round: number;
  readonly text: string;
}

/** What both machines get: all but the engine. */
export type TwinConfig = Omit<MachineConfig, 'engine'>;

/** How the other machine runs code. */
export interface TwinEngine {
  readonly kind: EngineKind;
  /** What is to be translated comes later, as from a thread. */
  readonly delayed: boolean;
}

/** A host whose random bytes are the same in each run. */
function twinHost(engineImages: EngineImages, write: (bytes: Uint8Array) => void): MachineHost {
  const random = new Random(1);
  return quietHost(engineImages, {
    console: outputOnly(write),
    randomBytes: (into) => {
      for (let i = 0; i < into.length; i++) into[i] = random.below(256);
    },
  });
}

/** RAM as it lies in the engine's memory: it is compared without a copy. */
function ramOf({ engine: { ram, memory } }: SteppableMachine): Buffer {
  const base = new DataView(memory.buffer).getBigUint64(machineWord.ramBase, true);
  return Buffer.from(memory.buffer, Number(base), ram.size);
}

/** Disassembly of `count` instructions from a real address, in the byte order of an MSR; none where there is no code. */
export function codeAt(machine: SteppableMachine, real: bigint, nip: bigint, msr: bigint, count: number): string[] {
  const { ram } = machine.engine;
  const littleEndian = (msr & 1n) === 1n;
  const wordAt = (at: number) => {
    const bytes = ram.readBytes(at, 4);
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, littleEndian);
  };
  return Array.from({ length: count }, (_, i) => {
    const at = Number(real) + 4 * i;
    if (real < 0n || at + 8 > ram.size) return '';
    const address = nip + BigInt(4 * i);
    return `  ${address.toString(16)}: ${disassemble(wordAt(at), address, undefined, wordAt(at + 4))}`;
  }).filter(Boolean);
}

/** Real address of NIP; negative when it is not mapped. */
export function realOfNip(machine: SteppableMachine, cpu: Vcpu): bigint {
  const execute = 2;
  return BigInt.asIntN(64, machine.engine.dataPlane.translateQuietly(cpu.address, BigInt.asIntN(64, cpu.nip), execute));
}

/** The interpreter's machine and the other one. */
export class Twin {
  readonly interpreter: SteppableMachine;
  readonly translator: SteppableMachine;
  round = 0;
  /** How often CPUs were looked at inside slices, both machines together. */
  looks = 0;
  readonly #sums = [0, 0];

  /** `write` gets the console output of the interpreter's machine. */
  constructor(config: TwinConfig, other: TwinEngine, images: EngineImages, write: (bytes: Uint8Array) => void) {
    this.interpreter = createSteppableMachine({ ...config, engine: 'interpreter' }, twinHost(images, write));
    const host = twinHost(images, () => {});
    this.translator = createSteppableMachine(
      { ...config, engine: other.kind },
      { ...host, ...(other.delayed ? { translationThread: delayedTranslation(1) } : {}) },
    );
  }

  /** Compares inside slices, too: the state of the CPU after each `interval` instructions goes into a running sum. */
  watch(interval: number): void {
    for (const [side, machine] of [this.interpreter, this.translator].entries()) {
      machine.watchRuns({
        interval,
        ran: (vcpu, executed) => {
          this.#sums[side] = Math.imul((this.#sums[side] ?? 0) ^ architectedSum(vcpu), 0x01000193) + executed;
          this.looks++;
        },
      });
    }
  }

  /** One round of both; how the interpreter's machine ended, if it did. */
  step(): MachineOutcome | undefined {
    this.round++;
    const outcome = this.interpreter.step();
    this.translator.step();
    return outcome;
  }

  get instructions(): number {
    return this.interpreter.statistics().instructions;
  }

  /** The first difference of the CPUs. */
  compareCpus(): TwinDifference | undefined {
    const { instructions, translator, interpreter, round } = this;
    const executed = translator.statistics().instructions;
    const lines = executed === instructions ? [] : [`executed ${instructions} / ${executed}`];
    const [leftSum, rightSum] = this.#sums;
    if (leftSum !== rightSum) lines.push('the CPUs differed inside the slice');
    for (const [i, cpu] of interpreter.engine.vcpus.entries()) {
      const other = translator.engine.vcpus[i];
      if (!other || sameArchitectedState(cpu, other)) continue;
      lines.push(...stateDifferences(cpu, other).map((d) => `CPU ${i} ${d.name}: ${d.left} / ${d.right}`));
      lines.push(...codeAt(interpreter, realOfNip(interpreter, cpu), cpu.nip, cpu.msr, 8));
    }
    return lines.length === 0 ? undefined : { instructions, round, text: lines.join('\n') };
  }

  /** The first difference of RAM. */
  compareMemory(): TwinDifference | undefined {
    const [a, b] = [ramOf(this.interpreter), ramOf(this.translator)];
    if (a.equals(b)) return undefined;
    const at = a.findIndex((byte, i) => byte !== b[i]);
    const text = `RAM at 0x${at.toString(16)}: ${a.subarray(at, at + 16).toString('hex')} / ${b.subarray(at, at + 16).toString('hex')}`;
    return { instructions: this.instructions, round: this.round, text };
  }
}
