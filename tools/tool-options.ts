// What every developer's command does with its command line: --help shows the usage, a mistake is one line and status 64.
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { printed } from '../src/cli/printable.ts';
import { exitStatus } from '../src/host/exit-status.ts';

/** A command. */
export interface ToolCommand {
  /** As messages name it. */
  readonly name: string;
  /** What --help shows, lines with their ends. */
  readonly usage: string;
}

/** Says what is wrong with the command line, and ends the process with status 64. */
export function wrongOptions({ name }: ToolCommand, message: string): never {
  process.stderr.write(printed([`${name}: ${message}`, '--help lists the options']));
  process.exit(exitStatus.usage);
}

/**
 * Reads the command line as `parseArgs` of node:util does.
 * @returns its values and positionals; ends the process instead with status 0 for --help, and with 64 where it is wrong
 */
export function readOptions<T extends ParseArgsConfig>(
  command: ToolCommand,
  config: T,
): ReturnType<typeof parseArgs<T>> {
  // Who reads the output may have seen enough: that is no error.
  process.stdout.on('error', () => {});
  if (process.argv.slice(2).includes('--help')) {
    process.stdout.write(command.usage);
    process.exit(exitStatus.ok);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    // What it throws for a word that it does not know; the first sentence says so, the others are about positional ones.
    if (!(error instanceof TypeError)) throw error;
    wrongOptions(command, error.message.split('. ')[0] ?? '');
  }
}

/** @returns the whole number that an option's text is; ends the process with status 64 when it is none, or below `least` */
export function wholeNumber(command: ToolCommand, option: string, text: string, least = 0): number {
  const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least) return value;
  wrongOptions(command, `${option} ${text}: a whole number from ${least} on is expected`);
}

/** @returns the one of `choices` that an option's text is; ends the process with status 64 when it is none */
export function oneOf<T extends string>(command: ToolCommand, option: string, text: string, choices: readonly T[]): T {
  const chosen = choices.find((choice) => choice === text);
  if (chosen !== undefined) return chosen;
  wrongOptions(command, `${option} ${text}: one of ${choices.join(', ')} is expected`);
}
