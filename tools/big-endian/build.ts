// npm run build:big-endian-kernel: builds the kernel of the big-endian guest into the cache.
import { streamProgress } from '../../src/host/progress.ts';
import { oneOf, readOptions } from '../tool-options.ts';
import { buildKernel, pageSizes } from './kernel.ts';
import { BuildError } from './toolchain.ts';

const command = {
  name: 'build:big-endian-kernel',
  usage: `Usage: npm run build:big-endian-kernel -- [--pages ${pageSizes.join('|')}]
Builds the kernel of the big-endian guest, with pages of 64 KiB unless it is said otherwise, into the cache.
`,
};
const { values } = readOptions(command, { options: { pages: { type: 'string', default: '64k' } } });
const pages = oneOf(command, '--pages', values.pages, pageSizes);
try {
  process.stdout.write(`${await buildKernel(pages, streamProgress(process.stderr))}\n`);
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  process.stderr.write(`build:big-endian-kernel: ${error.message}\n`);
  process.exitCode = 69;
}
