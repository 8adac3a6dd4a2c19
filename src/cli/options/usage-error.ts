// What is wrong with a command line: one line that names the option, says what was expected and what to do.
import { exitStatus } from '../../host/exit-status.ts';

/** A complaint about what the user gave; shown as one line, without a stack trace. */
export class CliError extends Error {
  override readonly name = 'CliError';
  /** The exit status of the process. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message.replaceAll(/\s*\n\s*/g, ' '));
    this.status = status;
  }
}

/** An unknown option, a missing or wrong value. */
export function usageError(message: string): CliError {
  return new CliError(exitStatus.usage, message);
}

/** Something that QEMU has, or the design has, and this release has not: refused by name, never ignored. */
export function notBuiltError(what: string): CliError {
  return new CliError(exitStatus.refused, `${what} is not built yet`);
}
