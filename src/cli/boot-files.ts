// Reads and checks the files of a start, or has the default guest fetched; all complaints name the option.
import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { exitStatus } from '../host/exit-status.ts';
import { defaultGuest } from '../host/guest/default-guest.ts';
import { GuestFetchError } from '../host/guest/guest-error.ts';
import { execInitramfs } from '../host/guest/initramfs.ts';
import type { Progress } from '../host/progress.ts';
import type { TerminalSize } from '../host/terminal.ts';
import { planBoot } from '../machine/loader/boot-layout.ts';
import { checkDeviceTreeFile } from '../machine/loader/device-tree-file.ts';
import { ImageError, type ImageKind } from '../machine/loader/image-error.ts';
import type { BootSource } from '../machine/machine-api.ts';
import { CliError } from './options/usage-error.ts';
import type { NamedFile, StartPlan } from './start-plan.ts';

/** What a machine starts from, read and checked. */
export interface BootFiles {
  readonly boot: BootSource;
  readonly deviceTree: Uint8Array | undefined;
  /** Marks the output of the command of --exec. */
  readonly execNonce: string | undefined;
}

/** What the default guest is told about the terminal. */
export interface GuestTerminal {
  readonly size: TerminalSize | undefined;
  /** $TERM */
  readonly type: string | undefined;
  /** True when a person watches: the kernel then shows its log while it boots. */
  readonly watched: boolean;
}

const fileProblems: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'is a folder',
  ENOTDIR: 'a part of the path is no folder',
};

/** The message for a file that cannot be used. */
export function fileError(file: NamedFile, error: unknown, status: number = exitStatus.badInput): CliError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const cause = fileProblems[code] ?? (error instanceof Error ? error.message : String(error));
  return new CliError(status, `${file.option} ${file.path}: ${cause}`);
}

/** @param mostBytes larger files are not read: they could not be used */
async function readWhole(file: NamedFile, mostBytes: number): Promise<Uint8Array> {
  try {
    const status = await stat(file.path);
    if (status.isDirectory()) throw new CliError(exitStatus.badInput, `${file.option} ${file.path}: is a folder`);
    if (status.isCharacterDevice() || status.isBlockDevice())
      throw new CliError(exitStatus.badInput, `${file.option} ${file.path}: a file is expected, not a device`);
    if (status.size > mostBytes) {
      const sizes = `has ${Math.ceil(status.size / (1 << 20))} MiB, the guest ${mostBytes / (1 << 20)} MiB of memory`;
      throw new CliError(exitStatus.badInput, `${file.option} ${file.path}: the file ${sizes}`);
    }
    return await readFile(file.path);
  } catch (error) {
    throw error instanceof CliError ? error : fileError(file, error);
  }
}

/** An ImageError becomes a message with the option and the path. */
export function imageError(error: ImageError, files: StartPlan['files']): CliError {
  const file = files[error.image];
  const where = file === undefined ? `the ${error.image}` : `${file.option} ${file.path}`;
  return new CliError(exitStatus.badInput, `${where}: ${error.message}`);
}

/** The default guest's part of the kernel command line. */
export function defaultCommandLine(terminal: GuestTerminal): string {
  const words = ['console=hvc0'];
  if (!terminal.watched) words.push('quiet', 'loglevel=0');
  if (terminal.size !== undefined)
    words.push(`continuo.rows=${terminal.size.rows}`, `continuo.cols=${terminal.size.columns}`);
  if (terminal.type !== undefined && /^[\w.+-]{1,40}$/.test(terminal.type))
    words.push(`continuo.term=${terminal.type}`);
  return words.join(' ');
}

interface GuestFiles {
  readonly files: StartPlan['files'];
  readonly commandLine: string;
}

async function defaultGuestFiles(plan: StartPlan, terminal: GuestTerminal, progress: Progress): Promise<GuestFiles> {
  try {
    const guest = await defaultGuest(plan.defaultGuest ?? {}, progress);
    const file = (path: string): NamedFile => ({ option: 'the default guest', path });
    return {
      files: { ...plan.files, kernel: file(guest.kernelPath), initrd: file(guest.initrdPath) },
      commandLine: [defaultCommandLine(terminal), plan.append ?? ''].join(' ').trim(),
    };
  } catch (error) {
    throw error instanceof GuestFetchError ? new CliError(exitStatus.unavailable, error.message) : error;
  }
}

/** The longest command line that Linux takes (COMMAND_LINE_SIZE of powerpc), its NUL included. */
const longestCommandLine = 2048;

function checkCommandLine(commandLine: string): void {
  if (commandLine.includes('\0')) throw new CliError(exitStatus.usage, 'the kernel command line has a NUL character');
  const bytes = new TextEncoder().encode(commandLine).length;
  if (bytes >= longestCommandLine) {
    throw new CliError(
      exitStatus.usage,
      `the kernel command line has ${bytes} bytes; Linux takes ${longestCommandLine - 1}`,
    );
  }
}

/**
 * Gets the files of a start.
 * @throws CliError for files that cannot be read or are not what they should be, and when there is no default guest
 */
export async function bootFiles(
  plan: StartPlan,
  memoryBytes: number,
  terminal: GuestTerminal,
  progress: Progress,
): Promise<BootFiles> {
  const own = { files: plan.files, commandLine: plan.append ?? '' };
  const { files, commandLine } =
    plan.defaultGuest === undefined ? own : await defaultGuestFiles(plan, terminal, progress);
  checkCommandLine(commandLine);
  const read = async (kind: ImageKind): Promise<Uint8Array | undefined> => {
    const file = files[kind];
    return file === undefined ? undefined : readWhole(file, memoryBytes);
  };
  const [kernel, plainInitrd, firmware, tree] = [
    await read('kernel'),
    await read('initrd'),
    await read('firmware'),
    await read('deviceTree'),
  ];
  const execNonce = plan.exec === undefined ? undefined : randomBytes(16).toString('hex');
  const initrd =
    plan.exec === undefined || execNonce === undefined || plainInitrd === undefined
      ? plainInitrd
      : execInitramfs(plainInitrd, plan.exec, execNonce);
  try {
    planBoot({ kernel, initrd, firmware }, memoryBytes);
    const deviceTree = tree === undefined ? undefined : checkDeviceTreeFile(tree);
    const optional = { ...(initrd === undefined ? {} : { initrd }), commandLine };
    if (firmware !== undefined) {
      const boot = { kind: 'firmware', firmware, ...(kernel === undefined ? {} : { kernel }), ...optional } as const;
      return { boot, deviceTree, execNonce };
    }
    return {
      boot: kernel === undefined ? { kind: 'none' } : { kind: 'kernel', kernel, ...optional },
      deviceTree,
      execNonce,
    };
  } catch (error) {
    throw error instanceof ImageError ? imageError(error, files) : error;
  }
}
