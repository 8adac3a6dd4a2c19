// Interrupt source controller: for each source its server, priority and what it still has to present.
// (PAPR, "Interrupt Source and Presentation Controllers")
import type { SourceKind } from '../controller.ts';
import { LEAST_FAVOURED } from './icp.ts';

const CLAIMED = 1;
const LEVEL = 2;
/** The wire of a level source. */
const ASSERTED = 4;
/** A level interrupt is at a presenter or in service: not presented again before its EOI. */
const SENT = 8;
/** A message waits to be presented: masked when it came, or rejected. */
const PENDING = 16;
const ALL_FLAGS = 31;

/** Server, priority and saved priority of a source. */
export interface Xive {
  readonly server: number;
  readonly priority: number;
}

/** Sources `first`…`first + count − 1`. */
export class Ics {
  readonly first: number;
  readonly count: number;
  readonly #offer: (server: number, irq: number, priority: number) => boolean;
  readonly #flags: Uint8Array;
  readonly #priority: Uint8Array;
  readonly #savedPriority: Uint8Array;
  readonly #server: Uint16Array;
  /** How many sources wait and are not masked: lets an EOI skip the search. */
  #waiting = 0;

  /** `offer` presents an interrupt at a server and tells whether it was taken. */
  constructor(first: number, count: number, offer: (server: number, irq: number, priority: number) => boolean) {
    this.first = first;
    this.count = count;
    this.#offer = offer;
    this.#flags = new Uint8Array(count);
    this.#priority = new Uint8Array(count).fill(LEAST_FAVOURED);
    this.#savedPriority = new Uint8Array(count).fill(LEAST_FAVOURED);
    this.#server = new Uint16Array(count);
  }

  contains(irq: number): boolean {
    return Number.isInteger(irq) && irq >= this.first && irq < this.first + this.count;
  }

  isClaimed(irq: number): boolean {
    return this.contains(irq) && (this.#at(this.#flags, irq) & CLAIMED) !== 0;
  }

  claim(irq: number, kind: SourceKind): void {
    this.#resetSource(irq - this.first, kind === 'level' ? CLAIMED | LEVEL : CLAIMED);
  }

  free(irq: number): void {
    this.#resetSource(irq - this.first, 0);
  }

  setLevel(irq: number, asserted: boolean): void {
    const flags = this.#at(this.#flags, irq);
    if ((flags & LEVEL) === 0) return;
    this.#setFlags(irq, asserted ? flags | ASSERTED : flags & ~ASSERTED);
    this.#present(irq);
  }

  pulse(irq: number): void {
    const flags = this.#at(this.#flags, irq);
    if ((flags & (CLAIMED | LEVEL)) !== CLAIMED) return;
    this.#setFlags(irq, flags | PENDING);
    this.#present(irq);
  }

  /** A presenter gives an interrupt back. Its server may be another one by now, so it is offered again. */
  reject(irq: number): void {
    if (!this.isClaimed(irq)) return;
    const flags = this.#at(this.#flags, irq);
    this.#setFlags(irq, (flags & LEVEL) !== 0 ? flags & ~SENT : flags | PENDING);
    this.#present(irq);
  }

  /** End of interrupt: a level source that is still asserted may be presented again. */
  eoi(irq: number): void {
    if (!this.isClaimed(irq)) return;
    this.#setFlags(irq, this.#at(this.#flags, irq) & ~SENT);
    this.#present(irq);
  }

  /** Offers what waits for a server. */
  resend(server: number): void {
    if (this.#waiting === 0) return;
    for (let n = 0; n < this.count; n++) if (this.#server[n] === server) this.#present(n + this.first);
  }

  setXive(irq: number, server: number, priority: number): void {
    this.#server[irq - this.first] = server;
    this.#setPriority(irq, priority);
    this.#savedPriority[irq - this.first] = priority;
    this.#present(irq);
  }

  getXive(irq: number): Xive {
    return { server: this.#at(this.#server, irq), priority: this.#at(this.#priority, irq) };
  }

  /** Masks; a second call does not lose the priority that {@link interruptOn} restores. */
  interruptOff(irq: number): void {
    const priority = this.#at(this.#priority, irq);
    if (priority !== LEAST_FAVOURED) this.#savedPriority[irq - this.first] = priority;
    this.#setPriority(irq, LEAST_FAVOURED);
  }

  interruptOn(irq: number): void {
    this.#setPriority(irq, this.#at(this.#savedPriority, irq));
    this.#present(irq);
  }

  /** Claims and kinds stay; wires count as low. */
  reset(): void {
    for (let n = 0; n < this.count; n++) this.#resetSource(n, (this.#flags[n] ?? 0) & (CLAIMED | LEVEL));
  }

  /** Columns of the source table; see {@link columnLimits}. */
  save(): Record<keyof typeof columnLimits, number[]> {
    return {
      flags: [...this.#flags],
      priority: [...this.#priority],
      savedPriority: [...this.#savedPriority],
      server: [...this.#server],
    };
  }

  /** The inverse of {@link save}. Claims and kinds are not taken over: they belong to who claimed. */
  load(columns: Readonly<Record<keyof typeof columnLimits, readonly number[]>>): void {
    this.#waiting = 0;
    this.#priority.set(columns.priority);
    this.#savedPriority.set(columns.savedPriority);
    this.#server.set(columns.server);
    for (let n = 0; n < this.count; n++) {
      const own = (this.#flags[n] ?? 0) & (CLAIMED | LEVEL);
      this.#flags[n] = own;
      const dynamic = own === 0 ? 0 : own === CLAIMED ? PENDING : ASSERTED | SENT;
      this.#setFlags(n + this.first, own | ((columns.flags[n] ?? 0) & dynamic));
    }
  }

  #at(column: Uint8Array | Uint16Array, irq: number): number {
    return column[irq - this.first] ?? 0;
  }

  #resetSource(n: number, flags: number): void {
    this.#setPriority(n + this.first, LEAST_FAVOURED);
    this.#savedPriority[n] = LEAST_FAVOURED;
    this.#server[n] = 0;
    this.#flags[n] = flags;
  }

  #waits(irq: number): boolean {
    const flags = this.#at(this.#flags, irq);
    if (this.#at(this.#priority, irq) === LEAST_FAVOURED) return false;
    return (flags & PENDING) !== 0 || (flags & (ASSERTED | SENT)) === ASSERTED;
  }

  #setFlags(irq: number, flags: number): void {
    const before = this.#waits(irq);
    this.#flags[irq - this.first] = flags;
    this.#waiting += Number(this.#waits(irq)) - Number(before);
  }

  #setPriority(irq: number, priority: number): void {
    const before = this.#waits(irq);
    this.#priority[irq - this.first] = priority;
    this.#waiting += Number(this.#waits(irq)) - Number(before);
  }

  #present(irq: number): void {
    if (!this.#waits(irq)) return;
    if (!this.#offer(this.#at(this.#server, irq), irq, this.#at(this.#priority, irq))) return;
    const flags = this.#at(this.#flags, irq);
    this.#setFlags(irq, (flags & LEVEL) !== 0 ? flags | SENT : flags & ~PENDING);
  }
}

/** Largest value in each column of {@link Ics.save}. */
export const columnLimits = { flags: ALL_FLAGS, priority: 0xff, savedPriority: 0xff, server: 0xffff } as const;
