// XICS: source controller and one presenter for each server, put together. (PAPR, "Interrupt Source and Presentation Controllers")
import {
  type ExternalLines,
  type InterruptController,
  InterruptNumberError,
  type InterruptServer,
  SnapshotError,
  type SourceKind,
  snapshotArray,
} from '../controller.ts';
import { firstSharedIrq, irqNumber } from '../number-map.ts';
import { Icp, LEAST_FAVOURED, XICS_IPI } from './icp.ts';
import { columnLimits, Ics, type Xive } from './ics.ts';

/** The controller that hypercalls and RTAS calls drive; it has no registers in memory. */
export class Xics implements InterruptController {
  readonly mode = 'xics';
  readonly #lines: ExternalLines;
  readonly #ics: Ics;
  readonly #byServer = new Map<number, Icp>();
  /** Server number by vCPU index. */
  readonly #serverOf = new Map<number, number>();

  constructor(lines: ExternalLines) {
    this.#lines = lines;
    this.#ics = new Ics(
      firstSharedIrq,
      irqNumber.end - firstSharedIrq,
      (server, irq, priority) => this.#byServer.get(server)?.offer(irq, priority) ?? false,
    );
  }

  attach(cpus: readonly InterruptServer[]): void {
    const servers = new Set(cpus.map(({ server }) => server));
    for (const [server, icp] of this.#byServer) {
      if (servers.has(server)) continue;
      icp.reset();
      this.#byServer.delete(server);
    }
    this.#serverOf.clear();
    for (const { index, server } of cpus) {
      this.#serverOf.set(index, server);
      if (!this.#byServer.has(server)) this.#byServer.set(server, this.#newIcp(server));
    }
  }

  claim(irq: number, kind: SourceKind): void {
    if (!this.#ics.contains(irq))
      throw new InterruptNumberError('E_IRQ_RANGE', `XICS has no interrupt 0x${irq.toString(16)}`);
    if (this.#ics.isClaimed(irq))
      throw new InterruptNumberError('E_IRQ_TAKEN', `interrupt 0x${irq.toString(16)} is in use already`);
    this.#ics.claim(irq, kind);
  }

  free(irq: number): void {
    if (!this.isClaimed(irq))
      throw new InterruptNumberError('E_IRQ_FREE', `interrupt 0x${irq.toString(16)} is not in use`);
    this.#ics.free(irq);
  }

  isClaimed(irq: number): boolean {
    return this.#ics.isClaimed(irq);
  }

  setLevel(irq: number, asserted: boolean): void {
    if (this.isClaimed(irq)) this.#ics.setLevel(irq, asserted);
  }

  pulse(irq: number): void {
    if (this.isClaimed(irq)) this.#ics.pulse(irq);
  }

  reset(): void {
    for (const icp of this.#byServer.values()) icp.reset();
    this.#ics.reset();
  }

  resetCpu(index: number): void {
    this.#ofCpu(index)?.icp.reset();
  }

  snapshot(): unknown {
    const servers = [...this.#byServer].sort(([a], [b]) => a - b);
    return { ...this.#ics.save(), presenters: servers.flatMap(([server, icp]) => [server, ...icp.save()]) };
  }

  restore(snapshot: unknown): void {
    const column = (key: keyof typeof columnLimits) => snapshotArray(snapshot, key, this.#ics.count, columnLimits[key]);
    const columns = {
      flags: column('flags'),
      priority: column('priority'),
      savedPriority: column('savedPriority'),
      server: column('server'),
    };
    const words = 5;
    const presenters = snapshotArray(snapshot, 'presenters', words * this.#byServer.size, 0xffffff);
    for (let i = 0; i < presenters.length; i += words) {
      const [server = -1, cppr = 0, , pending = 0, mfrr = 0] = presenters.slice(i, i + words);
      if (!this.#byServer.has(server) || Math.max(cppr, pending, mfrr) > LEAST_FAVOURED)
        throw new SnapshotError(`interrupt controller state: presenters[${i}] is not valid`);
    }
    this.reset();
    this.#ics.load(columns);
    for (let i = 0; i < presenters.length; i += words)
      this.#byServer.get(presenters[i] ?? 0)?.load(presenters.slice(i + 1, i + words));
  }

  /** H_CPPR: the priority below which the vCPU takes interrupts. */
  setCppr(cpu: number, cppr: number): void {
    const at = this.#ofCpu(cpu);
    if (at === undefined) return;
    at.icp.setCppr(cppr);
    this.#resend(at.icp, at.server);
  }

  /** H_EOI: ends the interrupt in XISR and sets CPPR. False for a number that can't be an interrupt. */
  eoi(cpu: number, xirr: number): boolean {
    const at = this.#ofCpu(cpu);
    const irq = xirr & 0xffffff;
    // A number of the source range is accepted even when it is free by now: a device may be unplugged while its
    // interrupt is in service.
    if (at === undefined || !(irq === 0 || irq === XICS_IPI || this.#ics.contains(irq))) return false;
    at.icp.setCppr(xirr >>> 24);
    this.#ics.eoi(irq);
    this.#resend(at.icp, at.server);
    return true;
  }

  /** H_XIRR: accepts the pending interrupt; CPPR (old) and XISR. */
  accept(cpu: number): number {
    return this.#ofCpu(cpu)?.icp.accept() ?? 0;
  }

  /** H_IPI: false when there is no such server. */
  setMfrr(server: number, mfrr: number): boolean {
    const icp = this.#byServer.get(server);
    icp?.setMfrr(mfrr);
    return icp !== undefined;
  }

  /** H_IPOLL: XIRR and MFRR of a server without effect; undefined when there is none. */
  poll(server: number): { xirr: number; mfrr: number } | undefined {
    const icp = this.#byServer.get(server);
    return icp && { xirr: icp.poll(), mfrr: icp.mfrr };
  }

  hasServer(server: number): boolean {
    return this.#byServer.has(server);
  }

  /** Of a claimed source. */
  setXive(irq: number, server: number, priority: number): void {
    this.#ics.setXive(irq, server, priority);
  }
  getXive(irq: number): Xive {
    return this.#ics.getXive(irq);
  }
  interruptOn(irq: number): void {
    this.#ics.interruptOn(irq);
  }
  interruptOff(irq: number): void {
    this.#ics.interruptOff(irq);
  }

  #newIcp(server: number): Icp {
    return new Icp(
      (asserted) => this.#lines.set(server, asserted),
      (irq) => this.#ics.reject(irq),
    );
  }

  #ofCpu(index: number): { icp: Icp; server: number } | undefined {
    const server = this.#serverOf.get(index);
    const icp = server === undefined ? undefined : this.#byServer.get(server);
    return server === undefined || icp === undefined ? undefined : { icp, server };
  }

  #resend(icp: Icp, server: number): void {
    icp.checkIpi();
    this.#ics.resend(server);
  }
}
