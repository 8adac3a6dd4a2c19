// What the outer thread and the machine's Worker share: two console rings, a control block, and the messages.

import type { EngineProfile } from '../../engine/profile.ts';
import type { ImageKind } from '../../machine/loader/image-error.ts';
import type { LogItem, MachineConfig, MachineOutcome } from '../../machine/machine-api.ts';
import { ConsoleRing } from '../console-ring.ts';

/** Words of the control block, as indices into an Int32Array. */
export const controlWord = {
  /** Counts events that an idle machine must see: input, a stop. */
  events: 0,
  /** 1 once the machine shall stop. */
  stop: 1,
  /** 1 while the outer thread waits for space in the input ring. */
  inputWaits: 2,
  /** 1 while an `output` message is on its way. */
  outputAnnounced: 3,
} as const;

const controlBytes = 4 * Object.keys(controlWord).length;
/** A large paste fits; what does not waits in the outer thread. */
const inputCapacity = 1 << 16;
const outputCapacity = 1 << 18;

/** The shared memory; crosses to the Worker as it is. */
export interface LinkBuffers {
  readonly control: SharedArrayBuffer;
  readonly input: SharedArrayBuffer;
  readonly output: SharedArrayBuffer;
}

/** Views of {@link LinkBuffers}, made in each thread. */
export interface Link {
  readonly control: Int32Array;
  readonly input: ConsoleRing;
  readonly output: ConsoleRing;
}

/** Makes the shared memory of one machine. */
export function allocateLink(): LinkBuffers {
  return {
    control: new SharedArrayBuffer(controlBytes),
    input: ConsoleRing.allocate(inputCapacity),
    output: ConsoleRing.allocate(outputCapacity),
  };
}

/** Makes a thread's views. */
export function openLink(buffers: LinkBuffers): Link {
  return {
    control: new Int32Array(buffers.control),
    input: new ConsoleRing(buffers.input),
    output: new ConsoleRing(buffers.output),
  };
}

/** Wakes an idle machine. */
export function signalEvent(control: Int32Array): void {
  Atomics.add(control, controlWord.events, 1);
  Atomics.notify(control, controlWord.events);
}

/** What the Worker is started with. */
export interface WorkerStart {
  readonly link: LinkBuffers;
  readonly config: MachineConfig;
  /** `device-tree`: only make the flattened tree of the reset state. */
  readonly task: 'run' | 'device-tree';
}

/** {@link MachineStatistics} in a form that crosses threads, with the time that the run took. */
export interface RunStatistics {
  readonly instructions: number;
  readonly idles: number;
  readonly calls: readonly (readonly [string, number])[];
  readonly seconds: number;
  /** Absent when the machine never ran. */
  readonly profile?: EngineProfile;
}

/** What the Worker tells. */
export type WorkerMessage =
  | { readonly kind: 'output' }
  | { readonly kind: 'input-space' }
  | { readonly kind: 'warning'; readonly code: string; readonly message: string }
  | { readonly kind: 'log'; readonly item: LogItem; readonly line: string }
  | { readonly kind: 'device-tree'; readonly tree: Uint8Array }
  | { readonly kind: 'image-error'; readonly image: ImageKind; readonly message: string }
  | { readonly kind: 'outcome'; readonly outcome: MachineOutcome; readonly statistics: RunStatistics };
