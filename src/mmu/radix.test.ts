// Radix translation, TLB filling and invalidation against a model that walks nothing: it remembers what was mapped.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DataPlane, msr } from '../../test/data-plane-harness.ts';
import { jumpCacheBytes, jumpCacheOffset } from '../cpu/memory-map.ts';
import { modelBit, state } from '../cpu/state.ts';

const valid = 1n << 63n;
const leaf = 1n << 62n;
export const eaa = { privileged: 8n, read: 4n, write: 2n, execute: 1n } as const;
const referenced = 0x100n;
const changed = 0x80n;
const quadrant3 = 0xc000000000000000n;

/** Builds trees of 13/9/9/9 bits for 52-bit addresses in guest RAM, as Linux does. */
class Trees {
  readonly plane: DataPlane;
  #next = 0x10_0000;

  constructor(plane: DataPlane) {
    this.plane = plane;
    for (const cpu of plane.cpus) {
      plane.setState64(cpu.index, 'processTable', 0x8000n);
      plane.setSpr(cpu.index, 318, 0x3d3f408n);
      plane.setMsr(cpu.index, msr.kernel);
    }
  }

  #table(bits: number): number {
    const bytes = 8 << bits;
    const at = Math.ceil(this.#next / bytes) * bytes;
    this.#next = at + bytes;
    return at;
  }

  #root(pid: number): number {
    const entry = 0x8000 + 16 * pid;
    const word = this.plane.read64(entry);
    if (word !== 0n) return Number(word & 0x0fffffffffffff00n);
    const root = this.#table(13);
    // RTS = 21 (52 bits) in bits 1:2 and 56:58.
    this.plane.write64(entry, 0x40000000000000a0n | BigInt(root) | 13n);
    return root;
  }

  /** Real address of the leaf entry; intermediate levels are made. */
  entry(pid: number, ea: bigint, shift: number): number {
    let table = this.#root(pid);
    let bits = 39;
    let index = (ea >> 39n) & 0x1fffn;
    for (;;) {
      const at = table + 8 * Number(index);
      if (bits === shift || bits <= 16) return at;
      const next = bits - 9 < 16 && shift === 16 ? 5 : 9;
      let word = this.plane.read64(at);
      if (word === 0n) {
        word = valid | BigInt(this.#table(next)) | BigInt(next);
        this.plane.write64(at, word);
      }
      table = Number(word & 0x0fffffffffffff00n);
      bits -= next;
      index = (ea >> BigInt(bits)) & ((1n << BigInt(next)) - 1n);
      if (bits === shift) return table + 8 * Number(index);
    }
  }

  map(pid: number, ea: bigint, real: number, shift: number, bits: bigint): number {
    const at = this.entry(pid, ea, shift);
    this.plane.write64(at, valid | leaf | BigInt(real) | bits);
    return at;
  }
}

function machine(cpus = 1): { plane: DataPlane; trees: Trees } {
  const plane = new DataPlane({ cpus });
  return { plane, trees: new Trees(plane) };
}

test('a mapped page is read and written, R and C are set, the TLB hits afterwards', () => {
  const { plane, trees } = machine();
  const ea = quadrant3 | 0x12345678n;
  const at = trees.map(0, ea & 0xfffffffffffffn, 0x30_0000, 16, eaa.privileged | eaa.read | eaa.write);
  plane.write64(0x30_0000 + 0x5678, 0x1122334455667788n);

  assert.equal(plane.on(0, 'loadSlow', ea, 8), 0x8877665544332211n);
  assert.equal(plane.read64(at) & (referenced | changed), referenced);
  assert.equal(plane.probe(0, 'tlbRead', ea, 8), plane.ramBase + 0x30_5678);
  assert.equal(plane.probe(0, 'tlbWrite', ea, 8), undefined);

  plane.on(0, 'storeSlow', ea, 4, 0xffffffffaabbccddn);
  assert.equal(plane.read64(0x30_5678), 0xddccbbaa55667788n);
  assert.equal(plane.read64(at) & changed, changed);
  assert.equal(plane.probe(0, 'tlbWrite', ea, 4), plane.ramBase + 0x30_5678);
  assert.equal(plane.takeException(0), undefined);
});

test('loads that miss page after page bring the rest of their 64 KiB along, and nothing else', () => {
  const { plane, trees } = machine();
  const base = quadrant3 | 0x1_0000n;
  const at = trees.map(0, 0x1_0000n, 0x30_0000, 16, eaa.privileged | eaa.read | eaa.write);
  trees.map(0, 0x2_0000n, 0x32_0000, 16, eaa.privileged | eaa.read | eaa.write);
  const pages = (table: 'tlbRead' | 'tlbWrite') =>
    Array.from({ length: 17 }, (_, page) => page).filter((page) => {
      const host = plane.probe(0, table, base + BigInt(page) * 4096n, 8);
      if (host !== undefined) assert.equal(host, plane.ramBase + 0x30_0000 + page * 4096);
      return host !== undefined;
    });
  const load = (page: number) => plane.on(0, 'loadSlow', base + BigInt(page) * 4096n + 8n, 8);
  load(3);
  load(9);
  assert.deepEqual(pages('tlbRead'), [3, 9]);
  load(4);
  assert.deepEqual(pages('tlbRead'), [3, 4, 9], 'no page behind the one that was missed last');
  load(5);
  assert.deepEqual(pages('tlbRead'), [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  assert.deepEqual(pages('tlbWrite'), [], 'C is not set');

  // Stores: all but a page of code.
  plane.view.setUint8(plane.codeMap + 0x30d, 1);
  plane.on(0, 'storeSlow', base + 0xb008n, 8, 1n);
  plane.on(0, 'storeSlow', base + 0xc008n, 8, 1n);
  assert.deepEqual(pages('tlbWrite'), [11, 12, 14, 15]);

  plane.write64(at, 0n);
  plane.on(0, 'tlbInvalidateEntry', 0n, base | (5n << 5n), 3, 0);
  assert.deepEqual([pages('tlbRead'), pages('tlbWrite')], [[], []]);
  assert.equal(plane.takeException(0), undefined);
});

test('faults carry the DSISR and SRR1 bits of the architecture', () => {
  const { plane, trees } = machine();
  const base = quadrant3;
  trees.map(0, 0x1_0000n, 0x30_0000, 16, eaa.privileged | eaa.read);
  trees.map(0, 0x2_0000n, 0x30_0000, 16, eaa.privileged | eaa.read | eaa.write | eaa.execute);
  const fault = (name: string, ...args: (number | bigint)[]) => {
    plane.on(0, name, ...args);
    return plane.takeException(0);
  };

  assert.deepEqual(fault('loadSlow', base | 0x9_0123n, 4), {
    vector: 0x300,
    dar: base | 0x9_0123n,
    dsisr: 0x40000000n,
    srr1: 0n,
  });
  assert.deepEqual(fault('storeSlow', base | 0x9_0120n, 4, 0n)?.dsisr, 0x42000000n);
  assert.deepEqual(fault('storeSlow', base | 0x1_0120n, 4, 0n)?.dsisr, 0x0a000000n);
  assert.equal(fault('loadSlow', 0x4000000000000000n, 4)?.vector, 0x380);
  assert.equal(fault('loadSlow', quadrant3 | (1n << 52n), 4)?.vector, 0x380);
  assert.deepEqual(fault('translateFetch', base | 0x9_0000n)?.srr1, 0x40000000n);
  assert.deepEqual(fault('translateFetch', base | 0x1_0000n)?.srr1, 0x10000000n);
  assert.equal(fault('translateFetch', 0x8000000000000000n)?.vector, 0x480);
  assert.equal(plane.on(0, 'translateFetch', base | 0x2_0044n), 0x30_0044n);

  plane.setMsr(0, msr.user);
  assert.deepEqual(fault('loadSlow', base | 0x1_0120n, 4)?.dsisr, 0x08000000n);
  assert.deepEqual(fault('translateFetch', base | 0x2_0000n)?.srr1, 0x10000000n);
});

test('an access across pages checks both before a byte is stored, DAR names the faulting page', () => {
  const { plane, trees } = machine();
  trees.map(0, 0x1_0000n, 0x30_0000, 16, eaa.privileged | eaa.read | eaa.write);
  const ea = quadrant3 | 0x1_fffcn;
  plane.write64(0x30_fff8, 0x0102030405060708n);

  plane.on(0, 'storeSlow', ea, 8, 0xffffffffffffffffn);
  assert.deepEqual(plane.takeException(0), { vector: 0x300, dar: quadrant3 | 0x2_0000n, dsisr: 0x42000000n, srr1: 0n });
  assert.equal(plane.read64(0x30_fff8), 0x0102030405060708n);

  trees.map(0, 0x2_0000n, 0x38_0000, 16, eaa.privileged | eaa.read | eaa.write);
  plane.on(0, 'storeSlow', ea, 8, 0x1112131415161718n);
  assert.equal(plane.read64(0x30_fff8), 0x0102030418171615n);
  assert.equal(plane.read64(0x38_0000) >> 32n, 0x14131211n);
  assert.equal(plane.on(0, 'loadSlow', ea, 8), 0x1112131415161718n);
});

test('AMR key 0 shuts and opens problem-state pages for the supervisor', () => {
  const { plane, trees } = machine();
  plane.setSpr(0, 48, 3n);
  trees.map(3, 0x1_0000n, 0x30_0000, 16, eaa.read | eaa.write | changed);
  plane.on(0, 'loadSlow', 0x1_0000n, 4);
  assert.notEqual(plane.probe(0, 'tlbRead', 0x1_0000n), undefined);
  assert.notEqual(plane.probe(0, 'tlbWrite', 0x1_0000n), undefined);

  plane.on(0, 'moveToSpr', 29, 0xc000000000000000n);
  assert.equal(plane.probe(0, 'tlbRead', 0x1_0000n), undefined);
  assert.equal(plane.probe(0, 'tlbWrite', 0x1_0000n), undefined);
  plane.on(0, 'loadSlow', 0x1_0000n, 4);
  assert.equal(plane.takeException(0)?.dsisr, 0x08000000n);
  plane.setMsr(0, msr.user);
  plane.on(0, 'loadSlow', 0x1_0000n, 4);
  assert.equal(plane.takeException(0), undefined);
});

test('an access crosses into the next 4 KiB within a leaf, if it may be accessed alike', () => {
  const { plane, trees } = machine();
  const base = quadrant3 | 0x1_0000n;
  const bits = eaa.privileged | eaa.read | eaa.write | changed;
  const at = trees.map(0, 0x1_0000n, 0x30_0000, 16, bits);
  trees.map(0, 0x2_0000n, 0x31_0000, 16, bits);
  // The next 4 KiB pages of RAM with code: 5 and 9.
  for (const page of [0x305, 0x309]) plane.view.setUint8(plane.codeMap + page, 1);
  const crossing = (table: 'tlbRead' | 'tlbWrite') =>
    Array.from({ length: 16 }, (_, page) => page).filter((page) => {
      const ea = base + BigInt(page) * 4096n + 4092n;
      const host = plane.probe(0, table, ea, 8);
      if (host !== undefined) assert.equal(host, plane.ramBase + 0x30_0000 + page * 4096 + 4092);
      return host !== undefined;
    });
  for (let page = 0n; page < 16n; page++) plane.on(0, 'loadSlow', base + page * 4096n, 8);
  assert.deepEqual(crossing('tlbRead'), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  const beforeCode = [0, 1, 2, 3, 6, 7, 10, 11, 12, 13, 14];
  assert.deepEqual(crossing('tlbWrite'), beforeCode);
  assert.equal(plane.probe(0, 'tlbWrite', base + 0x4000n, 8), plane.ramBase + 0x30_4000);

  // A page becomes code: neither it nor what reaches into it can be written.
  plane.call('tlbDropWrite', 0x30c);
  assert.deepEqual(crossing('tlbWrite'), [0, 1, 2, 3, 6, 7, 10, 13, 14]);
  assert.deepEqual(crossing('tlbRead').length, 15);

  // A part of the leaf is invalidated, by a page size that is less than its own: what reaches into it goes, too.
  plane.on(0, 'tlbInvalidateEntry', 0n, base | 0x8000n, 3, 0);
  assert.deepEqual(crossing('tlbRead'), [0, 1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14]);
  assert.notEqual(plane.probe(0, 'tlbRead', base + 0x9000n, 8), undefined);

  plane.write64(at, 0n);
  plane.on(0, 'tlbInvalidateEntry', 0n, base | (5n << 5n), 3, 0);
  assert.deepEqual([crossing('tlbRead'), crossing('tlbWrite')], [[], []]);
  assert.equal(plane.takeException(0), undefined);
});

test('an access does not cross from a page that AMR may shut, nor among watched pages', () => {
  const { plane, trees } = machine();
  plane.setSpr(0, 48, 3n);
  trees.map(3, 0x1_0000n, 0x30_0000, 16, eaa.read | eaa.write | changed);
  const crosses = (ea: bigint) => {
    plane.on(0, 'loadSlow', ea, 4);
    assert.notEqual(plane.probe(0, 'tlbRead', ea, 4), undefined);
    return plane.probe(0, 'tlbRead', ea, 8) !== undefined;
  };
  assert.equal(crosses(0x1_0ffcn), false, 'privileged access to a page of problem state');
  plane.setMsr(0, msr.user);
  assert.equal(crosses(0x1_0ffcn), true);
  plane.on(0, 'tlbFlushAll');
  // DAWR0 on another page: DAWRX with PRO, DR.
  plane.setSpr(0, 180, 0x2_0000n);
  plane.setSpr(0, 188, 0x21n);
  plane.on(0, 'watchpointsChanged');
  assert.equal(crosses(0x1_0ffcn), false, 'watched pages');
});

test('what AMR has shut comes back without a walk when it is opened, each right by itself', () => {
  const { plane, trees } = machine();
  plane.setSpr(0, 48, 3n);
  trees.map(3, 0x1_0000n, 0x30_0000, 16, eaa.read | eaa.write | changed);
  plane.on(0, 'loadSlow', 0x1_0000n, 4);
  const host = plane.ramBase + 0x30_0000;

  plane.on(0, 'moveToSpr', 29, 0xc000000000000000n);
  plane.on(0, 'moveToSpr', 29, 0x8000000000000000n);
  assert.equal(plane.probe(0, 'tlbRead', 0x1_0000n), host);
  assert.equal(plane.probe(0, 'tlbWrite', 0x1_0000n), undefined);
  plane.on(0, 'moveToSpr', 29, 0x4000000000000000n);
  assert.equal(plane.probe(0, 'tlbRead', 0x1_0000n), undefined);
  assert.equal(plane.probe(0, 'tlbWrite', 0x1_0000n), host);

  plane.on(0, 'moveToSpr', 29, 0xc000000000000000n);
  plane.on(0, 'tlbInvalidateEntry', 3n << 32n, 0x1_0000n | (5n << 5n), 3, 0);
  plane.on(0, 'moveToSpr', 29, 0n);
  assert.equal(plane.probe(0, 'tlbRead', 0x1_0000n), undefined);
});

test('an entry that has taken the place of one that depends on AMR goes and comes as what it is', () => {
  const { plane, trees } = machine();
  plane.setSpr(0, 48, 3n);
  trees.map(3, 0x1_0000n, 0x30_0000, 16, eaa.read | eaa.write | changed);
  // The same entry of the table: 64 MiB further on, with the bits that are mixed in.
  const kernel = quadrant3 | 0x401_4000n;
  const at = trees.map(0, 0x401_0000n, 0x31_0000, 16, eaa.privileged | eaa.read | eaa.write | changed);
  plane.on(0, 'loadSlow', 0x1_0000n, 4);
  plane.on(0, 'loadSlow', kernel, 4);
  assert.equal(plane.probe(0, 'tlbRead', 0x1_0000n), undefined, 'both have the same entry');
  plane.on(0, 'moveToSpr', 29, 0xc000000000000000n);
  plane.on(0, 'moveToSpr', 29, 0n);
  const host = plane.ramBase + 0x31_4000;
  assert.equal(plane.probe(0, 'tlbRead', kernel + 4092n, 8), host + 4092);
  plane.write64(at, 0n);
  plane.on(0, 'tlbInvalidateEntry', 0n, quadrant3 | 0x401_0000n | (5n << 5n), 3, 0);
  assert.equal(plane.probe(0, 'tlbRead', kernel, 4), undefined);
});

test("a change of PID keeps the kernel's pages and each process's own", () => {
  const { plane, trees } = machine();
  trees.map(0, 0x2_0000n, 0x31_0000, 16, eaa.privileged | eaa.read);
  trees.map(3, 0x1_0000n, 0x30_0000, 16, eaa.read);
  const kernel = quadrant3 | 0x2_0000n;
  plane.setSpr(0, 48, 3n);
  plane.on(0, 'loadSlow', kernel, 4);
  plane.on(0, 'loadSlow', 0x1_0000n, 4);
  plane.setMsr(0, msr.user);
  plane.on(0, 'loadSlow', 0x1_0000n, 4);

  plane.setMsr(0, msr.kernel);
  plane.on(0, 'moveToSpr', 48, 4n);
  assert.equal(plane.probe(0, 'tlbRead', kernel), plane.ramBase + 0x31_0000);
  assert.equal(plane.probe(0, 'tlbRead', 0x1_0000n), undefined);
  plane.on(0, 'moveToSpr', 48, 3n);
  assert.equal(plane.probe(0, 'tlbRead', 0x1_0000n), undefined);
  plane.setMsr(0, msr.user);
  assert.equal(plane.probe(0, 'tlbRead', 0x1_0000n), plane.ramBase + 0x30_0000);
});

test('a remembered jump holds until an execute entry of its own set goes', () => {
  const { plane, trees } = machine();
  trees.map(0, 0x2_0000n, 0x31_0000, 16, eaa.privileged | eaa.read | eaa.execute);
  trees.map(3, 0x1_0000n, 0x30_0000, 16, eaa.read | eaa.execute);
  plane.setSpr(0, 48, 3n);
  const jumpContext = (mode: bigint) => {
    plane.setMsr(0, mode);
    return plane.cpu(0).view.getUint32(state.jumpContext.offset, true);
  };
  const fetch = (mode: bigint, ea: bigint) => {
    plane.setMsr(0, mode);
    plane.cpu(0).nip = ea;
    plane.on(0, 'fetchRecords');
  };
  fetch(msr.kernel, quadrant3 | 0x2_0000n);
  fetch(msr.user, 0x1_0000n);
  const before = [jumpContext(msr.kernel), jumpContext(msr.user)];
  assert.notEqual(before[0], before[1]);

  plane.setMsr(0, msr.kernel);
  plane.on(0, 'tlbInvalidateEntry', 3n << 32n, 0x1_0000n | (5n << 5n), 3, 0);
  assert.equal(jumpContext(msr.kernel), before[0]);
  assert.notEqual(jumpContext(msr.user), before[1]);

  plane.call('jumpsChanged');
  assert.notEqual(jumpContext(msr.kernel), before[0]);
});

test('a vCPU that starts anew remembers no jump, since its epochs may have been there before', () => {
  const { plane } = machine();
  const { view, address } = plane.cpu(0);
  const cache = new DataView(view.buffer, address + jumpCacheOffset, jumpCacheBytes);
  for (let at = 0; at < jumpCacheBytes; at += 16) cache.setBigUint64(at, quadrant3 | BigInt(4 * at), true);

  plane.call('tlbInit', address);

  for (let at = 0; at < jumpCacheBytes; at += 16) {
    // No instruction has such an address.
    if ((cache.getBigUint64(at, true) & 3n) === 0n) assert.fail(`entry ${at / 16}`);
  }
});

test('a store to a page with code keeps missing and is reported', () => {
  const { plane, trees } = machine();
  trees.map(0, 0x1_0000n, 0x30_0000, 16, eaa.privileged | eaa.read | eaa.write | changed);
  const ea = quadrant3 | 0x1_0010n;
  plane.on(0, 'loadSlow', ea, 4);
  assert.notEqual(plane.probe(0, 'tlbWrite', ea), undefined);

  plane.view.setUint8(plane.codeMap + 0x300, 1);
  plane.call('tlbDropWrite', 0x300);
  assert.equal(plane.probe(0, 'tlbWrite', ea), undefined);
  plane.on(0, 'storeSlow', ea, 4, 1n);
  assert.equal(plane.probe(0, 'tlbWrite', ea), undefined);
  assert.deepEqual(plane.codeWrites, [{ real: 0x30_0010, size: 4 }]);
});

test('tlbie drops a page of PID 0 in quadrants 0 and 3, whichever it names', () => {
  const { plane, trees } = machine();
  const at = trees.map(0, 0x1_0000n, 0x30_0000, 16, eaa.privileged | eaa.read);
  for (const named of [0n, quadrant3]) {
    for (const used of [0n, quadrant3]) {
      plane.write64(at, plane.read64(at) | valid);
      plane.on(0, 'loadSlow', used | 0x1_0000n, 8);
      assert.notEqual(plane.probe(0, 'tlbRead', used | 0x1_0000n), undefined);
      plane.write64(at, 0n);
      plane.on(0, 'tlbInvalidateEntry', 0n, named | 0x1_0000n | (5n << 5n), 3, 0);
      assert.equal(plane.probe(0, 'tlbRead', used | 0x1_0000n), undefined);
      trees.map(0, 0x1_0000n, 0x30_0000, 16, eaa.privileged | eaa.read);
    }
  }
});

test('an access outside RAM goes to a device in the byte order of the guest', () => {
  const { plane, trees } = machine();
  trees.map(0, 0x1_0000n, 0x60302031a0000, 16, eaa.privileged | eaa.read | eaa.write);
  plane.mmioValue = 0x8006n;
  assert.equal(plane.on(0, 'loadSlow', quadrant3 | 0x1_0810n, 2), 0x0680n);
  plane.on(0, 'storeSlow', quadrant3 | 0x1_0011n, 1, 0xffn);
  assert.deepEqual(plane.mmio, [
    { real: 0x60302031a0810, size: 2 },
    { real: 0x60302031a0011, size: 1, value: 0xffn },
  ]);
  assert.equal(plane.on(0, 'hostAddress', quadrant3 | 0x1_0010n, 4, 0), 0);
  assert.equal(plane.takeException(0)?.dsisr, 0x04000000n);
  assert.equal(plane.on(0, 'hostAddress', quadrant3 | 0x1_0011n, 4, 0), 0);
  assert.equal(plane.takeException(0)?.vector, 0x600);
});

test('a fetch finds the records of its page once for each byte order, and for problem state under a PCR, and fills the execute table', () => {
  const { plane, trees } = machine();
  trees.map(0, 0x2_0000n, 0x30_0000, 16, eaa.privileged | eaa.read | eaa.execute);
  const ea = quadrant3 | 0x2_1044n;
  const key = 0x301 * 4 + 1;
  plane.cpu(0).nip = ea;
  assert.equal(plane.on(0, 'fetchRecords'), 0x1000 + key);
  assert.equal(plane.probe(0, 'tlbExecute', ea), 0x1044 + key);
  plane.on(0, 'tlbInvalidateEntry', 0n, 1n << 10n, 3, 0);
  assert.equal(plane.probe(0, 'tlbExecute', ea), undefined);
  assert.equal(plane.on(0, 'fetchRecords'), 0x1000 + key);
  assert.deepEqual(plane.recordRequests, [key]);

  plane.setMsr(0, msr.kernel & ~1n);
  assert.equal(plane.probe(0, 'tlbExecute', ea), undefined);
  assert.equal(plane.on(0, 'fetchRecords'), 0x1000 + key - 1);
  plane.call('forgetRecords');
  plane.on(0, 'fetchRecords');
  assert.deepEqual(plane.recordRequests, [key, key - 1, key - 1]);

  plane.cpu(0).view.setInt32(state.pcrMask.offset, modelBit.isa310, true);
  assert.equal(plane.on(0, 'fetchRecords'), 0x1000 + key - 1);
  trees.map(0, 0x4_0000n, 0x30_0000, 16, eaa.read | eaa.execute);
  plane.setMsr(0, msr.user);
  plane.cpu(0).nip = quadrant3 | 0x4_1044n;
  assert.equal(plane.on(0, 'fetchRecords'), 0x1000 + key + 2);

  plane.cpu(0).nip = quadrant3 | 0x9_0000n;
  assert.equal(plane.on(0, 'fetchRecords'), 0);
  assert.equal(plane.takeException(0)?.vector, 0x400);
});

test('random maps, changes with tlbie, PID switches, AMR, code: every probe that hits is what the tables say', () => {
  const pages = 24;
  const action = fc.record({
    kind: fc.constantFrom('map', 'unmap', 'pid', 'load', 'store', 'flushPid', 'tlbiel', 'amr', 'code'),
    pid: fc.integer({ min: 0, max: 8 }),
    page: fc.integer({ min: 0, max: pages - 1 }),
    frame: fc.integer({ min: 0, max: 15 }),
    user: fc.boolean(),
    writable: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 120 }), (actions) => {
      const { plane, trees } = machine(2);
      const mapped = new Map<string, { frame: number; user: boolean; writable: boolean }>();
      const key = (pid: number, number: number) => `${pid}/${number}`;
      // PID 0 is reached through quadrant 3; pages 4096 numbers apart share a TLB index.
      const address = (pid: number, number: number) =>
        (pid === 0 ? quadrant3 : 0n) | (BigInt(number % 8) << 16n) | (BigInt(number >> 3) << 24n);
      let current = 0;
      let amr = 0n;
      const code = new Set<number>();
      const invalidate = (pid: number, number: number, local: number) => {
        const rs = BigInt(pid) << 32n;
        const rb = address(pid, number) | (5n << 5n);
        plane.on(0, 'tlbInvalidateEntry', rs, rb, 3, local);
        if (local) plane.on(1, 'tlbInvalidateEntry', rs, rb, 3, local);
      };
      for (const a of actions) {
        const ea = address(a.pid, a.page);
        const name = key(a.pid, a.page);
        if (a.kind === 'map') {
          const bits = eaa.read | (a.writable ? eaa.write | changed : 0n) | (a.user ? 0n : eaa.privileged);
          trees.map(a.pid, ea & 0xfffffffffffffn, 0x30_0000 + a.frame * 0x1_0000, 16, bits);
          if (mapped.has(name)) invalidate(a.pid, a.page, 0);
          mapped.set(name, a);
        } else if (a.kind === 'unmap' || a.kind === 'tlbiel') {
          plane.write64(trees.entry(a.pid, ea & 0xfffffffffffffn, 16), 0n);
          invalidate(a.pid, a.page, a.kind === 'tlbiel' ? 1 : 0);
          mapped.delete(name);
        } else if (a.kind === 'pid') {
          current = a.pid;
          for (const i of [0, 1]) plane.on(i, 'moveToSpr', 48, BigInt(current));
        } else if (a.kind === 'flushPid') {
          plane.on(0, 'tlbInvalidateEntry', BigInt(a.pid) << 32n, 1n << 10n, 3, 0);
        } else if (a.kind === 'amr') {
          plane.setMsr(1, msr.kernel);
          amr = BigInt(a.frame & 3) << 62n;
          plane.on(1, 'moveToSpr', 29, amr);
        } else if (a.kind === 'code') {
          const page = 0x300 + 16 * a.frame;
          code.add(a.frame);
          plane.view.setUint8(plane.codeMap + page, 1);
          plane.call('tlbDropWrite', page);
        } else if (a.pid === 0 || a.pid === current) {
          plane.setMsr(1, a.user ? msr.user : msr.kernel);
          const entry = mapped.get(name);
          const shut = !a.user && entry?.user === true && (amr >> (a.kind === 'load' ? 62n : 63n)) % 2n === 1n;
          const denied =
            entry === undefined || (a.user && !entry.user) || (a.kind === 'store' && !entry.writable) || shut;
          if (a.kind === 'load') plane.on(1, 'loadSlow', ea + 8n, 8);
          else plane.on(1, 'storeSlow', ea + 8n, 8, 1n);
          assert.equal(plane.takeException(1) !== undefined, denied);
        }
        for (const mode of [msr.user, msr.kernel]) {
          plane.setMsr(1, mode);
          for (const pid of [0, current]) {
            for (let number = 0; number < pages; number++) {
              const entry = mapped.get(key(pid, number));
              for (const table of ['tlbRead', 'tlbWrite'] as const) {
                const host = plane.probe(1, table, address(pid, number));
                if (host === undefined) continue;
                assert.ok(entry, `stale ${table} entry`);
                assert.equal(host, plane.ramBase + 0x30_0000 + entry.frame * 0x1_0000);
                assert.ok(table === 'tlbRead' || (entry.writable && !code.has(entry.frame)));
                assert.ok(entry.user || mode === msr.kernel);
                const shut = (amr >> (table === 'tlbRead' ? 62n : 63n)) % 2n === 1n;
                assert.ok(!(shut && entry.user && mode === msr.kernel), `${table} entry against AMR`);
              }
            }
          }
        }
      }
    }),
    { numRuns: 40 },
  );
});
