// Stores to pages of code, as the machine around the engine makes them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machineWord } from '../cpu/memory-map.ts';
import { loadEngineImages } from '../host/engine-images.ts';
import { TestCpu } from './test-cpu.ts';

/** addi r3,r3,1 */
const word = 0x38630001;

test('writing no bytes changes nothing, in RAM or elsewhere', () => {
  const cpu = new TestCpu({ images: loadEngineImages() });
  cpu.execute([word]);
  const { ram, memory } = cpu.engine;
  // RAM behind the map of pages with code: none of its bytes may be taken for an entry of the map.
  for (let at = 0x8_0000; at < 0xc_0000; at += 8) ram.write64(at, 0x0101_0101_0101_0101n);
  const codeMap = Number(new DataView(memory.buffer).getBigUint64(machineWord.codeMap, true));
  const before = Buffer.from(Buffer.from(memory.buffer, codeMap));
  for (let i = 0; i < 100; i++) ram.writeBytes(0, new Uint8Array(0));
  assert.ok(before.equals(Buffer.from(memory.buffer, codeMap)));
});
