// What is wrong with a command line: one line that names the option, says what was expected and what to do.
import { exitStatus } from '../../host/exit-status.ts';

/** A complaint about what the user gave; shown as one line for each reason, without a stack trace. */
export class CliError extends Error {
  override readonly name = 'CliError';
  /** The exit status of the process. */
  readonly status: number;
  /** Every reason, each one line. */
  readonly lines: readonly string[];

  constructor(status: number, ...reasons: readonly string[]) {
    const lines = reasons.map((reason) => reason.replaceAll(/\s*\n\s*/g, ' '));
    super(lines.join('; '));
    this.status = status;
    this.lines = lines;
  }
}

/** An unknown option, a missing or wrong value. */
export function usageError(message: string): CliError {
  return new CliError(exitStatus.usage, message);
}

/** Several at once. */
export function usageErrors(messages: readonly string[]): CliError {
  return new CliError(exitStatus.usage, ...messages);
}

/** Something that QEMU has, or the design has, and this release has not: refused by name, never ignored. */
export function notBuiltError(what: string): CliError {
  return new CliError(exitStatus.refused, `${what} is not built yet`);
}
