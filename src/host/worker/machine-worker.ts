// The Worker in which a machine runs. This is a program, not a module to import: it starts at once with its workerData.
import { parentPort, workerData } from 'node:worker_threads';
import { ImageError } from '../../machine/loader/image-error.ts';
import { createMachine } from '../../machine/machine.ts';
import type { MachineOutcome } from '../../machine/machine-api.ts';
import { enableRelaxedSimd, optimizeWithoutInlining } from '../runtime-features.ts';
import { openLink, type RunStatistics, type WorkerMessage, type WorkerStart } from './machine-link.ts';
import { preferThisThread } from './thread-priority.ts';
import { workerHost } from './worker-host.ts';

function post(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

function internalError(error: unknown): MachineOutcome {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const message = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
  return { kind: 'internal-error', message, detail };
}

async function main({ link: buffers, config, task }: WorkerStart): Promise<void> {
  const start = performance.now();
  let outcome: MachineOutcome;
  let statistics: Omit<RunStatistics, 'seconds'> = { instructions: 0, idles: 0, calls: [] };
  try {
    enableRelaxedSimd();
    optimizeWithoutInlining();
    preferThisThread();
    const machine = createMachine(config, workerHost(openLink(buffers), config, post));
    if (task === 'device-tree') return post({ kind: 'device-tree', tree: machine.flattenedDeviceTree() });
    outcome = await machine.run();
    const { instructions, idles, calls, profile } = machine.statistics();
    statistics = { instructions, idles, calls: [...calls], profile };
  } catch (error) {
    if (error instanceof ImageError) return post({ kind: 'image-error', image: error.image, message: error.message });
    outcome = internalError(error);
  }
  post({ kind: 'outcome', outcome, statistics: { ...statistics, seconds: (performance.now() - start) / 1000 } });
}

// workerData is what src/host/machine-runner.ts passes.
await main(workerData as WorkerStart);
