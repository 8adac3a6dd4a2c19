// Runs the two programs as a user does: in a pseudo-terminal with keys and prompts, or as a child with pipes.
import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type IPty, spawn as spawnPty } from '@lydell/node-pty';
import { engineFromEnvironment } from '../../src/host/engine-choice.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');

const engine = engineFromEnvironment() ?? 'translator';

/** Long enough for a boot on a machine that is busy with other work, in stress mode, too; only a hang takes as long. */
const patienceMs = engine === 'translator' ? 240_000 : 1_200_000;

/** Options of `continuo run` for guests that watch the time: in stress mode they are so slow that they would find fault with it. */
export const patientTime: readonly string[] = engine === 'stress' ? ['--icount', 'shift=2'] : [];

/** The path of a program of the package. */
export function programPath(name: 'continuo' | 'continuo-system-ppc64'): string {
  return join(root, 'bin', name);
}

/** The prompt of the default guest's shell; the shell may ask for the cursor's place behind it. */
export const shellPrompt = new RegExp(`continuo:\\S*# (${String.fromCharCode(27)}\\[6n)?$`);

/** A program in a pseudo-terminal. */
export class PtySession {
  readonly #pty: IPty;
  readonly #exit: Promise<number>;
  #output = '';
  #seen = 0;
  #wake = (): void => {};

  constructor(command: string, args: readonly string[], size = { cols: 80, rows: 24 }) {
    this.#pty = spawnPty(command, [...args], { ...size, cwd: root, name: 'xterm' });
    this.#pty.onData((text) => {
      this.#output += text;
      this.#wake();
    });
    this.#exit = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode }) => {
        resolve(exitCode);
        this.#wake();
      });
    });
  }

  /** The process, for /proc. */
  get pid(): number {
    return this.#pty.pid;
  }

  /** Everything that was shown. */
  get output(): string {
    return this.#output;
  }

  /** Types bytes. */
  type(text: string): void {
    this.#pty.write(text);
  }

  /** Waits until what is shown from the last wait on matches, and returns it up to the end of the match. */
  async expect(pattern: RegExp | string): Promise<string> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const fresh = this.#output.slice(this.#seen);
      const at = typeof pattern === 'string' ? fresh.indexOf(pattern) : fresh.search(pattern);
      if (at >= 0) {
        const length = typeof pattern === 'string' ? pattern.length : (pattern.exec(fresh)?.[0].length ?? 0);
        this.#seen += at + length;
        return fresh.slice(0, at + length);
      }
      if (Date.now() > deadline) this.#fail(`${pattern} did not appear`);
      await this.#moreOutput(deadline, () => this.#fail(`the program ended before ${pattern} appeared`));
    }
  }

  /** Types a command at the shell's prompt and returns what it prints, up to the next prompt. */
  async command(line: string): Promise<string> {
    this.type(`${line}\r`);
    return this.expect(shellPrompt);
  }

  /** The exit status. */
  async ended(): Promise<number> {
    const timer = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`the program did not end\n${this.#output.slice(-2000)}`)), patienceMs).unref();
    });
    return Promise.race([this.#exit, timer]);
  }

  /** Ends the program, whatever it does. */
  close(): void {
    try {
      this.#pty.kill('SIGKILL');
    } catch {
      // It has ended already.
    }
  }

  #fail(message: string): never {
    throw new Error(`${message}; the terminal showed:\n${this.#output.slice(-3000)}`);
  }

  async #moreOutput(deadline: number, onEnd: () => never): Promise<void> {
    const before = this.#output.length;
    const ended = await Promise.race([
      new Promise<false>((resolve) => {
        this.#wake = () => resolve(false);
        setTimeout(resolve, Math.max(1, deadline - Date.now()), false).unref();
      }),
      this.#exit.then(() => true),
    ]);
    if (ended && this.#output.length === before) onEnd();
  }
}

/** What a child did. */
export interface ChildResult {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a program with pipes to its end. `withChild` may act on it while it runs. */
export function runChild(
  command: string,
  args: readonly string[],
  withChild: (child: ChildProcess) => void = () => {},
): Promise<ChildResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve({ status, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() });
    });
    withChild(child);
  });
}
