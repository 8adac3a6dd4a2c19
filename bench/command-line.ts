// What both benchmark programs ask of their command line and of the machine.
import { hasProgram } from '../src/host/guest/program.ts';
import { BenchError } from './bench-error.ts';
import { qemuProgram } from './subjects.ts';

/** @throws BenchError when it is not a whole number above 0 */
export function positiveNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new BenchError(`--${option}: ${text} is not a whole number above 0`);
}

/** @throws BenchError when there is no QEMU to compare with */
export function requireQemu(): void {
  if (hasProgram(qemuProgram.name)) return;
  throw new BenchError(`there is no ${qemuProgram.name}: install it with \`${qemuProgram.install}\``);
}
