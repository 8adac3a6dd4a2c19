// Everything that is compared between a boot and what `continuo explain --json` says about the same options.

import { explainCommand } from '../../src/cli/commands/explain.ts';
import type { Environment } from '../../src/environment/index.ts';
import type { Boot } from './boot.ts';
import { kernelItems } from './compare-kernel.ts';
import { programItems } from './compare-programs.ts';
import { treeItems } from './compare-tree.ts';
import { type Configuration, machineOptions } from './configurations.ts';
import { type Item, linuxChoice } from './subject.ts';

/** What `continuo explain --json` says that a guest sees. */
export interface Promised {
  readonly environment: Environment;
  /** What the PVR reads: the model's, but on a KVM host, which cannot change it; explain names that as a deviation. */
  readonly pvr: number;
  /** False on a KVM host that cannot set a level: the guest then has the CPU as it is. */
  readonly hostSetsLevels: boolean;
}

/** The answer of `continuo explain --json`: or the codes of the reasons why a host cannot give the machine. */
export type Explained = (Promised & { readonly refused?: undefined }) | { readonly refused: readonly string[] };

/** Asks `continuo explain --json`, about a host where one is named. */
export async function askExplain(configuration: Configuration, machineType: string, host?: string): Promise<Explained> {
  let text = '';
  const io = {
    out: (more: string): void => {
      text += more;
    },
    err: (): void => {},
    colour: false,
  };
  const options = machineOptions(configuration, machineType, '--cpus');
  await explainCommand.run([...options, ...(host === undefined ? [] : ['--host', host]), '--json'], io);
  const decision = JSON.parse(text) as {
    verdict: string;
    environment: Environment;
    provision: { readonly pvr: string; readonly compat: string };
    reasons: readonly { readonly code: string }[];
  };
  const { verdict, environment, provision } = decision;
  if (verdict === 'provided') {
    return { environment, pvr: Number(provision.pvr), hostSetsLevels: provision.compat !== 'none' };
  }
  return { refused: decision.reasons.map(({ code }) => code) };
}

/**
 * What `continuo explain --json` says about Continuo itself.
 * @throws Error when it refuses
 */
export async function explained(configuration: Configuration): Promise<Promised> {
  const answer = await askExplain(configuration, 'pseries');
  if (answer.refused !== undefined) throw new Error(`explain refuses ${configuration.id}: ${answer.refused.join(' ')}`);
  return answer;
}

/** @returns every item, equal or not. */
export function compareBoot(configuration: Configuration, promised: Promised, boot: Boot): Item[] {
  const { environment, pvr, hostSetsLevels } = promised;
  const { report, calls } = boot;
  const subject = {
    configuration,
    environment,
    pvr,
    choice: linuxChoice(environment, configuration.words, hostSetsLevels),
    report,
    calls,
  };
  return [...programItems(subject), ...kernelItems(subject), ...treeItems(subject)];
}

/** @returns the items that differ. */
export function mismatches(items: readonly Item[]): Item[] {
  return items.filter(({ expected, seen }) => expected !== seen);
}
