// Runs the system's own programs (apt-get, dpkg-deb, gpgv) without a shell and keeps what they print.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What a program did. */
export interface ProgramResult {
  /** Exit status; 127 when it could not be started or was killed by a signal. */
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** True when a program of this name is on the search path. */
export function hasProgram(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}

/** Options of {@link runProgram}. */
export interface RunOptions {
  readonly cwd?: string;
  /** Bytes for standard input; absent: nothing. */
  readonly input?: Uint8Array;
  /** Called with each line that the program writes to descriptor 3. */
  readonly onStatusLine?: (line: string) => void;
}

/** Runs a program to its end, in the C locale, so that its output can be read by us. Never rejects. */
export function runProgram(command: string, args: readonly string[], options: RunOptions = {}): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    let rest = '';
    child.stdio[3]?.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) options.onStatusLine?.(line);
    });
    child.stdin?.on('error', () => {}); // a program that does not read its input closes it
    child.stdin?.end(options.input);
    const finish = (status: number, extra = ''): void =>
      resolve({ status, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() + extra });
    child.on('error', (error) => finish(127, error.message));
    child.on('close', (status) => finish(status ?? 127));
  });
}

/** The last line of an error output that says something, for one-line messages. */
export function lastLine(output: string): string {
  return output.trim().split('\n').at(-1)?.trim() ?? '';
}
