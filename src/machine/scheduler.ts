// Which vCPU runs, and for how long: vCPUs take turns in one thread.
import { pendingInterrupt, state } from '../cpu/state.ts';
import type { Vcpu } from '../cpu/vcpu.ts';
import type { Engine } from '../engine/engine.ts';
import { leaveReason } from '../engine/leave-reason.ts';
import type { CallEffect } from '../papr/hypercalls/types.ts';
import type { VcpuState } from '../papr/services.ts';
import type { Clock } from './clock.ts';

/** Why the scheduler gave up the thread. */
export type SchedulerEnd =
  | Exclude<CallEffect, { kind: 'continue' | 'cede' | 'yield' | 'join' | 'stop-self' }>
  /** Every vCPU sleeps; the next decrementer expires at `wakeAt` (ticks), undefined: never. */
  | { readonly kind: 'idle'; readonly wakeAt: bigint | undefined }
  /** A round is over; the machine looks after its devices. */
  | { readonly kind: 'round' };

/** What the scheduler needs of the machine. */
export interface SchedulerOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly hypercall: (vcpu: Vcpu) => CallEffect;
  /** A vCPU's slice begins or ends. */
  readonly dispatched: (index: number, running: boolean) => void;
}

/** Looks at vCPUs inside slices. */
export interface RunWatch {
  /** Most instructions between two looks (more by a straight run of code). */
  readonly interval: number;
  /** After each run, with how many instructions were executed. */
  readonly ran: (vcpu: Vcpu, executed: number) => void;
}

type RunState = 'running' | 'ceded' | 'joined' | 'stopped';

/** Instructions of a slice: short enough that interrupts from outside wait for a fraction of a millisecond. */
const sliceInstructions = 100_000;
/** With several vCPUs, and one of them waiting for another. */
const sharedSliceInstructions = 20_000;

/** Tick at which the guest wants control back of a vCPU that runs a guest of it; undefined when it runs the guest itself. */
function nestedLimit(vcpu: Vcpu): bigint | undefined {
  return vcpu.nestedLpid === undefined ? undefined : vcpu.view.getBigUint64(state.hdecExpiry.offset, true);
}

/** Runs the vCPUs of a machine in turn. */
export class Scheduler {
  readonly #o: SchedulerOptions;
  readonly #states: RunState[];
  #next = 0;
  instructions = 0;
  watch: RunWatch | undefined;

  constructor(options: SchedulerOptions) {
    this.#o = options;
    this.#states = options.engine.vcpus.map(() => 'stopped');
  }

  stateOf(index: number): VcpuState {
    const own = this.#states[index];
    return own === 'running' || own === 'stopped' ? own : own === undefined ? 'stopped' : 'sleeping';
  }

  start(index: number): void {
    this.#states[index] = 'running';
  }

  /** A prod: ends H_CEDE and H_JOIN. */
  wake(index: number): void {
    if (this.#states[index] !== 'stopped') this.#states[index] = 'running';
  }

  /** Sets or clears bits of a vCPU's pending interrupts; one that has ceded wakes. */
  setPending(vcpu: Vcpu, bits: number, asserted: boolean): void {
    vcpu.pending = asserted ? vcpu.pending | bits : vcpu.pending & ~bits;
    if (asserted && this.#states[vcpu.index] === 'ceded') this.#states[vcpu.index] = 'running';
  }

  #checkDecrementers(): void {
    const now = this.#o.clock.ticks();
    for (const vcpu of this.#o.engine.vcpus) {
      const own = this.#states[vcpu.index];
      if (own === 'stopped' || own === 'joined') continue;
      // A doorbell of another thread is set without a call.
      if (own === 'ceded' && vcpu.pending !== 0) this.#states[vcpu.index] = 'running';
      const expiry = vcpu.view.getBigUint64(state.decExpiry.offset, true);
      if (BigInt.asIntN(64, expiry - now) <= 0n) this.setPending(vcpu, pendingInterrupt.decrementer, true);
      const limit = nestedLimit(vcpu);
      if (limit !== undefined && BigInt.asIntN(64, limit - now) <= 0n) {
        this.setPending(vcpu, pendingInterrupt.hypervisorDecrementer, true);
      }
    }
  }

  /** One slice of each vCPU that can run. */
  round(): SchedulerEnd {
    const { vcpus } = this.#o.engine;
    let ran = false;
    for (let i = 0; i < vcpus.length; i++) {
      this.#checkDecrementers();
      const vcpu = vcpus[this.#next];
      this.#next = (this.#next + 1) % vcpus.length;
      if (!vcpu || this.#states[vcpu.index] !== 'running') continue;
      ran = true;
      const end = this.#slice(vcpu);
      if (end) return end;
    }
    // One that was passed over may have been woken since, by its decrementer.
    if (ran || this.#states.includes('running')) return { kind: 'round' };
    return { kind: 'idle', wakeAt: this.#nextExpiry() };
  }

  #nextExpiry(): bigint | undefined {
    let earliest: bigint | undefined;
    for (const vcpu of this.#o.engine.vcpus) {
      if (this.#states[vcpu.index] !== 'ceded') continue;
      const expiry = vcpu.view.getBigUint64(state.decExpiry.offset, true);
      if (earliest === undefined || BigInt.asIntN(64, expiry - earliest) < 0n) earliest = expiry;
    }
    return earliest;
  }

  #budget(vcpu: Vcpu): number {
    const slice = this.#o.engine.vcpus.length > 1 ? sharedSliceInstructions : sliceInstructions;
    const until = (ticks: bigint): number => this.#o.clock.instructionsUntil(ticks) ?? slice;
    const expiry = vcpu.view.getBigUint64(state.decExpiry.offset, true);
    const own = vcpu.pending & pendingInterrupt.decrementer ? slice : Math.min(slice, until(expiry));
    const limit = nestedLimit(vcpu);
    return limit === undefined ? own : Math.min(own, until(limit));
  }

  #slice(vcpu: Vcpu): SchedulerEnd | undefined {
    const { engine, clock, dispatched, hypercall } = this.#o;
    if (engine.vcpus.length > 1) dispatched(vcpu.index, true);
    let left = this.#budget(vcpu);
    let end: SchedulerEnd | undefined;
    while (left > 0 && this.#states[vcpu.index] === 'running') {
      if (vcpu.pending !== 0) engine.dataPlane.deliverPending(vcpu.address);
      const { reason, executed } = engine.run(vcpu, Math.min(left, this.watch?.interval ?? left));
      left -= executed;
      this.watch?.ran(vcpu, executed);
      this.instructions += executed;
      clock.advance(executed);
      if (reason === leaveReason.hypercall) {
        const effect = hypercall(vcpu);
        if (effect.kind === 'yield') left = 0;
        end = this.#apply(vcpu, effect);
        if (end) break;
      }
    }
    if (engine.vcpus.length > 1) {
      // Another vCPU may write the reserved location while this one waits for its turn.
      vcpu.view.setInt32(state.reserveHost.offset, 0, true);
      dispatched(vcpu.index, false);
    }
    return end;
  }

  #apply(vcpu: Vcpu, effect: CallEffect): SchedulerEnd | undefined {
    switch (effect.kind) {
      case 'continue':
      case 'yield':
        return undefined;
      case 'cede':
        if (vcpu.pending === 0) this.#states[vcpu.index] = 'ceded';
        return undefined;
      case 'join':
        this.#states[vcpu.index] = 'joined';
        return undefined;
      case 'stop-self':
        this.#states[vcpu.index] = 'stopped';
        return undefined;
      default:
        return effect;
    }
  }
}
