// A hypervisor with one guest, which runs small programs.
import assert from 'node:assert/strict';
import { type Entry, Hypervisor, realMode } from './hypervisor.ts';

/** Where programs begin. */
export const at = 0x1000n;

/** A hypervisor whose guest 1 has 2 MiB of memory. */
export function hypervisor(options: ConstructorParameters<typeof Hypervisor>[0] = {}): Hypervisor {
  const h = new Hypervisor(options);
  assert.equal(h.setTable(), 0n);
  h.partition(1).map(0n, h.memoryOf(1), 21n);
  return h;
}

/** Runs a program of guest 1 from {@link at} with translation off, to its `sc 1` unless it leaves before. */
export function run(h: Hypervisor, source: string, entry: Entry = {}): bigint {
  h.program(1, at, `${source}\n sc 1\n`);
  return h.enter({ ...entry, registers: { nip: at, msr: realMode, ...entry.registers } });
}

/** Does something once while a guest runs, some thousand instructions after it was entered. */
export function meanwhile(h: Hypervisor, cpu: number, act: () => void): void {
  const { machine } = h.puppet;
  let left = 20;
  machine.watchRuns({
    interval: 1000,
    ran: (vcpu) => {
      if (vcpu.index !== cpu || vcpu.nestedLpid === undefined || left-- > 0) return;
      machine.watchRuns(undefined);
      act();
    },
  });
}
