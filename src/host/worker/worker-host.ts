// What a machine in a Worker uses of its host: the console rings, the clock, sleep, randomness.
import { randomFillSync } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { ConsolePort, MachineConfig, MachineHost } from '../../machine/machine-api.ts';
import { loadEngineImages } from '../engine-images.ts';
import { controlWord, type Link, type WorkerMessage } from './machine-link.ts';
import { repeatableRandom } from './repeatable-random.ts';
import { translationThreads } from './translation-thread.ts';

/** How long a full output ring is waited for before the stop request is looked at again. */
const outputWaitMs = 1000;

function consolePort(link: Link, post: (message: WorkerMessage) => void): ConsolePort {
  const announce = (): void => {
    if (Atomics.exchange(link.control, controlWord.outputAnnounced, 1) === 0) post({ kind: 'output' });
  };
  return {
    read(into) {
      const count = link.input.read(into);
      if (count > 0 && Atomics.exchange(link.control, controlWord.inputWaits, 0) === 1) post({ kind: 'input-space' });
      return count;
    },
    hasInput: () => link.input.length > 0,
    write(bytes) {
      for (let done = 0; done < bytes.length; ) {
        done += link.output.write(bytes.subarray(done));
        announce();
        if (done === bytes.length) return;
        // Somebody who has asked for the end does not wait for a reader that may be gone.
        if (Atomics.load(link.control, controlWord.stop) !== 0) return;
        link.output.waitForSpace(outputWaitMs);
      }
    },
  };
}

/**
 * Makes the host of a machine that runs in this Worker.
 * @param link this thread's views of the shared memory
 * @param config what the user wants to see of the log, and whether the run must repeat exactly
 * @param post sends a message to the outer thread
 */
export function workerHost(
  link: Link,
  { logItems, icountShift }: Pick<MachineConfig, 'logItems' | 'icountShift'>,
  post: (message: WorkerMessage) => void,
): MachineHost {
  // Only events that came after the last sleep end the next one: input that the guest leaves unread must not keep it awake.
  let seen = Atomics.load(link.control, controlWord.events);
  return {
    engineImages: loadEngineImages(),
    // When a thread is done with something is chance.
    ...(icountShift === undefined ? { translationThread: translationThreads() } : {}),
    console: consolePort(link, post),
    monotonicNanoseconds: () => performance.now() * 1e6,
    randomBytes: icountShift === undefined ? (into) => void randomFillSync(into) : repeatableRandom(),
    idle(milliseconds) {
      Atomics.wait(link.control, controlWord.events, seen, milliseconds);
      seen = Atomics.load(link.control, controlWord.events);
    },
    stopRequested: () => Atomics.load(link.control, controlWord.stop) !== 0,
    warn: (code, message) => post({ kind: 'warning', code, message }),
    log(item, line) {
      if (logItems.includes(item)) post({ kind: 'log', item, line });
    },
  };
}
