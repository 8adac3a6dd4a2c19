// Fields read by shifts and masks that were worked out beforehand have the values that their definition gives.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compositeFields, type FieldName, fieldValue } from '../isa/field.ts';
import { patternOf } from '../isa/row-pattern.ts';
import { instructionTable } from '../isa/table.ts';
import { fieldReader } from './record-layout.ts';

const words = [0, -1, 0x8000_0000, 0x7fff_ffff, 0x5a5a_a5a5, 0x1234_5678, 0xfedc_ba98, 0x0000_8000, 0x0200_0002];

test('every field of every row is read as it is defined', () => {
  for (const row of instructionTable) {
    const pattern = patternOf(row);
    // The keys of the table of composite fields are field names.
    const composite = (Object.keys(compositeFields) as FieldName[]).filter((name) =>
      compositeFields[name]?.every((piece) => pattern.pieces.has(piece)),
    );
    for (const name of [...pattern.pieces.keys(), ...composite]) {
      const read = fieldReader(pattern, name);
      for (const word of words) {
        for (const prefix of [word, ~word]) {
          const expected = fieldValue(pattern, name, word, prefix);
          assert.equal(read(word, prefix), expected, `${row.mnemonic} ${name} ${word} ${prefix}`);
        }
      }
    }
  }
});
