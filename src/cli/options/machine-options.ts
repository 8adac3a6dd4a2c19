// The options that decide what a guest sees, as both programs write them, into a Request: -machine, -cpu, -smp, -m, -accel.
import {
  cpuModels,
  findCpuModel,
  findMachineType,
  machineTypes,
  nearest,
  type OptionName,
  optionRows,
  type Request,
} from '../../environment/index.ts';

/** One thing that is wrong with a command line. */
export interface UsageProblem {
  /** The option as the user wrote it. */
  readonly option: string;
  /** What is wrong, what was expected, and the nearest known word. */
  readonly message: string;
}

/** What the machine options of a command line say. */
export interface MachineOptions {
  readonly request: Request;
  /** Options taken back with an empty value (`ic-mode=`). */
  readonly cleared: readonly OptionName[];
  /** The accelerators asked for, in order of preference (`-accel`, `-machine accel=`): `tcg` and `kvm`. */
  readonly accelerators: readonly string[];
  /** Properties of `-machine` that no guest environment is made of (`x-vof`, `kernel`, …), by name. */
  readonly properties: Readonly<Record<string, string>>;
  /** Arguments that are none of these options, in their order. */
  readonly rest: readonly string[];
  readonly problems: readonly UsageProblem[];
}

/** Properties of `-machine` that upstream has and that other parts of the programs read. */
export const otherMachineProperties: readonly string[] = [
  'append',
  'boot',
  'dt-compatible',
  'dtb',
  'dumpdtb',
  'dump-guest-core',
  'firmware',
  'graphics',
  'host-model',
  'host-serial',
  'initrd',
  'kernel',
  'mem-merge',
  'memory-backend',
  'phandle-start',
  'suppress-vmdesc',
  'usb',
  'x-vof',
];

/** Properties of an accelerator that have no meaning here and are accepted. */
const acceleratorProperties: readonly string[] = ['thread', 'tb-size', 'split-wx', 'one-insn-per-tb'];

const machineProperties = optionRows.filter((row) => row.place === 'machine').map((row) => row.name);
const smpFields = optionRows.filter((row) => row.place === 'smp').map((row) => row.name);

/** The options, by each of their spellings, without dashes. */
const spellings: Readonly<Record<string, 'machine' | 'cpu' | 'smp' | 'memory' | 'accel' | 'enable-kvm' | OptionName>> =
  {
    M: 'machine',
    machine: 'machine',
    cpu: 'cpu',
    smp: 'smp',
    cpus: 'smp',
    m: 'memory',
    memory: 'memory',
    accel: 'accel',
    'enable-kvm': 'enable-kvm',
    ...Object.fromEntries(machineProperties.map((name) => [name, name])),
  };

/** Every option name that this parser takes, without dashes, for help and for suggestions. */
export const machineOptionNames: readonly string[] = Object.keys(spellings);

/** Cuts at commas; two commas stand for one inside a value. */
function commaList(text: string): string[] {
  const parts: string[] = [];
  let part = '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== ',') part += text[i];
    else if (text[i + 1] === ',') {
      part += ',';
      i += 1;
    } else {
      parts.push(part);
      part = '';
    }
  }
  return [...parts, part];
}

/** Cuts `name=value`; without `=` the value is undefined. */
function pair(text: string): { name: string; value: string | undefined } {
  const at = text.indexOf('=');
  return at < 0 ? { name: text, value: undefined } : { name: text.slice(0, at), value: text.slice(at + 1) };
}

function clip(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** @returns ` (did you mean …?)` for the nearest known word, or nothing. */
export function suggestion(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? '' : ` (did you mean ${near}?)`;
}

/** Collects machine options one at a time, so that a program with further options can pass on just these. */
export class MachineOptionCollector {
  readonly #request: Partial<Record<OptionName, string>> = {};
  readonly #cleared = new Set<OptionName>();
  readonly #properties: Record<string, string> = {};
  readonly #problems: UsageProblem[] = [];
  #accelerators: string[] = [];

  /** @returns whether an option of that spelling (without dashes) belongs here. */
  static takes(spelling: string): boolean {
    return Object.hasOwn(spellings, spelling);
  }

  /** @returns whether an option of that spelling is followed by a value. */
  static hasValue(spelling: string): boolean {
    return spellings[spelling] !== 'enable-kvm';
  }

  /** Takes one option; what is wrong with it is kept for {@link result}. */
  take(spelling: string, value: string): void {
    const option = spellings[spelling];
    if (option === undefined) return;
    if (option === 'machine') this.#machine(value);
    else if (option === 'cpu') this.#cpu(value);
    else if (option === 'smp') this.#smp(value);
    else if (option === 'memory') this.#memory(value);
    else if (option === 'accel') this.#accel(value);
    else if (option === 'enable-kvm') this.#accelerators = ['kvm'];
    else this.#property(option, value);
  }

  /** @returns what has been taken. */
  result(): Omit<MachineOptions, 'rest'> {
    return {
      request: { ...this.#request },
      cleared: [...this.#cleared],
      accelerators: this.#accelerators,
      properties: { ...this.#properties },
      problems: [...this.#problems],
    };
  }

  #wrong(option: string, message: string): void {
    this.#problems.push({ option, message });
  }

  /** Sets an option; the empty value takes it back. */
  #set(name: OptionName, value: string): void {
    if (value === '') {
      delete this.#request[name];
      this.#cleared.add(name);
    } else {
      this.#request[name] = value;
      this.#cleared.delete(name);
    }
  }

  #property(name: OptionName, value: string): void {
    const row = optionRows.find((candidate) => candidate.name === name);
    const choices = row?.choices;
    // Words with a reason code of their own are refused by the environment, which names that code.
    const checkedThere = name === 'ic-mode' || name.startsWith('cap-');
    if (!checkedThere && choices !== undefined && value !== '' && !choices.includes(value.toLowerCase())) {
      this.#wrong(name, `${clip(value)} is none of ${choices.join(', ')}${suggestion(value, choices)}`);
      return;
    }
    this.#set(name, value);
  }

  #machine(text: string): void {
    const known: readonly string[] = ['type', 'accel', ...machineProperties, ...otherMachineProperties];
    commaList(text).forEach((part, at) => {
      const { name, value } = pair(part);
      if (value === undefined && at === 0 && !known.includes(name)) this.#machineType(name);
      else if (name === 'type') this.#machineType(value ?? '');
      else if (name === 'accel') this.#acceleratorNames((value ?? '').split(':'));
      else if (name.startsWith('smp.')) this.#smpField(name.slice(4), value ?? '');
      else if ((machineProperties as readonly string[]).includes(name)) {
        // The name is one of the table's, as just tested.
        this.#property(name as OptionName, value ?? 'on');
      } else if (otherMachineProperties.includes(name)) this.#properties[name] = value ?? 'on';
      else if (part !== '') this.#wrong('machine', `there is no property ${clip(name)}${suggestion(name, known)}`);
    });
  }

  #machineType(name: string): void {
    if (name === '') return;
    if (findMachineType(name) !== undefined) {
      this.#request.machine = name;
      return;
    }
    const known = ['pseries', ...machineTypes.map((type) => type.name)];
    const range = `there are pseries and ${known.at(-1)} to ${known[1]}`;
    this.#wrong('machine', `no machine type is called ${clip(name)}; ${range}${suggestion(name, known)}`);
  }

  #cpu(text: string): void {
    const [model = '', ...properties] = commaList(text);
    if (model.toLowerCase() === 'host' || findCpuModel(model) !== undefined) this.#set('cpu', model);
    else {
      const known = cpuModels.flatMap((row) => [...row.aliases, row.name]);
      const short = cpuModels.flatMap((row) => row.aliases).join(', ');
      this.#wrong('cpu', `no CPU model is called ${clip(model)}; there are ${short}${suggestion(model, known)}`);
    }
    for (const property of properties) {
      const { name, value } = pair(property);
      // The older way to write max-cpu-compat.
      if (name === 'compat' && value !== undefined) this.#property('max-cpu-compat', value);
      else
        this.#wrong('cpu', `a CPU has no property ${clip(name)}; to hold it at a level use -machine max-cpu-compat=`);
    }
  }

  #smp(text: string): void {
    commaList(text).forEach((part, at) => {
      const { name, value } = pair(part);
      if (value === undefined && at === 0) this.#smpField('cpus', name);
      else this.#smpField(name, value ?? '');
    });
  }

  #smpField(name: string, value: string): void {
    const levelsOfOne = ['dies', 'clusters', 'modules', 'books', 'drawers'];
    if ((smpFields as readonly string[]).includes(name)) {
      // The name is one of the table's, as just tested.
      this.#set(name as OptionName, value);
    } else if (levelsOfOne.includes(name)) {
      if (value !== '1') this.#wrong('smp', `a pseries machine has no ${name}; only ${name}=1 can be given`);
    } else
      this.#wrong('smp', `there is no ${clip(name)}${suggestion(name, smpFields)}; known are ${smpFields.join(', ')}`);
  }

  #memory(text: string): void {
    commaList(text).forEach((part, at) => {
      const { name, value } = pair(part);
      if (value === undefined && at === 0) this.#set('memory', name);
      else if (name === 'size') this.#set('memory', value ?? '');
      else if (name === 'maxmem' || name === 'slots') this.#set(name, value ?? '');
      else {
        const known = ['size', 'maxmem', 'slots'];
        this.#wrong('m', `there is no ${clip(name)}${suggestion(name, known)}; known are ${known.join(', ')}`);
      }
    });
  }

  #accel(text: string): void {
    const [names = '', ...properties] = commaList(text);
    this.#acceleratorNames(names.split(':'));
    for (const property of properties) {
      const { name, value } = pair(property);
      if (name === 'kernel-irqchip') this.#property('kernel-irqchip', value ?? 'on');
      else if (!acceleratorProperties.includes(name)) {
        const known = ['kernel-irqchip', ...acceleratorProperties];
        this.#wrong('accel', `there is no property ${clip(name)}${suggestion(name, known)}`);
      }
    }
  }

  #acceleratorNames(names: readonly string[]): void {
    for (const name of names) {
      if (name === 'engine' || name === 'tcg') this.#accelerators.push('tcg');
      else if (name === 'kvm') this.#accelerators.push('kvm');
      else
        this.#wrong(
          'accel',
          `no accelerator is called ${clip(name)}; there are tcg and kvm${suggestion(name, ['tcg', 'kvm'])}`,
        );
    }
  }
}

/**
 * Reads the machine options out of a command line.
 * @param args words in any order; `--name=value`, `--name value` and one dash are alike
 * @returns the request, what is left over, and every problem
 */
export function parseMachineOptions(args: readonly string[]): MachineOptions {
  const collector = new MachineOptionCollector();
  const rest: string[] = [];
  const missing: UsageProblem[] = [];
  for (let i = 0; i < args.length; i++) {
    const word = args[i] ?? '';
    const match = /^--?([A-Za-z][\w.-]*)(?:=(.*))?$/s.exec(word);
    const spelling = match?.[1] ?? '';
    if (match === null || !MachineOptionCollector.takes(spelling)) rest.push(word);
    else if (match[2] !== undefined) collector.take(spelling, match[2]);
    else if (!MachineOptionCollector.hasValue(spelling)) collector.take(spelling, '');
    else if (i + 1 < args.length) {
      i += 1;
      collector.take(spelling, args[i] ?? '');
    } else missing.push({ option: spelling, message: 'a value must follow' });
  }
  const result = collector.result();
  return { ...result, rest, problems: [...result.problems, ...missing] };
}
