// Sorts -machine, -cpu, -smp, -m and -accel into what the guest sees (the request that the environment layer answers) and
// what is about files and the host.
import { type OptionName, type Request, optionRows as requestRows } from '../../environment/index.ts';
import { MachineOptionCollector } from './machine-options.ts';
import { notBuiltError, usageErrors } from './usage-error.ts';

/** The values as given, and the names that messages use for the options. */
export interface GuestOptionTexts {
  readonly machine: readonly string[];
  readonly accel: readonly string[];
  readonly cpu: string | undefined;
  readonly smp: string | undefined;
  readonly memory: string | undefined;
  readonly names: GuestOptionNames;
}

/** What the options are called in a program. */
export interface GuestOptionNames {
  readonly machine: string;
  readonly cpu: string;
  readonly smp: string;
  readonly memory: string;
  readonly accel: string;
}

/** Files that -machine can name, as -kernel and the others do. */
export type MachineFile = 'kernel' | 'initrd' | 'deviceTree' | 'firmware';

/** What -machine and its companions say. */
export interface GuestRequest {
  readonly request: Request;
  /** Options that were taken back with an empty value, defaults included. */
  readonly cleared: readonly OptionName[];
  readonly files: Readonly<Partial<Record<MachineFile, string>>>;
  readonly append: string | undefined;
  /** Where to write the flattened device tree instead of running. */
  readonly dumpDeviceTree: string | undefined;
}

/** A property of -machine that the guest does not see. */
interface HostProperty {
  readonly summary: string;
  /** The settings that mean what this machine does anyway; absent: any, for what is used or means nothing here. */
  readonly only?: readonly string[];
}

const hostProperties: Readonly<Record<string, HostProperty>> = {
  accel: { summary: 'accelerator: tcg' },
  append: { summary: 'kernel command line' },
  dtb: { summary: 'flattened device tree' },
  dumpdtb: { summary: 'write the flattened device tree to a file and end' },
  'dump-guest-core': { summary: 'concerns core dumps, which are not made' },
  firmware: { summary: 'flat firmware image' },
  graphics: { summary: 'on or off; there are no graphics' },
  initrd: { summary: 'initial RAM disk' },
  kernel: { summary: 'kernel to boot' },
  'mem-merge': { summary: 'concerns memory of the host; nothing is merged' },
  'suppress-vmdesc': { summary: 'concerns migration streams' },
  usb: { summary: 'USB controller: off', only: ['off'] },
  'x-vof': { summary: 'Open Firmware client interface built in: on', only: ['on'] },
};

/** The properties of -machine and what they are, for `-machine TYPE,help`. */
export function machinePropertyRows(): readonly { readonly name: string; readonly summary: string }[] {
  const visible = requestRows
    .filter(({ place }) => place === 'machine')
    .map(({ name, summary, choices }) => ({
      name: name as string,
      summary: choices === undefined ? summary : `${summary} (${choices.join(', ')})`,
    }));
  const host = Object.entries(hostProperties).map(([name, { summary }]) => ({ name, summary }));
  return [...visible, ...host].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What messages call an option of the request, in a program. */
export function requestOptionName(option: string, names: GuestOptionNames): string {
  if (option === 'machine') return names.machine;
  if (option === 'cpu') return names.cpu;
  if (option === 'accel') return names.accel;
  if (['m', 'memory', 'maxmem', 'slots'].includes(option)) return names.memory;
  if (requestRows.some(({ name, place }) => place === 'smp' && name === option) || option === 'smp') return names.smp;
  return `${names.machine} ${option}`;
}

function checkHostProperties(properties: Readonly<Record<string, string>>, machine: string): void {
  for (const [name, value] of Object.entries(properties)) {
    const row = hostProperties[name];
    if (row === undefined || (row.only !== undefined && !row.only.includes(value))) {
      throw notBuiltError(`${machine} ${name}=${value.slice(0, 40)}`);
    }
  }
}

/**
 * Reads the options.
 * @throws CliError for a property that is unknown, or known and not built
 */
export function readGuestRequest(texts: GuestOptionTexts): GuestRequest {
  const collector = new MachineOptionCollector();
  for (const value of texts.machine) collector.take('machine', value);
  for (const value of texts.accel) collector.take('accel', value);
  if (texts.cpu !== undefined) collector.take('cpu', texts.cpu);
  if (texts.smp !== undefined) collector.take('smp', texts.smp);
  if (texts.memory !== undefined) collector.take('m', texts.memory);
  const { request, cleared, accelerators, properties, problems } = collector.result();
  if (problems.length > 0) {
    throw usageErrors(problems.map(({ option, message }) => `${requestOptionName(option, texts.names)}: ${message}`));
  }
  if (accelerators.length > 0 && !accelerators.includes('tcg')) {
    throw notBuiltError(`${texts.names.accel} ${accelerators.join(':')}`);
  }
  checkHostProperties(properties, texts.names.machine);
  const { kernel, initrd, dtb: deviceTree, firmware, append, dumpdtb } = properties;
  const files: Partial<Record<MachineFile, string>> = {};
  if (kernel !== undefined) files.kernel = kernel;
  if (initrd !== undefined) files.initrd = initrd;
  if (deviceTree !== undefined) files.deviceTree = deviceTree;
  if (firmware !== undefined) files.firmware = firmware;
  return { request, cleared, files, append, dumpDeviceTree: dumpdtb };
}
