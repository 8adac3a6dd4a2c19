// The interrupt controllers of one pseries machine: which are offered, which is active, and the numbers that both share.
// (PAPR, client-architecture-support: interrupt controller selection in option vector 5 byte 23)
import type { GuestMemory } from '../cpu/guest-memory.ts';
import {
  type ControllerMode,
  ExternalLines,
  type InterruptController,
  InterruptNumberError,
  type InterruptServer,
  type SetExternal,
  SnapshotError,
  type SourceKind,
} from './controller.ts';
import { type ControllerTree, xicsTree, xiveTree } from './device-tree.ts';
import type { InterruptHypercall, InterruptRtasCall } from './hypercall.ts';
import { firstSharedIrq, irqNumber } from './number-map.ts';
import { xicsHypercalls, xicsRtasCalls } from './xics/calls.ts';
import { Xics } from './xics/xics.ts';
import { xiveHypercalls } from './xive/calls.ts';
import { type RealAddress, XiveMmio } from './xive/mmio.ts';
import { Xive } from './xive/xive.ts';

/** What a machine's interrupt controllers are made from. */
export interface SpaprIrqOptions {
  /** What the guest may choose from: one controller, or both. */
  readonly mode: ControllerMode | 'dual';
  /** Server numbers of all vCPUs, those plugged later included, are below this. */
  readonly servers: number;
  readonly memory: GuestMemory;
  readonly setExternal: SetExternal;
  /** Present value of the timebase, for H_XIRR_X. */
  readonly timebase: () => bigint;
  /** Hot-plug events have a source of their own (machine types from 2.8 on); true where not given. */
  readonly hotplugSource?: boolean;
}

const ALL_ONES = 0xffff_ffff;

/** The machine's view. EPOW and hot-plug sources are claimed from the start; devices claim theirs. */
export class SpaprIrq {
  readonly mode: ControllerMode | 'dual';
  /** Rows for the hypercall table, for the life of the machine. */
  readonly hypercalls: readonly InterruptHypercall[];
  /** Rows for the RTAS table, for the life of the machine. */
  readonly rtasCalls: readonly InterruptRtasCall[];
  readonly #servers: number;
  readonly #lines: ExternalLines;
  readonly #xics: Xics;
  readonly #xive: Xive | undefined;
  readonly #mmio: XiveMmio | undefined;
  /** Those that are offered; every claim is made in each. */
  readonly #controllers: readonly InterruptController[];
  readonly #claims = new Map<number, SourceKind>();
  /** Level sources whose wire is high, whichever controller is active. */
  readonly #asserted = new Set<number>();
  #active: InterruptController;
  /** CAS has chosen. */
  #negotiated = false;

  constructor({ mode, servers, memory, setExternal, timebase, hotplugSource = true }: SpaprIrqOptions) {
    const lines = new ExternalLines(setExternal);
    this.mode = mode;
    this.#servers = servers;
    this.#lines = lines;
    this.#xics = new Xics(lines);
    this.#xive = mode === 'xics' ? undefined : new Xive(lines, memory, servers);
    this.#mmio = this.#xive && new XiveMmio(this.#xive);
    this.#controllers = [...(mode === 'xive' ? [] : [this.#xics]), ...(this.#xive ? [this.#xive] : [])];
    this.#active = this.#bootController();

    const refusal = () =>
      this.mode === 'xive' ? 'H_FUNCTION' : this.#active === this.#xics ? undefined : 'H_HARDWARE';
    const usable = () => this.#active === this.#xive && this.#negotiated;
    this.hypercalls = [
      ...xicsHypercalls(this.#xics, refusal, timebase),
      ...(this.#xive && this.#mmio ? xiveHypercalls(this.#xive, this.#mmio, usable) : []),
    ];
    this.rtasCalls = xicsRtasCalls(this.#xics, refusal);
    this.claim(irqNumber.epow, 'message');
    if (hotplugSource) this.claim(irqNumber.hotplug, 'message');
  }

  get active(): ControllerMode {
    return this.#active.mode;
  }

  /** The external line of the vCPU with a server number, for a vCPU whose own note of it is lost. */
  isExternalAsserted(server: number): boolean {
    return this.#lines.isAsserted(server);
  }

  /** True when CAS may choose it. */
  offers(mode: ControllerMode): boolean {
    return this.mode === 'dual' || this.mode === mode;
  }

  /** The vCPUs that exist, at start and after each plug or unplug. All controllers know all of them, or none changes. */
  attach(cpus: readonly InterruptServer[]): void {
    const beyond = cpus.find(({ server }) => !Number.isInteger(server) || server < 0 || server >= this.#servers);
    if (beyond) throw new RangeError(`server number ${beyond.server} is not in 0…${this.#servers - 1}`);
    for (const controller of this.#controllers) controller.attach(cpus);
  }

  /** Claims a number of {@link irqNumber} from 0x1000 on in every controller, or in none: then it throws. */
  claim(irq: number, kind: SourceKind): void {
    if (irq < firstSharedIrq)
      throw new InterruptNumberError('E_IRQ_RANGE', `interrupt 0x${irq.toString(16)} is not for devices`);
    claimInAll(this.#controllers, irq, kind);
    this.#claims.set(irq, kind);
  }

  /** Frees a claimed number in every controller. Throws {@link InterruptNumberError} when it is not claimed. */
  free(irq: number): void {
    if (!this.#claims.delete(irq))
      throw new InterruptNumberError('E_IRQ_FREE', `interrupt 0x${irq.toString(16)} is not in use`);
    this.#asserted.delete(irq);
    for (const controller of this.#controllers) controller.free(irq);
  }

  /**
   * Claims `count` consecutive message numbers, the first a multiple of `alignment`, and returns the first.
   * Throws {@link InterruptNumberError} when there is no such run.
   */
  allocateMsi(count: number, alignment = 1): number {
    for (let first = irqNumber.msi; first + count <= irqNumber.end; first++) {
      if (first % alignment !== 0) continue;
      const run = Array.from({ length: count }, (_, i) => first + i);
      if (run.some((irq) => this.#claims.has(irq))) continue;
      for (const irq of run) this.claim(irq, 'message');
      return first;
    }
    throw new InterruptNumberError('E_IRQ_EXHAUSTED', `no ${count} consecutive message interrupts are left`);
  }

  /** Gives back what {@link allocateMsi} gave. */
  freeMsi(first: number, count: number): void {
    for (let irq = first; irq < first + count; irq++) this.free(irq);
  }

  /** The wire of a level source. */
  setLevel(irq: number, asserted: boolean): void {
    if (this.#claims.get(irq) !== 'level') return;
    if (asserted) this.#asserted.add(irq);
    else this.#asserted.delete(irq);
    this.#active.setLevel(irq, asserted);
  }

  /** An event of a message source. */
  pulse(irq: number): void {
    this.#active.pulse(irq);
  }

  /**
   * What CAS has chosen. The other controller loses its state and drives nothing; the chosen one starts afresh unless it
   * is active already. Throws RangeError when it is not offered.
   */
  activate(mode: ControllerMode): void {
    const chosen = this.#controllers.find((controller) => controller.mode === mode);
    if (chosen === undefined) throw new RangeError(`interrupt mode ${mode} is not offered with ic-mode=${this.mode}`);
    if (chosen !== this.#active) this.#switchTo(chosen);
    this.#negotiated = true;
  }

  /** Machine reset: back to the controller of power-on, all state cleared. Wires stay as devices drive them. */
  reset(): void {
    this.#negotiated = false;
    this.#switchTo(this.#bootController());
  }

  /** Power-on state of one vCPU's presenter. */
  resetCpu(index: number): void {
    this.#active.resetCpu(index);
  }

  /** What the device tree says of the active controller. */
  tree(): ControllerTree {
    return this.#active === this.#xive ? xiveTree(this.#servers) : xicsTree(this.#servers);
  }

  /**
   * True when a load or store at this real address is for the active controller. Here and below an address is given by its
   * upper and lower 32 bits, signed or unsigned.
   */
  containsMmio(hi: number, lo: number): boolean {
    return this.#active === this.#xive && (this.#mmio?.contains(hi, lo >>> 0) ?? false);
  }

  /** See {@link XiveMmio.load}; {@link mmioHigh} gives the upper half. */
  mmioLoad(cpu: number, hi: number, lo: number, size: number): number {
    return this.#active === this.#xive && this.#mmio ? this.#mmio.load(cpu, hi, lo >>> 0, size) : ALL_ONES;
  }

  /** Upper 32 bits of the last {@link mmioLoad}. */
  get mmioHigh(): number {
    return this.#active === this.#xive && this.#mmio ? this.#mmio.high : ALL_ONES;
  }

  /** See {@link XiveMmio.store}. */
  mmioStore(cpu: number, hi: number, lo: number, size: number, valueHi: number, valueLo: number): void {
    if (this.#active === this.#xive) this.#mmio?.store(cpu, hi, lo >>> 0, size, valueHi, valueLo);
  }

  /** {@link mmioLoad} with whole values: the big-endian register value, unsigned, of `size` bytes. */
  mmioRead(cpu: number, address: RealAddress, size: number): bigint {
    const { hi, lo } = halves(address);
    const low = this.mmioLoad(cpu, hi, lo, size);
    return BigInt.asUintN(8 * size, (BigInt(this.mmioHigh >>> 0) << 32n) | BigInt(low >>> 0));
  }

  /** {@link mmioStore} with whole values. */
  mmioWrite(cpu: number, address: RealAddress, size: number, value: bigint): void {
    const { hi, lo } = halves(address);
    this.mmioStore(cpu, hi, lo, size, Number((value >> 32n) & 0xffff_ffffn), Number(value & 0xffff_ffffn));
  }

  /** All state but vCPUs, as plain JSON values. */
  snapshot(): unknown {
    return {
      active: this.active,
      negotiated: this.#negotiated,
      claims: [...this.#claims].sort(([a], [b]) => a - b),
      asserted: [...this.#asserted].sort((a, b) => a - b),
      controller: this.#active.snapshot(),
    };
  }

  /** Takes over {@link snapshot}'s state, claims included. Throws {@link SnapshotError}, leaving the state as it was. */
  restore(snapshot: unknown): void {
    const before = this.snapshot();
    try {
      this.#apply(snapshot);
    } catch (error) {
      this.#apply(before);
      throw error;
    }
  }

  #apply(snapshot: unknown): void {
    const { active, negotiated, claims, asserted, controller } = parse(snapshot);
    const chosen = this.#controllers.find(({ mode }) => mode === active);
    if (chosen === undefined)
      throw new SnapshotError(`interrupt controller state: ${active} is not offered with ic-mode=${this.mode}`);
    for (const irq of [...this.#claims.keys()]) this.free(irq);
    for (const [irq, kind] of claims) this.claim(irq, kind);
    this.#switchTo(chosen);
    this.#negotiated = negotiated;
    for (const irq of asserted) if (this.#claims.get(irq) === 'level') this.#asserted.add(irq);
    chosen.restore(controller);
  }

  #bootController(): InterruptController {
    return this.mode === 'xive' && this.#xive ? this.#xive : this.#xics;
  }

  #switchTo(chosen: InterruptController): void {
    // Resetting lowers all lines, so that the controller that goes leaves nothing behind.
    for (const controller of this.#controllers) controller.reset();
    this.#active = chosen;
    for (const irq of this.#asserted) chosen.setLevel(irq, true);
  }
}

/** Claims a number in each controller; when one refuses, those that had agreed free it again and its error is thrown. */
export function claimInAll(
  controllers: readonly Pick<InterruptController, 'claim' | 'free'>[],
  irq: number,
  kind: SourceKind,
): void {
  const done: Pick<InterruptController, 'claim' | 'free'>[] = [];
  try {
    for (const controller of controllers) {
      controller.claim(irq, kind);
      done.push(controller);
    }
  } catch (error) {
    for (const controller of done.reverse()) controller.free(irq);
    throw error;
  }
}

function halves(address: RealAddress): { hi: number; lo: number } {
  if (typeof address !== 'bigint') return address;
  return { hi: Number((address >> 32n) & 0xffff_ffffn), lo: Number(address & 0xffff_ffffn) };
}

interface Parsed {
  readonly active: unknown;
  readonly negotiated: boolean;
  readonly claims: readonly (readonly [number, SourceKind])[];
  readonly asserted: readonly number[];
  readonly controller: unknown;
}

function parse(snapshot: unknown): Parsed {
  const fields = new Map<string, unknown>(
    typeof snapshot === 'object' && snapshot !== null ? Object.entries(snapshot) : [],
  );
  const list = (key: string): unknown[] => {
    const value = fields.get(key);
    if (!Array.isArray(value)) throw new SnapshotError(`interrupt controller state: "${key}" must be an array`);
    return value;
  };
  const number = (value: unknown): number => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= firstSharedIrq && value < irqNumber.end)
      return value;
    throw new SnapshotError(`interrupt controller state: ${String(value)} is not an interrupt number`);
  };
  const seen = new Set<number>();
  const claims = list('claims').map((item): readonly [number, SourceKind] => {
    const [first, kind]: unknown[] = Array.isArray(item) ? item : [];
    const irq = number(first);
    if ((kind !== 'level' && kind !== 'message') || seen.has(irq))
      throw new SnapshotError(`interrupt controller state: claim of interrupt ${irq} is not valid`);
    seen.add(irq);
    return [irq, kind];
  });
  return {
    active: fields.get('active'),
    negotiated: fields.get('negotiated') === true,
    claims,
    asserted: list('asserted').map(number),
    controller: fields.get('controller'),
  };
}
