// XIVE: sources, routing and presenters put together: event state → EAS → queue (END) → vCPU (TIMA).
// (XIVE architecture; PAPR, "Interrupt exploitation mode")
import type { GuestMemory } from '../../cpu/guest-memory.ts';
import {
  type ExternalLines,
  type InterruptController,
  InterruptNumberError,
  type InterruptServer,
  SnapshotError,
  type SourceKind,
  snapshotArray,
} from '../controller.ts';
import { irqNumber } from '../number-map.ts';
import { EventQueues, PRIORITIES } from './end.ts';
import { ESB, ESB_LIMIT, EventStateBuffers } from './esb.ts';
import { CONTEXT_BYTES, ThreadContext } from './thread-context.ts';

/** Where a source's events go. */
export interface EventAssignment {
  readonly masked: boolean;
  readonly server: number;
  readonly priority: number;
  readonly eisn: number;
}

/** Largest effective interrupt source number: what fits beside the generation bit. */
export const EISN_LIMIT = 0x7fff_ffff;

/** The most server numbers whose END pages fit in their address range. */
export const XIVE_SERVER_LIMIT = 2048;

const unclaimed = 0;
const sourceKinds = { message: 1, level: 2 } as const;

/** The controller. Guests reach it by hypercalls and through the pages that `mmio.ts` maps. */
export class Xive implements InterruptController {
  readonly mode = 'xive';
  /** Server numbers are 0…servers − 1. */
  readonly servers: number;
  readonly memory: GuestMemory;
  readonly sources: EventStateBuffers;
  readonly queues: EventQueues;
  readonly #lines: ExternalLines;
  readonly #kind = new Uint8Array(irqNumber.end);
  readonly #masked = new Uint8Array(irqNumber.end).fill(1);
  /** END index of each source: server · 8 + priority. */
  readonly #end = new Uint32Array(irqNumber.end);
  readonly #eisn = new Uint32Array(irqNumber.end);
  readonly #byServer: (ThreadContext | undefined)[] = [];
  readonly #byIndex: (ThreadContext | undefined)[] = [];

  constructor(lines: ExternalLines, memory: GuestMemory, servers: number) {
    if (!Number.isInteger(servers) || servers < 1 || servers > XIVE_SERVER_LIMIT)
      throw new RangeError(`XIVE takes 1 to ${XIVE_SERVER_LIMIT} servers, not ${servers}`);
    this.#lines = lines;
    this.memory = memory;
    this.servers = servers;
    this.sources = new EventStateBuffers(irqNumber.end, ESB.off);
    this.queues = new EventQueues(memory, servers);
    for (let lisn = irqNumber.ipi; lisn < irqNumber.ipi + servers; lisn++) this.claim(lisn, 'message');
  }

  attach(cpus: readonly InterruptServer[]): void {
    const beyond = cpus.find(({ server }) => server >= this.servers);
    if (beyond) throw new RangeError(`server number ${beyond.server} is not below ${this.servers}`);
    const present = new Set(cpus.map(({ server }) => server));
    this.#byServer.forEach((context, server) => {
      if (present.has(server)) return;
      context?.reset();
      this.#byServer[server] = undefined;
    });
    this.#byIndex.length = 0;
    for (const { index, server } of cpus) {
      const context = this.#byServer[server] ?? new ThreadContext((asserted) => this.#lines.set(server, asserted));
      this.#byServer[server] = context;
      this.#byIndex[index] = context;
    }
  }

  claim(irq: number, kind: SourceKind): void {
    if (!Number.isInteger(irq) || irq < 0 || irq >= irqNumber.end)
      throw new InterruptNumberError('E_IRQ_RANGE', `XIVE has no interrupt 0x${irq.toString(16)}`);
    if (this.#kind[irq] !== unclaimed)
      throw new InterruptNumberError('E_IRQ_TAKEN', `interrupt 0x${irq.toString(16)} is in use already`);
    this.#kind[irq] = sourceKinds[kind];
    this.#resetSource(irq);
  }

  free(irq: number): void {
    if (!this.isClaimed(irq))
      throw new InterruptNumberError('E_IRQ_FREE', `interrupt 0x${irq.toString(16)} is not in use`);
    this.#kind[irq] = unclaimed;
    this.#resetSource(irq);
  }

  isClaimed(irq: number): boolean {
    return (this.#kind[irq] ?? unclaimed) !== unclaimed;
  }

  setLevel(irq: number, asserted: boolean): void {
    if (this.sources.setLevel(irq, asserted)) this.forward(irq);
  }

  pulse(irq: number): void {
    if (this.#kind[irq] === sourceKinds.message) this.trigger(irq);
  }

  /** An event of a claimed source, from a device or a store to its trigger page. */
  trigger(irq: number): void {
    if (this.sources.trigger(irq)) this.forward(irq);
  }

  /** Routes an event that has passed its event state buffer. */
  forward(irq: number): void {
    if (this.#masked[irq] !== 0) return;
    const end = this.#end[irq] ?? 0;
    if (this.queues.push(end, this.#eisn[irq] ?? 0)) this.present(end);
  }

  /** Notifies the server of a queue. */
  present(end: number): void {
    this.#byServer[end >>> 3]?.notify(end & 7);
  }

  /** The context of a vCPU by its index. */
  context(index: number): ThreadContext | undefined {
    return this.#byIndex[index];
  }

  hasServer(server: number): boolean {
    return this.#byServer[server] !== undefined;
  }

  /** Of a claimed source. */
  assignment(irq: number): EventAssignment {
    const end = this.#end[irq] ?? 0;
    return {
      masked: this.#masked[irq] !== 0,
      server: end >>> 3,
      priority: end & 7,
      eisn: this.#eisn[irq] ?? 0,
    };
  }

  /** Of a claimed source, to an existing server and a priority 0…7. */
  assign(irq: number, { masked, server, priority, eisn }: EventAssignment): void {
    this.#masked[irq] = masked ? 1 : 0;
    this.#end[irq] = server * PRIORITIES + priority;
    this.#eisn[irq] = eisn;
  }

  reset(): void {
    for (let irq = 0; irq < irqNumber.end; irq++) this.#resetSource(irq);
    this.queues.reset();
    for (const context of this.#byServer) context?.reset();
  }

  /** What H_INT_RESET resets: sources are off, assignments and queues gone; wires stay as devices drive them. */
  resetRouting(): void {
    for (let irq = 0; irq < irqNumber.end; irq++) {
      this.sources.resetPq(irq);
      this.#unassign(irq);
    }
    this.queues.reset();
  }

  resetCpu(index: number): void {
    this.#byIndex[index]?.reset();
  }

  snapshot(): unknown {
    return {
      sources: this.sources.save(),
      masked: [...this.#masked],
      end: [...this.#end],
      eisn: [...this.#eisn],
      ...this.queues.save(),
      contexts: this.#byServer.flatMap((context, server) => (context ? [server, ...context.save()] : [])),
    };
  }

  restore(snapshot: unknown): void {
    const count = irqNumber.end;
    const sources = snapshotArray(snapshot, 'sources', count, ESB_LIMIT);
    const masked = snapshotArray(snapshot, 'masked', count, 1);
    const end = snapshotArray(snapshot, 'end', count, this.servers * PRIORITIES - 1);
    const eisn = snapshotArray(snapshot, 'eisn', count, EISN_LIMIT);
    const restoreQueues = this.queues.prepare(snapshot);
    const words = 1 + CONTEXT_BYTES;
    const present = this.#byServer.flatMap((context, server) => (context ? [server] : []));
    const contexts = snapshotArray(snapshot, 'contexts', words * present.length, this.servers + 0xff);
    present.forEach((server, i) => {
      const part = contexts.slice(words * i, words * (i + 1));
      if (part[0] !== server || part.slice(1).some((byte) => byte > 0xff))
        throw new SnapshotError(`interrupt controller state: contexts[${i}] is not one of server ${server}`);
    });
    this.sources.load(sources);
    this.#masked.set(masked);
    this.#end.set(end);
    this.#eisn.set(eisn);
    restoreQueues();
    present.forEach((server, i) => {
      this.#byServer[server]?.restore(contexts.slice(words * i + 1, words * (i + 1)));
    });
  }

  #resetSource(irq: number): void {
    this.sources.resetOne(irq, this.#kind[irq] === sourceKinds.level);
    this.#unassign(irq);
  }

  #unassign(irq: number): void {
    this.#masked[irq] = 1;
    this.#end[irq] = 0;
    this.#eisn[irq] = 0;
  }
}
