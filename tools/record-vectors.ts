// Records instruction vectors from QEMU's user emulation into test/vectors: `npm run record:vectors [PATTERN]`.
// With a pattern only rows whose mnemonic matches are run, and nothing is written.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
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
import { accessesMemory, CaseGenerator, type CaseInput, exclusion } from './vectors/generate-cases.ts';
import { makeProgram, swapBlock } from './vectors/program.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const folder = join(root, 'test/vectors');
const casesPerRow = 160;
/** Fewer for the big-endian run, which is about the order of bytes only. */
const bigEndianCases = 48;

/** Which file a row's vectors go to. */
function groupOf(row: InstructionRow): string {
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

/** Differences of two blocks; relative to the words are LR when it points just behind them and what addpcis gives. */
function changesOf(mnemonic: string, before: Uint8Array, after: Uint8Array, address: bigint): Change[] {
  const [from, to] = [before, after].map((b) => new DataView(b.buffer, b.byteOffset, block.bytes));
  const changes: Change[] = [];
  for (let index = 0; index < block.bytes / 8; index++) {
    const value = to?.getBigUint64(8 * index, true) ?? 0n;
    if (value === from?.getBigUint64(8 * index, true)) continue;
    const nearLr = index === block.lr / 8 && value - address >= 0n && value - address <= 16n;
    const relative = nearLr || (mnemonic === 'addpcis' && index < 32);
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
function run(
  oracle: Oracle,
  mnemonic: string,
  inputs: readonly CaseInput[],
  cpu: string,
): readonly VectorCase[] | string {
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
    return { ...input, after: changesOf(mnemonic, blockOf(input, address), after, address) };
  });
}

/** Runs cases, leaving out those that end the program (illegal forms, signals): their number and the last reason. */
function runAll(
  oracle: Oracle,
  mnemonic: string,
  inputs: readonly CaseInput[],
  cpu: string,
): { cases: VectorCase[]; failure: string } {
  const cases = run(oracle, mnemonic, inputs, cpu);
  if (typeof cases !== 'string') return { cases: [...cases], failure: '' };
  if (inputs.length === 1) return { cases: [], failure: cases };
  const middle = inputs.length >> 1;
  const first = runAll(oracle, mnemonic, inputs.slice(0, middle), cpu);
  // A row that fails always fails in its first half, too.
  if (first.cases.length === 0 && inputs.length > 4) return first;
  const second = runAll(oracle, mnemonic, inputs.slice(middle), cpu);
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
    const { cases, failure } = runAll(oracle, row.mnemonic, inputs, cpu);
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

function record(pattern: RegExp | undefined): void {
  const scratch = mkdtempSync(join(tmpdir(), 'continuo-vectors-'));
  const little: Oracle = { emulator: 'qemu-ppc64le-static', littleEndian: true, scratch };
  const big: Oracle = { emulator: 'qemu-ppc64-static', littleEndian: false, scratch };
  const rows = instructionTable.filter((row) => pattern === undefined || pattern.test(row.mnemonic));
  const left: string[] = [];
  mkdirSync(folder, { recursive: true });
  writeGroups(versionOf(little.emulator), recordRows(little, rows, casesPerRow, groupOf, left), pattern === undefined);
  const memoryRows = rows.filter(accessesMemory);
  const bigGroups = recordRows(big, memoryRows, bigEndianCases, () => 'big-endian', []);
  writeGroups(versionOf(big.emulator), bigGroups, pattern === undefined);
  rmSync(scratch, { recursive: true, force: true });
  if (pattern === undefined) writeFileSync(join(folder, 'not-recorded.tsv'), `${left.join('\n')}\n`);
  console.log(left.join('\n'));
}

const argument = process.argv[2];
record(argument === undefined ? undefined : new RegExp(argument));
