// Loading files: what is accepted lands where QEMU puts it, what is not is an ImageError, whatever the headers say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { firmwareEntry, kernelLoadAddress, planBoot } from './boot-layout.ts';
import { checkDeviceTreeFile } from './device-tree-file.ts';
import { readElf } from './elf.ts';
import { ImageError } from './image-error.ts';

const gibibyte = 1 << 30;
const mutatedHeaders = 25_000;

interface ElfShape {
  readonly wide: boolean;
  readonly little: boolean;
  readonly machine?: number;
  readonly entry?: number;
  readonly segments?: readonly { readonly paddr: number; readonly fileBytes: number; readonly memoryBytes: number }[];
}

/** Writes an ELF file whose segments follow its headers; high halves of addresses are those of a Linux kernel. */
function makeElf(shape: ElfShape): Uint8Array {
  const segments = shape.segments ?? [{ paddr: 0, fileBytes: 64, memoryBytes: 100 }];
  const [headerSize, entrySize] = shape.wide ? [64, 56] : [52, 32];
  const headers = headerSize + segments.length * entrySize;
  const bytes = new Uint8Array(headers + segments.reduce((sum, { fileBytes }) => sum + fileBytes, 0));
  const view = new DataView(bytes.buffer);
  const half = (at: number, value: number): void => view.setUint16(at, value, shape.little);
  const word = (at: number, value: number): void => view.setUint32(at, value, shape.little);
  const address = (at: number, low: number, high = 0): void => {
    word(shape.wide && !shape.little ? at + 4 : at, low);
    if (shape.wide) word(shape.little ? at + 4 : at, high);
  };
  bytes.set([0x7f, 0x45, 0x4c, 0x46, shape.wide ? 2 : 1, shape.little ? 1 : 2, 1]);
  half(16, 2);
  half(18, shape.machine ?? 21);
  word(20, 1);
  address(24, shape.entry ?? 0, 0xc0000000);
  address(shape.wide ? 32 : 28, headerSize);
  half(shape.wide ? 54 : 42, entrySize);
  half(shape.wide ? 56 : 44, segments.length);
  let offset = headers;
  segments.forEach(({ paddr, fileBytes, memoryBytes }, index) => {
    const at = headerSize + index * entrySize;
    word(at, 1);
    address(at + (shape.wide ? 8 : 4), offset);
    address(at + (shape.wide ? 24 : 12), paddr);
    address(at + (shape.wide ? 32 : 16), fileBytes);
    address(at + (shape.wide ? 40 : 20), memoryBytes);
    bytes.fill(index + 1, offset, offset + fileBytes);
    offset += fileBytes;
  });
  return bytes;
}

function refusal(action: () => unknown): ImageError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof ImageError, String(error));
    assert.ok(!error.message.includes('\n'));
    return error;
  }
  return assert.fail('nothing was refused');
}

for (const wide of [true, false]) {
  for (const little of [true, false]) {
    test(`an ELF${wide ? 64 : 32} ${little ? 'little' : 'big'}-endian kernel lands at its load address`, () => {
      const kernel = makeElf({ wide, little, machine: wide ? 21 : 20, entry: 0x10 });
      const layout = planBoot({ kernel }, gibibyte);
      assert.equal(layout.kernel?.entry, kernelLoadAddress + 0x10);
      assert.deepEqual(layout.kernel?.range, { address: kernelLoadAddress, size: 100 });
      assert.equal(layout.kernel?.littleEndian, little);
      assert.deepEqual(layout.pieces, [
        { image: 'kernel', address: kernelLoadAddress, bytes: new Uint8Array(64).fill(1) },
      ]);
    });
  }
}

test('a zImage linked at 64 MiB is moved up by the load address', () => {
  const segments = [{ paddr: 0x0400_0000, fileBytes: 16, memoryBytes: 32 }];
  const kernel = makeElf({ wide: false, little: false, machine: 20, entry: 0x0400_0008, segments });
  assert.equal(planBoot({ kernel }, gibibyte).kernel?.entry, 0x0440_0008);
});

test('the initrd follows the kernel as on QEMU', () => {
  // The sizes of Debian's 6.1.0-50 kernel, for which QEMU 7.2 shows the initrd at 0x2c90000.
  const segments = [{ paddr: 0, fileBytes: 64, memoryBytes: 0x287c918 }];
  const kernel = makeElf({ wide: true, little: true, segments });
  const initrd = new Uint8Array(1234).fill(7);
  assert.deepEqual(planBoot({ kernel, initrd }, gibibyte).initrd, { address: 0x2c90000, size: 1234 });
});

test('each refusal names its file and its reason', () => {
  const elf = (shape: Partial<ElfShape>): Uint8Array => makeElf({ wide: true, little: true, ...shape });
  const overlapping = [
    { paddr: 0, fileBytes: 16, memoryBytes: 32 },
    { paddr: 31, fileBytes: 16, memoryBytes: 16 },
  ];
  const huge = [{ paddr: 0, fileBytes: 16, memoryBytes: 0xffff_ffff }];
  const cases: [() => unknown, string, RegExp][] = [
    [() => readElf(new Uint8Array(0)), 'kernel', /empty/],
    [() => readElf(new Uint8Array([0x1f, 0x8b, 8, 0])), 'kernel', /gzip/],
    [() => readElf(new TextEncoder().encode('hello world')), 'kernel', /not an ELF/],
    [() => readElf(elf({ machine: 62 })), 'kernel', /x86-64/],
    [() => readElf(elf({}).subarray(0, 40)), 'kernel', /ends inside the ELF header/],
    [() => readElf(elf({}).subarray(0, 100)), 'kernel', /outside the file/],
    [() => readElf(elf({}).subarray(0, 130)), 'kernel', /segment 0 lies outside the file/],
    [() => planBoot({ kernel: elf({ entry: 0x1000 }) }, gibibyte), 'kernel', /entry point/],
    [() => planBoot({ kernel: elf({ entry: 2 }) }, gibibyte), 'kernel', /entry point/],
    [() => planBoot({ kernel: elf({ segments: overlapping }) }, gibibyte), 'kernel', /overlap/],
    [() => planBoot({ kernel: elf({ segments: huge }) }, gibibyte), 'kernel', /needs 4100 MiB.*has 1024 MiB/],
    [() => planBoot({ kernel: elf({}), initrd: new Uint8Array(0) }, gibibyte), 'initrd', /empty/],
    [() => planBoot({ kernel: elf({}), initrd: new Uint8Array(5 << 20) }, 8 << 20), 'initrd', /has 8 MiB/],
    [() => planBoot({ initrd: new Uint8Array(5) }, gibibyte), 'initrd', /needs a kernel/],
    [() => planBoot({ firmware: new Uint8Array(firmwareEntry) }, gibibyte), 'firmware', /256 bytes/],
    [() => planBoot({ firmware: new Uint8Array(5 << 20) }, gibibyte), 'firmware', /4 MiB/],
  ];
  for (const [action, image, reason] of cases) {
    const error = refusal(action);
    assert.equal(error.image, image);
    assert.match(error.message, reason);
  }
});

test(`of ${mutatedHeaders} mutated ELF headers each is refused or loads inside memory`, () => {
  let accepted = 0;
  const bases = [true, false].flatMap((wide) => [true, false].map((little) => ({ wide, little })));
  const mutations = fc.array(
    fc.record({ at: fc.nat(175), value: fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xff, 21, 64) }),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(fc.constantFrom(...bases), mutations, fc.option(fc.nat(300)), (base, changes, cut) => {
      const segments = [
        { paddr: 0, fileBytes: 64, memoryBytes: 100 },
        { paddr: 0x1_0000, fileBytes: 32, memoryBytes: 32 },
      ];
      const file = makeElf({ ...base, segments });
      for (const { at, value } of changes) if (at < file.length) file[at] = value;
      const kernel = cut === null ? file : file.subarray(0, cut);
      const memoryBytes = 256 << 20;
      try {
        const { pieces, kernel: placement } = planBoot({ kernel }, memoryBytes);
        accepted++;
        for (const { address, bytes } of pieces) {
          assert.ok(address >= kernelLoadAddress && address + bytes.length <= memoryBytes);
          assert.ok(bytes.buffer === kernel.buffer);
        }
        assert.ok(placement !== undefined && placement.range.address + placement.range.size <= memoryBytes);
      } catch (error) {
        if (!(error instanceof ImageError)) throw error;
        assert.equal(error.image, 'kernel');
      }
    }),
    { numRuns: mutatedHeaders },
  );
  // A fuzz that refuses everything would not reach the checks behind the first.
  assert.ok(accepted > mutatedHeaders / 100, `${accepted} were accepted`);
});

/** A tree with the property `a = <1>` in the root and one node in it. */
function makeTree(): Uint8Array {
  const structure = [1, 0, 3, 4, 0, 1, 1, 0x6e00_0000, 2, 2, 9];
  const bytes = new Uint8Array(40 + 16 + structure.length * 4 + 4);
  const view = new DataView(bytes.buffer);
  const structureAt = 56;
  const stringsAt = structureAt + structure.length * 4;
  [0xd00dfeed, bytes.length, structureAt, stringsAt, 40, 17, 16, 0, 2, structure.length * 4].forEach((value, index) => {
    view.setUint32(index * 4, value);
  });
  structure.forEach((value, index) => {
    view.setUint32(structureAt + index * 4, value);
  });
  bytes.set([0x61, 0], stringsAt);
  return bytes;
}

test('a well-formed flattened tree is accepted without what follows it', () => {
  const tree = makeTree();
  const withTail = new Uint8Array(tree.length + 10);
  withTail.set(tree);
  assert.deepEqual(checkDeviceTreeFile(withTail), tree);
});

test('a file that is no tree, or a truncated one, is refused', () => {
  assert.match(refusal(() => checkDeviceTreeFile(new TextEncoder().encode('/dts-v1/; / { };'))).message, /dtc/);
  assert.match(refusal(() => checkDeviceTreeFile(makeTree().subarray(0, 80))).message, /truncated/);
});

test('a mutated flattened tree is refused or stays inside its bounds', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(103), fc.nat(255)), { minLength: 1, maxLength: 5 }), (changes) => {
      const tree = makeTree();
      for (const [at, value] of changes) tree[at] = value;
      try {
        assert.ok(checkDeviceTreeFile(tree).length <= tree.length);
      } catch (error) {
        if (!(error instanceof ImageError)) throw error;
        assert.equal(error.image, 'deviceTree');
      }
    }),
    { numRuns: 5000 },
  );
});
