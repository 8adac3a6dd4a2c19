// Every page size of hash translation that can be offered × both segment sizes × every protection × keys of the segment ×
// page keys × privilege × access, each from an empty TLB and each then through it, against the model.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataPlane, msr } from '../../test/data-plane-harness.ts';
import { type Access, HashModel, hFlag, pte, virtualPage } from '../../test/mmu/hash-model.ts';
import { pageKinds } from '../../test/mmu/page-sizes.ts';

const hptBytes = 0x4_0000;
const tera = 1n << 62n;
const calls = { load: 'loadSlow', store: 'storeSlow', fetch: 'translateFetch' } as const;
const [noKeys, key9] = [
  { page: 0n, amr: 0n, iamr: 0n },
  (amr: bigint, iamr: bigint) => ({ page: (1n << 60n) | (1n << 9n), amr: amr << 44n, iamr: iamr << 44n }),
];
/** Key 9: its bits in AMR and IAMR are bits 18 and 19. */
const keySettings = [noKeys, key9(1n, 0n), key9(2n, 0n), key9(3n, 1n), key9(0n, 1n), key9(0n, 3n)];
/** PP0 PP1 PP2, those that are reserved among them, with and without N. */
const rights = Array.from({ length: 16 }, (_, n) => {
  const pp = BigInt(n & 7);
  return ((pp >> 2n) << 63n) | (pp & 3n) | (n & 8 ? pte.noExecute : 0n);
});

for (const kind of pageKinds(34)) {
  for (const oneTera of kind.base < 28n ? [false, true] : [true]) {
    const what = `2^${kind.actual} in 2^${kind.base} of ${oneTera ? '1 TiB' : '256 MiB'}`;
    test(`pages of ${what}: all protections`, () => {
      const plane = new DataPlane({ hptBytes });
      const { ramBytes } = plane;
      const model = new HashModel({ cpus: 1, slots: hptBytes / 16, kinds: pageKinds(34), ramBytes, isa300: true });
      const [cpu] = model.cpus;
      assert.ok(cpu);
      plane.setSpr(0, 318, 0n);
      // Large pages begin at real address 0, and only their start is RAM.
      const offset = kind.actual >= 24n ? 0x12_3458n : 0x458n;
      const ea =
        (0xc000n << 48n) | ((0x5_0000n << 12n) & ~((1n << kind.base) - 1n)) | (offset & ((1n << kind.base) - 1n));
      const esidWord = (ea & ~((1n << (oneTera ? 40n : 28n)) - 1n)) | 0x800_0000n;
      const real = kind.actual >= 24n ? 0n : 0x1_0000n;
      let cases = 0;
      for (const right of rights) {
        for (const { page, amr, iamr } of keySettings) {
          for (const segment of [0n, 0x400n, 0x800n, 0xc00n, 0x600n]) {
            const vsidWord = (oneTera ? tera | (0x77n << 24n) : 0x77n << 12n) | kind.slb | segment;
            const { avpn, hash } = virtualPage(vsidWord, ea, kind.base);
            const slot = BigInt(model.groupOf(hash, false));
            const words = [avpn | kind.large | pte.valid, real | kind.lp | pte.coherent | page | right] as const;
            cpu.slb[0] = { esidWord, vsidWord };
            Object.assign(cpu, { amr, iamr });
            plane.setMsr(0, msr.kernel);
            plane.on(0, 'slbMoveTo', vsidWord, esidWord);
            plane.on(0, 'moveToSpr', 29, amr);
            plane.on(0, 'moveToSpr', 61, iamr);
            for (const problem of [false, true]) {
              cpu.problem = problem;
              plane.setMsr(0, problem ? msr.user : msr.kernel);
              for (const access of ['load', 'store', 'fetch'] as const) {
                model.enter(hFlag.exact, slot, words[0], words[1], hash);
                for (const [n, value] of [hFlag.exact, slot, ...words].entries()) plane.cpu(0).setGpr(4 + n, value);
                assert.equal(plane.on(0, 'hEnter'), 0);
                attempt(plane, model, ea, access);
                model.remove(0n, slot, 0n);
                for (const [n, value] of [0n, slot, 0n].entries()) plane.cpu(0).setGpr(4 + n, value);
                assert.equal(plane.on(0, 'hRemove'), 0);
                assert.equal(plane.probe(0, 'tlbRead', ea), undefined);
                assert.equal(plane.probe(0, 'tlbWrite', ea), undefined);
                cases++;
              }
            }
          }
        }
      }
      assert.equal(cases, 16 * 6 * 5 * 6);
    });
  }
}

/** One access: its interrupt or its effect, the entry's R and C, and what the TLB says afterwards of all accesses. */
function attempt(plane: DataPlane, model: HashModel, ea: bigint, access: Access): void {
  const [cpu] = model.cpus;
  assert.ok(cpu);
  const expected = model.translate(cpu, ea, access);
  const got = plane.on(0, calls[access], ea, ...(access === 'store' ? [8, 0n] : access === 'load' ? [8] : []));
  const raised = plane.takeException(0);
  if (expected.kind === 'found') {
    assert.equal(raised, undefined);
    if (access === 'fetch') assert.equal(got, expected.real);
    model.touch(expected.slot, access);
    const at = plane.hptBase + expected.slot * 16 + 8;
    assert.equal(plane.view.getBigUint64(at, true), model.entry(expected.slot)[1]);
  } else {
    assert.equal(expected.kind, 'fault');
    const bits = expected.kind === 'fault' ? expected.bits : 0n;
    assert.equal(raised?.vector, access === 'fetch' ? 0x400 : 0x300);
    if (access === 'fetch') assert.equal(raised?.srr1, bits);
    else assert.deepEqual([raised?.dar, raised?.dsisr], [ea, bits | (access === 'store' ? 0x200_0000n : 0n)]);
  }
  for (const [table, other] of [
    ['tlbRead', 'load'],
    ['tlbWrite', 'store'],
  ] as const) {
    const host = plane.probe(0, table, ea);
    if (host === undefined) {
      assert.ok(expected.kind !== 'found' || access !== other, `${access} fills ${table}`);
      continue;
    }
    const allowed = model.translate(cpu, ea, other);
    assert.equal(allowed.kind, 'found');
    assert.equal(allowed.kind === 'found' ? allowed.real : 0n, BigInt(host - plane.ramBase));
  }
}
