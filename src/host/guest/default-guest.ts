// The default guest: Debian's kernel and busybox, fetched once into the user's cache folder and kept. A folder appears there
// by one rename when it is complete, so that a half-finished download is never taken for a whole one.
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Progress } from '../progress.ts';
import { aptIsPresent, fetchWithApt } from './apt-source.ts';
import { fileFromDeb, filesFromDeb } from './deb.ts';
import { GuestFetchError, ownGuestHint } from './guest-error.ts';
import { guestArchitecture } from './guest-packages.ts';
import { baseInitramfs } from './initramfs.ts';
import { fetchFromMirror } from './mirror-source.ts';

/** Raised when the content of the cache folder changes its meaning. */
const cacheFormat = 1;
const completeName = `debian-${guestArchitecture}-${cacheFormat}`;
const abandonedAfterMs = 24 * 3600 * 1000;

/** The default guest's files. */
export interface DefaultGuest {
  /** Path of the uncompressed ELF kernel. */
  readonly kernelPath: string;
  /** Path of the initramfs. */
  readonly initrdPath: string;
  /** The kernel's version, such as `6.1.0-50-powerpc64le`. */
  readonly kernelVersion: string;
  /** Paths of the kernel's modules for KVM, in the order in which they are loaded; empty when they were not kept. */
  readonly kvmModules: readonly string[];
}

/** How the guest may be fetched. */
export interface GuestOptions {
  /** A Debian mirror; absent: this machine's apt. */
  readonly mirror?: string;
  /** The release taken from a mirror. */
  readonly suite?: string;
  /** Fetch anew although there is one. */
  readonly refresh?: boolean;
}

/** The release whose kernel Continuo is tested with. */
export const defaultSuite = 'bookworm';

/** KVM of a guest that is itself a hypervisor (cap-nested-hv), in the order in which it is loaded. */
export const kvmModuleNames = ['kvm.ko', 'kvm-hv.ko'] as const;

/** `$XDG_CACHE_HOME/continuo`, or `~/.cache/continuo` (XDG base directory specification). */
export function cacheFolder(): string {
  const fromEnvironment = process.env.XDG_CACHE_HOME;
  // The specification has relative paths ignored.
  const base = fromEnvironment?.startsWith('/') ? fromEnvironment : join(homedir(), '.cache');
  return join(base, 'continuo');
}

async function complete(folder: string): Promise<DefaultGuest | undefined> {
  try {
    const { kernelVersion } = JSON.parse(await readFile(join(folder, 'guest.json'), 'utf8')) as {
      kernelVersion: unknown;
    };
    if (typeof kernelVersion !== 'string') return undefined;
    const kept = await readdir(folder);
    const kvmModules = kvmModuleNames.every((name) => kept.includes(name))
      ? kvmModuleNames.map((name) => join(folder, name))
      : [];
    return { kernelPath: join(folder, 'vmlinux'), initrdPath: await currentInitrd(folder), kernelVersion, kvmModules };
  } catch (error) {
    // Not there yet; any other trouble (permissions) shows up again with its cause when the folder is written.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** The initramfs is made by this program from the cached busybox: it is written again when this program changed. */
async function currentInitrd(folder: string): Promise<string> {
  const path = join(folder, 'initrd');
  const wanted = baseInitramfs(await readFile(join(folder, 'busybox')));
  const present = await readFile(path).catch(() => undefined);
  if (present === undefined || !present.equals(wanted)) await writeWhole(path, wanted);
  return path;
}

async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, content);
  await rename(temporary, path);
}

async function removeAbandoned(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (!name.startsWith('fetch-')) continue;
    const age = Date.now() - (await stat(join(cache, name)).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
    if (age > abandonedAfterMs) await rm(join(cache, name), { recursive: true, force: true });
  }
}

async function fetchInto(folder: string, options: GuestOptions, progress: Progress): Promise<void> {
  const downloads = join(folder, 'downloads');
  await mkdir(downloads);
  if (options.mirror === undefined && !aptIsPresent()) {
    throw new GuestFetchError(
      'the default guest is fetched with apt, which this machine does not have',
      `name a Debian mirror with --mirror URL, or ${ownGuestHint}`,
    );
  }
  const packages =
    options.mirror === undefined
      ? await fetchWithApt(downloads, progress)
      : await fetchFromMirror({ mirror: options.mirror, suite: options.suite ?? defaultSuite }, downloads, progress);
  await progress.step('Unpacking the guest', async () => {
    const [kernel, ...modules] = await filesFromDeb(packages.kernelDeb, [
      /^boot\/vmlinux-/,
      ...kvmModuleNames.map((name) => new RegExp(`/kvm/${name}$`)),
    ]);
    if (kernel === undefined) throw new GuestFetchError(`${packages.kernelDeb} has no kernel`, ownGuestHint);
    const busybox = await fileFromDeb(packages.busyboxDeb, /^(usr\/)?bin\/busybox$/);
    for (const [index, name] of kvmModuleNames.entries()) {
      const module = modules[index];
      if (module !== undefined) await writeFile(join(folder, name), module.content);
    }
    await writeFile(join(folder, 'vmlinux'), kernel.content);
    await writeFile(join(folder, 'busybox'), busybox.content);
    const kernelVersion = kernel.path.replace(/^boot\/vmlinux-/, '');
    await writeFile(join(folder, 'guest.json'), JSON.stringify({ kernelVersion, source: packages.description }));
  });
  await rm(downloads, { recursive: true, force: true });
}

/** Like mkdir -p. The `recursive` option of Node.js never ends where a file system denies that a folder can be made. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return;
    if (errorCode(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path);
  }
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function isNotEmpty(error: unknown): boolean {
  return errorCode(error) === 'ENOTEMPTY' || errorCode(error) === 'EEXIST';
}

/**
 * Gives the default guest, fetching it when there is none.
 * @throws GuestFetchError with a way out
 */
export async function defaultGuest(options: GuestOptions, progress: Progress): Promise<DefaultGuest> {
  const cache = cacheFolder();
  const whole = join(cache, completeName);
  const present = await complete(whole);
  if (present !== undefined && options.refresh !== true) return present;

  const work = join(cache, `fetch-${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    await makeFolder(work);
    await removeAbandoned(cache);
    await fetchInto(work, options, progress);
    if (options.refresh === true) await rm(whole, { recursive: true, force: true });
    // When another process was faster, its guest is as good as ours.
    await rename(work, whole).catch(async (error: unknown) => {
      if ((await complete(whole)) !== undefined) return;
      if (!isNotEmpty(error)) throw error;
      // Somebody removed files from the folder: it is replaced.
      await rm(whole, { recursive: true, force: true });
      await rename(work, whole);
    });
  } catch (error) {
    if (error instanceof GuestFetchError) throw error;
    const cause = error instanceof Error ? error.message : String(error);
    throw new GuestFetchError(
      `the default guest cannot be stored in ${cache} (${cause})`,
      `set XDG_CACHE_HOME, or ${ownGuestHint}`,
    );
  } finally {
    await rm(work, { recursive: true, force: true }).catch(() => {});
  }
  const fetched = await complete(whole);
  if (fetched === undefined)
    throw new GuestFetchError(`the guest in ${whole} is damaged`, 'remove that folder and try again');
  return fetched;
}
