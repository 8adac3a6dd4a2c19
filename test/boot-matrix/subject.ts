// What a comparison is about: what explain promised, what Linux makes of the offer, and what the guest said.
import type { Environment, LevelView } from '../../src/environment/index.ts';
import type { Configuration } from './configurations.ts';
import { kernelWords, negotiatedVersions } from './linux-facts.ts';
import type { GuestReport } from './report-guest.ts';

/** One thing that was compared. */
export interface Item {
  /** What, such as `cpuinfo cpu` or `tree cpus/PowerPC,POWER9@0/cpu-version`. */
  readonly name: string;
  readonly expected: string;
  readonly seen: string;
}

/** What Linux takes of what it is offered. */
export interface Choice {
  readonly level: LevelView;
  readonly mmu: 'hash' | 'radix';
  readonly interrupts: 'xics' | 'xive';
  /** Translations are invalidated by `tlbie`; else, with radix, by hypercall. */
  readonly shootdown: boolean;
  /** The level has the instructions of ISA 3.0, or 3.1. */
  readonly isa300: boolean;
  readonly isa310: boolean;
}

/** One boot and what it should have been. */
export interface Subject {
  readonly configuration: Configuration;
  readonly environment: Environment;
  /** What the PVR reads. */
  readonly pvr: number;
  readonly choice: Choice;
  readonly report: GuestReport;
  /** How often the guest made each call, by name; empty where nobody counted. */
  readonly calls: ReadonlyMap<string, number>;
}

/** The newest level that both know, else the CPU as it is; so, too, on a host that cannot set a level. */
function levelOf({ levels }: Environment, hostSetsLevels: boolean): LevelView {
  const known = levels.filter((view) => hostSetsLevels && negotiatedVersions.includes(Number(view.logicalPvr)));
  const level = known.at(-1) ?? levels.find((view) => view.name === 'raw');
  if (level === undefined) throw new Error('Linux knows no level of this environment');
  return level;
}

/**
 * @param hostSetsLevels false on a KVM host without a register for it
 * @returns what Linux chooses of an environment: the newest of everything, but for what its command line takes away
 */
export function linuxChoice(environment: Environment, words: readonly string[], hostSetsLevels = true): Choice {
  const level = levelOf(environment, hostSetsLevels);
  // Without a level the guest has all that its CPU has.
  const logicalPvr = Number(level.name === 'raw' ? environment.cpu.logicalPvr : level.logicalPvr);
  const isa300 = logicalPvr >= 0x0f00_0005;
  const radix = isa300 && environment.mmuModes.includes('radix') && !words.includes(kernelWords.hash);
  const xive = isa300 && environment.interruptModes.offered !== 'xics' && !words.includes(kernelWords.xics);
  return {
    level,
    mmu: radix ? 'radix' : 'hash',
    interrupts: xive ? 'xive' : 'xics',
    shootdown: radix && environment.optionVector5.radixGtse && !words.includes(kernelWords.hypercallInvalidate),
    isa300,
    isa310: logicalPvr >= 0x0f00_0006,
  };
}
