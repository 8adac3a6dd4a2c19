// Watches a worker that runs random machines: it must keep coming back, and the process may not grow.
import { Worker } from 'node:worker_threads';
import type { WorkerOrder, WorkerReport } from './worker.ts';

/** Seconds of processor time without a sign of life that count as a hang: a guest takes less than one. On a busy host time says nothing. */
const hangAfter = 60;
/** Part of the time, and guests, after which the process has what it needs. */
const warmUp = { part: 0.2, guests: 120 } as const;
/** Bytes that it may grow by after that. */
export const growthLimit = 192 * 2 ** 20;
/** Looks of which the least counts: the RAM of a machine that has just ended, all of it written, may not be given back yet. */
const looks = 4;

/** What to run. */
export interface WatchOptions {
  readonly cpu: string;
  readonly minutes: number;
  readonly machines?: number;
  readonly firstSeed: number;
  /** Every other machine has cap-nested-hv=on. */
  readonly nested?: boolean;
  /** Told of the state of things every few seconds. */
  readonly progress?: (text: string) => void;
}

/** Bytes of resident memory: before, after the warm-up, at most after it, at the end. */
export interface ResidentMemory {
  readonly start: number;
  readonly warm: number;
  readonly most: number;
  readonly end: number;
}

/** How it went; `failure` is absent where nothing was found. */
export interface WatchResult {
  readonly failure?: string;
  /** The CPU model cannot be had. */
  readonly unavailable?: string;
  readonly tally?: Extract<WorkerReport, { kind: 'end' }>['tally'];
  readonly memory: ResidentMemory;
  readonly seconds: number;
  /** Processor time of it. */
  readonly processorSeconds: number;
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;

/** Runs machines until the time is over or one does harm. */
export function watch(options: WatchOptions): Promise<WatchResult> {
  const { cpu, minutes, firstSeed, machines = Number.MAX_SAFE_INTEGER, nested = false, progress = () => {} } = options;
  const began = Date.now();
  const order: WorkerOrder = { cpu, firstSeed, machines, nested, until: began + minutes * 60_000 };
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: order });
  const start = process.memoryUsage().rss;
  let [warm, most, seed] = [0, 0, firstSeed];
  const used = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  let sign = used();
  return new Promise((resolve) => {
    const finish = (
      result: Pick<WatchResult, 'failure' | 'unavailable' | 'tally'>,
      end = process.memoryUsage().rss,
    ): void => {
      clearInterval(timer);
      void worker.terminate();
      resolve({
        ...result,
        memory: { start, warm, most, end },
        seconds: (Date.now() - began) / 1000,
        processorSeconds: used(),
      });
    };
    const recent: number[] = [];
    const grown = (now: number): string | undefined => {
      recent.push(now);
      if (recent.length > looks) recent.shift();
      const least = Math.min(...recent);
      return warm > 0 && least - warm > growthLimit
        ? `the process grew from ${megabytes(warm)} to ${megabytes(least)}`
        : undefined;
    };
    const timer = setInterval(() => {
      if (used() - sign > hangAfter)
        finish({ failure: `machine ${seed} of ${cpu}: no sign of life for ${hangAfter} s of processor time` });
    }, 1000);
    const handle = (report: WorkerReport): void => {
      sign = used();
      if (report.kind === 'alive') seed = report.seed;
      else if (report.kind === 'memory') {
        const { guests, instructions, rss } = report;
        seed = report.seed;
        if (warm > 0) most = Math.max(most, rss);
        else if (guests >= warmUp.guests && Date.now() - began > minutes * 60_000 * warmUp.part) warm = rss;
        const failure = grown(rss);
        progress(
          `machine ${seed}, ${guests} guests, ${Math.round(instructions / 1e6)} million instructions, ${megabytes(rss)}`,
        );
        if (failure) finish({ failure });
      } else if (report.kind === 'end') {
        const failure = grown(report.rss);
        finish({ tally: report.tally, ...(failure ? { failure } : {}) }, report.rss);
      } else if (report.kind === 'unavailable') finish({ unavailable: report.text });
      else finish({ failure: report.text });
    };
    worker.on('message', handle);
    worker.on('error', (error) => finish({ failure: `the worker ended: ${error.message}` }));
  });
}
