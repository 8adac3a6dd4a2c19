// Programs of floating-point instructions leave the same state translated as interpreted, FPSCR included: translated
// code computes on the host's arithmetic where it can and finds the status bits later.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assemble } from '../../src/isa/assemble.ts';
import { EngineTarget } from '../instructions/engine-target.ts';
import { block } from '../instructions/machine-state.ts';
import { generator, randomOperand } from './operands.ts';
import { decode, double, encode, single } from './reference.ts';

const programs = 2000;
const length = 8;
const next = generator(99);
const registers = 8;
const f = () => next() % registers;

const binary = ['fadd', 'fsub', 'fdiv', 'fadds', 'fsubs', 'fdivs', 'fmul', 'fmuls', 'xsadddp', 'xsmulsp', 'fcpsgn'];
const fused = ['fmadd', 'fmsub', 'fnmadd', 'fnmsub', 'fmadds', 'fmsubs', 'fnmadds', 'fnmsubs', 'fsel'];
const unary = ['fsqrt', 'fsqrts', 'frsp', 'fcfid', 'fcfidu', 'fctidz', 'frin', 'frim', 'fneg', 'fabs', 'fmr', 'fre'];
const pick = (names: readonly string[]): string => names[next() % names.length] ?? '';

function instruction(): string {
  const sort = next() % 16;
  const dot = next() % 12 === 0 ? '.' : '';
  if (sort < 6) {
    const name = pick(binary);
    return `${name}${name.startsWith('x') ? '' : dot} ${f()}, ${f()}, ${f()}`;
  }
  if (sort < 11) return `${pick(fused)}${dot} ${f()}, ${f()}, ${f()}, ${f()}`;
  if (sort < 13) return `${pick(unary)}${dot} ${f()}, ${f()}`;
  if (sort === 13) return `fcmp${next() & 1 ? 'u' : 'o'} ${next() % 8}, ${f()}, ${f()}`;
  if (sort === 14) return `mffs ${f()}`;
  return pick([
    `xvmaddadp ${f()}, ${f()}, ${f()}`,
    `xvaddsp ${f()}, ${f()}, ${f()}`,
    `mcrfs ${next() % 8}, 3`,
    'mtfsb0 6',
  ]);
}

function words(): number[] {
  const { bytes } = assemble(Array.from({ length }, instruction).join('\n'));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Array.from({ length }, (_, i) => view.getUint32(4 * i, true));
}

/** Ordinary numbers most of the time: what the fast paths are for. */
function operand(): bigint {
  const sort = next() % 8;
  if (sort === 0) return randomOperand(double, next);
  if (sort === 1) return BigInt(next() % 1000);
  if (sort < 5) {
    const x = randomOperand(double, next) & 0x800f_ffff_ffff_ffffn;
    return x | (BigInt(1023 - 8 + (next() % 16)) << 52n);
  }
  const x = decode(single, (randomOperand(single, next) & 0x807f_ffffn) | (BigInt(127 - 8 + (next() % 16)) << 23n));
  return encode(double, x);
}

test('translated floating-point programs do what interpreted ones do', () => {
  const sources = Array.from({ length: programs }, words);
  const targets = [false, true].map((translate) => {
    const target = new EngineTarget({ edition: '3.0', littleEndian: true, translate });
    target.load(sources);
    return target;
  });
  const [interpreted, translated] = targets;
  if (!interpreted || !translated) throw new Error('two targets were made');
  assert.ok(translated.regions > programs / 2, `${translated.regions} regions`);
  const states = targets.map(() => new Uint8Array(block.bytes));
  for (const [index, source] of sources.entries()) {
    const start = new Uint8Array(block.bytes);
    const view = new DataView(start.buffer);
    for (let n = 0; n < registers; n++) view.setBigUint64(block.vsr + 16 * n + 8, operand(), true);
    // Most programs run with XX set already and round to nearest: then translated code computes in line.
    const fpscr = next() % 4 === 0 ? next() & 3 : 0x8200_0000;
    view.setUint32(block.fpscr, fpscr, true);
    for (const [which, target] of targets.entries()) {
      target.setState(start);
      assert.equal(target.run(index), undefined);
      target.getState(states[which] ?? start);
    }
    const [one, other] = states;
    const text = () => source.map((word) => word.toString(16)).join(' ');
    assert.ok(Buffer.compare(other ?? start, one ?? start) === 0, `program ${index}: ${text()}`);
  }
});
