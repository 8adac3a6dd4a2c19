// What the guest hypervisor boots: Debian's kernel with the KVM modules of the same package, and our program as its init.
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aptIsPresent, fetchWithApt } from '../../src/host/guest/apt-source.ts';
import { type CpioEntry, writeCpio } from '../../src/host/guest/cpio.ts';
import { filesFromDeb } from '../../src/host/guest/deb.ts';
import { cacheFolder, defaultGuest, defaultSuite, kvmModuleNames } from '../../src/host/guest/default-guest.ts';
import { fetchFromMirror } from '../../src/host/guest/mirror-source.ts';
import { hasProgram, runProgram } from '../../src/host/guest/program.ts';
import type { Progress } from '../../src/host/progress.ts';

/** A failure that the user can do something about. */
export class NestedError extends Error {}

const compiler = 'powerpc64le-linux-gnu-gcc';
const sources = fileURLToPath(new URL('../../../tools/nested/guest', import.meta.url));
const flags = '-O2 -std=gnu11 -Wall -Wextra -Werror -static -pthread -Wa,-mregnames'.split(' ');

/** The files of the cache folder: a kernel and its modules, always of the same package. */
export interface KernelFiles {
  /** The uncompressed ELF kernel. */
  readonly kernel: string;
  /** Paths of the modules in the order in which they are loaded. */
  readonly modules: readonly string[];
}

function kernelFilesIn(folder: string): KernelFiles {
  return { kernel: join(folder, 'vmlinux'), modules: kvmModuleNames.map((name) => join(folder, name)) };
}

/**
 * The default guest's kernel and its modules for KVM. A cache of an earlier release has no modules: both are fetched once more then,
 * so that they fit each other.
 * @param mirror a Debian mirror; absent: this machine's apt
 * @throws GuestFetchError or NestedError with a way out
 */
export async function kernelFiles(mirror: string | undefined, progress: Progress): Promise<KernelFiles> {
  const guest = await defaultGuest(mirror === undefined ? {} : { mirror }, progress);
  if (guest.kvmModules.length > 0) return { kernel: guest.kernelPath, modules: guest.kvmModules };
  const whole = join(cacheFolder(), 'nested-1');
  if ((await readdir(whole).catch(() => [])).length > kvmModuleNames.length) return kernelFilesIn(whole);
  if (mirror === undefined && !aptIsPresent())
    throw new NestedError('there is no apt to fetch the kernel with: name a Debian mirror with --mirror URL');
  const work = join(cacheFolder(), `fetch-nested-${process.pid}`);
  const downloads = join(work, 'downloads');
  try {
    await mkdir(downloads, { recursive: true });
    const { kernelDeb } =
      mirror === undefined
        ? await fetchWithApt(downloads, progress)
        : await fetchFromMirror({ mirror, suite: defaultSuite }, downloads, progress);
    await progress.step('Unpacking the kernel and KVM', async () => {
      const names = ['vmlinux', ...kvmModuleNames];
      const patterns = [/^boot\/vmlinux-/, ...kvmModuleNames.map((name) => new RegExp(`/kvm/${name}$`))];
      for (const [index, file] of (await filesFromDeb(kernelDeb, patterns)).entries()) {
        if (file === undefined) throw new NestedError(`${kernelDeb} has no ${names[index]}`);
        await writeFile(join(work, names[index] ?? ''), file.content);
      }
    });
    await rm(downloads, { recursive: true });
    // When another process was faster, its files are as good as ours.
    await rename(work, whole).catch(async (error: unknown) => {
      if ((await readdir(whole).catch(() => [])).length <= kvmModuleNames.length) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return kernelFilesIn(whole);
}

/**
 * Compiles the program.
 * @param folder where it goes
 * @returns its path
 * @throws NestedError when there is no compiler, or it fails
 */
export async function compileProgram(folder: string): Promise<string> {
  if (!hasProgram(compiler))
    throw new NestedError(
      `there is no ${compiler}: apt-get install gcc-powerpc64le-linux-gnu libc6-dev-ppc64el-cross has it`,
    );
  const files = (await readdir(sources)).filter((name) => /\.[cS]$/.test(name)).map((name) => join(sources, name));
  const output = join(folder, 'init');
  const { status, stderr } = await runProgram(compiler, [...flags, ...files, '-o', output]);
  if (status !== 0) throw new NestedError(`${compiler} failed:\n${stderr}`);
  return output;
}

/** The program, and what it needs to be started as init. */
function initEntries(program: Uint8Array): CpioEntry[] {
  return [
    { kind: 'directory', path: 'dev', mode: 0o755 },
    { kind: 'character-device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
    { kind: 'character-device', path: 'dev/null', mode: 0o666, major: 1, minor: 3 },
    // Linux's list of devices: MISC_MAJOR, KVM_MINOR.
    { kind: 'character-device', path: 'dev/kvm', mode: 0o600, major: 10, minor: 232 },
    { kind: 'file', path: 'init', mode: 0o755, content: program },
  ];
}

/**
 * Packs the initial RAM disk: the program as init, the modules, and /dev/kvm.
 * @param program the program's ELF file
 * @param withLinux the kernel and a RAM disk for a Linux that is the guest's guest go with it
 */
export async function packInitrd(program: Uint8Array, files: KernelFiles, withLinux: boolean): Promise<Uint8Array> {
  const entries = initEntries(program);
  const add = (path: string, content: Uint8Array) => void entries.push({ kind: 'file', path, mode: 0o644, content });
  for (const path of files.modules) add(basename(path), await readFile(path));
  if (withLinux) {
    // The guest's RAM disk is this one so far: the same program and modules.
    add('initrd-2', writeCpio(entries));
    add('vmlinux', await readFile(files.kernel));
  }
  return writeCpio(entries);
}

/** The names of all checks, in their order, as the program's own table has them. */
export async function checkNames(): Promise<string[]> {
  const table = await readFile(join(sources, 'checks.h'), 'utf8');
  return [...table.matchAll(/CHECK\(\w+, "([\w-]+)"\)/g)].map(([, name]) => name ?? '');
}
