// Activation of in-kernel controllers is all or nothing, whichever step fails; levels are set on all vCPUs or on none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { evaluate, namedProfiles, type Provision, withHostCpu } from '../../environment/index.ts';
import { ControllerPlacement, type HostMessage } from './controller-placement.ts';
import { HostModel } from './host-model.ts';
import { KernelDevices, type KernelHoldings } from './kernel-devices.ts';
import { LevelRegisters } from './level-registers.ts';

const numRuns = Number(process.env.CONTINUO_PROPERTY_RUNS ?? (process.env.CI === undefined ? 500 : 10_000));

const nothing: KernelHoldings = {
  device: undefined,
  presenters: [],
  sources: [],
  tokens: [],
  mappings: [],
  flags: [],
};

const tokens = { 'ibm,set-xive': 0x200a, 'ibm,get-xive': 0x200b, 'ibm,int-off': 0x200c, 'ibm,int-on': 0x200d };

const place = fc.constantFrom('kernel' as const, 'emulated' as const);
const plan: fc.Arbitrary<Provision['interruptController']> = fc.record({
  beforeCas: place,
  xics: place,
  xive: place,
  xicsReturns: fc.boolean(),
  mayFallBack: fc.boolean(),
});

/** A wish for a controller, and the number of the step that fails on the way, if any. */
const wish = fc.record({
  mode: fc.constantFrom('xics' as const, 'xive' as const),
  failAt: fc.option(fc.nat({ max: 30 }), { freq: 2 }),
});

const holdsNothing = (holdings: KernelHoldings): void => assert.deepEqual(holdings, nothing);

test('an activation that fails at any step leaves nothing behind, and one that works holds exactly its own', () => {
  const seen = { kernel: 0, fallback: 0, stopped: 0, lost: 0 };
  fc.assert(
    fc.property(
      plan,
      fc.array(wish, { minLength: 1, maxLength: 6 }),
      fc.uniqueArray(fc.nat({ max: 63 }), { minLength: 1, maxLength: 5 }),
      fc.uniqueArray(fc.integer({ min: 0x1000, max: 0x1fff }), { maxLength: 5 }),
      (planned, wishes, servers, sources) => {
        let left: number | undefined;
        const kernel = new KernelDevices(
          { xics: planned.xics === 'kernel', xive: planned.xive === 'kernel', xicsReturns: planned.xicsReturns },
          () => left !== undefined && left-- === 0,
        );
        const warnings: HostMessage[] = [];
        const controllers = new ControllerPlacement(planned, kernel, { servers, sources, tokens }, (warning) =>
          warnings.push(warning),
        );
        for (const { mode, failAt } of wishes) {
          const before = { mode: controllers.mode, warnings: warnings.length };
          left = failAt ?? undefined;
          const works = controllers.activate(mode);
          if (!works) {
            seen.stopped += 1;
            holdsNothing(kernel.holdings);
            assert.equal(controllers.mode, before.mode, 'the active controller is unchanged');
            assert.equal(planned.mayFallBack, false);
            assert.equal(controllers.refusal?.code, mode === 'xics' ? 'E_IRQCHIP_XICS' : 'E_IRQCHIP_XIVE');
            return;
          }
          assert.equal(controllers.mode, mode);
          if (controllers.place === 'emulated') {
            holdsNothing(kernel.holdings);
            if (planned[mode] === 'kernel') {
              seen.fallback += 1;
              assert.ok(warnings.length > 0, 'what was planned and is not given is never silent');
              if (mode === 'xics' && !planned.xicsReturns && failAt === null) seen.lost += 1;
            }
            continue;
          }
          seen.kernel += 1;
          assert.equal(planned[mode], 'kernel');
          assert.deepEqual(kernel.holdings, {
            device: mode,
            presenters: servers,
            sources,
            tokens: mode === 'xics' ? Object.keys(tokens) : [],
            mappings: mode === 'xive' ? ['ESB', 'TIMA'] : [],
            flags: ['irqchip-in-kernel', 'direct-msi', 'irqfd'],
          });
        }
      },
    ),
    { numRuns },
  );
  for (const [what, count] of Object.entries(seen)) assert.ok(count * 50 > numRuns, `${what} came up ${count} times`);
});

test('a kernel that gives its XICS device once is not asked for it twice, and the machine does not stop for it', () => {
  const asked: string[] = [];
  const kernel = new KernelDevices({ xics: true, xive: false, xicsReturns: false }, (step) => {
    asked.push(step);
    return false;
  });
  const planned = {
    beforeCas: 'kernel',
    xics: 'kernel',
    xive: 'emulated',
    xicsReturns: false,
    mayFallBack: true,
  } as const;
  const warnings: HostMessage[] = [];
  const controllers = new ControllerPlacement(planned, kernel, { servers: [0], sources: [], tokens }, (warning) =>
    warnings.push(warning),
  );
  const places = (['xics', 'xics', 'xive', 'xics', 'xive', 'xics'] as const).map((mode) => {
    assert.ok(controllers.activate(mode));
    return controllers.place;
  });
  assert.deepEqual(places, ['kernel', 'kernel', 'emulated', 'emulated', 'emulated', 'emulated']);
  assert.equal(asked.filter((step) => step === 'create xics').length, 1);
  assert.equal(warnings.length, 1);
  assert.equal(kernel.create('xics'), 'EEXIST', 'the kernel would have said so');
});

test('what the kernel does not have it does not create, nor connect without a device, nor define a token twice', () => {
  const kernel = new KernelDevices({ xics: true, xive: false, xicsReturns: true }, () => false);
  assert.equal(kernel.create('xive'), 'ENODEV');
  assert.deepEqual([kernel.connect(0), kernel.addSource(0x1000), kernel.map('ESB')], ['EINVAL', 'EINVAL', 'ENODEV']);
  assert.equal(kernel.create('xics'), undefined);
  assert.equal(kernel.create('xics'), 'EEXIST');
  assert.deepEqual([kernel.connect(0), kernel.connect(0)], [undefined, 'EINVAL']);
  assert.deepEqual(
    [1, 1, 0, 0, 1].map((token) => kernel.defineToken('ibm,int-on', token)),
    [undefined, 'EEXIST', undefined, undefined, undefined],
  );
});

test('a level that one vCPU does not take is taken by none', () => {
  for (let failing = 0; failing < 4; failing++) {
    let broken = false;
    const levels = new LevelRegisters('register', 4, (step) => broken && step === `level of vCPU ${failing}`);
    assert.equal(levels.set(0x0f00_0004), 'set');
    assert.equal(levels.writes, 4);
    broken = true;
    assert.equal(levels.set(0x0f00_0005), 'refused');
    const spent = levels.writes;
    assert.equal(levels.set(0x0f00_0004), 'set');
    assert.equal(levels.writes, spent, 'all had their value back, so there is nothing to write');
  }
});

test('each way of setting a level answers as its column of section 7.2 says', () => {
  const answers = (how: Provision['compat']) => {
    const levels = new LevelRegisters(how, 2, () => false);
    const outcomes = [0, 0x0f00_0004, 0x0f00_0004, 0].map((level) => levels.set(level));
    return [...outcomes, levels.writes];
  };
  assert.deepEqual(answers('pcr'), ['set', 'set', 'set', 'set', 0]);
  assert.deepEqual(answers('register'), ['set', 'set', 'set', 'set', 4]);
  assert.deepEqual(answers('none'), ['set', 'refused', 'refused', 'set', 2]);
  assert.deepEqual(answers('ignored'), ['set', 'ignored', 'ignored', 'set', 4]);
});

test('on every profile that starts, the model of the host places controllers as the provision says', () => {
  let started = 0;
  for (const host of namedProfiles) {
    const { environment, provision } = evaluate(
      withHostCpu({ cpu: host.accelerator === 'kvm' ? 'host' : 'power9' }, host),
      host,
    );
    if (provision === undefined) continue;
    started += 1;
    const shown: HostMessage[] = [];
    const model = new HostModel(environment, provision, [0x1100], (warning) => shown.push(warning));
    const modes = (['xics', 'xive', 'xics'] as const).filter((mode) => provision.interruptController[mode] !== 'none');
    for (const mode of modes) {
      assert.ok(model.controllers.activate(mode));
      const planned: string = provision.interruptController[mode];
      if (mode === 'xive' || provision.interruptController.xicsReturns)
        assert.equal(model.statistics.controller, planned, host.name);
    }
    assert.deepEqual(model.statistics.warnings, shown);
  }
  assert.ok(started >= 4, `${started} profiles start`);
});
