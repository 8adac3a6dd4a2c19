// Hash translation, the SLB and the hypercalls on the page table against a model: a list of virtual pages.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DataPlane, msr } from '../../test/data-plane-harness.ts';
import { hashPageBit } from '../cpu/memory-map.ts';

const hptBytes = 0x4_0000;
const groups = BigInt(hptBytes >> 7);
const tera = 1n << 62n;

/** A page size of a segment: bits of the SLB entry, log2 of the size, L and LP of the entry. */
const sizes = {
  '4K': { slb: 0n, shift: 12n, large: 0n, lp: 0n },
  '64K': { slb: 0x110n, shift: 16n, large: 4n, lp: 0x1000n },
} as const;
type Size = { readonly [Name in keyof (typeof sizes)['4K']]: bigint };

/** The operating system's side: computes hashes and calls the hypervisor. */
class Guest {
  readonly plane: DataPlane;

  constructor() {
    this.plane = new DataPlane({ cpus: 2, hptBytes, hptRoom: 8 * hptBytes });
    for (const cpu of this.plane.cpus) {
      this.plane.setSpr(cpu.index, 318, 0n);
      this.plane.setMsr(cpu.index, msr.kernel);
    }
  }

  /** Makes a segment; `bits` are Ks 0x800, Kp 0x400, N 0x200, C 0x80. */
  segment(cpu: number, index: number, ea: bigint, vsid: bigint, size: Size, oneTera: boolean, bits = 0x400n): void {
    const mask = oneTera ? (1n << 40n) - 1n : (1n << 28n) - 1n;
    const word = (oneTera ? tera | (vsid << 24n) : vsid << 12n) | size.slb | bits;
    this.plane.on(cpu, 'slbMoveTo', word, (ea & ~mask) | 0x8000000n | BigInt(index));
  }

  hash(ea: bigint, vsid: bigint, size: Size, oneTera: boolean): bigint {
    const offset = ea & (oneTera ? (1n << 40n) - 1n : (1n << 28n) - 1n);
    return (vsid ^ (oneTera ? vsid << 25n : 0n) ^ (offset >> size.shift)) & (groups - 1n);
  }

  words(ea: bigint, vsid: bigint, size: Size, oneTera: boolean, real: number, rights: bigint): [bigint, bigint] {
    const offset = ea & (oneTera ? (1n << 40n) - 1n : (1n << 28n) - 1n);
    const va = oneTera ? (vsid << 40n) | offset : (vsid << 28n) | offset;
    const pte0 = (oneTera ? tera : 0n) | ((va >> 23n) << 7n) | size.large | 1n;
    return [pte0, BigInt(real) | size.lp | 0x10n | rights];
  }

  /** A hypercall on vCPU 0: status and GPRs 4 to 11. */
  hypercall(name: string, ...args: bigint[]): { status: number; results: bigint[] } {
    const cpu = this.plane.cpu(0);
    for (let i = 0; i < 8; i++) cpu.setGpr(4 + i, args[i] ?? 0n);
    const status = Number(this.plane.on(0, name));
    return { status, results: Array.from({ length: 8 }, (_, i) => cpu.gpr(4 + i)) };
  }

  fault(cpu: number, name: string, ...args: (number | bigint)[]) {
    this.plane.on(cpu, name, ...args);
    return this.plane.takeException(cpu);
  }
}

const kernel = 0xc000000000000000n;

test('a 64 KiB page of a 1 TiB segment, as Linux maps its linear region', () => {
  const guest = new Guest();
  const { plane } = guest;
  const vsid = 0xea1b217n;
  plane.on(0, 'slbMoveTo', 0x400ea1b217000510n, 0xc000000008000000n);
  const ea = kernel | 0x35_1238n;
  const words = guest.words(ea, vsid, sizes['64K'], true, 0x20_0000, 0n);
  assert.equal(words[0], 0x400ea1b217000005n);
  assert.equal(guest.fault(0, 'loadSlow', ea, 8)?.dsisr, 0x40000000n);

  const group = guest.hash(ea, vsid, sizes['64K'], true) * 8n;
  const entered = guest.hypercall('hEnter', 0n, group, ...words);
  assert.equal(entered.status, 0);
  assert.equal(entered.results[0], group);
  plane.write64(0x20_1238, 0x0102030405060708n);
  assert.equal(plane.on(0, 'loadSlow', ea, 8), 0x0807060504030201n);
  assert.equal(plane.takeException(0), undefined);
  assert.equal(guest.hypercall('hRead', 0n, group).results[1], words[1] | 0x100n);
  assert.equal(plane.probe(0, 'tlbWrite', ea), undefined);
  plane.on(0, 'storeSlow', ea, 1, 0n);
  assert.equal(guest.hypercall('hRead', 0n, group).results[1], words[1] | 0x180n);
  assert.notEqual(plane.probe(0, 'tlbWrite', ea), undefined);
});

test('no segment raises the segment interrupts, a no-execute segment the instruction storage interrupt', () => {
  const guest = new Guest();
  assert.equal(guest.fault(0, 'loadSlow', 0x1000n, 4)?.vector, 0x380);
  assert.equal(guest.fault(0, 'translateFetch', 0x1000n)?.vector, 0x480);
  guest.segment(0, 5, 0x1000n, 77n, sizes['4K'], false, 0x600n);
  assert.deepEqual(guest.fault(0, 'translateFetch', 0x1000n)?.srr1, 0x10000000n);
  assert.equal(guest.fault(0, 'storeSlow', 0x1000n, 4, 0n)?.dsisr, 0x42000000n);
});

test('PP with the segment keys, N and the page keys decide the rights', () => {
  // [Ks or Kp set, PP0 PP1 PP2, readable, writable]
  const cases = [
    [0n, 0n, true, true],
    [0n, 1n, true, true],
    [0n, 2n, true, true],
    [0n, 3n, true, false],
    [0n, 6n, true, false],
    [1n, 0n, false, false],
    [1n, 1n, true, false],
    [1n, 2n, true, true],
    [1n, 3n, true, false],
    [1n, 6n, false, false],
  ] as const;
  for (const problem of [false, true]) {
    for (const [key, pp, readable, writable] of cases) {
      const guest = new Guest();
      guest.segment(0, 0, 0x1000n, 77n, sizes['4K'], false, key << (problem ? 10n : 11n));
      const rights = (pp & 3n) | ((pp >> 2n) << 63n);
      const words = guest.words(0x1000n, 77n, sizes['4K'], false, 0x3000, rights);
      guest.hypercall('hEnter', 0n, guest.hash(0x1000n, 77n, sizes['4K'], false) * 8n, ...words);
      guest.plane.setMsr(0, problem ? msr.user : msr.kernel);
      assert.equal(guest.fault(0, 'loadSlow', 0x1000n, 4)?.dsisr, readable ? undefined : 0x08000000n);
      assert.equal(guest.fault(0, 'storeSlow', 0x1000n, 4, 0n)?.dsisr, writable ? undefined : 0x0a000000n);
      assert.equal(guest.fault(0, 'translateFetch', 0x1000n)?.srr1, readable ? undefined : 0x08000000n);
    }
  }
});

test('AMR and IAMR forbid by page key, and a change of AMR reaches the TLB', () => {
  const guest = new Guest();
  const { plane } = guest;
  guest.segment(0, 0, 0x1000n, 77n, sizes['4K'], false);
  // Key 9: bits 0:1 of the key field in bits 2:3, the rest in bits 52:54.
  const rights = (1n << 60n) | (1n << 9n) | 0x180n;
  const words = guest.words(0x1000n, 77n, sizes['4K'], false, 0x3000, rights);
  guest.hypercall('hEnter', 0n, guest.hash(0x1000n, 77n, sizes['4K'], false) * 8n, ...words);
  plane.on(0, 'loadSlow', 0x1000n, 4);
  assert.notEqual(plane.probe(0, 'tlbWrite', 0x1000n), undefined);
  plane.on(0, 'moveToSpr', 29, 2n << (62n - 18n));
  assert.equal(plane.probe(0, 'tlbWrite', 0x1000n), undefined);
  assert.equal(guest.fault(0, 'storeSlow', 0x1000n, 4, 0n)?.dsisr, 0x02200000n);
  assert.equal(guest.fault(0, 'loadSlow', 0x1000n, 4), undefined);
  plane.on(0, 'moveToSpr', 61, 1n << (62n - 18n));
  assert.equal(guest.fault(0, 'translateFetch', 0x1000n)?.srr1, 0x00200000n);
});

test('slbie and slbia drop segments and what was derived from them', () => {
  const guest = new Guest();
  const { plane } = guest;
  const enter = (ea: bigint, vsid: bigint, real: number) => {
    const words = guest.words(ea, vsid, sizes['4K'], false, real, 0x180n);
    guest.hypercall('hEnter', 0n, guest.hash(ea, vsid, sizes['4K'], false) * 8n, ...words);
    plane.on(0, 'loadSlow', ea, 4);
    assert.equal(plane.takeException(0), undefined);
  };
  guest.segment(0, 0, 0x0000_1000n, 77n, sizes['4K'], false);
  guest.segment(0, 9, 0x1000_2000n, 78n, sizes['4K'], false);
  enter(0x1000n, 77n, 0x3000);
  enter(0x1000_2000n, 78n, 0x4000);
  assert.equal(plane.on(0, 'slbFindEntry', 0x1000_2000n), (78n << 12n) | 0x400n);
  assert.equal(plane.on(0, 'slbFound'), 1);
  plane.on(0, 'slbInvalidateEntry', 0x1000_0000n);
  assert.equal(plane.probe(0, 'tlbRead', 0x1000_2000n), undefined);
  assert.notEqual(plane.probe(0, 'tlbRead', 0x1000n), undefined);
  assert.equal(plane.on(0, 'slbMoveFromEsid', 9n), 0n);
  assert.equal(plane.on(0, 'slbMoveFromEsid', 0n), 0x8000000n);
  plane.on(0, 'slbInvalidateAll', 0);
  assert.equal(plane.probe(0, 'tlbRead', 0x1000n), undefined);
  assert.equal(guest.fault(0, 'loadSlow', 0x1000n, 4), undefined);
  plane.on(0, 'slbInvalidateAll', 4);
  assert.equal(guest.fault(0, 'loadSlow', 0x1000n, 4)?.vector, 0x380);
});

test('the hypercalls answer as PAPR says', () => {
  const guest = new Guest();
  const words = guest.words(0x1000n, 77n, sizes['4K'], false, 0x3000, 0x193n & ~0x10n);
  const call = (name: string, ...args: bigint[]) => guest.hypercall(name, ...args);
  assert.equal(call('hEnter', 0n, BigInt(hptBytes / 16), ...words).status, -4);
  assert.equal(call('hEnter', 0n, 8n, words[0], words[1] | 0x20n).status, -4);
  assert.equal(call('hEnter', 0n, 8n, words[0] | 4n, words[1] | 0xf000n).status, -4);
  for (let i = 0n; i < 8n; i++) assert.deepEqual(call('hEnter', 0n, 11n, ...words).results[0], 8n + i);
  assert.equal(call('hEnter', 0n, 8n, ...words).status, -6);
  assert.equal(call('hEnter', 0x8000000000n, 9n, ...words).status, -6);
  const avpn = words[0] & ~0x7fn;
  assert.equal(call('hRemove', 0x80000000n, 9n, avpn ^ 0x80n).status, -7);
  const removed = call('hRemove', 0x80000000n, 9n, avpn);
  assert.deepEqual([removed.status, removed.results[0], removed.results[1]], [0, words[0], words[1]]);
  assert.equal(call('hRemove', 0n, 9n).status, -7);
  assert.equal(call('hProtect', 0x80000000n, 9n, avpn).status, -7);
  assert.equal(call('hProtect', 0x80000000n | (1n << 8n) | 0x206n, 10n, avpn).status, 0);
  assert.equal(call('hRead', 0n, 10n).results[1], (words[1] & ~3n) | (1n << 63n) | 0x206n);
  assert.deepEqual(call('hRead', 0x2000000000n, 10n).results.slice(2, 4), [0n, 0n]);
  assert.equal(call('hClearRef', 0n, 12n).results[0], words[1]);
  assert.equal(call('hClearMod', 0n, 12n).results[0], words[1] & ~0x100n);
  assert.equal(call('hRead', 0n, 12n).results[1], words[1] & ~0x180n);
  const request = 1n << 62n;
  const bulk = call('hBulkRemove', request | (2n << 56n) | 13n, avpn, request | 9n, 0n, 3n << 62n);
  assert.equal(bulk.status, 0);
  assert.equal(bulk.results[0], (2n << 62n) | (3n << 58n) | (2n << 56n) | 13n);
  assert.equal(bulk.results[2], (2n << 62n) | (1n << 60n) | 9n);
  assert.equal(call('hBulkRemove', request | 99999999n, 0n).status, -4);
});

test('random entries, removals and changes of rights: accesses and TLB hits are what the model says', () => {
  const action = fc.record({
    kind: fc.constantFrom('enter', 'enter', 'remove', 'protect', 'load', 'store', 'slbia'),
    page: fc.integer({ min: 0, max: 39 }),
    frame: fc.integer({ min: 0, max: 31 }),
    readOnly: fc.boolean(),
    secondary: fc.boolean(),
    cpu: fc.integer({ min: 0, max: 1 }),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 100 }), fc.boolean(), (actions, oneTera) => {
      const guest = new Guest();
      const { plane } = guest;
      const size = sizes['64K'];
      const vsid = 0x12345n;
      const segments = () => {
        for (const cpu of [0, 1]) guest.segment(cpu, 3, kernel, vsid, size, oneTera);
      };
      segments();
      const address = (page: number) => kernel | (BigInt(page % 10) << 16n) | (BigInt(Math.floor(page / 10)) << 24n);
      const mapped = new Map<number, { slot: bigint; frame: number; readOnly: boolean }>();
      for (const a of actions) {
        const ea = address(a.page);
        const entry = mapped.get(a.page);
        const words = guest.words(ea, vsid, size, oneTera, a.frame * 0x1_0000, a.readOnly ? 3n : 2n);
        if (a.kind === 'enter' && !entry) {
          const hash = guest.hash(ea, vsid, size, oneTera);
          const group = a.secondary ? ~hash & (groups - 1n) : hash;
          const { status, results } = guest.hypercall(
            'hEnter',
            0n,
            group * 8n,
            words[0] | (a.secondary ? 2n : 0n),
            words[1],
          );
          if (status === 0) mapped.set(a.page, { slot: results[0] ?? 0n, frame: a.frame, readOnly: a.readOnly });
        } else if (a.kind === 'remove' && entry) {
          assert.equal(guest.hypercall('hRemove', 0x80000000n, entry.slot, words[0] & ~0x7fn).status, 0);
          mapped.delete(a.page);
        } else if (a.kind === 'protect' && entry) {
          assert.equal(guest.hypercall('hProtect', a.readOnly ? 3n : 2n, entry.slot).status, 0);
          mapped.set(a.page, { ...entry, readOnly: a.readOnly });
        } else if (a.kind === 'slbia') {
          plane.on(a.cpu, 'slbInvalidateAll', 0);
          assert.equal(plane.probe(a.cpu, 'tlbRead', ea), undefined);
          segments();
        } else if (a.kind === 'load' || a.kind === 'store') {
          const fault = guest.fault(
            a.cpu,
            a.kind === 'load' ? 'loadSlow' : 'storeSlow',
            ea,
            4,
            ...(a.kind === 'load' ? [] : [0n]),
          );
          assert.equal(fault !== undefined, !entry || (a.kind === 'store' && entry.readOnly));
        }
        for (const cpu of [0, 1]) {
          for (let page = 0; page < 40; page++) {
            for (const table of ['tlbRead', 'tlbWrite'] as const) {
              const host = plane.probe(cpu, table, address(page));
              if (host === undefined) continue;
              const expected = mapped.get(page);
              assert.ok(expected, `stale ${table} entry`);
              assert.equal(host, plane.ramBase + expected.frame * 0x1_0000);
              assert.ok(table === 'tlbRead' || !expected.readOnly);
            }
          }
        }
      }
    }),
    { numRuns: 40 },
  );
});

test('entries survive a change of the table size, whatever their segment, page size and hash function', () => {
  for (const oneTera of [false, true]) {
    for (const size of Object.values(sizes)) {
      for (const secondary of [false, true]) {
        const guest = new Guest();
        const { plane } = guest;
        const vsid = 0x9e3779b9n;
        guest.segment(0, 0, kernel, vsid, size, oneTera);
        const address = (i: bigint) => kernel | (i << size.shift) | ((i % 13n) << 24n);
        for (let i = 0n; i < 32n; i++) {
          const [pte0, pte1] = guest.words(address(i), vsid, size, oneTera, Number(i) * 0x1_0000, 0x180n);
          const hash = guest.hash(address(i), vsid, size, oneTera);
          const group = secondary ? ~hash & (groups - 1n) : hash;
          const word = pte0 | 0x10n | (secondary ? 2n : 0n);
          assert.equal(guest.hypercall('hEnter', 0n, group * 8n, word, pte1).status, 0);
        }
        let place = plane.hptBase + 4 * hptBytes;
        for (const bytes of [4 * hptBytes, hptBytes / 2]) {
          plane.call('hptClear', place, bytes);
          assert.equal(plane.call('hptRehash', place, bytes), 1);
          for (let i = 0n; i < 32n; i++) {
            assert.equal(plane.probe(0, 'tlbRead', address(i)), undefined);
            plane.on(0, 'loadSlow', address(i), 4);
            assert.equal(plane.takeException(0), undefined);
            assert.equal(plane.probe(0, 'tlbRead', address(i)), plane.ramBase + Number(i) * 0x1_0000);
          }
          place = plane.hptBase;
        }
      }
    }
  }
});

test('H_ENTER with the flag for it zeroes the page, and drops the code that was there', () => {
  const guest = new Guest();
  const { plane } = guest;
  const words = guest.words(0x1000n, 77n, sizes['64K'], false, 0x1_0000, 2n);
  for (const real of [0xfff8, 0x1_0000, 0x1_fff8, 0x2_0000]) plane.write64(real, 0x55n);
  plane.view.setUint8(plane.codeMap + 0x13, 1);
  assert.equal(guest.hypercall('hEnter', 0x8000n, 8n, ...words).status, 0);
  assert.deepEqual(
    [0xfff8, 0x1_0000, 0x1_fff8, 0x2_0000].map((real) => plane.read64(real)),
    [0x55n, 0n, 0n, 0x55n],
  );
  assert.deepEqual(plane.codeWrites, [{ real: 0x1_3000, size: 4096 }]);
});

test('a page of 16 MiB is found at each of its addresses', () => {
  const guest = new Guest();
  const { plane } = guest;
  const size = { slb: 0x100n, shift: 24n, large: 4n, lp: 0n };
  for (const oneTera of [false, true]) {
    guest.segment(0, 0, kernel, 0x55n, size, oneTera);
    const words = guest.words(kernel, 0x55n, size, oneTera, 0, 2n);
    guest.hypercall('hEnter', 0n, guest.hash(kernel, 0x55n, size, oneTera) * 8n, ...words);
    for (const offset of [0n, 0x7f_f008n, 0x80_0000n, 0xff_fff8n]) {
      // RAM is smaller than the page: the rest of it is a device's.
      plane.mmio.length = 0;
      plane.on(0, 'loadSlow', kernel | offset, 8);
      assert.equal(plane.takeException(0), undefined, offset.toString(16));
      const real = plane.mmio[0]?.real ?? (plane.probe(0, 'tlbRead', kernel | offset) ?? 0) - plane.ramBase;
      assert.equal(BigInt(real), offset);
    }
    plane.on(0, 'slbInvalidateAll', 4);
  }
});

test('page sizes that the machine does not offer can neither be entered nor found', () => {
  const guest = new Guest();
  const { plane } = guest;
  const words = guest.words(kernel, 77n, sizes['64K'], true, 0x1_0000, 2n);
  const group = guest.hash(kernel, 77n, sizes['64K'], true) * 8n;
  guest.segment(0, 0, kernel, 77n, sizes['64K'], true);
  assert.equal(guest.hypercall('hEnter', 0n, group, ...words).status, 0);
  plane.setWord('hashPages', hashPageBit(12, 12));
  assert.equal(guest.fault(0, 'loadSlow', kernel, 8)?.dsisr, 0x4000_0000n);
  assert.equal(guest.hypercall('hEnter', 0n, group, ...words).status, -4);
});

test('slbfee. looks at the segment number alone', () => {
  const guest = new Guest();
  const { plane } = guest;
  guest.segment(0, 3, kernel, 77n, sizes['64K'], true);
  const word = tera | (77n << 24n) | 0x510n;
  for (const low of [0n, 0x600_0000n, 0x200_0000n, 0x80_0000n]) {
    assert.equal(plane.on(0, 'slbFindEntry', kernel | (0xffn << 32n) | low), word);
    assert.equal(plane.on(0, 'slbFound'), 1);
  }
  assert.equal(plane.on(0, 'slbFindEntry', kernel | (1n << 40n)), 0n);
  assert.equal(plane.on(0, 'slbFound'), 0);
});

test('a change of size fails when two bolted entries want one place, and leaves the table', () => {
  const guest = new Guest();
  const { plane } = guest;
  guest.segment(0, 0, kernel, 77n, sizes['4K'], false);
  const half = BigInt(hptBytes >> 8);
  for (const page of [5n, 5n + half]) {
    const ea = kernel | (page << 12n);
    const [pte0, pte1] = guest.words(ea, 77n, sizes['4K'], false, 0x3000, 0x180n);
    guest.hypercall('hEnter', 0n, guest.hash(ea, 77n, sizes['4K'], false) * 8n, pte0 | 0x10n, pte1);
  }
  const place = plane.hptBase + 4 * hptBytes;
  plane.call('hptClear', place, hptBytes / 2);
  assert.equal(plane.call('hptRehash', place, hptBytes / 2), 0);
  assert.equal(guest.fault(0, 'loadSlow', kernel | 0x5000n, 4), undefined);
});
