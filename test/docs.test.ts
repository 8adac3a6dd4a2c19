// The pages that are made from tables say what the tables say.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { cliReference } from '../src/cli/options/help-text.ts';

test('docs/cli.md is what the option table makes; `npm run docs` writes it anew', () => {
  const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
  assert.equal(page, cliReference());
});

const root = new URL('../../', import.meta.url);
const pages = [root, new URL('docs/', root)].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => new URL(name, folder)),
);

test('links of the pages lead to files, and the tests and commands that they name exist', () => {
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { scripts: object };
  for (const page of pages) {
    const text = readFileSync(page, 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\(([^)#:]+)(#[^)]*)?\)/g)) {
      assert.ok(existsSync(new URL(target, page)), `${page.pathname}: ${target}`);
    }
    for (const [path] of text.matchAll(/\b(src|test|tools|bench)\/[\w/.-]+\.ts\b/g)) {
      assert.ok(existsSync(new URL(path, root)), `${page.pathname}: ${path}`);
    }
    for (const [, command = ''] of text.matchAll(/`npm run ([\w:-]+)/g)) {
      assert.ok(command in scripts, `${page.pathname}: npm run ${command}`);
    }
  }
});
