// What a kernel finds in a new NVRAM: a chain of partitions from the first byte to the last, each header with its sum.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formattedNvram } from './nvram.ts';

/** Sum with end-around carry over a header without its checksum, computed the other way: modulo 255. */
function sumOf(header: Uint8Array): number {
  const sum = header.reduce((total, byte, index) => (index === 1 ? total : total + byte), 0);
  return sum === 0 ? 0 : ((sum - 1) % 255) + 1;
}

test('a new NVRAM has the common partition and free space, and nothing between or behind them', () => {
  const nvram = formattedNvram();
  const view = new DataView(nvram.buffer);
  const partitions = [];
  for (let at = 0; at < nvram.length; ) {
    const header = nvram.subarray(at, at + 16);
    assert.equal(header[1], sumOf(header));
    const bytes = view.getUint16(at + 2) * 16;
    assert.ok(bytes > 0 && at + bytes <= nvram.length);
    partitions.push([header[0], Buffer.from(header.subarray(4)).toString('latin1').replace(/\0+$/, ''), bytes]);
    at += bytes;
  }
  assert.deepEqual(partitions, [
    [0x70, 'common', 0x1000],
    [0x7f, 'wwwwwwwwwwww', 0xf000],
  ]);
});
