// The programs that building the big-endian kernel needs: those of this machine, and flex and bison from Debian's packages, unpacked
// into the cache where this machine lacks them.
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { hasProgram, lastLine, type ProgramResult, runProgram } from '../../src/host/guest/program.ts';
import type { Progress } from '../../src/host/progress.ts';

/** Prefix of the cross compiler's programs: they make code of either byte order. */
export const crossPrefix = 'powerpc64le-linux-gnu-';

/** Programs that must be there, and Debian's packages of them. */
const needed = [
  ['make', 'make'],
  ['gcc', 'gcc'],
  [`${crossPrefix}gcc`, 'gcc-powerpc64le-linux-gnu'],
  ['bc', 'bc'],
  ['xz', 'xz-utils'],
  ['dpkg-deb', 'dpkg'],
  ['apt-get', 'apt'],
] as const;

/** Packages of flex and bison and of what they need. */
const unpacked = ['flex', 'bison', 'm4', 'libsigsegv2'];

/** A failure that the user can do something about. */
export class BuildError extends Error {}

/** Runs a program; @throws BuildError with its last line when it fails. */
export async function mustRun(command: string, args: readonly string[], cwd?: string): Promise<ProgramResult> {
  const result = await runProgram(command, args, cwd === undefined ? {} : { cwd });
  if (result.status !== 0) throw new BuildError(`${command} ${args.join(' ')} failed: ${lastLine(result.stderr)}`);
  return result;
}

/** Downloads a package with apt and unpacks it into `folder`, which appears when it is whole. */
export async function unpackPackages(packages: readonly string[], folder: string): Promise<void> {
  const work = `${folder}.${process.pid}.tmp`;
  await mkdir(work, { recursive: true });
  try {
    await mustRun('apt-get', ['download', '-q', ...packages], work);
    for (const name of await readdir(work)) {
      if (!name.endsWith('.deb')) continue;
      await mustRun('dpkg-deb', ['-x', join(work, name), work]);
      await rm(join(work, name));
    }
    await rename(work, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Variables of the environment for `make`, as `NAME=VALUE`; fetches flex and bison into `cache` when they are missing. */
export async function buildEnvironment(cache: string, progress: Progress): Promise<string[]> {
  const missing = needed.filter(([program]) => !hasProgram(program));
  if (missing.length > 0)
    throw new BuildError(
      `missing: ${missing.map(([name]) => name).join(', ')}; apt-get install ${missing.map(([, name]) => name).join(' ')}`,
    );
  const stamp = ['KBUILD_BUILD_USER=continuo', 'KBUILD_BUILD_HOST=continuo', 'KBUILD_BUILD_TIMESTAMP=2026-01-01'];
  if (hasProgram('flex') && hasProgram('bison')) return stamp;
  const tools = join(cache, 'tools');
  if (!(await readdir(cache)).includes('tools'))
    await progress.step('Downloading flex and bison', () => unpackPackages(unpacked, tools));
  const libraries = await mustRun('find', [join(tools, 'usr/lib'), '-name', 'libsigsegv.so.2', '-printf', '%h']);
  return [
    ...stamp,
    `PATH=${[join(tools, 'usr/bin'), process.env.PATH].join(delimiter)}`,
    `BISON_PKGDATADIR=${join(tools, 'usr/share/bison')}`,
    `M4=${join(tools, 'usr/bin/m4')}`,
    `LD_LIBRARY_PATH=${libraries.stdout.toString()}`,
  ];
}
