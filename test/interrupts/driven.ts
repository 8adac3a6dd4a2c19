// What the models of interrupt controllers drive: the controllers themselves, or vCPUs of a running guest.
import fc from 'fast-check';
import type { GuestMemory } from '../../src/cpu/guest-memory.ts';
import type { InterruptHypercallResult } from '../../src/interrupts/hypercall.ts';
import type { SpaprIrq } from '../../src/interrupts/spapr-irq.ts';
import { testMachine } from '../../src/interrupts/test-machine.ts';

/** Controllers of a machine, and who uses them. A vCPU is given by its index. */
export interface Driven {
  /** Server number of each vCPU. */
  readonly servers: readonly number[];
  readonly memory: GuestMemory;
  /**
   * Steps that QEMU 7.2 takes in a way of its own, from which there is no way back to the same state, are left out:
   * H_INT_RESET, H_XIRR while nothing is presented, H_EOI with a CPPR that would withdraw what is presented, accesses to
   * event state that are no doublewords, event injection, and stores to a ring that are more than CPPR.
   */
  readonly spares?: boolean;
  /** An area of RAM for event queues, 512 KiB. */
  readonly queues: number;
  /** For what devices do, and for looking. */
  readonly irq: SpaprIrq;
  load(cpu: number, address: bigint, size: number): bigint;
  store(cpu: number, address: bigint, size: number, value: bigint): void;
  /** Often a store of a doubleword and a load of one. */
  burst(cpu: number, count: number, stored: bigint, loaded: bigint): void;
  hypercall(name: string, args: readonly (number | bigint)[], cpu: number): InterruptHypercallResult;
  /** Status and results. */
  rtas(name: string, args: readonly number[], cpu: number): readonly number[];
  /** The external line of a vCPU, as it finds it. */
  isSignalled(cpu: number): boolean;
}

/** The sources that models use, besides IPIs: a machine has these. */
export const messages: readonly number[] = [0x1100, 0x1101];
export const levels: readonly number[] = [0x1200, 0x1201];

/** Controllers without the rest of a machine; server number = index. */
export function directly(mode: 'xics' | 'xive', cpus: number): Driven {
  const machine = testMachine(mode === 'xics' ? 'xics' : 'dual', cpus, 0x10_0000);
  const { irq, memory } = machine;
  for (const source of messages) irq.claim(source, 'message');
  for (const source of levels) irq.claim(source, 'level');
  if (mode === 'xive') irq.activate('xive');
  const load = (cpu: number, address: bigint, size: number): bigint => irq.mmioRead(cpu, address, size);
  const store = (cpu: number, address: bigint, size: number, value: bigint): void =>
    irq.mmioWrite(cpu, address, size, value);
  return {
    servers: Array.from({ length: cpus }, (_, index) => index),
    memory,
    queues: 0x8_0000,
    irq,
    load,
    store,
    burst: (cpu, count, stored, loaded) => {
      for (let n = 0; n < count; n++) {
        store(cpu, stored, 8, 0n);
        load(cpu, loaded, 8);
      }
    },
    hypercall: (name, args, cpu) => machine.hypercall(name, args, cpu),
    rtas: (name, args) => machine.rtas(name, ...args),
    isSignalled: (cpu) => machine.asserted.has(cpu),
  };
}

/** One thing that a vCPU or a device does, in the model and for real; as text, what it was. */
export interface Step<Model> {
  (driven: Driven, model: Model): void;
  readonly stepName?: string;
}

/** Steps that only vCPUs take: another machine has no way to be told of the rest. */
export function withoutDevices<Model>(steps: readonly Step<Model>[]): Step<Model>[] {
  return steps.filter(({ stepName }) => stepName !== 'pulse' && stepName !== 'wire');
}

/** Steps of a kind, from what the kind leaves open. */
export function stepsOf<Model, V>(
  from: fc.Arbitrary<V>,
  name: string,
  run: (driven: Driven, model: Model, value: V) => void,
): fc.Arbitrary<Step<Model>> {
  return from.map((value) => {
    const one = (driven: Driven, model: Model): void => run(driven, model, value);
    return Object.assign(one, { stepName: name, [fc.toStringMethod]: () => `${name}(${fc.stringify(value)})` });
  });
}
