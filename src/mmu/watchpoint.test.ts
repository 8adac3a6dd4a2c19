// Random watchpoints and accesses against a model that looks at each byte of an access (Power ISA v3.1 Book III, section 9.4).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DataPlane } from '../../test/data-plane-harness.ts';
import { modelBit, state } from '../cpu/state.ts';

/** 64-bit supervisor state with real addresses. */
const real = 0x8000_0000_0000_1002n;
const base = 0x2_0000n;
const until300 = modelBit.isa206 | modelBit.isa207 | modelBit.isa300;

interface Watchpoint {
  readonly address: number;
  readonly doublewords: number;
  /** DAWRX bits 57:63: DW, DR, WT, WTI, and PRIVM without HYP. */
  readonly control: number;
}

const watchpoint: fc.Arbitrary<Watchpoint> = fc.record({
  address: fc.integer({ min: 0, max: 0x1400 }),
  doublewords: fc.integer({ min: 1, max: 64 }),
  control: fc.integer({ min: 0, max: 0x7f }).map((bits) => bits & ~4),
});
const access = fc.record({
  kind: fc.constantFrom('load', 'store', 'reserve', 'conditional', 'zero'),
  size: fc.constantFrom(1, 2, 4, 8),
  address: fc.integer({ min: 0, max: 0x1500 }),
});

/** First byte of the access that lies in the range of a watchpoint that is on for it; undefined: none. */
function firstMatch(
  point: Watchpoint,
  from: number,
  size: number,
  isStore: boolean,
  isNewest: boolean,
): number | undefined {
  const has = (bit: number): boolean => (point.control & bit) !== 0;
  const [dw, dr, wt, wti, pnh] = [0x40, 0x20, 0x10, 0x08, 0x02];
  if (!has(isStore ? dw : dr) || !has(pnh)) return undefined;
  // Translation is off.
  if (!has(wti) && has(wt)) return undefined;
  const start = point.address - (point.address % 8);
  for (let byte = from; byte < from + size; byte++) {
    const distance = byte - start;
    if (distance < 0 || distance >= 8 * point.doublewords) continue;
    if (!isNewest && Math.floor(byte / 512) !== Math.floor(start / 512)) continue;
    return byte;
  }
  return undefined;
}

test('an access matches exactly when one of its bytes lies in the range, also after many that did not', () => {
  fc.assert(
    fc.property(
      watchpoint,
      watchpoint,
      fc.boolean(),
      fc.array(access, { maxLength: 40 }),
      (first, second, isNewest, accesses) => {
        const plane = new DataPlane();
        plane.setMsr(0, real);
        const cpu = plane.cpu(0);
        cpu.view.setInt32(state.model.offset, isNewest ? until300 | modelBit.isa310 : until300, true);
        // The pages are in the TLB before.
        for (const page of [0, 0x1000, 0x2000]) {
          plane.on(0, 'loadSlow', base + BigInt(page), 8);
          plane.on(0, 'storeSlow', base + BigInt(page), 8, 0n);
        }
        [first, second].forEach(({ address, doublewords, control }, n) => {
          cpu.setSpr(180 + n, base + BigInt(address));
          cpu.setSpr(188 + n, BigInt(control | ((doublewords - 1) << 10)));
        });
        plane.on(0, 'watchpointsChanged');
        for (const { kind, size, address } of accesses) {
          const isStore = kind === 'store' || kind === 'conditional' || kind === 'zero';
          const bytes = kind === 'zero' ? 128 : size;
          const aligned = kind === 'zero' || kind === 'reserve' || kind === 'conditional';
          const at = aligned ? address - (address % bytes) : address;
          const ea = base + BigInt(at);
          const entered = plane.probe(0, isStore ? 'tlbWrite' : 'tlbRead', ea);
          if (kind === 'load') plane.on(0, 'loadSlow', ea, size);
          else if (kind === 'store') plane.on(0, 'storeSlow', ea, size, 1n);
          else if (kind === 'zero') plane.on(0, 'dataCacheBlockZero', base + BigInt(address));
          else plane.on(0, 'hostAddress', ea, size, isStore ? 1 : 0);
          const points = isNewest ? [first, second] : [first];
          const found = points
            .map((point) => firstMatch(point, at, bytes, isStore, isNewest))
            .find((byte) => byte !== undefined);
          const raised = plane.takeException(0);
          if (found === undefined) assert.equal(raised, undefined, `${kind} ${size} at ${at}`);
          else {
            assert.equal(entered, undefined, 'code in line would have missed it');
            assert.equal(raised?.vector, 0x300);
            assert.equal(raised.dar, base + BigInt(found));
            assert.equal(raised.dsisr, isStore ? 0x240_0000n : 0x40_0000n);
          }
        }
      },
    ),
    { numRuns: 400, seed: 20261121 },
  );
});
