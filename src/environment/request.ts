// What a user can ask for: a flat record of option names and values, and the table of those options (sections 1 and 2).
import { capabilityRows } from './capabilities.ts';

/** An option of a request that is not a capability. */
export type PlainOption =
  | 'machine'
  | 'cpu'
  | 'max-cpu-compat'
  | 'ic-mode'
  | 'kernel-irqchip'
  | 'kvm-type'
  | 'vsmt'
  | 'resize-hpt'
  | 'mmu-offer'
  | 'cpus'
  | 'sockets'
  | 'cores'
  | 'threads'
  | 'maxcpus'
  | 'memory'
  | 'maxmem'
  | 'slots'
  | 'devices';

/** An option of a request; `cap-` names are those of the capability table. */
export type OptionName = PlainOption | `cap-${string}`;

/**
 * A request: each option that the user gave, with the value as the user wrote it. Plain data, order without meaning.
 * `memory` and `maxmem` are sizes as after `-m` (a bare number counts MiB); `devices` is a list separated by commas of the
 * devices that bring hypercalls (such as `spapr-rng`).
 */
export type Request = Readonly<Partial<Record<OptionName, string>>>;

/** How the command line writes an option. */
export interface OptionRow {
  readonly name: OptionName;
  /** Where it stands: a property of `-machine`, of `-smp`, of `-m`, or an option of its own. */
  readonly place: 'machine' | 'smp' | 'memory' | 'cpu' | 'none';
  /** The words that it can be, where these are all. */
  readonly choices?: readonly string[];
  /** False for what a guest cannot see and only the host must meet. */
  readonly visible: boolean;
  readonly summary: string;
}

const plainRows: readonly (OptionRow & { readonly name: PlainOption })[] = [
  { name: 'machine', place: 'none', visible: true, summary: 'machine type: pseries or pseries-VERSION' },
  { name: 'cpu', place: 'cpu', visible: true, summary: 'CPU model' },
  { name: 'max-cpu-compat', place: 'machine', visible: true, summary: 'newest level that the guest may be in' },
  {
    name: 'ic-mode',
    place: 'machine',
    choices: ['xics', 'xive', 'dual'],
    visible: true,
    summary: 'interrupt controllers that the guest may choose from',
  },
  {
    name: 'kernel-irqchip',
    place: 'machine',
    choices: ['on', 'off', 'split'],
    visible: false,
    summary: 'whether the host kernel must, or must not, model the interrupt controller',
  },
  {
    name: 'kvm-type',
    place: 'machine',
    choices: ['auto', 'hv', 'pr'],
    visible: false,
    summary: 'type of KVM on the host',
  },
  {
    name: 'vsmt',
    place: 'machine',
    visible: true,
    summary: 'virtual SMT mode: distance of the CPU numbers of two cores',
  },
  {
    name: 'resize-hpt',
    place: 'machine',
    choices: ['default', 'disabled', 'enabled', 'required'],
    visible: true,
    summary: 'resizing of the hash page table by the guest',
  },
  {
    name: 'mmu-offer',
    place: 'machine',
    choices: ['either', 'radix', 'hash'],
    visible: true,
    summary: 'MMU modes that the guest may choose from',
  },
  { name: 'cpus', place: 'smp', visible: true, summary: 'CPUs at start' },
  { name: 'sockets', place: 'smp', visible: true, summary: 'sockets' },
  { name: 'cores', place: 'smp', visible: true, summary: 'cores of a socket' },
  { name: 'threads', place: 'smp', visible: true, summary: 'threads of a core' },
  { name: 'maxcpus', place: 'smp', visible: true, summary: 'CPUs that can be plugged in all' },
  { name: 'memory', place: 'memory', visible: true, summary: 'memory at start' },
  { name: 'maxmem', place: 'memory', visible: true, summary: 'memory that can be plugged in all' },
  { name: 'slots', place: 'memory', visible: true, summary: 'memory devices that can be plugged' },
  { name: 'devices', place: 'none', visible: true, summary: 'devices that bring hypercalls' },
];

/** Every option of a request. */
export const optionRows: readonly OptionRow[] = [
  ...plainRows,
  ...capabilityRows.map(
    (row): OptionRow => ({
      name: `cap-${row.name}`,
      place: 'machine',
      ...(row.values.kind === 'words' ? { choices: row.values.words } : {}),
      ...(row.values.kind === 'boolean' ? { choices: ['on', 'off'] } : {}),
      visible: true,
      summary: row.summary,
    }),
  ),
];

/** One option set to a value, or taken away (undefined). */
export interface Change {
  readonly option: OptionName;
  readonly value: string | undefined;
}

/** @returns the request with changes applied, later ones last. */
export function changed(request: Request, changes: readonly Change[]): Request {
  const result: Partial<Record<OptionName, string>> = { ...request };
  for (const change of changes) {
    if (change.value === undefined) delete result[change.option];
    else result[change.option] = change.value;
  }
  return result;
}

/**
 * @returns changes as the user would type them: machine properties alone as `name=value,…` (to go behind `--machine pseries,`),
 *   anything else as whole options of the `continuo` commands.
 */
export function changesText(changes: readonly Change[]): string {
  const properties: string[] = [];
  const smp: string[] = [];
  const others: string[] = [];
  for (const { option, value } of changes) {
    const place = optionRows.find((row) => row.name === option)?.place;
    // An option that must not be given is written with the value that means the same; only machine properties have one.
    const text = `${option}=${value ?? ''}`;
    if (option === 'cpu') others.push(`--cpu ${value}`);
    else if (option === 'machine') others.push(`--machine ${value}`);
    else if (option === 'memory') others.push(`--memory ${value}`);
    else if (place === 'memory') others.push(`--memory ${text}`);
    else if (place === 'smp') smp.push(text);
    else properties.push(text);
  }
  if (smp.length > 0) others.push(`--cpus ${smp.join(',')}`);
  if (others.length === 0) return properties.join(',');
  if (properties.length > 0) others.unshift(`--machine ${properties.join(',')}`);
  return others.join(' ');
}
