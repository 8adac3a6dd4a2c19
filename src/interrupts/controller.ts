// What an interrupt controller offers to the machine and to devices, whichever of XICS and XIVE it is.

/** How a source behaves: `level` follows a wire (PCI INTx), `message` is a single event (MSI, virtual I/O, IPI). */
export type SourceKind = 'level' | 'message';

/** Names of the two controllers, as `ic-mode` spells them. */
export type ControllerMode = 'xics' | 'xive';

/** A vCPU as a target of interrupts. */
export interface InterruptServer {
  /** vCPU index 0…n−1, as given to hypercall handlers and MMIO. */
  readonly index: number;
  /** The number by which the guest names it (`ibm,ppc-interrupt-server#s`). */
  readonly server: number;
}

/**
 * The external interrupt line of the vCPU with that server number. It is a level: the machine sets or clears
 * `pendingInterrupt.external` to `asserted` and leaves it alone when the interrupt is taken. Called on changes only.
 */
export type SetExternal = (server: number, asserted: boolean) => void;

/** One controller. Numbers of sources are those of {@link irqNumber}. */
export interface InterruptController {
  readonly mode: ControllerMode;
  /** The vCPUs that exist, at start and after each plug or unplug; the state of those that stay is kept. */
  attach(cpus: readonly InterruptServer[]): void;
  /** Makes a source usable. Throws {@link InterruptNumberError} when it is out of range or taken. */
  claim(irq: number, kind: SourceKind): void;
  /** Takes a source away, with all its state. Throws {@link InterruptNumberError} when it is not claimed. */
  free(irq: number): void;
  isClaimed(irq: number): boolean;
  /** The wire of a level source. */
  setLevel(irq: number, asserted: boolean): void;
  /** An event of a message source. */
  pulse(irq: number): void;
  /** Power-on state: sources masked, presenters empty, lines low. Claims stay. */
  reset(): void;
  /** Power-on state of one vCPU's presenter. */
  resetCpu(index: number): void;
  /** All state but claims and vCPUs, as plain JSON values. */
  snapshot(): unknown;
  /** Takes over {@link snapshot}'s state and drives the lines. Throws {@link SnapshotError}, leaving the state as it was. */
  restore(snapshot: unknown): void;
}

/** A source number that can't be claimed or freed. */
export class InterruptNumberError extends Error {
  override readonly name = 'InterruptNumberError';
  /** `E_IRQ_RANGE`, `E_IRQ_TAKEN`, `E_IRQ_FREE` or `E_IRQ_EXHAUSTED`. */
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** State that does not fit this controller. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
  readonly code = 'E_SNAPSHOT';
}

/** The external lines of all vCPUs, reported only when they change. */
export class ExternalLines {
  readonly #setExternal: SetExternal;
  readonly #asserted = new Set<number>();

  constructor(setExternal: SetExternal) {
    this.#setExternal = setExternal;
  }

  isAsserted(server: number): boolean {
    return this.#asserted.has(server);
  }

  set(server: number, asserted: boolean): void {
    if (asserted === this.#asserted.has(server)) return;
    if (asserted) this.#asserted.add(server);
    else this.#asserted.delete(server);
    this.#setExternal(server, asserted);
  }
}

/**
 * The array of `length` integers 0…`limit` at `key` of a snapshot object. Throws {@link SnapshotError} for anything else.
 */
export function snapshotArray(snapshot: unknown, key: string, length: number, limit: number): number[] {
  const value: unknown =
    typeof snapshot === 'object' && snapshot !== null ? new Map(Object.entries(snapshot)).get(key) : undefined;
  if (!Array.isArray(value) || value.length !== length)
    throw new SnapshotError(`interrupt controller state: "${key}" must be an array of ${length} numbers`);
  return value.map((item: unknown, index) => {
    if (typeof item !== 'number' || !Number.isInteger(item) || item < 0 || item > limit)
      throw new SnapshotError(`interrupt controller state: ${key}[${index}] must be an integer from 0 to ${limit}`);
    return item;
  });
}
