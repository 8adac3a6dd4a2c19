// The layer rule: imports go one way, and only the outer layers know Node.js. A layer may import itself and those listed.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const source = join(root, 'src');

const machineAndBelow = [
  ...['isa', 'cpu', 'mmu', 'engine', 'environment'],
  ...['papr', 'interrupts', 'devices', 'backends', 'machine'],
];

/** What each layer may import besides itself; `index.ts` and other files directly in `src` belong to the layer `index`. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  isa: [],
  environment: [],
  cpu: ['isa'],
  mmu: ['cpu', 'isa'],
  engine: ['mmu', 'cpu', 'isa'],
  papr: ['cpu', 'mmu', 'environment'],
  interrupts: ['cpu'],
  backends: [],
  devices: ['backends'],
  machine: machineAndBelow,
  migration: machineAndBelow,
  monitor: machineAndBelow,
  host: [...machineAndBelow, 'migration', 'monitor', 'index'],
  index: [...machineAndBelow, 'migration', 'monitor'],
  cli: [...machineAndBelow, 'migration', 'monitor', 'host', 'index'],
  web: [...machineAndBelow, 'migration', 'monitor', 'host', 'index'],
};

const layersThatKnowNode = ['host', 'cli'];

interface Import {
  readonly from: string;
  readonly specifier: string;
  /** True for `import type`, of which nothing is left at run time. */
  readonly typeOnly: boolean;
  /** Path below `src` for a relative import; undefined for a package or a Node.js module. */
  readonly target: string | undefined;
}

function layerOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : 'index';
}

function sourceFiles(): string[] {
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.endsWith('.d.ts'));
}

const importPattern =
  /(?:^|[\s;}])(?:import|export)\s*(type\s)?[^;'"`]*?from\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/g;

function importsOf(path: string): Import[] {
  const text = readFileSync(join(source, path), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  return [...text.matchAll(importPattern)].map((match) => {
    const specifier = match[2] ?? match[3] ?? '';
    const relativePath = specifier.startsWith('.')
      ? relative(source, join(source, dirname(path), specifier)).replaceAll('\\', '/')
      : undefined;
    return { from: path, specifier, typeOnly: match[1] !== undefined, target: relativePath };
  });
}

const files = sourceFiles();
const imports = files.flatMap(importsOf);

test('every folder of src is a layer with a rule', () => {
  const unknown = [...new Set(files.map(layerOf))].filter((layer) => !(layer in allowed));
  assert.deepEqual(unknown, []);
});

test('imports point only to layers below', () => {
  const wrong = imports.filter(({ from, target }) => {
    if (target === undefined) return false;
    // Generated files and the like may lie outside src; only core layers are held to it below.
    if (target.startsWith('..')) return true;
    const layer = layerOf(from);
    return layerOf(target) !== layer && !(allowed[layer] ?? []).includes(layerOf(target));
  });
  assert.deepEqual(
    wrong.map(({ from, specifier }) => `${from} imports ${specifier}`),
    [],
  );
});

test('only the outer layers import packages or Node.js modules', () => {
  const wrong = imports.filter(
    ({ from, target }) => target === undefined && !layersThatKnowNode.includes(layerOf(from)),
  );
  assert.deepEqual(
    wrong.map(({ from, specifier }) => `${from} imports ${specifier}`),
    [],
  );
});

test('every relative import names an existing file', () => {
  const missing = imports.filter(({ target }) => target !== undefined && !existsSync(join(source, target)));
  assert.deepEqual(
    missing.map(({ from, specifier }) => `${from} imports ${specifier}`),
    [],
  );
});

test('imports form no cycle at run time', () => {
  const edges = new Map<string, string[]>();
  for (const { from, target } of imports.filter(({ typeOnly }) => !typeOnly))
    if (target !== undefined) edges.set(from, [...(edges.get(from) ?? []), target]);
  const finished = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
    if (finished.has(path) || trail.includes(path)) return;
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path]);
    finished.add(path);
  };
  for (const path of files) visit(path, []);
  assert.deepEqual(cycles, []);
});
