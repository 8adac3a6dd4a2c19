// Everything that is compared between a boot and what `continuo explain --json` says about the same options.

import { explainCommand } from '../../src/cli/commands/explain.ts';
import type { Environment } from '../../src/environment/index.ts';
import type { Boot } from './boot.ts';
import { kernelItems } from './compare-kernel.ts';
import { programItems } from './compare-programs.ts';
import { treeItems } from './compare-tree.ts';
import { type Configuration, machineOptions } from './configurations.ts';
import { type Item, linuxChoice } from './subject.ts';

/**
 * Asks `continuo explain --json`.
 * @throws Error when it refuses
 */
export async function explained(configuration: Configuration, machineType = 'pseries'): Promise<Environment> {
  let text = '';
  const io = {
    out: (more: string): void => {
      text += more;
    },
    err: (): void => {},
    colour: false,
  };
  const status = await explainCommand.run([...machineOptions(configuration, machineType, '--cpus'), '--json'], io);
  const { verdict, environment } = JSON.parse(text) as { verdict: string; environment: Environment };
  if (status !== 0 || verdict !== 'provided') throw new Error(`explain refuses ${configuration.id}: ${text}`);
  return environment;
}

/** @returns every item, equal or not. */
export function compareBoot(configuration: Configuration, environment: Environment, boot: Boot): Item[] {
  const { report, calls } = boot;
  const subject = {
    configuration,
    environment,
    choice: linuxChoice(environment, configuration.words),
    report,
    calls,
  };
  return [...programItems(subject), ...kernelItems(subject), ...treeItems(subject)];
}

/** @returns the items that differ. */
export function mismatches(items: readonly Item[]): Item[] {
  return items.filter(({ expected, seen }) => expected !== seen);
}
