// The engine does with every recorded instruction what the oracle did.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { disassemble } from '../../src/isa/disassemble.ts';
import { isPrefix } from '../../src/isa/field.ts';
import { EngineTarget } from './engine-target.ts';
import { block, type ExecutionTarget, fillState } from './machine-state.ts';
import { ignoredOf } from './qemu-gaps.ts';
import { applyChanges, readVectors, type VectorCase } from './vector-format.ts';

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

interface Run {
  readonly target: ExecutionTarget;
  /** The case's program, and where it stands. */
  readonly index: number;
  readonly address: bigint;
}

/** Runs one case; a text for each difference. */
function differences(run: Run, mnemonic: string, one: VectorCase): string[] {
  const { target, index, address } = run;
  // The word that names the operands: behind a prefix, or behind the load that makes a reservation.
  const last = mnemonic.startsWith('st') || isPrefix(one.words[0] ?? 0);
  const word = one.words[last ? one.words.length - 1 : 0] ?? 0;
  fillState(expected, one.seed, one.style);
  applyChanges(expected, one.before, address);
  target.setState(expected);
  initial.set(expected);
  applyChanges(expected, one.after, address);
  const ignored = ignoredOf(mnemonic, word, initialView, expectedView);
  if (ignored === 'all') return [];
  const vector = target.run(index);
  if (vector !== undefined) return [`interrupt 0x${vector.toString(16)}`];
  target.getState(actual);
  if (Buffer.compare(expected, actual) === 0) return [];
  const texts: string[] = [];
  for (let at = 0; at < block.bytes / 8; at++) {
    const [want, have] = [expectedView.getBigUint64(8 * at, true), actualView.getBigUint64(8 * at, true)];
    const mask = ignored.filter((item) => item.index === at).reduce((sum, item) => sum | item.mask, 0n);
    if (((want ^ have) & ~mask) === 0n) continue;
    texts.push(`${nameOf(at)} is ${hex(have)}, the oracle has ${hex(want)}`);
  }
  return texts;
}

/** The operands of a case, for a failure's text. */
function operandsText(one: VectorCase, address: bigint): string {
  const state = new Uint8Array(block.bytes);
  fillState(state, one.seed, one.style);
  applyChanges(state, one.before, address);
  const view = new DataView(state.buffer);
  const text = disassemble(one.words[0] ?? 0, 0n, undefined, one.words[1]);
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

function runSet(target: ExecutionTarget, mnemonic: string, cases: readonly VectorCase[]): void {
  const failures: string[] = [];
  let failed = 0;
  const addresses = target.load(cases.map(({ words }) => words));
  for (const [index, one] of cases.entries()) {
    const found = differences({ target, index, address: addresses[index] ?? 0n }, mnemonic, one);
    if (found.length === 0) continue;
    failed++;
    if (failures.length < cut) failures.push(`${operandsText(one, 0n)}:\n    ${found.slice(0, 6).join('\n    ')}`);
  }
  assert.equal(failed, 0, `${failed} of ${cases.length} cases differ:\n  ${failures.join('\n  ')}`);
}

const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.vectors.br')) : [];

// Translating costs more than running: it takes one case of four.
for (const [name, translate, stride] of [
  ['interpreter', false, 1],
  ['translator', true, 4],
] as const) {
  const targets = [true, false].map((littleEndian) => new EngineTarget({ edition: '3.1', littleEndian, translate }));
  for (const file of files) {
    const target = targets[file.startsWith('big-endian') ? 1 : 0];
    const { oracle, sets } = readVectors(brotliDecompressSync(readFileSync(join(folder, file))));
    for (const { mnemonic, cases } of sets) {
      const some = cases.filter((_, i) => i % stride === 0);
      test(`${name}: ${mnemonic} as ${oracle.split(' (')[0]}`, () => target && runSet(target, mnemonic, some));
    }
  }
  test(`${name}: ${translate ? 'the cases ran translated' : 'nothing was translated'}`, () => {
    const regions = targets.reduce((sum, target) => sum + target.regions, 0);
    assert.equal(regions > 30_000, translate, `${regions} regions`);
  });
}

test('there are vectors of every group', () => {
  assert.ok(files.length >= 8, files.join(' '));
});
