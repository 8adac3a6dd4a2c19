// The console's path between keyboard and guest: nothing is lost, doubled or reordered, and keys of our own are found.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { ConsoleRing } from './console-ring.ts';
import { EscapeFilter, escapeHelp, escapeKeys } from './escape-keys.ts';
import { ExecOutput } from './exec-output.ts';

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

test('a ring gives back what was written, in order, whatever the chunks', () => {
  const chunks = fc.array(fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.nat(40)));
  fc.assert(
    fc.property(chunks, (steps) => {
      const ring = new ConsoleRing(ConsoleRing.allocate(32));
      const sent: number[] = [];
      const received: number[] = [];
      for (const [chunk, wanted] of steps) {
        sent.push(...chunk.subarray(0, ring.write(chunk)));
        const into = new Uint8Array(wanted);
        received.push(...into.subarray(0, ring.read(into)));
        assert.ok(ring.length + ring.space === 32);
      }
      const rest = new Uint8Array(32);
      received.push(...rest.subarray(0, ring.read(rest)));
      assert.deepEqual(received, sent);
    }),
  );
});

test('a ring crosses threads: a Worker that is slower than the writer loses nothing', async () => {
  const buffer = ConsoleRing.allocate(64);
  const ring = new ConsoleRing(buffer);
  const program = `
    import { parentPort, workerData } from 'node:worker_threads';
    const { ConsoleRing } = await import(workerData.module);
    const ring = new ConsoleRing(workerData.buffer);
    let sum = 0, count = 0;
    const into = new Uint8Array(7);
    while (count < workerData.total) {
      const n = ring.read(into);
      for (let i = 0; i < n; i++) sum = (sum * 31 + into[i]) >>> 0;
      count += n;
    }
    parentPort.postMessage(sum);`;
  const total = 20_000;
  const module = new URL('./console-ring.js', import.meta.url).href;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`), {
    workerData: { buffer, module, total },
  });
  const result = new Promise<number>((resolve, reject) => {
    worker.on('message', resolve);
    worker.on('error', reject);
  });
  const data = Uint8Array.from({ length: total }, (_, index) => (index * 7) & 0xff);
  let expected = 0;
  for (const byte of data) expected = (expected * 31 + byte) >>> 0;
  for (let done = 0; done < total; ) {
    done += ring.write(data.subarray(done));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(await result, expected);
});

test('Ctrl-A commands are found across chunks and all other bytes reach the guest', () => {
  const filter = new EscapeFilter();
  assert.deepEqual(filter.feed(bytes('ls\r')), { guest: bytes('ls\r'), commands: [] });
  assert.deepEqual(filter.feed(bytes('a\x01')), { guest: bytes('a'), commands: [] });
  assert.deepEqual(filter.feed(bytes('hb\x01\x01c\x01Xd')), { guest: bytes('b\x01cd'), commands: ['help', 'quit'] });
  assert.deepEqual(filter.feed(bytes('\x01z')), { guest: bytes(''), commands: ['unknown'] });
});

test('the help names every key', () => {
  for (const { summary } of escapeKeys) assert.ok(escapeHelp().includes(summary));
});

function collect(output: ExecOutput, stream: Uint8Array, chunkSize: number): Uint8Array {
  const parts: number[] = [];
  for (let at = 0; at < stream.length; at += chunkSize) parts.push(...output.feed(stream.subarray(at, at + chunkSize)));
  return Uint8Array.from(parts);
}

test('the output of a command is found between the marks, byte for byte, in chunks of any size', () => {
  const anything = fc.uint8Array({ maxLength: 60 });
  const nearMarks = fc.constantFrom(
    '\x1b_continuo-',
    '\x1b_continuo-12ab-end',
    '\x1b_continuo-12ab-end-',
    '\x1b_continuo-12ab-end-1234\x1b\\',
    '\x1b\x1b_continuo-12ab-begin\x1b\\',
    '\x1b',
  );
  fc.assert(
    fc.property(
      anything,
      nearMarks,
      anything,
      fc.integer({ min: 1, max: 30 }),
      fc.nat(255),
      (a, mark, b, size, status) => {
        const body = Uint8Array.from([...a, ...bytes(mark), ...b]);
        const stream = Uint8Array.from([
          ...bytes('Linux ppc64le\r\n\x1b_continuo-12ab-begin\x1b\\'),
          ...body,
          ...bytes(`\x1b_continuo-12ab-end-${status}\x1b\\reboot: Power down\r\n`),
        ]);
        const output = new ExecOutput('12ab');
        assert.deepEqual(collect(output, stream, size), body);
        assert.equal(output.status, status);
      },
    ),
  );
});

test('without an end there is no status, and what the console showed before is kept', () => {
  const output = new ExecOutput('12ab');
  output.feed(bytes('Kernel panic'));
  assert.equal(output.status, undefined);
  assert.equal(output.consoleBefore, 'Kernel panic');
});
