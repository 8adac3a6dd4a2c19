// Compiles the programs of the big-endian guest from guest/*.c and packs them as its initial RAM file system.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CpioEntry, writeCpio } from '../../src/host/guest/cpio.ts';
import { crossPrefix, mustRun } from './toolchain.ts';

const sources = fileURLToPath(new URL('../../../tools/big-endian/guest', import.meta.url));

/** For the oldest CPU; what newer ones have is in assembler, behind the bits of AT_HWCAP. */
const flags = '-O1 -mbig-endian -mcpu=power4 -ffreestanding -fno-stack-protector -fno-pie -nostdlib -static'.split(' ');

/** Path in the guest, source, and the flags of its ABI. */
const programs = [
  ['init', 'init.c', ['-m64', '-mabi=elfv1']],
  ['checks-elfv1', 'checks.c', ['-m64', '-mabi=elfv1', '-maltivec']],
  ['checks-elfv2', 'checks.c', ['-m64', '-mabi=elfv2', '-maltivec']],
  ['checks-32', 'checks.c', ['-m32', '-maltivec']],
] as const;

/** Compiles, packs, and returns the path of the archive in `folder`. */
export async function buildInitrd(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const entries: CpioEntry[] = ['dev', 'proc', 'sys'].map((path) => ({ kind: 'directory', path, mode: 0o755 }));
  entries.push({ kind: 'character-device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 });
  for (const [path, source, abi] of programs) {
    const output = join(folder, path);
    await mustRun(`${crossPrefix}gcc`, [...flags, ...abi, '-o', output, join(sources, source)]);
    entries.push({ kind: 'file', path, mode: 0o755, content: await readFile(output) });
  }
  const archive = join(folder, 'initrd');
  await writeFile(archive, writeCpio(entries));
  return archive;
}
