// Options of a command itself, taken from what the machine options leave over.
import {
  MachineOptionCollector,
  type MachineOptions,
  machineOptionNames,
  suggestion,
  type UsageProblem,
} from './options/machine-options.ts';

/** What a command takes besides machine options. */
export interface CommandOptions {
  /** Options that a value follows, by name without dashes. */
  readonly values: readonly string[];
  /** Options without a value. */
  readonly flags: readonly string[];
  /** The number of other words that may stand on the line. */
  readonly words?: number;
}

/** A parsed command line. */
export interface CommandLine extends Omit<MachineOptions, 'rest'> {
  readonly values: Readonly<Record<string, string>>;
  readonly flags: ReadonlySet<string>;
  readonly words: readonly string[];
}

/** @returns the command line, with every problem in `problems`. `-h` and `--help` are the flag `help`. */
export function parseCommandLine(args: readonly string[], options: CommandOptions): CommandLine {
  const collector = new MachineOptionCollector();
  const problems: UsageProblem[] = [];
  const values: Record<string, string> = {};
  const flags = new Set<string>();
  const words: string[] = [];
  const known = [...options.values, ...options.flags, 'help', ...machineOptionNames];
  for (let i = 0; i < args.length; i++) {
    const word = args[i] ?? '';
    const match = /^--?([A-Za-z][\w.-]*)(?:=(.*))?$/s.exec(word);
    const name = match?.[1] ?? '';
    const machine = MachineOptionCollector.takes(name);
    if (match === null) {
      if (words.length < (options.words ?? 0) && !word.startsWith('-')) words.push(word);
      else problems.push({ option: clip(word), message: 'is not expected here' });
    } else if (name === 'h' || name === 'help') flags.add('help');
    else if (options.flags.includes(name)) {
      if (match[2] === undefined) flags.add(name);
      else problems.push({ option: `--${name}`, message: 'takes no value' });
    } else if (machine && !MachineOptionCollector.hasValue(name)) collector.take(name, '');
    else if (!machine && !options.values.includes(name)) {
      problems.push({ option: clip(word), message: `there is no such option${suggestion(name, known)}` });
    } else {
      const value = match[2] ?? args[i + 1];
      if (match[2] === undefined) i += 1;
      if (value === undefined) problems.push({ option: `--${name}`, message: 'a value must follow' });
      else if (options.values.includes(name)) values[name] = value;
      else collector.take(name, value);
    }
  }
  const result = collector.result();
  return { ...result, problems: [...result.problems, ...problems], values, flags, words };
}

function clip(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** The help lines of the machine options, for the usage of a command. */
export const machineOptionHelp = `Machine options (as for run and continuo-system-ppc64):
  -machine TYPE[,PROPERTY=VALUE…]  machine type (pseries, pseries-2.1 to pseries-10.0) and its properties:
                                   ic-mode, kernel-irqchip, max-cpu-compat, vsmt, resize-hpt, mmu-offer,
                                   kvm-type, cap-…; each may also be written --PROPERTY=VALUE
  -cpu MODEL                       power7, power7+, power8, power8e, power8nvl, power9, power10, power11
  -smp [cpus=]N[,sockets=,cores=,threads=,maxcpus=]
  -m [size=]SIZE[,maxmem=SIZE,slots=N]`;
