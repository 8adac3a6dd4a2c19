// A law of the promise on the platform: whatever a guest negotiates and calls, a reset gives the environment of the first start.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Environment, environment, isRefusal, machineTypes, type Request } from '../src/environment/index.ts';
import { casRequestBytes } from '../src/papr/cas-request-bytes.ts';
import { spr } from '../src/papr/registers.ts';
import { TestMachine } from '../src/papr/test-support.ts';

const numRuns = Number(process.env.CONTINUO_PROPERTY_RUNS ?? (process.env.CI === undefined ? 300 : 10_000));

const asked = fc
  .record(
    {
      machine: fc.constantFrom(...machineTypes.map((type) => type.name)),
      cpu: fc.constantFrom('power8', 'power9', 'power10', 'power11'),
      'max-cpu-compat': fc.constantFrom('power7', 'power8', 'power9'),
      'ic-mode': fc.constantFrom('xics', 'xive', 'dual'),
      'mmu-offer': fc.constantFrom('either', 'radix', 'hash'),
      'resize-hpt': fc.constantFrom('disabled', 'enabled'),
      'cap-ail-mode-3': fc.constantFrom('on', 'off'),
      'cap-rpt-invalidate': fc.constantFrom('on', 'off'),
      cpus: fc.constantFrom('1', '2', '4'),
    },
    { requiredKeys: [] },
  )
  .map((options) => {
    const request: Request = { machine: 'pseries', ...options, 'cap-htm': 'off', memory: '512M' };
    return { request, answer: environment(request) };
  })
  .filter((asked): asked is { request: Request; answer: Environment } => !isRefusal(asked.answer));

const levels = [0x0f000002, 0x0f000003, 0x0f000004, 0x0f000005, 0x0f000006, 0x0f000007];
/** What a guest asks for; most guests ask for what they are offered. */
const negotiation = fc.record({
  pvrs: fc
    .subarray(levels, { minLength: 3 })
    .map((some) => [...some.map((pvr) => [0xffff_ffff, pvr] as const), [0xffff_fffe, 0x0f000001] as const]),
  sensible: fc.integer({ min: 0, max: 7 }).map((dice) => dice > 0),
  xive: fc.constantFrom(0, 0x40, 0x80),
  mmu: fc.constantFrom(0, 0x40, 0x80),
  gtse: fc.constantFrom(0, 0x40),
});

/** A wish for one of two modes, kept to what is offered. */
function kept(wish: number, first: boolean, second: boolean): number {
  return first && second ? wish & 0x40 : second ? 0x40 : 0;
}

/** Little memory, since each case has its own: the firmware's, a request and room for the new tree. */
const ramBytes = 0x4_0000;
const requestAddress = 0x2_0000;

/** Arguments of a hypercall: small numbers, addresses in memory, rubbish. */
const argument = fc.oneof(
  fc.bigInt({ min: 0n, max: 16n }),
  fc.constantFrom(BigInt(requestAddress), 0x2_8000n, 0x7100_0000n, 0x2000_0000_0000n, 0xffff_ffff_ffff_ffffn),
  fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
);
const calls = fc.array(fc.tuple(fc.nat(), fc.array(argument, { maxLength: 6 }), fc.nat()), { maxLength: 12 });

/** What of the platform a guest can see right after a reset, as one text. */
function seen(machine: TestMachine): string {
  return [
    ...machine.vcpus.map((vcpu) => `LPCR ${vcpu.spr(spr.LPCR)} PCR ${vcpu.spr(spr.PCR)}`),
    `nip ${machine.vcpu().nip} msr ${machine.vcpu().msr} controller ${machine.controller}`,
    `deadline ${machine.platform.deadline()} handlers ${JSON.stringify(machine.platform.nmiHandlers())}`,
    Buffer.from(machine.platform.flattenedDeviceTree()).toString('hex'),
  ].join('\n');
}

test('a reset gives the environment of the first start, whatever the guest negotiated and called', () => {
  let cases = 0;
  let changed = 0;
  fc.assert(
    fc.property(asked, negotiation, calls, ({ request, answer }, wish, made) => {
      const machine = new TestMachine(request, ramBytes);
      const first = seen(machine);
      const { offered } = answer.interruptModes;
      const wanted = wish.sensible
        ? {
            ...wish,
            xive: kept(wish.xive, offered !== 'xive', offered !== 'xics'),
            mmu: kept(wish.mmu, answer.mmuModes.includes('hash'), answer.mmuModes.includes('radix')),
          }
        : wish;
      machine.memory.writeBytes(requestAddress, casRequestBytes(wanted));
      machine.call(0xf002, [BigInt(requestAddress), BigInt(requestAddress + 0x1000), 0x1_0000n]);
      const numbers = Object.values(answer.hypercalls);
      for (const [which, args, cpu] of made) {
        machine.call(numbers[which % numbers.length] ?? 0, args, cpu % machine.vcpus.length);
      }
      // A look at one case in eight is enough to know that guests change something.
      if (++cases % 8 === 0 && seen(machine) !== first) changed += 1;
      machine.platform.reset();
      assert.equal(seen(machine), first);
    }),
    { numRuns },
  );
  assert.ok(changed * 32 > numRuns, `only ${changed} of ${numRuns >> 3} guests changed anything before the reset`);
});
