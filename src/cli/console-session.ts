// One machine with a console attached, from start to end: keys, signals, time limit, and what ended it.
import { closeSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { EscapeFilter, escapeHelp } from '../host/escape-keys.ts';
import { ExecOutput } from '../host/exec-output.ts';
import { type RunningMachine, startMachine } from '../host/machine-runner.ts';
import { Terminal } from '../host/terminal.ts';
import type { RunStatistics } from '../host/worker/machine-link.ts';
import type { MachineConfig, MachineOutcome } from '../machine/machine-api.ts';
import { type LogSink, openForWriting, openLog } from './log-sink.ts';
import type { StartPlan } from './start-plan.ts';

/** Who asked for the end, when it was not the guest. */
export type StopCause =
  | { readonly kind: 'keys' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'signal'; readonly number: number }
  | { readonly kind: 'reader-gone' };

/** How a session ended. */
export interface SessionEnd {
  readonly outcome: MachineOutcome;
  readonly statistics: RunStatistics;
  readonly stopCause: StopCause | undefined;
  /** With --exec: what was found of the command. */
  readonly exec: ExecOutput | undefined;
}

const endingSignals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const;

interface Output {
  write(bytes: Uint8Array): Promise<void> | void;
  close(): void;
}

function outputOf(plan: StartPlan, terminal: Terminal, exec: ExecOutput | undefined): Output {
  const nothingToClose = (): void => {};
  if (exec !== undefined) return { write: (bytes) => terminal.write(exec.feed(bytes)), close: nothingToClose };
  if (plan.console.kind === 'stdio') return { write: (bytes) => terminal.write(bytes), close: nothingToClose };
  if (plan.console.kind === 'null') return { write: () => {}, close: nothingToClose };
  const descriptor = openForWriting({ option: '-serial file:', path: plan.console.path });
  return { write: (bytes) => void writeSync(descriptor, bytes), close: () => closeSync(descriptor) };
}

function attachInput(plan: StartPlan, terminal: Terminal, machine: RunningMachine, quit: () => void): void {
  const keys = plan.console.kind === 'stdio' && (plan.console.keys || terminal.isInteractive);
  const filter = new EscapeFilter();
  machine.onInputPressure(
    () => terminal.pause(),
    () => terminal.resume(),
  );
  terminal.open((bytes) => {
    if (!keys) {
      machine.input(bytes);
      return;
    }
    const { guest, commands } = filter.feed(bytes);
    machine.input(guest);
    for (const command of commands) {
      if (command === 'quit') {
        // What is printed next, by us or a shell, starts on a line of its own.
        terminal.write(Buffer.from('\r\n')).catch(() => {});
        quit();
      }
      // A vanished reader shows itself at the guest's next output.
      else terminal.write(Buffer.from(escapeHelp())).catch(() => {});
    }
  });
}

/**
 * Runs a machine to its end.
 * @param execNonce marks the output of the command of --exec
 * @throws ImageError for a bad file, CliError when an output file cannot be written
 */
export async function runSession(
  plan: StartPlan,
  config: MachineConfig,
  execNonce: string | undefined,
): Promise<SessionEnd> {
  const terminal = new Terminal(process.stdin, process.stdout);
  const exec = execNonce === undefined ? undefined : new ExecOutput(execNonce);
  const readsInput = plan.console.kind === 'stdio' && exec === undefined;
  const rawTerminal = readsInput && terminal.isInteractive && process.stderr.isTTY;
  const log: LogSink = openLog(plan.logFile, rawTerminal);
  const messages: LogSink = openLog(undefined, rawTerminal);
  const output = outputOf(plan, terminal, exec);

  let stopCause: StopCause | undefined;
  const machine = startMachine(config, {
    output: (bytes) => output.write(bytes),
    warning: (code, message) => messages.line(`continuo: warning: ${message} [${code}]`),
    log: (_item, line) => log.line(line),
  });
  const stop = (cause: StopCause): void => {
    // Who asks twice does not want to wait.
    if (stopCause !== undefined) process.exit(cause.kind === 'signal' ? 128 + cause.number : 0);
    stopCause = cause;
    machine.stop();
  };
  const signalHandlers = endingSignals.map((name) => {
    const handler = (): void => stop({ kind: 'signal', number: constants.signals[name] });
    process.on(name, handler);
    return { name, handler };
  });
  const timer =
    plan.timeoutSeconds === undefined
      ? undefined
      : setTimeout(() => stop({ kind: 'timeout' }), plan.timeoutSeconds * 1000);
  try {
    if (readsInput) attachInput(plan, terminal, machine, () => stop({ kind: 'keys' }));
    const { outcome, statistics } = await machine.ended;
    return { outcome, statistics, stopCause, exec };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
    const statistics = { instructions: 0, idles: 0, calls: [], seconds: 0 };
    return { outcome: { kind: 'stopped' }, statistics, stopCause: { kind: 'reader-gone' }, exec };
  } finally {
    clearTimeout(timer);
    for (const { name, handler } of signalHandlers) process.off(name, handler);
    terminal.restore();
    output.close();
    log.close();
  }
}
