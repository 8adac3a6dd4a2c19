// Writes the reference pages that are made from tables: docs/cli.md. A test says when they are out of date.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { cliReference } = await import('../dist/src/cli/options/help-text.js');
mkdirSync(join(root, 'docs'), { recursive: true });
writeFileSync(join(root, 'docs/cli.md'), cliReference());
