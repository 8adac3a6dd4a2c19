// Runs a test guest on QEMU's pseries machine (TCG), with the client interface built in as it is here.
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { Guest } from './guest-case.ts';
import { type GuestOutput, readOutput } from './output.ts';

/** Options that QEMU 7.2 does not have, or not without KVM; the reviewed differences say what follows. */
const unknown: ReadonlySet<string> = new Set(['cap-ail-mode-2', 'cap-ail-mode-3', 'cap-dawr1', 'cap-rpt-invalidate']);
/** CPUs that it does not have. */
export const unknownCpus: ReadonlySet<string> = new Set(['power11']);
const longestMs = 120_000;

/** First line of `--version`; undefined where it is not installed. */
export function qemuVersion(program: string): string | undefined {
  const { stdout, status } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n')[0] : undefined;
}

/** What QEMU printed on its console, and how it ended. */
export interface QemuRun {
  readonly text: string;
  readonly code: number | null;
  /** The last line on standard error. */
  readonly error: string;
}

/** Runs the ELF file `elf`, which is written to `file` first, with options by their names in a request. */
export async function qemuRun(
  program: string,
  options: Guest['options'],
  elf: Uint8Array,
  file: string,
  longest = longestMs,
): Promise<QemuRun> {
  writeFileSync(file, elf);
  const { cpu, cpus = '1', threads = '1', memory = '256', ...rest } = options;
  const machine = ['pseries', 'x-vof=on'];
  for (const [name, value] of Object.entries(rest)) if (!unknown.has(name)) machine.push(`${name}=${value}`);
  const args = ['-nodefaults', '-display', 'none', '-serial', 'stdio', '-monitor', 'none', '-accel', 'tcg'];
  args.push('-machine', machine.join(','), '-cpu', cpu, '-m', memory, '-kernel', file);
  args.push('-smp', `cpus=${cpus},threads=${threads}`);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill(), longest);
  let text = '';
  let errors = '';
  child.stdout.on('data', (data: Buffer) => {
    text += data.toString('latin1');
  });
  child.stderr.on('data', (data: Buffer) => {
    errors += data.toString();
  });
  const code = await new Promise<number | null>((resolve) => {
    child.on('close', resolve);
    child.on('error', () => resolve(null));
  });
  clearTimeout(timer);
  return { text, code, error: errors.trim().split('\n').pop() ?? '' };
}

/** Runs a test guest, whose file is written to `file` first. */
export async function runOnQemu(program: string, guest: Guest, elf: Uint8Array, file: string): Promise<GuestOutput> {
  const { text, code, error } = await qemuRun(program, guest.options, elf, file);
  const output = readOutput(text);
  if (code === 0) return output;
  return { ...output, complete: false, rest: `${output.rest} status ${code} ${error}` };
}
