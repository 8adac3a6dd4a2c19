// Sorts -machine, -cpu, -smp and -m into what the guest sees (the request that the environment layer answers) and what is
// about files and the host.
import { nearest, type OptionName, type Request, optionRows as requestRows } from '../../environment/index.ts';
import { expectNone, parseAccelerator, parseProperties } from './option-values.ts';
import { notBuiltError, usageError } from './usage-error.ts';

/** The values as given, and the names that messages use for the options. */
export interface GuestOptionTexts {
  readonly machine: readonly string[];
  readonly cpu: string | undefined;
  readonly smp: string | undefined;
  readonly memory: string | undefined;
  readonly names: { readonly machine: string; readonly cpu: string; readonly smp: string; readonly memory: string };
}

/** Files that -machine can name, as -kernel and the others do. */
export type MachineFile = 'kernel' | 'initrd' | 'deviceTree' | 'firmware';

/** What -machine and its companions say. */
export interface GuestRequest {
  readonly request: Request;
  readonly files: Readonly<Partial<Record<MachineFile, string>>>;
  readonly append: string | undefined;
  /** Where to write the flattened device tree instead of running. */
  readonly dumpDeviceTree: string | undefined;
  /** True for `-machine TYPE,help`: only a list of properties is wanted. */
  readonly wantsPropertyHelp: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Collected {
  readonly request: Partial<Record<OptionName, string>>;
  readonly files: Mutable<GuestRequest['files']>;
  append: string | undefined;
  dumpDeviceTree: string | undefined;
  wantsPropertyHelp: boolean;
}

interface HostProperty {
  readonly summary: string;
  apply(into: Collected, value: string, option: string): void;
}

/** Properties that have one setting here, which is QEMU's default or means nothing to this machine. */
function onlySetting(setting: 'on' | 'off', summary: string): HostProperty {
  return {
    summary,
    apply(_into, value, option) {
      if (value !== 'on' && value !== 'off') throw usageError(`${option}=${value.slice(0, 40)}: on or off is expected`);
      if (value !== setting) throw notBuiltError(`${option}=${value}`);
    },
  };
}

function file(name: MachineFile, summary: string): HostProperty {
  return {
    summary,
    apply(into, value) {
      into.files[name] = value;
    },
  };
}

/** Properties of -machine that the guest does not see. */
const hostProperties: ReadonlyMap<string, HostProperty> = new Map([
  ['accel', { summary: 'accelerator: tcg', apply: (_into, value, option) => parseAccelerator(option, value) }],
  [
    'dumpdtb',
    {
      summary: 'write the flattened device tree to a file and end',
      apply(into, value) {
        into.dumpDeviceTree = value;
      },
    },
  ],
  ['kernel', file('kernel', 'kernel to boot')],
  ['initrd', file('initrd', 'initial RAM disk')],
  ['dtb', file('deviceTree', 'flattened device tree')],
  ['firmware', file('firmware', 'flat firmware image')],
  [
    'append',
    {
      summary: 'kernel command line',
      apply(into, value) {
        into.append = value;
      },
    },
  ],
  ['x-vof', onlySetting('on', 'Open Firmware client interface built in')],
  ['usb', onlySetting('off', 'USB controller')],
  ['graphics', { summary: 'on or off; there are no graphics', apply: () => {} }],
  ['dump-guest-core', { summary: 'on or off; core dumps are not made', apply: () => {} }],
  ['mem-merge', { summary: 'on or off; nothing is merged', apply: () => {} }],
  ['suppress-vmdesc', { summary: 'on or off; concerns migration streams', apply: () => {} }],
  ['memory-backend', { summary: 'none', apply: (_into, value, option) => expectNone(option, value) }],
]);

const machineProperties: readonly string[] = requestRows
  .filter(({ place }) => place === 'machine')
  .map(({ name }) => name);

/** The properties of -machine and what they are, for `-machine TYPE,help`. */
export function machinePropertyRows(): readonly { readonly name: string; readonly summary: string }[] {
  const visible = requestRows
    .filter(({ place }) => place === 'machine')
    .map(({ name, summary, choices }) => ({
      name: name as string,
      summary: choices === undefined ? summary : `${summary} (${choices.join(', ')})`,
    }));
  const host = [...hostProperties].map(([name, { summary }]) => ({ name, summary }));
  return [...visible, ...host].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A name of the request's options; callers have checked that it is one. */
function optionNameOf(text: string): OptionName {
  return text as OptionName;
}

function readMachine(into: Collected, value: string, option: string): void {
  for (const [index, property] of parseProperties(value).entries()) {
    const { name } = property;
    if (property.value === undefined && name === 'help') into.wantsPropertyHelp = true;
    else if (index === 0 && property.value === undefined) into.request.machine = name;
    else if (name === 'type') into.request.machine = property.value ?? '';
    else if (machineProperties.includes(name)) into.request[optionNameOf(name)] = property.value ?? 'on';
    else {
      const row = hostProperties.get(name);
      if (row === undefined)
        throw unknownProperty(`${option} property`, name, [...machineProperties, ...hostProperties.keys()]);
      row.apply(into, property.value ?? 'on', `${option} ${name}`);
    }
  }
}

function unknownProperty(what: string, name: string, known: readonly string[]): Error {
  const guess = nearest(name, known);
  const hint = guess === undefined ? `known are ${known.slice(0, 8).join(', ')}` : `did you mean ${guess}?`;
  return usageError(`unknown ${what} ${name.slice(0, 60)}: ${hint}`);
}

/** -smp and -m: a first value without a name stands for `first`. */
function readPlace(into: Collected, place: 'smp' | 'memory', first: OptionName, value: string, option: string): void {
  const known = requestRows.filter((row) => row.place === place).map(({ name }) => name as string);
  for (const [index, property] of parseProperties(value).entries()) {
    // -m calls its size `size`.
    const given = place === 'memory' && property.name === 'size' ? 'memory' : property.name;
    if (property.value === undefined && index === 0) into.request[first] = property.name;
    else if (property.value !== undefined && known.includes(given)) into.request[optionNameOf(given)] = property.value;
    else if (place === 'smp' && ['dies', 'clusters', 'books', 'drawers'].includes(given)) {
      throw usageError(`${option} ${given}: a pseries machine has sockets, cores and threads only`);
    } else throw unknownProperty(`${option} property`, property.name, known);
  }
}

/**
 * Reads the four options.
 * @throws CliError for a property that is unknown, or known and not built
 */
export function readGuestRequest(texts: GuestOptionTexts): GuestRequest {
  const into: Collected = {
    request: {},
    files: {},
    append: undefined,
    dumpDeviceTree: undefined,
    wantsPropertyHelp: false,
  };
  for (const value of texts.machine) readMachine(into, value, texts.names.machine);
  if (texts.cpu !== undefined) {
    const [model, ...features] = texts.cpu.split(',');
    if (features.length > 0) throw notBuiltError(`${texts.names.cpu} property ${features[0]?.slice(0, 40)}`);
    into.request.cpu = model ?? '';
  }
  if (texts.smp !== undefined) readPlace(into, 'smp', 'cpus', texts.smp, texts.names.smp);
  if (texts.memory !== undefined) readPlace(into, 'memory', 'memory', texts.memory, texts.names.memory);
  return into;
}
