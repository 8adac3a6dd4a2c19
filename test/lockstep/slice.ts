// Finds the place inside a slice where two machines that start it alike come to differ.
import { sameArchitectedState, stateDifferences } from '../../src/cpu/architected-state.ts';
import { stateBytes } from '../../src/cpu/state.ts';
import { Vcpu } from '../../src/cpu/vcpu.ts';
import type { SteppableMachine } from '../../src/machine/machine.ts';
import { codeAt, realOfNip, type Twin } from './twin.ts';

/** A CPU as it was after a run. */
interface Look {
  readonly cpu: Vcpu;
  readonly executed: number;
  readonly real: bigint;
}

/** Steps a machine and keeps the state of its CPUs after each `interval` instructions. */
function looksOf(machine: SteppableMachine, interval: number): Look[] {
  const looks: Look[] = [];
  machine.watchRuns({
    interval,
    ran: (vcpu, executed) => {
      const copy = new Uint8Array(machine.engine.memory.buffer, vcpu.address, stateBytes).slice();
      looks.push({ cpu: new Vcpu(copy.buffer, 0, vcpu.index), executed, real: realOfNip(machine, vcpu) });
    },
  });
  machine.step();
  machine.watchRuns(undefined);
  return looks;
}

/** Runs the next round of both machines in pieces; a report of the first piece after which they differ. */
export function findInSlice(twin: Twin, interval: number): string | undefined {
  const left = looksOf(twin.interpreter, interval);
  const right = looksOf(twin.translator, interval);
  for (const [i, a] of left.entries()) {
    const b = right[i];
    if (!b) return `the translator's machine made ${right.length} runs, the interpreter's ${left.length}`;
    if (a.executed === b.executed && sameArchitectedState(a.cpu, b.cpu)) continue;
    const lines = stateDifferences(a.cpu, b.cpu).map((d) => `${d.name}: ${d.left} / ${d.right}`);
    if (a.executed !== b.executed) lines.push(`executed: ${a.executed} / ${b.executed}`);
    const before = left[i - 1];
    if (before) {
      lines.push(`the code that was run before that, from NIP on (${a.executed} instructions, ${interval} asked for):`);
      const { cpu, real } = before;
      lines.push(...codeAt(twin.interpreter, real, cpu.nip, cpu.msr, Math.min(40, a.executed + 4)));
    }
    return lines.join('\n');
  }
  return undefined;
}
