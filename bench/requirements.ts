// What both benchmark programs ask of the machine.
import { availableParallelism, loadavg } from 'node:os';
import { hasProgram } from '../src/host/guest/program.ts';
import { BenchError } from './bench-error.ts';
import { qemuProgram } from './subjects.ts';

/** @throws BenchError when there is no QEMU to compare with */
export function requireQemu(): void {
  if (hasProgram(qemuProgram.name)) return;
  throw new BenchError(`there is no ${qemuProgram.name}: install it with \`${qemuProgram.install}\``);
}

/** A line about other load on the machine; none when there is little. */
export function loadNote(): string[] {
  const load = loadavg()[0] ?? 0;
  const processors = availableParallelism();
  // The benchmark itself is one of those that run.
  if (load < processors + 0.5) return [];
  return ['', `This machine is busy (load ${load.toFixed(1)} on ${processors} processors): compare processor times.`];
}
