// The lists that option values named `help` ask for: machine types, machine properties, CPU models, log items.
import { cpuModels, machineTypes, newestMachineType } from '../environment/index.ts';
import { machinePropertyRows } from './options/guest-request.ts';
import { logHelp } from './options/help-text.ts';
import { namesOf, optionRows, type Program } from './options/option-table.ts';

const description = 'pSeries Logical Partition (PAPR compliant)';

function machineList(): string {
  const width = 20;
  const lines = machineTypes.flatMap(({ name }) => {
    const line = `${name.padEnd(width)} ${description}`;
    if (name !== newestMachineType) return [line];
    return [`${'pseries'.padEnd(width)} ${description} (alias of ${name})`, `${line} (default)`];
  });
  return `Supported machines are:\n${lines.join('\n')}\n`;
}

function cpuList(): string {
  const lines = cpuModels.flatMap((model) => {
    const pvr = model.pvr.toString(16).padStart(8, '0');
    const aliases = model.aliases.map((alias) => `PowerPC ${alias.padEnd(16)} (alias for ${model.name})`);
    return [`PowerPC ${model.name.padEnd(16)} PVR ${pvr}`, ...aliases];
  });
  return `Available CPUs:\n${lines.join('\n')}\n`;
}

function propertyList(machine: string): string {
  const lines = machinePropertyRows().map(({ name, summary }) => `  ${name}=<value>`.padEnd(36) + summary);
  return `Properties of ${machine}:\n${lines.join('\n')}\n`;
}

const lists: Readonly<Record<string, (value: string) => string | undefined>> = {
  machine: (value) => {
    if (value === 'help' || value === '?') return machineList();
    const [first = '', ...properties] = value.split(',');
    return properties.includes('help') ? propertyList(first.replace(/^type=/, '')) : undefined;
  },
  cpu: (value) => (value === 'help' || value === '?' ? cpuList() : undefined),
  log: (value) => (value === 'help' || value === '?' ? logHelp() : undefined),
  accel: (value) => (value === 'help' || value === '?' ? 'Accelerators supported:\ntcg\n' : undefined),
};

/**
 * The list that a command line asks for, or undefined when it asks for none. Like QEMU, a list is shown whatever else the
 * command line says.
 */
export function listFor(words: readonly string[], program: Program): string | undefined {
  for (const [index, word] of words.entries()) {
    const [name = '', ownValue] = program === 'run' ? word.split(/=(.*)/s, 2) : [word.replace(/^--/, '-')];
    const row = optionRows.find((candidate) => namesOf(candidate, program).includes(name));
    const list = lists[row?.key ?? '']?.(ownValue ?? words[index + 1] ?? '');
    if (list !== undefined) return list;
  }
  return undefined;
}
