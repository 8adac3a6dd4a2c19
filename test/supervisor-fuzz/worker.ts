// The thread that runs the random machines, so that the main thread can see when one does not come back.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { loadEngineImages } from '../../src/host/engine-images.ts';
import { emptyTally, HarmError, runMachine, UnavailableError } from './run.ts';

/** What the main thread asks for. */
export interface WorkerOrder {
  readonly cpu: string;
  readonly firstSeed: number;
  /** Stop at this time (`Date.now()`), or after so many machines. */
  readonly until: number;
  readonly machines: number;
  /** Every other machine is one for hypervisors. */
  readonly nested: boolean;
}

/** What the worker reports: after each guest that it lives, memory now and then, and its end. */
export type WorkerReport =
  | { readonly kind: 'alive'; readonly seed: number }
  | {
      readonly kind: 'memory';
      readonly seed: number;
      readonly guests: number;
      readonly instructions: number;
      readonly rss: number;
    }
  | { readonly kind: 'harm' | 'unavailable' | 'defect'; readonly text: string }
  | { readonly kind: 'end'; readonly tally: Omit<ReturnType<typeof emptyTally>, 'progress'>; readonly rss: number };

/** Milliseconds between two looks at the memory, and between two signs of life. */
const memoryEvery = 5000;
const aliveEvery = 500;

function run(order: WorkerOrder, send: (report: WorkerReport) => void): void {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  /** What stays when all that is not used any more is gone. */
  const rss = (): number => {
    collect();
    return process.memoryUsage().rss;
  };
  const images = loadEngineImages();
  const tally = emptyTally();
  let [lastMemory, lastSign] = [Date.now(), 0];
  tally.progress = (seed) => {
    const now = Date.now();
    if (now - lastSign < aliveEvery) return;
    lastSign = now;
    send({ kind: 'alive', seed });
  };
  for (let count = 0; count < order.machines && Date.now() < order.until; count++) {
    const seed = order.firstSeed + count;
    runMachine(order.cpu, seed, images, tally, order.nested && seed % 2 === 0);
    if (Date.now() - lastMemory < memoryEvery) continue;
    lastMemory = Date.now();
    send({ kind: 'memory', seed, guests: tally.guests, instructions: tally.instructions, rss: rss() });
  }
  const { progress: _, ...counted } = tally;
  send({ kind: 'end', tally: counted, rss: rss() });
}

const port = parentPort;
if (port) {
  const send = (report: WorkerReport): void => port.postMessage(report);
  try {
    // The main thread gives a WorkerOrder.
    run(workerData as WorkerOrder, send);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    if (error instanceof HarmError) send({ kind: 'harm', text: error.message });
    else if (error instanceof UnavailableError) send({ kind: 'unavailable', text: error.message });
    else send({ kind: 'defect', text });
  }
}
