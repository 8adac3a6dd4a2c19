// What both programs have around their work: errors as one line, an exit status, a clear word when we are at fault.
import { exitStatus } from '../host/exit-status.ts';
import { CliError } from './options/usage-error.ts';
import { printed } from './printable.ts';

/** Anything still open after this long does not keep the process. */
const lingerMs = 500;

function report(program: string, error: unknown): number {
  const say = (line: string): void => void process.stderr.write(printed([`${program}: ${line}`]));
  if (error instanceof CliError) {
    for (const line of error.lines) say(line);
    return error.status;
  }
  const message = error instanceof Error ? error.message : String(error);
  say(`internal error, a defect of Continuo: ${message.split('\n')[0]}`);
  if (process.env.CONTINUO_DEBUG !== undefined && error instanceof Error) error.stack?.split('\n').forEach(say);
  return exitStatus.internal;
}

/**
 * Runs a program's work and sets the exit status of the process.
 * @param program its name, put in front of messages
 * @param work resolves to the exit status
 */
export async function runProgram(program: string, work: () => Promise<number>): Promise<void> {
  process.on('uncaughtException', (error) => process.exit(report(program, error)));
  // Without a listener a closed pipe would be an uncaught exception; who writes gets the error, too.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  try {
    process.exitCode = await work();
  } catch (error) {
    process.exitCode = report(program, error);
  }
  setTimeout(() => process.exit(), lingerMs).unref();
}
