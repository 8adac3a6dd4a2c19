// What the guest hypervisor boots: Debian's kernel with the KVM modules of the same package, and our program as its init.
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aptIsPresent, fetchWithApt } from '../../src/host/guest/apt-source.ts';
import { type CpioEntry, writeCpio } from '../../src/host/guest/cpio.ts';
import { fileFromDeb } from '../../src/host/guest/deb.ts';
import { cacheFolder, defaultSuite } from '../../src/host/guest/default-guest.ts';
import { fetchFromMirror } from '../../src/host/guest/mirror-source.ts';
import { hasProgram, runProgram } from '../../src/host/guest/program.ts';
import type { Progress } from '../../src/host/progress.ts';

/** A failure that the user can do something about. */
export class NestedError extends Error {}

const compiler = 'powerpc64le-linux-gnu-gcc';
const sources = fileURLToPath(new URL('../../../tools/nested/guest', import.meta.url));
const flags = '-O2 -std=gnu11 -Wall -Wextra -Werror -static -pthread -Wa,-mregnames'.split(' ');

/** The modules, and where the kernel's package has them. */
const modules = ['kvm.ko', 'kvm-hv.ko'] as const;

/** The files of the cache folder: a kernel and its modules, always of the same package. */
export interface KernelFiles {
  /** The uncompressed ELF kernel. */
  readonly kernel: string;
  /** Paths of the modules in the order in which they are loaded. */
  readonly modules: readonly string[];
}

function kernelFilesIn(folder: string): KernelFiles {
  return { kernel: join(folder, 'vmlinux'), modules: modules.map((name) => join(folder, name)) };
}

/**
 * Fetches the kernel and its modules once, through apt or from a mirror, as the default guest is fetched.
 * @param mirror a Debian mirror; absent: this machine's apt
 * @throws GuestFetchError or NestedError with a way out
 */
export async function kernelFiles(mirror: string | undefined, progress: Progress): Promise<KernelFiles> {
  const cache = cacheFolder();
  const whole = join(cache, 'nested-1');
  if ((await readdir(whole).catch(() => [])).length > modules.length) return kernelFilesIn(whole);
  if (mirror === undefined && !aptIsPresent())
    throw new NestedError('there is no apt to fetch the kernel with: name a Debian mirror with --mirror URL');
  const work = join(cache, `fetch-nested-${process.pid}`);
  const downloads = join(work, 'downloads');
  try {
    await mkdir(downloads, { recursive: true });
    const { kernelDeb } =
      mirror === undefined
        ? await fetchWithApt(downloads, progress)
        : await fetchFromMirror({ mirror, suite: defaultSuite }, downloads, progress);
    await progress.step('Unpacking the kernel and KVM', async () => {
      for (const name of modules)
        await writeFile(join(work, name), (await fileFromDeb(kernelDeb, new RegExp(`/kvm/${name}$`))).content);
      await writeFile(join(work, 'vmlinux'), (await fileFromDeb(kernelDeb, /^boot\/vmlinux-/)).content);
    });
    await rm(downloads, { recursive: true });
    await rename(work, whole);
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
    { kind: 'file', path: 'init', mode: 0o755, content: program },
  ];
}

/**
 * Packs the initial RAM disk.
 * @param program path of the compiled program
 * @param withLinux the kernel and a RAM disk for a Linux that is the guest's guest go with it
 */
export async function packInitrd(program: string, files: KernelFiles, withLinux: boolean): Promise<Uint8Array> {
  const entries = initEntries(await readFile(program));
  const add = (path: string, content: Uint8Array) => void entries.push({ kind: 'file', path, mode: 0o644, content });
  for (const [index, name] of modules.entries()) add(name, await readFile(files.modules[index] ?? ''));
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
