// The assembler gives what GNU as gives for a source with many base and extended mnemonics.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { assemble } from '../../src/isa/assemble.ts';
import { decode } from '../../src/isa/decode.ts';

const prefix = 'powerpc64le-linux-gnu-';

function missing(): string | false {
  const { error } = spawnSync(`${prefix}as`, ['--version']);
  return error ? `${prefix}as is not installed (package binutils-powerpc64le-linux-gnu)` : false;
}

function gnuAssemble(source: string): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'continuo-as-'));
  try {
    writeFileSync(join(folder, 'source.s'), source);
    const options = { cwd: folder, encoding: 'utf8' } as const;
    const assembled = spawnSync(`${prefix}as`, ['-mregnames', '-mpower10', '-o', 'object', 'source.s'], options);
    assert.equal(assembled.status, 0, assembled.stderr);
    const copied = spawnSync(`${prefix}objcopy`, ['-O', 'binary', '-j', '.text', 'object', 'bytes'], options);
    assert.equal(copied.status, 0, copied.stderr);
    return readFileSync(join(folder, 'bytes'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const conditions = ['lt', 'le', 'eq', 'ge', 'gt', 'nl', 'ne', 'ng', 'so', 'ns', 'un', 'nu'];
const source = [
  'start:',
  ...conditions.flatMap((c) => [
    `b${c} 1f`,
    `b${c}+ cr3, 1f`,
    `b${c}- 1f`,
    `b${c}l cr1, start`,
    `b${c}lr`,
    `b${c}lr cr5`,
  ]),
  ...conditions.flatMap((c) => [`b${c}ctr`, `b${c}ctrl cr6`]),
  '1:',
  ...[
    'bdnz start',
    'bdnz+ 1b',
    'bdz- 1b',
    'bdnzt eq, 1b',
    'bdzf 4*cr2+so, 1b',
    'blr',
    'blrl',
    'bctr',
    'bctrl',
    'bdnzlr',
  ],
  ...['b start', 'bl start', 'ba 0x1000', 'bla 0x100', 'bc 12, 4*cr7+eq, start', 'bclr 20,0,0', 'bca 12,2,0x60'],
  ...['li r3, -1', 'lis r4, 0x7fff', 'subi r5, r6, 8', 'mr r1, r2', 'mr. r3, r4', 'not r5, r6', 'not. r5, r6', 'nop'],
  ...['sub r1, r2, r3', 'sub. r1, r2, r3', 'subc r1, r2, r3', 'subo. r1, r2, r3', 'subic. r3, r4, 5'],
  ...[
    'slwi r1, r2, 3',
    'srwi r1, r2, 3',
    'srwi. r1, r2, 1',
    'clrlwi r1, r2, 16',
    'clrrwi r1, r2, 4',
    'rotlwi r3, r4, 9',
  ],
  ...['rotrwi r1, r2, 5', 'rotlw r1, r2, r3', 'extlwi r1, r2, 8, 4', 'extrwi r1, r2, 8, 4', 'inslwi r1, r2, 8, 4'],
  ...['insrwi r1, r2, 8, 4', 'sldi r1, r2, 33', 'srdi r1, r2, 33', 'clrldi r1, r2, 48', 'clrrdi r1, r2, 12'],
  ...['clrlsldi r1, r2, 40, 8', 'rotldi r1, r2, 7', 'rotrdi r1, r2, 7', 'rotld r1, r2, r3', 'extldi r1, r2, 8, 4'],
  ...['extrdi r1, r2, 8, 4', 'insrdi r1, r2, 8, 4', 'crset 5', 'crclr 4*cr1+eq', 'crmove 1, 2', 'crnot 3, 4'],
  ...['cmpwi r3, 5', 'cmpdi cr4, r3, -5', 'cmpw r3, r4', 'cmpd cr1, r3, r4', 'cmplwi r3, 5', 'cmpldi cr7, r3, 65535'],
  ...[
    'cmplw r3, r4',
    'cmpld cr2, r3, r4',
    'trap',
    'tweq r3, r4',
    'twnei r3, 5',
    'tdlgei r3, 5',
    'tdllt r3, r4',
    'twui r3, 1',
  ],
  ...['mtcr r5', 'mtcrf 0x81, r5', 'mfcr r6', 'mtocrf 0x40, r3', 'isel r1, r2, r3, 4*cr2+gt', 'addpcis r3, -5'],
  ...[
    'lwz r3, 8(r1)',
    'std r0, 16(r1)',
    'ld r3, -8(0)',
    'stdu r1, -32(r1)',

    'pld r3, 8(r4), 0',
    'pstd r3, -0x123456789(r4), 0',
    'plwz r3, 8(0), 1',
    'pli r3, 0x123456789',
    'paddi r3, r4, -5, 0',
    'psubi r3, r4, 5',
    'plxv vs34, 16(r3), 0',
    'pnop',
    'lq r4, 32(r6)',
    'stq r4, 8(r6)',
  ],
  ...['lwarx r3, 0, r4', 'ldarx r3, r4, r5, 1', 'stdcx. r3, 0, r4', 'lwat r3, r4, 16', 'stdat r3, r4, 24'],
  ...[
    '.byte 1, 2, 3',
    '.balign 4',
    '.long 1f - start, 0x12345678',
    '.quad start, -1',
    '.ascii "abc\\n"',
    '.skip 5, 7',
    '.p2align 3',
  ],
  ...[
    '1: addi r3, r3, 0x123456789abc@l',
    'addis r3, r3, 0x12348000@ha',
    'oris r3, r3, 0x123456789abc@h',
    'ori 3, 3, (1 << 4) | 3 ^ 1',
  ],
].join('\n');

test('the bytes are those of GNU as', { skip: missing() }, () => {
  const expected = gnuAssemble(`${source}\n`);

  const { bytes } = assemble(source);

  const lengths = `${bytes.length} bytes, GNU as gives ${expected.length}`;
  for (let i = 0; i + 4 <= Math.min(bytes.length, expected.length); i += 4) {
    const [ours, theirs] = [bytes, expected].map((b) => new DataView(b.buffer, b.byteOffset).getUint32(i, true));
    assert.equal(
      ours?.toString(16),
      theirs?.toString(16),
      `at 0x${i.toString(16)} (${decode(theirs ?? 0)?.mnemonic}); ${lengths}`,
    );
  }
  assert.equal(bytes.length, expected.length);
});
