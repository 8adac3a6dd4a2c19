// A set of controllers with memory and lines to look at, for tests.
import { GuestMemory } from '../cpu/guest-memory.ts';
import type { InterruptHypercallResult } from './hypercall.ts';
import { SpaprIrq, type SpaprIrqOptions } from './spapr-irq.ts';

/** Controllers of a machine without the rest of it. */
export interface TestMachine {
  readonly irq: SpaprIrq;
  readonly memory: GuestMemory;
  /** Servers whose external line is high. */
  readonly asserted: ReadonlySet<number>;
  /** Carries out a hypercall by name; numbers are converted. */
  hypercall(name: string, args: readonly (number | bigint)[], cpu?: number): InterruptHypercallResult;
  /** Carries out an RTAS call by name. */
  rtas(name: string, ...args: number[]): readonly number[];
}

/** Server number = index; RAM of 2 MiB unless told. */
export function testMachine(mode: SpaprIrqOptions['mode'], cpus: number, ram = 0x20_0000): TestMachine {
  const memory = new GuestMemory(new ArrayBuffer(ram), 0, ram);
  const asserted = new Set<number>();
  const irq = new SpaprIrq({
    mode,
    servers: cpus,
    memory,
    setExternal: (server, level) => {
      if (level === asserted.has(server)) throw new Error(`line of server ${server} reported without a change`);
      if (level) asserted.add(server);
      else asserted.delete(server);
    },
    timebase: () => 0x1234_5678_9abcn,
  });
  irq.attach(Array.from({ length: cpus }, (_, index) => ({ index, server: index })));
  return {
    irq,
    memory,
    asserted,
    hypercall: (name, args, cpu = 0) => {
      const row = irq.hypercalls.find((candidate) => candidate.name === name);
      if (row === undefined) throw new Error(`no hypercall ${name}`);
      return row.handler(
        args.map((arg) => BigInt.asUintN(64, BigInt(arg))),
        cpu,
      );
    },
    rtas: (name, ...args) => {
      const row = irq.rtasCalls.find((candidate) => candidate.name === name);
      if (row === undefined) throw new Error(`no RTAS call ${name}`);
      return row.handler(args);
    },
  };
}
