// Flattened trees: round trip, dtc as oracle, hostile blocks.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { FdtError } from './fdt-error.ts';
import { cells, cells64, cellsOf, concatenated, strings, textOf, utf8 } from './property-value.ts';
import { readFdt } from './reader.ts';
import { DeviceNode, DeviceTree, nodesFrom } from './tree.ts';
import { writeFdt } from './writer.ts';

const hasDtc = spawnSync('dtc', ['--version']).status === 0;

function example(): DeviceTree {
  const root = new DeviceNode('', { '#address-cells': cells(2), compatible: strings('a,b', 'c') }).add(
    new DeviceNode('chosen', { bootargs: strings(''), empty: new Uint8Array(0), odd: Uint8Array.of(1, 2, 3) }),
    new DeviceNode('cpus').add(new DeviceNode('cpu@0', { reg: cells(0) }), new DeviceNode('cpu@a', { reg: cells(10) })),
  );
  return new DeviceTree(root, [{ address: 0x40_0000n, size: 0x1_0000_0000n }]).number(0x1112);
}

/** A tree as nested plain data, for comparison. */
function plain(node: DeviceNode): unknown {
  return [node.name, [...node.properties].map(([name, value]) => [name, [...value]]), node.children.map(plain)];
}

const anyName = fc.stringMatching(/^[a-z0-9,._+-]{1,20}$/);
const anyProperties = fc.uniqueArray(fc.tuple(anyName, fc.uint8Array({ maxLength: 9 })), {
  selector: ([name]) => name,
  maxLength: 4,
});
/** Nodes up to `depth` levels deep. */
function anyNode(depth: number): fc.Arbitrary<DeviceNode> {
  const children =
    depth === 0 ? fc.constant([]) : fc.uniqueArray(anyNode(depth - 1), { selector: ({ name }) => name, maxLength: 3 });
  return fc
    .tuple(anyName, anyProperties, children)
    .map(([name, properties, below]) => new DeviceNode(name, Object.fromEntries(properties)).add(...below));
}

test('any tree is read as it was written', () => {
  fc.assert(
    fc.property(anyNode(3), ({ properties, children }) => {
      const root = new DeviceNode('', Object.fromEntries(properties)).add(...children);
      const again = readFdt(writeFdt(new DeviceTree(root, [{ address: 1n, size: 2n }])));
      assert.deepEqual(plain(again.root), plain(root));
      assert.deepEqual(again.reservations, [{ address: 1n, size: 2n }]);
    }),
    { numRuns: 100 },
  );
});

test('dtc reads what is written and agrees on every value', { skip: !hasDtc }, () => {
  const block = writeFdt(example(), 10);
  const source = execFileSync('dtc', ['-q', '-I', 'dtb', '-O', 'dts', '-'], { input: block, encoding: 'utf8' });
  assert.match(source, /\/memreserve\/\s+0x0000000000400000 0x0000000100000000/);
  assert.match(source, /compatible = "a,b(", "|\\0)c";/);
  assert.match(source, /odd = \[01 02 03\];/);
  assert.match(source, /empty;/);
  assert.match(source, /cpu@a \{/);
  const again = execFileSync('dtc', ['-q', '-I', 'dts', '-O', 'dtb', '-'], { input: source });
  assert.deepEqual(plain(readFdt(again).root), plain(example().root));
});

test('a block that dtc wrote is read', { skip: !hasDtc }, () => {
  const source = '/dts-v1/; / { a = <1 2>; b = "x", "yz"; n@1 { reg = <1>; }; };';
  const tree = readFdt(execFileSync('dtc', ['-q', '-I', 'dts', '-O', 'dtb', '-'], { input: source }));
  assert.deepEqual(cellsOf(tree.root.properties.get('a') ?? new Uint8Array()), [1, 2]);
  assert.equal(textOf(tree.root.properties.get('b') ?? new Uint8Array()), 'x');
  assert.deepEqual(cellsOf(tree.find('/n')?.properties.get('reg') ?? new Uint8Array()), [1]);
});

test('every truncation and every changed byte of a block is read or refused with FdtError', () => {
  const block = writeFdt(example());
  const attempt = (bytes: Uint8Array): void => {
    try {
      const tree = readFdt(bytes);
      for (const node of nodesFrom(tree.root)) assert.ok(node.path.length < 4096);
    } catch (error) {
      assert.ok(error instanceof FdtError, String(error));
      assert.ok(!error.message.includes('\n'));
    }
  };
  for (let length = 0; length < block.length; length++) {
    assert.throws(() => readFdt(block.subarray(0, length)), FdtError);
  }
  for (let at = 0; at < block.length; at++) {
    for (const value of [0, 1, 2, 3, 9, 0x7f, 0x80, 0xff]) {
      const changed = block.slice();
      changed[at] = value;
      attempt(changed);
    }
  }
});

test('random words behind a valid header are read or refused with FdtError', () => {
  const header = writeFdt(new DeviceTree(new DeviceNode('')));
  fc.assert(
    fc.property(fc.array(fc.constantFrom(1, 2, 3, 4, 9, 0, 8, 0x61000000, 0xffff_ffff), { maxLength: 60 }), (words) => {
      const body = cells(...words);
      const block = concatenated(header.subarray(0, 56), body, utf8('ab\0'));
      const view = new DataView(block.buffer);
      view.setUint32(4, block.length);
      view.setUint32(12, 56 + body.length);
      view.setUint32(32, 3);
      view.setUint32(36, body.length);
      try {
        readFdt(block);
      } catch (error) {
        assert.ok(error instanceof FdtError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

test('what is refused says what is wrong', () => {
  const block = (): Uint8Array => writeFdt(example());
  const word = (at: number, value: number): Uint8Array => {
    const bytes = block();
    new DataView(bytes.buffer).setUint32(at, value);
    return bytes;
  };
  const problem = (bytes: Uint8Array): string => {
    try {
      readFdt(bytes);
    } catch (error) {
      if (error instanceof FdtError) return error.problem;
    }
    return 'none';
  };
  assert.equal(problem(new Uint8Array(10)), 'too-short');
  assert.equal(problem(word(0, 0x7f454c46)), 'bad-magic');
  assert.equal(problem(word(20, 3)), 'bad-version');
  assert.equal(problem(word(24, 18)), 'bad-version');
  assert.equal(problem(word(4, 0x7fff_ffff)), 'too-short');
  assert.equal(problem(word(8, 0x7fff_fffc)), 'bad-offset');
  let deep = new DeviceNode('x');
  for (let n = 0; n < 100; n++) deep = new DeviceNode('x').add(deep);
  assert.equal(problem(writeFdt(new DeviceTree(new DeviceNode('').add(deep)))), 'too-deep');
  const twins = new DeviceNode('').add(new DeviceNode('a'), new DeviceNode('a'));
  assert.equal(problem(writeFdt(new DeviceTree(twins))), 'duplicate');
});

test('phandles: a given one is kept, a rebuilt tree keeps its own, doubles are made unique', () => {
  const build = () =>
    new DeviceTree(
      new DeviceNode('').add(
        new DeviceNode('a'),
        new DeviceNode('b', { phandle: cells(7) }),
        new DeviceNode('c', { phandle: cells(7) }),
      ),
    );
  const tree = build().number(100, new Map([['/a', 42]]));
  assert.deepEqual(
    tree.root.children.map(({ phandle }) => phandle),
    [42, 7, 101],
  );
  assert.equal(tree.byPhandle(42)?.path, '/a');
  assert.deepEqual([...(tree.find('/c')?.properties.get('phandle') ?? [])], [0, 0, 0, 101]);
});

test('paths: unit addresses may be left out, arguments are dropped', () => {
  const tree = example();
  assert.equal(tree.find('/cpus/cpu@a')?.path, '/cpus/cpu@a');
  assert.equal(tree.find('/cpus/cpu')?.path, '/cpus/cpu@0');
  assert.equal(tree.find('/chosen:x')?.path, '/chosen');
  assert.equal(tree.find('/'), tree.root);
  assert.equal(tree.find('chosen'), undefined);
  assert.equal(tree.find('/cpus/cpu@b'), undefined);
});

test('cells of wide numbers and UTF-8 of any text', () => {
  assert.deepEqual(cells64(0x1_2345_6789n), [1, 0x2345_6789]);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.deepEqual([...utf8(text)], [...new TextEncoder().encode(text)]);
    }),
  );
});
