// Event state buffers: the PQ state machine that coalesces events of a source. (XIVE architecture, event state buffer)

/** P: an event is on its way to the software or in service. Q: another one came meanwhile. */
export const ESB = { reset: 0, off: 1, pending: 2, queued: 3 } as const;

const PQ = 3;
const LEVEL = 4;
const ASSERTED = 8;

/** Largest value in {@link EventStateBuffers.save}. */
export const ESB_LIMIT = 15;

/** A row of PQ pairs. Those marked level also know their wire. */
export class EventStateBuffers {
  readonly #states: Uint8Array;
  readonly #initial: number;

  /** `initial` is the PQ value after reset. */
  constructor(count: number, initial: number) {
    this.#states = new Uint8Array(count).fill(initial);
    this.#initial = initial;
  }

  /** Power-on state; whether it is a level source is told again, and its wire counts as low. */
  resetOne(n: number, level: boolean): void {
    this.#states[n] = this.#initial | (level ? LEVEL : 0);
  }

  /** PQ after reset; the wire stays as it is. */
  resetPq(n: number): void {
    this.#states[n] = ((this.#states[n] ?? 0) & ~PQ) | this.#initial;
  }

  isLevel(n: number): boolean {
    return ((this.#states[n] ?? 0) & LEVEL) !== 0;
  }

  /** The PQ pair. */
  get(n: number): number {
    return (this.#states[n] ?? 0) & PQ;
  }

  /** An event comes; true when it is to be forwarded. */
  trigger(n: number): boolean {
    const state = this.#states[n] ?? 0;
    switch (state & PQ) {
      case ESB.reset:
        this.#states[n] = (state & ~PQ) | ESB.pending;
        return true;
      case ESB.pending:
        this.#states[n] = state | ESB.queued;
        return false;
      default:
        return false;
    }
  }

  /** End of interrupt; true when an event is to be forwarded again: one had come meanwhile, or the wire is still high. */
  eoi(n: number): boolean {
    const state = this.#states[n] ?? 0;
    switch (state & PQ) {
      case ESB.queued:
        this.#states[n] = (state & ~PQ) | ESB.pending;
        return true;
      case ESB.pending:
        this.#states[n] = state & ~PQ;
        return this.#retrigger(n);
      default:
        return false;
    }
  }

  /** Writes PQ; true when an event is to be forwarded, since the wire of a level source is high and PQ became 00. */
  set(n: number, pq: number): boolean {
    this.#states[n] = ((this.#states[n] ?? 0) & ~PQ) | pq;
    return this.#retrigger(n);
  }

  /** The wire of a level source; true when an event is to be forwarded. */
  setLevel(n: number, asserted: boolean): boolean {
    const state = this.#states[n] ?? 0;
    if ((state & LEVEL) === 0) return false;
    this.#states[n] = asserted ? state | ASSERTED : state & ~ASSERTED;
    return this.#retrigger(n);
  }

  save(): number[] {
    return [...this.#states];
  }

  /** The inverse of {@link save}; which sources are level is not taken over. */
  load(states: readonly number[]): void {
    states.forEach((state, n) => {
      const level = (this.#states[n] ?? 0) & LEVEL;
      this.#states[n] = level | (state & (level === 0 ? PQ : PQ | ASSERTED));
    });
  }

  #retrigger(n: number): boolean {
    const state = this.#states[n] ?? 0;
    return (state & (ASSERTED | PQ)) === ASSERTED && this.trigger(n);
  }
}

/** Offsets in a management page, by bits 8–11 of the address. (XIVE architecture, ESB management) */
export const esbOffset = {
  loadEoi: 0x000,
  storeEoi: 0x400,
  get: 0x800,
  setPq: 0xc00,
} as const;
