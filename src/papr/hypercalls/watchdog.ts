// Watchdog timers that power off or restart the machine unless the guest starts them again in time. (PAPR, "H_WATCHDOG")
import type { PlatformServices } from '../services.ts';
import { hypercallStatus as status } from './status.ts';
import type { CallEffect, HypercallHandlers } from './types.ts';

const operation = { start: 1n, stop: 2n, query: 3n } as const;
const operationShift = 8n;
/** Bits 48…63: operation and action. */
const flagMask = 0xffffn;
/** What happens when a timer runs out; a dump is the host's business. */
const effectOfAction: Readonly<Record<number, CallEffect>> = {
  1: { kind: 'power-off' },
  2: { kind: 'reset' },
  3: { kind: 'reset' },
};
const timers = 4n;
const everyTimer = 0xffff_ffff_ffff_ffffn;
const leastMilliseconds = 500n;
const ticksPerMillisecond = 512_000n;
/** Longer ones never run out: about 10 000 years. */
const mostMilliseconds = 1n << 48n;

interface Timer {
  /** Timebase value at which it runs out. */
  readonly deadline: bigint;
  readonly effect: CallEffect;
}

/** The timers of one machine. */
export class Watchdogs {
  readonly #running = new Map<bigint, Timer>();

  reset(): void {
    this.#running.clear();
  }
  start(number: bigint, timer: Timer): void {
    this.#running.set(number, timer);
  }
  /** True when it ran. */
  stop(number: bigint): boolean {
    return this.#running.delete(number);
  }
  /** Timebase value at which the first timer runs out; undefined when none runs. */
  deadline(): bigint | undefined {
    let first: bigint | undefined;
    for (const { deadline } of this.#running.values()) if (first === undefined || deadline < first) first = deadline;
    return first;
  }
  /** What a timer that has run out by `now` asks for. */
  expire(now: bigint): CallEffect {
    for (const [number, { deadline, effect }] of this.#running) {
      if (deadline <= now) {
        this.#running.delete(number);
        return effect;
      }
    }
    return { kind: 'continue' };
  }
}

export function watchdogHandlers(services: PlatformServices, watchdogs: Watchdogs): HypercallHandlers {
  return {
    H_WATCHDOG: (call) => {
      const flags = call.argument(0);
      const number = call.argument(1);
      const milliseconds = call.argument(2);
      if ((flags & ~flagMask) !== 0n) return status.H_PARAMETER;
      const action = Number(flags & 0xffn);
      const isTimer = number >= 1n && number <= timers;
      switch (flags >> operationShift) {
        case operation.start: {
          const effect = effectOfAction[action];
          if (effect === undefined) return status.H_PARAMETER;
          if (!isTimer) return status.H_P2;
          if (milliseconds < leastMilliseconds) return status.H_P3;
          const ticks = (milliseconds < mostMilliseconds ? milliseconds : mostMilliseconds) * ticksPerMillisecond;
          watchdogs.start(number, { deadline: services.timebase() + ticks, effect });
          return status.H_SUCCESS;
        }
        case operation.stop: {
          if (action !== 0) return status.H_PARAMETER;
          if (number === everyTimer) {
            watchdogs.reset();
            return status.H_SUCCESS;
          }
          if (!isTimer) return status.H_P2;
          return watchdogs.stop(number) ? status.H_SUCCESS : status.H_NOOP;
        }
        case operation.query:
          if (action !== 0) return status.H_PARAMETER;
          call.setResult(0, (leastMilliseconds << 48n) | (timers << 32n));
          return status.H_SUCCESS;
        default:
          return status.H_PARAMETER;
      }
    },
  };
}
