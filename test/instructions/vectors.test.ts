// The engine does with every recorded instruction what the oracle did.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { disassemble } from '../../src/isa/disassemble.ts';
import { EngineTarget } from './engine-target.ts';
import { block, type ExecutionTarget, fillState } from './machine-state.ts';
import { ignoredOf } from './qemu-gaps.ts';
import { applyChanges, readVectors, type VectorCase, type VectorSet } from './vector-format.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const folder = join(root, 'test/vectors');
const cut = 3;

const expected = new Uint8Array(block.bytes);
const actual = new Uint8Array(block.bytes);
const initial = new Uint8Array(block.bytes);
const initialView = new DataView(initial.buffer);
const expectedView = new DataView(expected.buffer);
const actualView = new DataView(actual.buffer);

/** Name of 8 bytes of a block. */
function nameOf(index: number): string {
  const offset = 8 * index;
  if (offset < block.vsr) return `r${index}`;
  if (offset < block.cr) return `vs${(offset - block.vsr) >> 4}[${(offset & 8) === 0 ? 1 : 0}]`;
  if (offset >= block.memory) return `memory+${offset - block.memory}`;
  return ['cr', 'xer', 'ctr', 'lr', 'fpscr', 'vscr', 'tar'][(offset - block.cr) / 8] ?? '?';
}

const hex = (value: bigint) => value.toString(16);

/** Runs one case; a text for each difference. */
function differences(target: ExecutionTarget, mnemonic: string, one: VectorCase): string[] {
  const word = one.words[mnemonic.startsWith('st') ? one.words.length - 1 : 0] ?? 0;
  const address = target.addressFor(one.words.length);
  fillState(expected, one.seed, one.style);
  applyChanges(expected, one.before, address);
  target.setState(expected);
  initial.set(expected);
  applyChanges(expected, one.after, address);
  const ignored = ignoredOf(mnemonic, word, initialView, expectedView);
  if (ignored === 'all') return [];
  const vector = target.step(one.words);
  if (vector !== undefined) return [`interrupt 0x${vector.toString(16)}`];
  target.getState(actual);
  if (Buffer.compare(expected, actual) === 0) return [];
  const texts: string[] = [];
  for (let index = 0; index < block.bytes / 8; index++) {
    const [want, have] = [expectedView.getBigUint64(8 * index, true), actualView.getBigUint64(8 * index, true)];
    const mask = ignored.filter((item) => item.index === index).reduce((sum, item) => sum | item.mask, 0n);
    if (((want ^ have) & ~mask) === 0n) continue;
    texts.push(`${nameOf(index)} is ${hex(have)}, the oracle has ${hex(want)}`);
  }
  return texts;
}

/** The operands of a case, for a failure's text. */
function operandsText(one: VectorCase, address: bigint): string {
  const state = new Uint8Array(block.bytes);
  fillState(state, one.seed, one.style);
  applyChanges(state, one.before, address);
  const view = new DataView(state.buffer);
  const text = disassemble(one.words[0] ?? 0);
  const registers = new Set(text.match(/\b(r|f|v|vs)\d+\b/g) ?? []);
  const values = [...registers].map((name) => {
    const n = Number(name.replace(/\D+/, ''));
    if (name.startsWith('r')) return `${name}=${hex(view.getBigUint64(8 * n, true))}`;
    const at = block.vsr + 16 * (/^v\d/.test(name) ? n + 32 : n);
    return `${name}=${hex(view.getBigUint64(at + 8, true))}:${hex(view.getBigUint64(at, true)).padStart(16, '0')}`;
  });
  const special = ['cr', 'xer', 'fpscr'] as const;
  const rest = special.map((name) => `${name}=${view.getUint32(block[name], true).toString(16)}`);
  return `${text} (seed ${one.seed}, ${one.style}) with ${[...values, ...rest].join(' ')}`;
}

function runSet(target: ExecutionTarget, { mnemonic, cases }: VectorSet): void {
  const failures: string[] = [];
  let failed = 0;
  for (const one of cases) {
    const found = differences(target, mnemonic, one);
    if (found.length === 0) continue;
    failed++;
    if (failures.length < cut) failures.push(`${operandsText(one, 0n)}:\n    ${found.slice(0, 6).join('\n    ')}`);
  }
  assert.equal(failed, 0, `${failed} of ${cases.length} cases differ:\n  ${failures.join('\n  ')}`);
}

const targets: Readonly<Record<string, () => ExecutionTarget>> = {
  interpreter: () => new EngineTarget({ edition: '3.1' }),
};

for (const [name, make] of Object.entries(targets)) {
  const target = make();
  for (const file of existsSync(folder) ? readdirSync(folder) : []) {
    if (!file.endsWith('.vectors.br')) continue;
    const { oracle, sets } = readVectors(brotliDecompressSync(readFileSync(join(folder, file))));
    for (const set of sets) test(`${name}: ${set.mnemonic} as ${oracle.split(' (')[0]}`, () => runSet(target, set));
  }
}
