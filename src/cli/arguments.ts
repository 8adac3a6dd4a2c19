// Options of a command itself, taken from what the machine options leave over.
import {
  type MachineOptions,
  machineOptionNames,
  parseMachineOptions,
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
export interface CommandLine extends MachineOptions {
  readonly values: Readonly<Record<string, string>>;
  readonly flags: ReadonlySet<string>;
  readonly words: readonly string[];
}

/** @returns the command line, with every problem in `problems`. `-h` and `--help` are the flag `help`. */
export function parseCommandLine(args: readonly string[], options: CommandOptions): CommandLine {
  const machine = parseMachineOptions(args);
  const problems: UsageProblem[] = [...machine.problems];
  const values: Record<string, string> = {};
  const flags = new Set<string>();
  const words: string[] = [];
  const known = [...options.values, ...options.flags, 'help', ...machineOptionNames];
  const { rest } = machine;
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i] ?? '';
    const match = /^--?([A-Za-z][\w.-]*)(?:=(.*))?$/s.exec(word);
    const name = match?.[1] ?? '';
    if (match === null) {
      if (words.length < (options.words ?? 0)) words.push(word);
      else problems.push({ option: clip(word), message: 'is not expected here' });
    } else if (name === 'h' || name === 'help') flags.add('help');
    else if (options.flags.includes(name) && match[2] === undefined) flags.add(name);
    else if (options.flags.includes(name)) problems.push({ option: `--${name}`, message: 'takes no value' });
    else if (!options.values.includes(name)) {
      const near = suggestion(name, known);
      problems.push({ option: clip(word), message: `there is no such option${near}` });
    } else if (match[2] !== undefined) values[name] = match[2];
    else if (i + 1 < rest.length) {
      i += 1;
      values[name] = rest[i] ?? '';
    } else problems.push({ option: `--${name}`, message: 'a value must follow' });
  }
  return { ...machine, problems, values, flags, words };
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
