// Event notification descriptors: one event queue for each (server, priority), in guest memory.
// (XIVE architecture, event notification descriptor; PAPR, H_INT_SET_QUEUE_CONFIG)
import type { GuestMemory } from '../../cpu/guest-memory.ts';
import { SnapshotError, snapshotArray } from '../controller.ts';
import { ESB, EventStateBuffers } from './esb.ts';

/** ENDs of one server: priorities 0…7. */
export const PRIORITIES = 8;

const VALID = 1;
const NOTIFY_ALWAYS = 2;
const GENERATION = 4;

/** A queue as H_INT_GET_QUEUE_CONFIG reports it. */
export interface EventQueue {
  readonly always: boolean;
  /** Real address. */
  readonly address: number;
  /** Size as a power of two, in bytes; 0 while there is no queue. */
  readonly shift: number;
  readonly generation: 0 | 1;
  /** Index of the next entry to write. */
  readonly index: number;
}

/** All ENDs. Index of one: server · 8 + priority. */
export class EventQueues {
  readonly #memory: GuestMemory;
  readonly #count: number;
  readonly #flags: Uint8Array;
  readonly #shift: Uint8Array;
  readonly #address: Float64Array;
  readonly #index: Uint32Array;
  /** ESn at 2·END, ESe at 2·END + 1. */
  readonly esb: EventStateBuffers;

  constructor(memory: GuestMemory, servers: number) {
    this.#memory = memory;
    this.#count = servers * PRIORITIES;
    this.#flags = new Uint8Array(this.#count);
    this.#shift = new Uint8Array(this.#count);
    this.#address = new Float64Array(this.#count);
    this.#index = new Uint32Array(this.#count);
    this.esb = new EventStateBuffers(2 * this.#count, ESB.reset);
  }

  /** Starts an empty queue of 2^shift bytes at a real address that lies in RAM; generation 1 first. */
  configure(end: number, address: number, shift: number, always: boolean): void {
    this.remove(end);
    this.#flags[end] = VALID | GENERATION | (always ? NOTIFY_ALWAYS : 0);
    this.#address[end] = address;
    this.#shift[end] = shift;
  }

  /** Events are dropped from now on. */
  remove(end: number): void {
    this.#flags[end] = 0;
    this.#address[end] = 0;
    this.#shift[end] = 0;
    this.#index[end] = 0;
    this.esb.resetOne(2 * end, false);
    this.esb.resetOne(2 * end + 1, false);
  }

  get(end: number): EventQueue {
    const flags = this.#flags[end] ?? 0;
    return {
      always: (flags & NOTIFY_ALWAYS) !== 0,
      address: this.#address[end] ?? 0,
      shift: this.#shift[end] ?? 0,
      generation: (flags & GENERATION) !== 0 ? 1 : 0,
      index: this.#index[end] ?? 0,
    };
  }

  /** Writes an event into the queue; true when the server is to be notified. */
  push(end: number, eisn: number): boolean {
    const flags = this.#flags[end] ?? 0;
    if ((flags & VALID) === 0) return false;
    const index = this.#index[end] ?? 0;
    const entry = (this.#address[end] ?? 0) + 4 * index;
    // Memory may have been unplugged since the queue was set up.
    if (!this.#memory.contains(entry, 4)) return false;
    this.#memory.write32(entry, ((flags & GENERATION) !== 0 ? 0x8000_0000 | eisn : eisn) >>> 0);
    const next = (index + 1) & ((1 << ((this.#shift[end] ?? 0) - 2)) - 1);
    this.#index[end] = next;
    if (next === 0) this.#flags[end] = flags ^ GENERATION;
    return (flags & NOTIFY_ALWAYS) !== 0 || this.esb.trigger(2 * end);
  }

  reset(): void {
    for (let end = 0; end < this.#count; end++) this.remove(end);
  }

  save(): Record<string, number[]> {
    return {
      queueFlags: [...this.#flags],
      queueShift: [...this.#shift],
      queueAddress: [...this.#address],
      queueIndex: [...this.#index],
      queueEsb: this.esb.save(),
    };
  }

  /** Reads and checks what {@link save} gave; the result takes it over when it is called. */
  prepare(snapshot: unknown): () => void {
    const flags = snapshotArray(snapshot, 'queueFlags', this.#count, VALID | NOTIFY_ALWAYS | GENERATION);
    const shift = snapshotArray(snapshot, 'queueShift', this.#count, 24);
    const address = snapshotArray(snapshot, 'queueAddress', this.#count, Number.MAX_SAFE_INTEGER);
    const index = snapshotArray(snapshot, 'queueIndex', this.#count, 0xffff_ffff);
    const esb = snapshotArray(snapshot, 'queueEsb', 2 * this.#count, ESB.queued);
    for (let end = 0; end < this.#count; end++) {
      const valid = ((flags[end] ?? 0) & VALID) !== 0;
      const entries = valid ? 2 ** ((shift[end] ?? 0) - 2) : 1;
      if (valid !== queueShifts.includes(shift[end] ?? 0) || (index[end] ?? 0) >= entries)
        throw new SnapshotError(`interrupt controller state: event queue ${end} is not consistent`);
    }
    return () => {
      this.#flags.set(flags);
      this.#shift.set(shift);
      this.#address.set(address);
      this.#index.set(index);
      this.esb.load(esb);
    };
  }
}

/** Queue sizes that may be configured, as powers of two: 4 KiB, 64 KiB, 2 MiB, 16 MiB. */
export const queueShifts: readonly number[] = [12, 16, 21, 24];
