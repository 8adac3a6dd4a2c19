// The pages that are made from tables say what the tables say.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { cliReference } from '../src/cli/options/help-text.ts';

test('docs/cli.md is what the option table makes; `npm run docs` writes it anew', () => {
  const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
  assert.equal(page, cliReference());
});
