// npm run build:big-endian-kernel [-- --pages 64k|4k]: builds the kernel of the big-endian guest into the cache.
import { streamProgress } from '../../src/host/progress.ts';
import { buildKernel, type PageSize } from './kernel.ts';
import { BuildError } from './toolchain.ts';

const args = process.argv.slice(2);
const pages: PageSize = args[0] === '--pages' && args[1] === '4k' ? '4k' : '64k';
try {
  process.stdout.write(`${await buildKernel(pages, streamProgress(process.stderr))}\n`);
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  process.stderr.write(`build:big-endian-kernel: ${error.message}\n`);
  process.exitCode = 69;
}
