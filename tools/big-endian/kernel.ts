// Builds a small big-endian Linux for pseries out of Debian's linux-source package, once, into the cache folder of this machine. The
// repository has its configuration only.
import { access, copyFile, mkdir, readdir, rename, rmdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../../src/host/guest/default-guest.ts';
import type { Progress } from '../../src/host/progress.ts';
import { buildEnvironment, crossPrefix, mustRun, unpackPackages } from './toolchain.ts';

/** The page sizes that the kernel can be built for. */
export const pageSizes = ['64k', '4k'] as const;

/** One of them. */
export type PageSize = (typeof pageSizes)[number];

const sourcePackage = 'linux-source-6.1';
const configFile = fileURLToPath(new URL('../../../tools/big-endian/kernel.config', import.meta.url));

/** Where everything about the big-endian guest is kept. */
export const bigEndianCache = (): string => join(cacheFolder(), 'big-endian');

/** Where the kernel is, or will be. */
export const kernelPath = (pages: PageSize): string => join(bigEndianCache(), `vmlinux-${pages}`);

async function present(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The unpacked source; fetched when there is none. */
async function sourceFolder(cache: string, progress: Progress): Promise<string> {
  const source = join(cache, sourcePackage);
  if (await present(source)) return source;
  const packageFolder = join(cache, 'source-package');
  if (!(await present(packageFolder)))
    await progress.step(`Downloading ${sourcePackage}`, () => unpackPackages([sourcePackage], packageFolder));
  const work = join(cache, `unpack-${process.pid}`);
  await mkdir(work);
  const archives = await readdir(join(packageFolder, 'usr/src'));
  const archive = archives.find((name) => /^linux-source.*\.tar\./.test(name)) ?? '';
  await progress.step('Unpacking it', () =>
    mustRun('tar', ['-xf', join(packageFolder, 'usr/src', archive), '-C', work]),
  );
  await rename(join(work, sourcePackage), source);
  await rmdir(work);
  return source;
}

/**
 * Builds the kernel when the cache has none.
 * @returns its path
 * @throws BuildError when a program is missing or the build fails
 */
export async function buildKernel(pages: PageSize, progress: Progress): Promise<string> {
  const target = kernelPath(pages);
  if (await present(target)) return target;
  const cache = bigEndianCache();
  await mkdir(cache, { recursive: true });
  const environment = await buildEnvironment(cache, progress);
  const source = await sourceFolder(cache, progress);
  const output = join(cache, `build-${pages}`);
  await mkdir(output, { recursive: true });
  const make = (...args: string[]) =>
    mustRun('env', [
      ...environment,
      'nice',
      'make',
      '-C',
      source,
      `O=${output}`,
      'ARCH=powerpc',
      `CROSS_COMPILE=${crossPrefix}`,
      ...args,
    ]);
  await progress.step(`Building a big-endian kernel with pages of ${pages}`, async () => {
    await make('allnoconfig', `KCONFIG_ALLCONFIG=${configFile}`);
    const select = pages === '64k' ? 'PPC_64K_PAGES' : 'PPC_4K_PAGES';
    await mustRun(join(source, 'scripts/config'), [
      '--file',
      join(output, '.config'),
      '-d',
      'PPC_64K_PAGES',
      '-e',
      select,
    ]);
    await make('olddefconfig');
    await make(`-j${availableParallelism()}`, 'vmlinux');
  });
  await copyFile(join(output, 'vmlinux'), `${target}.tmp`);
  await rename(`${target}.tmp`, target);
  return target;
}
