// What a hypercall handler is given and what it answers; RTAS handlers likewise. (PAPR, "Hypervisor Call Functions")
import type { GuestMemory } from '../../cpu/guest-memory.ts';
import type { Vcpu } from '../../cpu/vcpu.ts';

/** One `sc 1` in progress. Register contents are unsigned 64-bit values, whatever mode the caller runs in. */
export interface Hypercall {
  /** The number in r3. */
  readonly number: number;
  /** The calling vCPU. */
  readonly vcpu: Vcpu;
  /** Guest RAM, by real address. Its accessors throw outside RAM; the dispatcher answers that with H_PARAMETER. */
  readonly memory: GuestMemory;
  /** Argument n, counted from 0: r(4+n), n = 0…8. */
  argument(n: number): bigint;
  /** Writes result n, counted from 0: r(4+n), n = 0…8; stored modulo 2^64. The status in r3 is the return value. */
  setResult(n: number, value: bigint): void;
}

/** What the machine has to do after a call, beyond going on with the same vCPU. */
export type CallEffect =
  /** Go on. */
  | { readonly kind: 'continue' }
  /** The vCPU sleeps until an interrupt is pending or it is prodded: H_CEDE, and H_CONFER to itself. */
  | { readonly kind: 'cede' }
  /** The vCPU gives away the rest of its slice: H_CONFER. */
  | { readonly kind: 'yield' }
  /** The vCPU waits for a prod, interrupts do not wake it: H_JOIN. */
  | { readonly kind: 'join' }
  /** The vCPU is stopped until RTAS start-cpu: stop-self. */
  | { readonly kind: 'stop-self' }
  | { readonly kind: 'power-off' }
  | { readonly kind: 'reset' }
  /** The operating system died (ibm,os-term) or firmware gave up; `message` is its text. */
  | { readonly kind: 'guest-panic'; readonly message: string }
  /** The guest asked for what the environment has not and must not go on; `code` is a stable name such as `E_CAS_IC`. */
  | { readonly kind: 'refuse'; readonly code: string; readonly message: string };

/** A status together with an effect. */
export interface HypercallEffect {
  /** For r3. Ignored when the effect ends the vCPU's run. */
  readonly status: bigint;
  readonly effect: CallEffect;
}

/**
 * Carries out one hypercall. It returns the status for r3 (signed, such as -4n), alone or with an effect. It must not
 * throw for anything a guest passes; a `GuestAddressError` from `call.memory` is turned into H_PARAMETER.
 */
export type HypercallHandler = (call: Hypercall) => bigint | HypercallEffect;

/** Handlers by PAPR name, such as `H_CEDE`; what a module contributes to the table. */
export type HypercallHandlers = Readonly<Record<string, HypercallHandler>>;

/** One RTAS call in progress: 32-bit cells, unsigned. */
export interface RtasCall {
  readonly vcpu: Vcpu;
  readonly memory: GuestMemory;
  /** Number of argument cells and of return cells (the status among them) that the caller has given. */
  readonly argumentCount: number;
  readonly resultCount: number;
  /** Argument cell n, counted from 0; 0 when the caller gave fewer. */
  argument(n: number): number;
  /** Return cell n ≥ 1 (0 is the status, which is the return value); modulo 2^32, dropped when the caller has no room. */
  setResult(n: number, value: number): void;
}

/** A status cell together with an effect. */
export interface RtasEffect {
  readonly status: number;
  readonly effect: CallEffect;
}

/** Carries out one RTAS call and returns the status cell (0 success, -1 hardware, -3 parameter, …). Never throws. */
export type RtasHandler = (call: RtasCall) => number | RtasEffect;

/** RTAS handlers by name, such as `ibm,set-xive`. */
export type RtasHandlers = Readonly<Record<string, RtasHandler>>;
