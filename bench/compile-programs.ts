// Compiles the benchmark programs for this machine and for ppc64le, and packs the latter as a guest's init.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeCpio } from '../src/host/guest/cpio.ts';
import { hasProgram, runProgram } from '../src/host/guest/program.ts';
import { BenchError } from './bench-error.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = join(root, 'bench/programs');
const output = join(root, 'dist/bench/programs');
// Without contraction a product and a sum are fused only where the program says so: checksums are the same everywhere.
const flags = ['-O2', '-std=gnu11', '-ffp-contract=off', '-static', '-pthread'];

/** The files that a comparison runs. */
export interface CompiledPrograms {
  /** The program for this machine. */
  readonly native: string;
  /** An initramfs whose /init is the program for ppc64le. */
  readonly initrd: string;
  /** What a reader should know about the native program. */
  readonly notes: readonly string[];
}

async function compile(compiler: string, extraFlags: readonly string[], install: string, to: string): Promise<void> {
  if (!hasProgram(compiler)) throw new BenchError(`there is no ${compiler}: install it with \`${install}\``);
  const files = (await readdir(sources)).filter((name) => name.endsWith('.c')).map((name) => join(sources, name));
  const result = await runProgram(compiler, [...flags, ...extraFlags, ...files, '-lm', '-o', to]);
  if (result.status !== 0) throw new BenchError(`${compiler} failed:\n${result.stderr}`);
}

/**
 * Compiles everything.
 * @throws BenchError when a compiler is missing, or a program does not compile
 */
export async function compilePrograms(): Promise<CompiledPrograms> {
  await mkdir(output, { recursive: true });
  const [native, guest, initrd] = [join(output, 'native'), join(output, 'ppc64le'), join(output, 'initrd')];
  const fused = /\bfma\b/.test(await readFile('/proc/cpuinfo', 'utf8').catch(() => ''));
  await Promise.all([
    compile('gcc', process.arch === 'x64' && fused ? ['-mfma'] : [], 'apt-get install gcc libc6-dev', native),
    compile(
      'powerpc64le-linux-gnu-gcc',
      [],
      'apt-get install gcc-powerpc64le-linux-gnu libc6-dev-ppc64el-cross',
      guest,
    ),
  ]);
  const archive = writeCpio([
    ...['dev', 'proc', 'tmp'].map((path) => ({ kind: 'directory', path, mode: 0o755 }) as const),
    { kind: 'character-device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
    { kind: 'character-device', path: 'dev/null', mode: 0o666, major: 1, minor: 3 },
    { kind: 'file', path: 'init', mode: 0o755, content: await readFile(guest) },
  ]);
  await writeFile(initrd, archive);
  const notes =
    process.arch === 'x64' && !fused
      ? ['this processor has no fused multiply-add: native floating-point times are those of a function']
      : [];
  return { native, initrd, notes };
}
