// Boots one configuration to the end of its report, in Continuo or in QEMU, and counts the hypercalls that Continuo served.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExecOutput } from '../../src/host/exec-output.ts';
import type { DefaultGuest } from '../../src/host/guest/default-guest.ts';
import { type Configuration, machineOptions } from './configurations.ts';
import { type GuestReport, readReport, reportInitramfs } from './report-guest.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');

/** Long enough for a boot on a machine that is busy with other work; only a hang takes as long. */
const patienceMs = 300_000;

/** One boot's outcome. */
export interface Boot {
  readonly report: GuestReport;
  /** The report as the guest printed it. */
  readonly text: string;
  /** How often the guest made each call, by name; empty on QEMU. */
  readonly calls: ReadonlyMap<string, number>;
  /** Wall clock from start to end. */
  readonly seconds: number;
}

/** How to start a program. */
interface Invocation {
  readonly command: string;
  readonly args: readonly string[];
}

function continuoCommand(options: readonly string[], files: readonly string[]): Invocation {
  return { command: join(root, 'bin/continuo'), args: ['run', '--statistics', ...options, ...files] };
}

function qemuCommand(program: string, options: readonly string[], files: readonly string[]): Invocation {
  // The client interface is built in, as it is in Continuo.
  const machine = options.map((word, n) => (options[n - 1] === '--machine' ? `${word},x-vof=on` : word));
  const rest = ['-nodefaults', '-display', 'none', '-serial', 'stdio', '-no-reboot', '-accel', 'tcg'];
  return { command: program, args: [...machine, ...files, ...rest] };
}

/** The lines `N name` of --statistics. */
function countsOf(text: string): Map<string, number> {
  const lines = text.matchAll(/^continuo: +(\d+) (\S.*)$/gm);
  return new Map([...lines].map(([, count, name]) => [name ?? '', Number(count)]));
}

function runToEnd({ command, args }: Invocation, output: ExecOutput): Promise<{ report: string; errors: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
    const shown: Uint8Array[] = [];
    let errors = '';
    let tail = '';
    child.stdout.on('data', (chunk: Buffer) => {
      tail = (tail + chunk.toString('latin1')).slice(-3000);
      shown.push(output.feed(chunk));
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(timer);
      if (output.status === 0) resolve({ report: Buffer.concat(shown).toString('latin1'), errors });
      else reject(new Error(`no report (status ${status})\n${errors}\nthe end of the console:\n${tail}`));
    });
  });
}

/** Where and how to boot. */
export interface BootPlace {
  readonly guest: DefaultGuest;
  /** The path of qemu-system-ppc64; absent: Continuo. */
  readonly qemu?: string;
  /** The machine type of configurations that name none; absent: the newest. */
  readonly machineType?: string;
  /** The profile of the host under whose limits Continuo runs the guest; absent: none but its own. */
  readonly host?: string;
}

/**
 * Boots.
 * @throws Error with the end of the console when no report came
 */
export async function bootAndReport(configuration: Configuration, place: BootPlace): Promise<Boot> {
  const folder = mkdtempSync(join(tmpdir(), 'continuo-boot-'));
  const start = performance.now();
  try {
    const nonce = randomBytes(8).toString('hex');
    const initrd = join(folder, 'initrd');
    writeFileSync(initrd, reportInitramfs(readFileSync(place.guest.initrdPath), configuration.cpus, nonce));
    const files = ['--kernel', place.guest.kernelPath, '--initrd', initrd];
    files.push('--append', ['console=hvc0', ...configuration.words].join(' '));
    const { qemu, machineType = 'pseries', host } = place;
    const options = machineOptions(configuration, machineType, qemu === undefined ? '--cpus' : '--smp');
    if (host !== undefined) options.push('--host', host);
    const invocation = qemu === undefined ? continuoCommand(options, files) : qemuCommand(qemu, options, files);
    const { report, errors } = await runToEnd(invocation, new ExecOutput(nonce));
    return {
      report: readReport(report),
      text: report,
      calls: countsOf(errors),
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
