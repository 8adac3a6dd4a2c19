// Runs a machine in a Worker from the outer thread, which keeps terminal and files: bytes in, bytes out, stop, outcome.
import { Worker } from 'node:worker_threads';
import { ImageError } from '../machine/loader/image-error.ts';
import type { LogItem, MachineConfig, MachineOutcome } from '../machine/machine-api.ts';
import {
  allocateLink,
  controlWord,
  openLink,
  type RunStatistics,
  signalEvent,
  type WorkerMessage,
  type WorkerStart,
} from './worker/machine-link.ts';

const workerProgram = new URL('./worker/machine-worker.js', import.meta.url);
/** A machine that has not stopped by then is ended with its thread. */
const stopPatienceMs = 3000;
const outputChunk = 1 << 16;

/** Where a machine's output goes. */
export interface RunnerSinks {
  /** Takes console output in order; the machine waits while the promise is pending. The bytes may be kept. */
  output(bytes: Uint8Array): Promise<void> | void;
  /** Takes a warning of the running machine about its host. */
  warning?(code: string, message: string): void;
  /** Takes one log line without line end. */
  log(item: LogItem, line: string): void;
}

/** A machine that runs. */
export interface RunningMachine {
  /** Hands console input over; whatever the ring has no room for waits here. */
  input(bytes: Uint8Array): void;
  /** Calls `whenFull` as soon as input waits here, and `whenEmpty` when it no longer does. */
  onInputPressure(whenFull: () => void, whenEmpty: () => void): void;
  /** Asks the machine to stop; the outcome follows within seconds. */
  stop(): void;
  /** Resolves when the machine has ended and all its output was taken; rejects with ImageError for a bad file. */
  readonly ended: Promise<{ readonly outcome: MachineOutcome; readonly statistics: RunStatistics }>;
}

const noStatistics: RunStatistics = { instructions: 0, idles: 0, calls: [], seconds: 0 };

function startWorker(start: WorkerStart): Worker {
  return new Worker(workerProgram, { workerData: start, stdout: false, stderr: false });
}

/** Starts a machine. */
export function startMachine(config: MachineConfig, sinks: RunnerSinks): RunningMachine {
  const buffers = allocateLink();
  const link = openLink(buffers);
  const worker = startWorker({ link: buffers, config, task: 'run' });

  let draining: Promise<void> = Promise.resolve();
  const drainOutput = (): Promise<void> => {
    draining = draining.then(async () => {
      // Cleared before reading: output that comes from now on is announced again.
      Atomics.store(link.control, controlWord.outputAnnounced, 0);
      while (link.output.length > 0) {
        const chunk = new Uint8Array(Math.min(outputChunk, link.output.length));
        await sinks.output(chunk.subarray(0, link.output.read(chunk)));
      }
    });
    return draining;
  };

  const waiting: Uint8Array[] = [];
  let pressure = { whenFull: (): void => {}, whenEmpty: (): void => {} };
  const pushInput = (): void => {
    const before = waiting.length;
    for (let bytes = waiting[0]; bytes !== undefined; bytes = waiting[0]) {
      const taken = link.input.write(bytes);
      if (taken < bytes.length) {
        waiting[0] = bytes.subarray(taken);
        Atomics.store(link.control, controlWord.inputWaits, 1);
        // The reader may have emptied the ring just before the mark was set; then nobody would tell.
        if (link.input.space === 0) break;
      } else waiting.shift();
    }
    signalEvent(link.control);
    if (before > 0 && waiting.length === 0) pressure.whenEmpty();
  };

  let stopTimer: NodeJS.Timeout | undefined;
  const ended = new Promise<{ outcome: MachineOutcome; statistics: RunStatistics }>((resolve, reject) => {
    const finish = (outcome: MachineOutcome, statistics: RunStatistics): void => {
      drainOutput()
        .then(() => resolve({ outcome, statistics }), reject)
        // A machine that has ended has nothing left to do; whatever its thread still holds goes with it.
        .finally(() => void worker.terminate());
    };
    const fail = (error: unknown): void => {
      reject(error);
      void worker.terminate();
    };
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'output') drainOutput().catch(fail);
      else if (message.kind === 'input-space') pushInput();
      else if (message.kind === 'warning') sinks.warning?.(message.code, message.message);
      else if (message.kind === 'log') sinks.log(message.item, message.line);
      else if (message.kind === 'image-error') fail(new ImageError(message.image, message.message));
      else if (message.kind === 'outcome') finish(message.outcome, message.statistics);
    });
    worker.on('error', (error) => {
      finish({ kind: 'internal-error', message: error.message, detail: error.stack ?? error.message }, noStatistics);
    });
    worker.on('exit', (code) => {
      clearTimeout(stopTimer);
      const stopped = Atomics.load(link.control, controlWord.stop) !== 0;
      const message = `the machine's thread ended with ${code}`;
      finish(stopped ? { kind: 'stopped' } : { kind: 'internal-error', message, detail: message }, noStatistics);
    });
  });

  return {
    input(bytes) {
      if (bytes.length === 0) return;
      waiting.push(bytes);
      pushInput();
      if (waiting.length > 0) pressure.whenFull();
    },
    onInputPressure(whenFull, whenEmpty) {
      pressure = { whenFull, whenEmpty };
    },
    stop() {
      if (stopTimer !== undefined) return;
      Atomics.store(link.control, controlWord.stop, 1);
      signalEvent(link.control);
      stopTimer = setTimeout(() => void worker.terminate(), stopPatienceMs);
      stopTimer.unref();
    },
    ended,
  };
}

/**
 * Makes the flattened device tree of a machine's reset state.
 * @throws ImageError for a bad file
 */
export function deviceTreeOf(config: MachineConfig): Promise<Uint8Array> {
  const worker = startWorker({ link: allocateLink(), config, task: 'device-tree' });
  return new Promise((resolve, reject) => {
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'device-tree') resolve(message.tree);
      else if (message.kind === 'image-error') reject(new ImageError(message.image, message.message));
      else if (message.kind === 'outcome' && message.outcome.kind === 'internal-error') {
        reject(new Error(message.outcome.detail));
      }
    });
    worker.on('error', reject);
    worker.on('exit', () => reject(new Error("the machine's thread ended")));
  });
}
