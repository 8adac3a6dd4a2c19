// One running benchmark program: takes the name of what to run, gives time by its own clock, time by ours, processor time.
import { type ChildProcess, spawn } from 'node:child_process';
import { busiestThread, threadMilliseconds } from './process-usage.ts';
import type { Subject } from './subjects.ts';

/** One run of one program. Times are in milliseconds. */
export interface Measurement {
  /** By the clock of the guest (or, natively, of the program). */
  readonly time: number;
  /** From our sending the request to our reading the result. */
  readonly outside: number;
  /** Processor time of the busiest thread of the process in between. */
  readonly processor: number;
  readonly checksum: string;
}

/** A run that gave no result. */
export interface Failure {
  readonly failure: string;
}

const startLimitMs = 180_000;
const runLimitMs = 180_000;
const consoleLines = 40;

/** A started subject that obeys requests. */
export class ProgramSession {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #partial = '';
  #wake: () => void = () => {};
  #ended = false;
  /** What the guest said last beside the protocol. */
  readonly console: string[] = [];

  constructor(subject: Subject) {
    this.#child = spawn(subject.command, subject.args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const take = (chunk: Buffer): void => {
      const lines = (this.#partial + chunk.toString('latin1')).split(/[\r\n]+/);
      this.#partial = lines.pop() ?? '';
      for (const line of lines) {
        const start = line.indexOf('BENCH ');
        if (start >= 0) this.#lines.push(line.slice(start + 'BENCH '.length));
        else if (line !== '') this.#heard(line);
      }
      this.#wake();
    };
    this.#child.stdout?.on('data', take);
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString().trim().split('\n')) this.#heard(line);
    });
    this.#child.stdin?.on('error', () => {}); // a subject that ended: seen by its end
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    this.#child.on('error', (error) => {
      this.#heard(error.message);
      end();
    });
    this.#child.on('close', end);
  }

  /** True when it can be asked no more. */
  get ended(): boolean {
    return this.#ended;
  }

  #heard(line: string): void {
    this.console.push(line);
    if (this.console.length > consoleLines) this.console.shift();
  }

  /** The next line of the protocol; undefined when none came in time or the subject ended. */
  async #line(limitMs: number): Promise<string | undefined> {
    const deadline = performance.now() + limitMs;
    while (this.#lines.length === 0) {
      const left = deadline - performance.now();
      if (this.#ended || left <= 0) return undefined;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#lines.shift();
  }

  #failed(what: string): Failure {
    const how = this.#ended ? 'the process ended' : 'no answer in time';
    this.kill();
    const lastWords = this.console.at(-1);
    return { failure: `${what}: ${how}${lastWords === undefined ? '' : ` (${lastWords})`}` };
  }

  /** Waits until the subject takes requests. */
  async ready(): Promise<Failure | undefined> {
    return (await this.#line(startLimitMs)) === 'ready' ? undefined : this.#failed('start');
  }

  /** The programs that there are, with their class. */
  async list(): Promise<{ name: string; kind: string }[]> {
    this.#child.stdin?.write('list 0\nlist-ends 0\n');
    const programs: { name: string; kind: string }[] = [];
    for (;;) {
      const [word, name, kind] = ((await this.#line(runLimitMs)) ?? '').split(' ');
      if (word !== 'program' || name === undefined || kind === undefined) return programs;
      programs.push({ name, kind });
    }
  }

  /** Runs a program once with its loop count divided by `divisor`. */
  async run(name: string, divisor: number): Promise<Measurement | Failure> {
    const pid = this.#child.pid ?? 0;
    const [start, startProcessor] = [performance.now(), threadMilliseconds(pid)];
    this.#child.stdin?.write(`${name} ${divisor}\n`);
    const line = await this.#line(runLimitMs);
    const [end, endProcessor] = [performance.now(), threadMilliseconds(pid)];
    if (line === undefined) return this.#failed(name);
    const [word, , nanoseconds, checksum] = line.split(' ');
    if (word !== 'result' || checksum === undefined) return { failure: line };
    return {
      time: Number(nanoseconds) / 1e6,
      outside: end - start,
      processor: busiestThread(startProcessor, endProcessor),
      checksum,
    };
  }

  /** Ends the subject, first by asking. */
  async end(): Promise<void> {
    this.#child.stdin?.end('end 0\n');
    if ((await this.#line(5000)) !== 'end') return this.kill();
    const timer = setTimeout(() => this.kill(), 5000);
    while (!this.#ended) await new Promise<void>((resolve) => (this.#wake = resolve));
    clearTimeout(timer);
  }

  /** Ends the subject at once. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
