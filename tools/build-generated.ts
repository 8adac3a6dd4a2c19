// The generated parts of a build: layout constants for the data plane, then the data plane itself.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as memoryMap from '../src/cpu/memory-map.ts';
import { sprAttributes, sprTable } from '../src/cpu/spr-table.ts';
import { facilityBit, modelBit, outerSprs, pendingInterrupt, slotOffset, state, stateBytes } from '../src/cpu/state.ts';
import { interpreterModes } from '../src/engine/engine.ts';
import { generateInterpreter } from '../src/engine/interpreter/generate.ts';
import { instructionTable } from '../src/isa/table.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** AssemblyScript constants from the TypeScript layout tables. */
function layoutSource(): string {
  const lines = ['// Generated from src/cpu/state.ts and src/cpu/memory-map.ts. Do not edit.'];
  const constant = (name: string, value: number) => lines.push(`export const ${name}: i32 = ${value};`);
  for (const [name, item] of Object.entries(state)) constant(`S_${name}`, item.offset);
  for (const [name, offset] of Object.entries(slotOffset)) {
    if (!(name in state)) constant(`S_${name}`, offset);
  }
  constant('STATE_BYTES', stateBytes);
  for (const [name, bit] of Object.entries(pendingInterrupt)) constant(`PENDING_${name}`, bit);
  for (const [name, bit] of Object.entries(facilityBit)) constant(`FACILITY_${name}`, bit);
  for (const [name, bit] of Object.entries(modelBit)) constant(`MODEL_${name}`, bit);
  for (const [name, value] of Object.entries(memoryMap)) {
    if (typeof value === 'number') constant(name, value);
    else for (const [word, address] of Object.entries(value)) constant(`W_${word}`, address);
  }
  constant('outerSprCount', outerSprs.length);
  lines.push(`export const outerSprs: usize = memory.data<u16>([${outerSprs.join(', ')}]);`);
  return `${lines.join('\n')}\n`;
}

/** The register table as the data plane reads it. */
function sprSource(): string {
  const aliases = sprTable.filter((spr) => spr.storage !== undefined);
  return [
    '// Generated from src/isa/spr-table.ts. Do not edit.',
    ...Object.entries({ readProblem: 1, writeProblem: 2, readSupervisor: 4, writeSupervisor: 8, is32: 1 << 14 }).map(
      ([name, bit]) => `export const ${name}: i32 = ${bit};`,
    ),
    ...Object.entries({ sinceShift: 4, untilShift: 7, causeShift: 10 }).map(
      ([name, shift]) => `export const ${name}: i32 = ${shift};`,
    ),
    `const attributes = memory.data<u16>([${sprAttributes().join(', ')}]);`,
    '/** Attributes of SPR n in 0…1023. */',
    'export function sprAttributes(n: i32): i32 {',
    '  return load<u16>(attributes + (n << 1));',
    '}',
    '/** The SPR whose place holds the value of SPR n. */',
    'export function sprStorage(n: i32): i32 {',
    '  switch (n) {',
    ...aliases.map((spr) => `    case ${spr.number}: return ${spr.storage};`),
    '    default: return n;',
    '  }',
    '}',
    '',
  ].join('\n');
}

function writeIfChanged(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function newest(folder: string): number {
  let time = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) time = Math.max(time, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  }
  return time;
}

function buildDataPlane(): void {
  const output = join(root, 'dist/assembly/data-plane.wasm');
  if (existsSync(output) && statSync(output).mtimeMs > newest(join(root, 'assembly'))) return;
  console.log('building the data plane (AssemblyScript)');
  mkdirSync(dirname(output), { recursive: true });
  const args = [
    join(root, 'node_modules/assemblyscript/bin/asc.js'),
    'assembly/index.ts',
    ...['-o', 'dist/assembly/data-plane.wasm'],
    ...['--runtime', 'stub', '--importMemory', '--sharedMemory', '--initialMemory', '64', '--maximumMemory', '65536'],
    ...['--enable', 'threads', '--enable', 'simd', '-O3', '--noAssert', '--debug', '--memoryBase', '4096'],
  ];
  const result = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** The interpreter of each mode, and the handler map that all of them share. */
function buildInterpreters(): void {
  const folder = join(root, 'dist/engine-images');
  mkdirSync(folder, { recursive: true });
  for (const [name, mode] of Object.entries(interpreterModes)) {
    const { bytes, handlers } = generateInterpreter(instructionTable, mode);
    writeFileSync(join(folder, `${name}.wasm`), bytes);
    writeFileSync(join(folder, 'handlers.json'), JSON.stringify(handlers));
  }
}

writeIfChanged(join(root, 'assembly/generated/layout.ts'), layoutSource());
writeIfChanged(join(root, 'assembly/generated/spr-attributes.ts'), sprSource());
buildDataPlane();
buildInterpreters();
