// One boot, from process start to the first line of init: time, processor time, memory, instructions.
import { spawn } from 'node:child_process';
import { peakResidentMebibytes, processorMilliseconds } from './process-usage.ts';
import type { Failure } from './program-session.ts';
import type { Subject } from './subjects.ts';

/** One boot. Times are in milliseconds from the process's start to init's first line. */
export interface BootMeasurement {
  readonly time: number;
  /** Processor time of all threads of the process. */
  readonly processor: number;
  /** Peak resident memory of the process in MiB. */
  readonly residentMebibytes: number;
  /** Guest instructions and seconds of the machine's life, where the subject tells. */
  readonly instructions: number | undefined;
  readonly machineSeconds: number | undefined;
}

/** What the default guest's init says first (src/host/guest/init-script.ts). */
const firstLine = "Debian's Linux ";
const bootLimitMs = 180_000;

/** Boots a subject and ends it at init's first line. */
export async function measureBoot(subject: Subject): Promise<BootMeasurement | Failure> {
  const start = performance.now();
  const child = spawn(subject.command, subject.args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const pid = child.pid ?? 0;
  let output = '';
  let errors = '';
  let seen: Pick<BootMeasurement, 'time' | 'processor' | 'residentMebibytes'> | undefined;
  child.stdin.on('error', () => {}); // it may end first
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('latin1');
    if (seen !== undefined || !output.includes(firstLine)) return;
    const time = performance.now() - start;
    seen = { time, processor: processorMilliseconds(pid), residentMebibytes: peakResidentMebibytes(pid) };
    child.kill('SIGTERM');
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), bootLimitMs);
  await new Promise<void>((resolve) => {
    child.on('error', (error) => {
      errors += error.message;
      resolve();
    });
    child.on('close', () => resolve());
  });
  clearTimeout(limit);
  if (seen === undefined) {
    const lastWords = (errors + output).trim().split('\n').at(-1) ?? '';
    return { failure: `${subject.name} did not reach init's first line: ${lastWords}` };
  }
  const told = /(\d+) guest instructions in ([\d.]+) s/.exec(errors);
  return {
    ...seen,
    instructions: told === null ? undefined : Number(told[1]),
    machineSeconds: told === null ? undefined : Number(told[2]),
  };
}
