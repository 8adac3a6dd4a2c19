// Boots a guest hypervisor to its power-off, in Continuo or in QEMU, and keeps its console.
import { spawn } from 'node:child_process';
import { programPath } from '../../test/e2e/program.ts';
import type { NestedMachine } from './machines.ts';

/** Where a machine is run. */
export type Place = 'continuo' | 'qemu';

/** What a boot needs besides the machine. */
export interface BootFiles {
  readonly kernel: string;
  readonly initrd: string;
  /** Words for the program: environment variables by way of the kernel's command line. */
  readonly words: readonly string[];
  /** When the boot is given up, in milliseconds. */
  readonly patienceMs: number;
}

/** What came of it. */
export interface BootResult {
  readonly console: string;
  readonly errors: string;
  /** null: ended by a signal. */
  readonly status: number | null;
  readonly seconds: number;
}

/** The options that both programs understand. */
export function machineArguments(machine: NestedMachine, place: Place): string[] {
  const properties = ['pseries-7.2', 'cap-nested-hv=on', ...machine.properties];
  // The client interface is built in, as it is in Continuo: no firmware runs.
  if (place === 'qemu') properties.push('x-vof=on');
  return ['-M', properties.join(','), '-cpu', machine.cpu, '-smp', `${machine.cpus}`, '-m', '1G'];
}

/** Boots; never rejects but when the program cannot be started. */
export function bootNested(machine: NestedMachine, place: Place, files: BootFiles): Promise<BootResult> {
  const append = ['console=hvc0', 'panic=-1', ...machine.words, ...files.words].join(' ');
  const args = machineArguments(machine, place);
  args.push('-nodefaults', '-display', 'none', '-serial', 'stdio', '-no-reboot');
  args.push('-kernel', files.kernel, '-initrd', files.initrd, '-append', append);
  const program = place === 'qemu' ? 'qemu-system-ppc64' : programPath('continuo-system-ppc64');
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const shown: Buffer[] = [];
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => shown.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), files.patienceMs);
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(timer);
      const seconds = (performance.now() - start) / 1000;
      resolve({ console: Buffer.concat(shown).toString('latin1'), errors, status, seconds });
    });
  });
}
