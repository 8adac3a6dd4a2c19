// Starts QEMU paused and asks it through QMP for capability values and the device tree.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { capabilityRows, type Request } from '../../src/environment/index.ts';

/** What QEMU makes of a request. */
export interface QemuAnswer {
  readonly starts: boolean;
  /** Its last error line where it does not start. */
  readonly error: string;
  /** Values by capability name, as QMP gives them. */
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly tree?: Uint8Array;
}

const machineOptions = ['max-cpu-compat', 'ic-mode', 'vsmt', 'resize-hpt'];

/** The command line of a request, without devices of any kind but the console. */
function commandLine(request: Request): string[] {
  // The client interface is built in, as it is here.
  const properties = [request.machine ?? 'pseries', 'x-vof=on'];
  for (const [name, value] of Object.entries(request)) {
    if (name.startsWith('cap-') || machineOptions.includes(name)) properties.push(`${name}=${value}`);
  }
  const args = ['-S', '-nodefaults', '-display', 'none', '-serial', 'null', '-accel', 'tcg', '-qmp', 'stdio'];
  args.push('-machine', properties.join(','));
  if (request.cpu !== undefined) args.push('-cpu', request.cpu);
  const smp = (['cpus', 'sockets', 'cores', 'threads', 'maxcpus'] as const).filter(
    (name) => request[name] !== undefined,
  );
  if (smp.length > 0) args.push('-smp', smp.map((name) => `${name}=${request[name]}`).join(','));
  const memory = [`size=${request.memory ?? '512M'}`];
  for (const name of ['maxmem', 'slots'] as const)
    if (request[name] !== undefined) memory.push(`${name}=${request[name]}`);
  args.push('-m', memory.join(','));
  return args;
}

/**
 * Runs one QEMU to its first prompt.
 * @param program path of qemu-system-ppc64
 * @param request options that QEMU has
 * @param treeFile where it may write the flattened device tree
 */
export async function askQemu(program: string, request: Request, treeFile: string): Promise<QemuAnswer> {
  const child = spawn(program, commandLine(request), { stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (data: Buffer) => {
    errors += data.toString();
  });
  // Writing to a QEMU that has refused and gone is no error here.
  child.stdin.on('error', () => {});
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => resolve());
  });
  const replies = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const timer = setTimeout(() => child.kill(), 60_000);
  /** The next reply that is neither greeting nor event; undefined at the end. */
  async function reply(): Promise<{ return?: unknown; error?: unknown } | undefined> {
    for (;;) {
      const next = await replies.next();
      if (next.done === true) return undefined;
      const message = JSON.parse(next.value) as { return?: unknown; error?: unknown };
      if ('return' in message || 'error' in message) return message;
    }
  }
  async function execute(
    command: string,
    args: object = {},
  ): Promise<{ return?: unknown; error?: unknown } | undefined> {
    child.stdin.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    return reply();
  }
  const ready = await execute('qmp_capabilities');
  if (ready === undefined) {
    await ended;
    clearTimeout(timer);
    const lines = errors.split('\n').filter((line) => line !== '' && !line.includes('warning:'));
    const error = lines.find((line) => line.startsWith('qemu-system-ppc64:')) ?? lines[0] ?? '';
    return { starts: false, error: error.replace(/^qemu-system-ppc64: /, ''), capabilities: {} };
  }
  const capabilities: Record<string, unknown> = {};
  for (const { name } of capabilityRows) {
    const value = await execute('qom-get', { path: '/machine', property: `cap-${name}` });
    if (value !== undefined && 'return' in value) capabilities[name] = value.return;
  }
  const dumped = await execute('dumpdtb', { filename: treeFile });
  await execute('quit');
  await ended;
  clearTimeout(timer);
  const tree = dumped !== undefined && 'return' in dumped ? readFileSync(treeFile) : undefined;
  return { starts: true, error: '', capabilities, ...(tree === undefined ? {} : { tree }) };
}
