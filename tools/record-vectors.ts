// Records instruction vectors from QEMU's user emulation into test/vectors: `npm run record:vectors [-- PATTERN]`.
// With a pattern only rows whose mnemonic matches are run, and nothing is written; with `--group NAME` one file is.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { decode } from '../src/isa/decode.ts';
import type { InstructionRow } from '../src/isa/row.ts';
import { instructionTable } from '../src/isa/table.ts';
import { block, fillState } from '../test/instructions/machine-state.ts';
import {
  applyChanges,
  type Change,
  type VectorCase,
  type VectorSet,
  writeVectors,
} from '../test/instructions/vector-format.ts';
import { readOptions } from './tool-options.ts';
import { accessesMemory, CaseGenerator, type CaseInput, exclusion } from './vectors/generate-cases.ts';
import { makeProgram, swapBlock } from './vectors/program.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const folder = join(root, 'test/vectors');
const casesPerRow = 160;
/** Fewer for the big-endian run, which is about the order of bytes only. */
const bigEndianCases = 48;

/** Which file a row's vectors go to. */
function groupOf(row: InstructionRow): string {
  if (/^(pm)?xv.*ger|acc/.test(row.mnemonic)) return 'matrix';
  if (row.prefix !== undefined) return 'prefixed';
  if (row.since === '3.1') return 'power10';
  if (/^(xs|xv|lxs|stxs)/.test(row.mnemonic)) return 'vsx-arithmetic';
  if (/^(xx|lx|stx|m[tf]vsr)/.test(row.mnemonic)) return 'vsx-move';
  if (/^(v|bcd|lv|stv|m[tf]vscr)/.test(row.mnemonic)) return 'vector';
  if (row.facility === 'DFP') return 'decimal';
  if (row.facility === 'FP') return 'floating-point';
  return 'fixed-point';
}

/** A seed from a mnemonic, so that other rows do not change a row's cases (FNV-1a). */
function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return hash >>> 0;
}

function blockOf(input: CaseInput, address: bigint): Uint8Array {
  const state = new Uint8Array(block.bytes);
  fillState(state, input.seed, input.style);
  applyChanges(state, input.before, address);
  return state;
}

/** addpcis, and prefixed instructions with R = 1, give addresses relative to their own. */
function isRelative(words: readonly number[]): boolean {
  const [word = 0, suffix] = words;
  return (
    decode(word)?.mnemonic === 'addpcis' || (decode(word, suffix)?.mnemonic === 'paddi' && (word & 0x10_0000) !== 0)
  );
}

/** Differences of two blocks; relative to the words are LR when it points just behind them and what addpcis gives. */
function changesOf(words: readonly number[], before: Uint8Array, after: Uint8Array, address: bigint): Change[] {
  const [from, to] = [before, after].map((b) => new DataView(b.buffer, b.byteOffset, block.bytes));
  const changes: Change[] = [];
  for (let index = 0; index < block.bytes / 8; index++) {
    const value = to?.getBigUint64(8 * index, true) ?? 0n;
    if (value === from?.getBigUint64(8 * index, true)) continue;
    const nearLr = index === block.lr / 8 && value - address >= 0n && value - address <= 16n;
    const relative = nearLr || (isRelative(words) && index < 32);
    changes.push({ index, value: relative ? value - address : value, relative });
  }
  return changes;
}

/** An emulator with a byte order, and a folder for its programs. */
interface Oracle {
  readonly emulator: string;
  readonly littleEndian: boolean;
  readonly scratch: string;
}

/** Runs cases; a text when the program did not end well. */
function run(oracle: Oracle, inputs: readonly CaseInput[], cpu: string): readonly VectorCase[] | string {
  const { emulator, littleEndian, scratch } = oracle;
  const ordered = (state: Uint8Array) => (littleEndian ? state : swapBlock(state));
  const programCases = inputs.map((input) => ({
    words: input.words,
    state: (address: bigint) => ordered(blockOf(input, address)),
  }));
  const program = makeProgram(programCases, littleEndian);
  const path = join(scratch, 'program');
  writeFileSync(path, program.elf);
  chmodSync(path, 0o755);
  const { stdout, status, signal, stderr } = spawnSync(emulator, ['-cpu', cpu, path], { maxBuffer: 2 ** 30 });
  if (stdout.length !== inputs.length * block.bytes)
    return `${signal ?? status} ${stderr.toString().trim().split('\n')[0]}`;
  return inputs.map((input, i) => {
    const address = program.addresses[i] ?? 0n;
    const after = ordered(new Uint8Array(stdout.subarray(i * block.bytes, (i + 1) * block.bytes)));
    return { ...input, after: changesOf(input.words, blockOf(input, address), after, address) };
  });
}

/** Runs cases, leaving out those that end the program (illegal forms, signals): their number and the last reason. */
function runAll(oracle: Oracle, inputs: readonly CaseInput[], cpu: string): { cases: VectorCase[]; failure: string } {
  const cases = run(oracle, inputs, cpu);
  if (typeof cases !== 'string') return { cases: [...cases], failure: '' };
  if (inputs.length === 1) return { cases: [], failure: cases };
  const middle = inputs.length >> 1;
  const first = runAll(oracle, inputs.slice(0, middle), cpu);
  // A row that fails always fails in its first half, too.
  if (first.cases.length === 0 && inputs.length > 4) return first;
  const second = runAll(oracle, inputs.slice(middle), cpu);
  return { cases: [...first.cases, ...second.cases], failure: second.failure || first.failure };
}

/** The version that an emulator tells; throws when it is not installed. */
function versionOf(emulator: string): string {
  const version = spawnSync(emulator, ['--version'], { encoding: 'utf8' }).stdout?.split('\n')[0] ?? '';
  if (version === '') throw new Error(`${emulator} is not installed (Debian package qemu-user-static)`);
  return version;
}

/** Records rows into groups; what could not be recorded goes to `left`. */
function recordRows(
  oracle: Oracle,
  rows: readonly InstructionRow[],
  count: number,
  nameOf: (row: InstructionRow) => string,
  left: string[],
): Map<string, VectorSet[]> {
  const groups = new Map<string, VectorSet[]>();
  for (const row of rows) {
    const reason = exclusion(row);
    if (reason !== undefined) {
      left.push(`${row.mnemonic}\t${reason}`);
      continue;
    }
    const source = new CaseGenerator(row, seedOf(row.mnemonic));
    const inputs = Array.from({ length: count }, () => source.next());
    const cpu = row.since === '3.1' ? 'POWER10' : 'POWER9';
    const { cases, failure } = runAll(oracle, inputs, cpu);
    const lost = inputs.length - cases.length;
    if (failure !== '') left.push(`${row.mnemonic}\t${lost} of ${inputs.length} cases: ${failure}`);
    if (cases.length === 0) continue;
    const group = groups.get(nameOf(row)) ?? [];
    group.push({ mnemonic: row.mnemonic, cases });
    groups.set(nameOf(row), group);
  }
  return groups;
}

/** Compresses and, when asked, writes the files of groups. */
function writeGroups(oracle: string, groups: ReadonlyMap<string, VectorSet[]>, write: boolean): void {
  for (const [name, sets] of groups) {
    const bytes = writeVectors({ oracle, sets });
    const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 24 } };
    const packed = brotliCompressSync(bytes, options);
    if (write) writeFileSync(join(folder, `${name}.vectors.br`), packed);
    console.log(`${name}: ${sets.length} instructions, ${bytes.length} bytes, ${packed.length} compressed`);
  }
}

/** The big-endian files: rows that access memory. */
function bigEndianGroupOf(row: InstructionRow): string {
  return row.prefix === undefined ? 'big-endian' : 'big-endian-prefixed';
}

/** What to record: all, rows by mnemonic (without writing), or the rows of one file. */
interface Selection {
  readonly pattern: RegExp | undefined;
  readonly group: string | undefined;
}

function record({ pattern, group }: Selection): void {
  const scratch = mkdtempSync(join(tmpdir(), 'continuo-vectors-'));
  const little: Oracle = { emulator: 'qemu-ppc64le-static', littleEndian: true, scratch };
  const big: Oracle = { emulator: 'qemu-ppc64-static', littleEndian: false, scratch };
  const chosen = (rows: readonly InstructionRow[], nameOf: (row: InstructionRow) => string) =>
    rows.filter((row) => (pattern?.test(row.mnemonic) ?? true) && (group === undefined || nameOf(row) === group));
  const left: string[] = [];
  mkdirSync(folder, { recursive: true });
  const write = pattern === undefined;
  const rows = chosen(instructionTable, groupOf);
  writeGroups(versionOf(little.emulator), recordRows(little, rows, casesPerRow, groupOf, left), write);
  const memoryRows = chosen(instructionTable.filter(accessesMemory), bigEndianGroupOf);
  writeGroups(versionOf(big.emulator), recordRows(big, memoryRows, bigEndianCases, bigEndianGroupOf, []), write);
  rmSync(scratch, { recursive: true, force: true });
  if (pattern === undefined && group === undefined)
    writeFileSync(join(folder, 'not-recorded.tsv'), `${left.join('\n')}\n`);
  console.log(left.join('\n'));
}

const command = {
  name: 'record:vectors',
  usage: `Usage: npm run record:vectors -- [options] [PATTERN]
Records what QEMU does with the instructions whose names PATTERN, a regular expression, matches (all without one).

  --group NAME   only those of one file of vectors
`,
};
const { values, positionals } = readOptions(command, {
  options: { group: { type: 'string' } },
  allowPositionals: true,
});
record({ pattern: positionals[0] === undefined ? undefined : new RegExp(positionals[0]), group: values.group });
