// The main function of each interpreter stays small enough for good code: V8 takes its lesser register allocator for
// functions of more than 8192 values, which the main function has from about 45,000 bytes on; it is half as fast then.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instructionTable } from '../../isa/table.ts';
import { generateInterpreter } from './generate.ts';

const mostBytes = 44_000;

for (const is64 of [true, false]) {
  for (const littleEndian of [true, false]) {
    const name = `${is64 ? 64 : 32}-bit ${littleEndian ? 'little' : 'big'}-endian`;
    test(`the main function of the ${name} interpreter has at most ${mostBytes} bytes`, (t) => {
      const { mainBytes } = generateInterpreter(instructionTable, { is64, littleEndian });
      t.diagnostic(`${mainBytes} bytes`);
      assert.ok(mainBytes > 10_000 && mainBytes <= mostBytes, `${mainBytes} bytes: fewer rows can be hot`);
    });
  }
}
