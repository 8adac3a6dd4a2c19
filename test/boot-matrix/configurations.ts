// The machines that are booted: every kind of CPU level, MMU and interrupt controller that Linux can be told to use, and early
// machine types; each with one, two and four vCPUs.

/** One machine and what its kernel is told, without the number of vCPUs. */
export interface MachineKind {
  readonly name: string;
  /** CPU model by its full name, since short names changed from release to release. */
  readonly cpu: string;
  /** The machine type; absent: the newest that both have. */
  readonly type?: string;
  /** Properties of -machine behind its type. */
  readonly properties: readonly string[];
  /** Words of the kernel's command line. */
  readonly words: readonly string[];
  /** Why QEMU 7.2 cannot run the same; absent: it can. */
  readonly notOnQemu?: string;
}

/** The kinds of machine. */
export const machineKinds: readonly MachineKind[] = [
  { name: 'power8-hash-xics', cpu: 'power8_v2.0', properties: [], words: [] },
  { name: 'power9-radix-xive', cpu: 'power9_v2.0', properties: [], words: [] },
  { name: 'power9-radix-xics', cpu: 'power9_v2.0', properties: [], words: ['xive=off'] },
  { name: 'power9-hash-xive', cpu: 'power9_v2.0', properties: [], words: ['disable_radix'] },
  { name: 'power9-as-power8', cpu: 'power9_v2.0', properties: ['max-cpu-compat=power8'], words: [] },
  {
    name: 'power9-no-ail3',
    cpu: 'power9_v2.0',
    properties: ['cap-ail-mode-3=off'],
    words: [],
    notOnQemu: 'cap-ail-mode-3 came with QEMU 8.1',
  },
  {
    name: 'power9-rpt-invalidate',
    cpu: 'power9_v2.0',
    properties: ['cap-rpt-invalidate=on'],
    words: ['radix_hcall_invalidate=on'],
    notOnQemu: 'TCG has no H_RPT_INVALIDATE',
  },
  { name: 'power10-radix-xive', cpu: 'power10_v2.0', properties: [], words: [] },
  {
    name: 'power11-radix-xive',
    cpu: 'power11_v2.0',
    properties: [],
    words: [],
    notOnQemu: 'POWER11 came with QEMU 10.0',
  },
  // Interrupt numbers handed out one after the other, hash pages of 16 MiB, nothing to plug, no work-arounds.
  { name: 'old-power8-hash-xics', type: 'pseries-2.1', cpu: 'power8_v2.0', properties: ['cap-htm=off'], words: [] },
  // A decrementer of 32 bits, XICS by default, no second form of NUMA.
  { name: 'old-power9-radix-xics', type: 'pseries-3.1', cpu: 'power9_v2.0', properties: [], words: [] },
];

/** Numbers of vCPUs that each kind is booted with. */
export const cpuCounts = [1, 2, 4] as const;

/** One boot. */
export interface Configuration extends MachineKind {
  readonly cpus: number;
  /** Name for people and for the command line: `power9-hash-xive/2`. */
  readonly id: string;
}

function configuration(kind: MachineKind, cpus: number): Configuration {
  return { ...kind, cpus, id: `${kind.name}/${cpus}` };
}

/** Every boot, those of one kind together. */
export const allConfigurations: readonly Configuration[] = machineKinds.flatMap((kind) =>
  cpuCounts.map((cpus) => configuration(kind, cpus)),
);

/** Boots that together have each level, MMU, interrupt controller, capability and number of vCPUs once. */
export const shortIds: readonly string[] = [
  'power8-hash-xics/2',
  'power9-radix-xics/4',
  'power9-as-power8/2',
  'power9-no-ail3/1',
  'power9-rpt-invalidate/2',
  'power10-radix-xive/2',
];

/** @returns the boots whose name has one of the words in it; all without words. */
export function chooseConfigurations(words: readonly string[]): readonly Configuration[] {
  if (words.length === 0) return allConfigurations;
  return allConfigurations.filter(({ id }) => words.some((word) => id.includes(word)));
}

/** Memory of every boot, MiB. */
export const memoryMebibytes = 512;

/**
 * @param newest the machine type of configurations that name none
 * @param smp how the program calls the option with the number of CPUs
 * @returns the options that decide what the guest sees
 */
export function machineOptions(configuration: Configuration, newest: string, smp: string): string[] {
  const { type = newest, cpu, properties, cpus } = configuration;
  const machine = [type, ...properties].join(',');
  return ['--machine', machine, '--cpu', cpu, smp, `${cpus}`, '-m', `${memoryMebibytes}`];
}
