// One `sc 1`: finds the handler by number, checks who calls, writes r3. (PAPR, "Hypervisor Call Functions")
import { GuestAddressError } from '../../cpu/guest-memory.ts';
import type { Vcpu } from '../../cpu/vcpu.ts';
import { msrBit } from '../registers.ts';
import type { PlatformServices } from '../services.ts';
import { hypercallStatus } from './status.ts';
import type { CallEffect, Hypercall, HypercallHandler, HypercallHandlers } from './types.ts';

const goOn: CallEffect = { kind: 'continue' };

/** The arguments and results of a call in the registers of its vCPU. */
class RegisterCall implements Hypercall {
  readonly number: number;
  readonly vcpu: Vcpu;
  readonly memory: Hypercall['memory'];

  constructor(number: number, vcpu: Vcpu, memory: Hypercall['memory']) {
    this.number = number;
    this.vcpu = vcpu;
    this.memory = memory;
  }
  argument(n: number): bigint {
    return this.vcpu.gpr(4 + n);
  }
  setResult(n: number, value: bigint): void {
    this.vcpu.setGpr(4 + n, BigInt.asUintN(64, value));
  }
}

/** A row of the table: a call that exists. */
export interface HypercallNumber {
  readonly name: string;
  readonly number: number;
}

/** The table of one machine and what was called. */
export class HypercallDispatcher {
  readonly #services: PlatformServices;
  readonly #table = new Map<number, { readonly name: string; readonly handler: HypercallHandler | undefined }>();
  readonly #counts: Map<string, number>;

  /**
   * @param exist the calls that the environment has; a handler of any other name is not reachable
   * @param counts where calls are counted by name, or as `hypercall 0x…` when they do not exist
   */
  constructor(
    services: PlatformServices,
    exist: readonly HypercallNumber[],
    handlers: HypercallHandlers,
    counts: Map<string, number>,
  ) {
    this.#services = services;
    this.#counts = counts;
    const byName = new Map(Object.entries(handlers));
    for (const { name, number } of exist) this.#table.set(number, { name, handler: byName.get(name) });
  }

  #count(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  /** Carries out the call in the vCPU's registers and returns what the machine has to do. */
  call(vcpu: Vcpu): CallEffect {
    const wide = vcpu.gpr(3);
    const row = wide <= 0xffff_ffffn ? this.#table.get(Number(wide)) : undefined;
    const name = row?.name ?? `hypercall 0x${wide.toString(16)}`;
    // A guest that tries every number must not fill the host's memory with names.
    if (row !== undefined || this.#counts.size < 10_000) this.#count(name);
    if ((vcpu.msr & msrBit.PR) !== 0n) return this.#finish(vcpu, hypercallStatus.H_PRIVILEGE);
    if (row?.handler === undefined) {
      this.#services.log('unimp', `${name} from vCPU ${vcpu.index}: H_FUNCTION`);
      return this.#finish(vcpu, hypercallStatus.H_FUNCTION);
    }
    try {
      const result = row.handler(new RegisterCall(Number(wide), vcpu, this.#services.memory));
      if (typeof result === 'bigint') return this.#finish(vcpu, result);
      this.#finish(vcpu, result.status);
      return result.effect;
    } catch (error) {
      if (!(error instanceof GuestAddressError)) throw error;
      this.#services.log('guest_errors', `${name} from vCPU ${vcpu.index}: ${error.message}`);
      return this.#finish(vcpu, hypercallStatus.H_PARAMETER);
    }
  }

  #finish(vcpu: Vcpu, status: bigint): CallEffect {
    vcpu.setGpr(3, BigInt.asUintN(64, status));
    return goOn;
  }
}
