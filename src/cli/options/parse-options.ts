// Turns the words of a command line into option values, by the option table. QEMU's grammar: `-name value`, two dashes are
// as good as one. Ours: `--name value` or `--name=value`.
import { nearest, optionRows as requestRows } from '../../environment/index.ts';
import { namesOf, type OptionKey, type OptionRow, optionRows, type Program } from './option-table.ts';
import { notBuiltError, usageError } from './usage-error.ts';

/** What was given. */
export interface ParsedOptions {
  /** True for an option without a value that was given. */
  has(key: OptionKey): boolean;
  /** The last value of an option. */
  value(key: OptionKey): string | undefined;
  /** All values of an option, in order. */
  values(key: OptionKey): readonly string[];
}

/** QEMU accepts both dashes for everything; ours has short and long options apart. */
function normalise(word: string, program: Program): string {
  return program === 'system' && word.startsWith('--') ? word.slice(1) : word;
}

function findRow(name: string, program: Program): OptionRow | undefined {
  return optionRows.find((row) => namesOf(row, program).includes(name));
}

/** Properties of --machine may be written as options, as in the commands that explain an environment. */
function isMachineProperty(name: string): boolean {
  return requestRows.some((row) => row.place === 'machine' && row.name === name);
}

function unknownOption(word: string, program: Program): Error {
  const known = optionRows.filter((row) => row.planned !== true).flatMap((row) => namesOf(row, program));
  const guess = nearest(word, known);
  const hint =
    guess === undefined
      ? `${known.includes('--help') ? '--help' : '-help'} lists the options`
      : `did you mean ${guess}?`;
  return usageError(`unknown option ${word.slice(0, 80)}: ${hint}`);
}

/**
 * Parses the words after a program's or command's name.
 * @throws CliError for unknown options, missing values, and words that are no options
 */
export function parseOptions(words: readonly string[], program: Program): ParsedOptions {
  const given = new Map<string, string[]>();
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (!word.startsWith('-') || word === '-') {
      throw usageError(
        program === 'system'
          ? `${word.slice(0, 80)} is no option; disk images cannot be given yet`
          : `${word.slice(0, 80)} is no option; --help lists the options`,
      );
    }
    const equals = program === 'run' && word.startsWith('--') ? word.indexOf('=') : -1;
    const name = normalise(equals < 0 ? word : word.slice(0, equals), program);
    const row = findRow(name, program);
    const property = name.replace(/^-+/, '');
    if (row === undefined && program === 'run' && isMachineProperty(property)) {
      const value = equals < 0 ? words[++index] : word.slice(equals + 1);
      if (value === undefined) throw usageError(`${name} needs a value`);
      given.set('machine', [...(given.get('machine') ?? []), `${property}=${value.replaceAll(',', ',,')}`]);
      continue;
    }
    if (row === undefined) throw unknownOption(name, program);
    if (row.planned === true) throw notBuiltError(`option ${name}`);
    let value = '';
    if (row.argument !== undefined) {
      if (equals < 0) index++;
      const next = equals < 0 ? words[index] : word.slice(equals + 1);
      if (next === undefined) throw usageError(`${name} needs a value: ${name} ${row.argument}`);
      value = next;
    } else if (equals >= 0) throw usageError(`${name} takes no value`);
    const before = row.repeats === true ? (given.get(row.key) ?? []) : [];
    given.set(row.key, [...before, value]);
  }
  return {
    has: (key) => given.has(key),
    value: (key) => given.get(key)?.at(-1),
    values: (key) => given.get(key) ?? [],
  };
}
