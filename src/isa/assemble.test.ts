// The assembler inverts the disassembler, and reports mistakes with their line.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AssembleError, assemble } from './assemble.ts';
import { disassembleRow } from './disassemble.ts';
import { compositeFields } from './field.ts';
import { operandNames } from './operand.ts';
import { patternOf } from './row-pattern.ts';
import { instructionTable } from './table.ts';

const wordAt = (bytes: Uint8Array, offset = 0) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset, true);
const bytesOf = (source: string) => [...assemble(source).bytes];

test('assembling the disassembly of a word gives the word again, for every row', () => {
  const address = 0x1000n;
  for (const row of instructionTable) {
    const pattern = patternOf(row);
    // Operands are what a text can carry; hint bits that no operand names stay 0.
    let [fields, prefixFields] = [0, 0];
    const written = operandNames(row).flatMap((name) => [name, ...(compositeFields[name] ?? [])]);
    for (const name of [...written, 'OE', 'Rc', 'LK', 'AA'] as const) {
      const piece = pattern.pieces.get(name);
      if (!piece) continue;
      const ones = ((1 << piece.length) - 1) << (32 - piece.start - piece.length);
      if (piece.inPrefix) prefixFields |= ones;
      else fields |= ones;
    }
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (bits, others) => {
        const word = (pattern.value | (bits & fields)) >>> 0;
        const prefix = ((pattern.prefix?.value ?? 0) | (others & prefixFields)) >>> 0;
        const text = disassembleRow(row, word, address, prefix);
        const { bytes } = assemble(text, { origin: address });
        assert.equal(wordAt(bytes, pattern.prefix ? 4 : 0).toString(16), word.toString(16), text);
        if (pattern.prefix) assert.equal(wordAt(bytes).toString(16), prefix.toString(16), text);
      }),
      { numRuns: 20 },
    );
  }
});

test('labels, numbered labels and expressions', () => {
  const source = `
    .set size, 4 * (3 + 1)
start: li r3, size
1:     addi r3, r3, -1
       cmpwi r3, 0
       bne 1b
       beq cr7, 1f
       nop
1:     lis r4, message@ha
       addi r4, r4, message@l
       bl start
message: .asciz "hi, \\"you\\"; #1"   # a comment
       .balign 8
       .quad start, message - start`;

  const { bytes, symbols } = assemble(source, { origin: 0x12348000n });

  assert.equal(symbols.get('start'), 0x12348000n);
  assert.equal(wordAt(bytes, 0), 0x38600010);
  assert.equal(wordAt(bytes, 12), 0x4082fff8);
  assert.equal(wordAt(bytes, 16), 0x419e0008);
  assert.equal(wordAt(bytes, 24), 0x3c801235);
  assert.equal(wordAt(bytes, 28), 0x38848024);
  assert.equal(wordAt(bytes, 32), 0x4bffffe1);
  assert.equal(String.fromCharCode(...bytes.subarray(36, 50)), 'hi, "you"; #1\0');
  const quads = new DataView(bytes.buffer);
  assert.equal(quads.getBigUint64(56, true), 0x12348000n);
  assert.equal(quads.getBigUint64(64, true), 36n);
});

test('a prefixed instruction is moved behind a 64-byte boundary that it would cross, in either byte order', () => {
  const { bytes, symbols } = assemble('.skip 60\nhere: pli r3, 0x123456789\nend:', { littleEndian: false });

  assert.equal(symbols.get('here'), 64n);
  assert.equal(symbols.get('end'), 72n);
  assert.deepEqual([...bytes.subarray(60)], [0x60, 0, 0, 0, 6, 1, 0x23, 0x45, 0x38, 0x60, 0x67, 0x89]);
});

test('data directives follow the byte order', () => {
  assert.deepEqual(bytesOf('.short 0x1234; .byte 5'), [0x34, 0x12, 5]);
  assert.deepEqual([...assemble('.long 1; nop', { littleEndian: false }).bytes], [0, 0, 0, 1, 0x60, 0, 0, 0]);
});

for (const [source, message] of [
  ['nop\nfrobnicate r1', /^line 2: unknown instruction "frobnicate"/],
  ['addi r3, r4', /^line 1: wrong number of operands, expected addi RT,RA,SI/],
  ['addi r3, r4, 65536', /^line 1: operand SI of addi cannot be 65536/],
  ['ld r3, 6(r4)', /^line 1: operand DS of ld cannot be 6/],
  ['b nowhere', /^line 1: unknown symbol "nowhere"/],
  ['.quad 1 +', /^line 1: the expression "1 \+" ends too early/],
  ['a: nop\na: nop', /^line 2: "a" is defined twice/],
] as const) {
  test(`mistake: ${source.replaceAll('\n', ' / ')}`, () => {
    assert.throws(
      () => assemble(source),
      (error) => error instanceof AssembleError && message.test(error.message),
    );
  });
}
