// What a host gives: the interrupt controllers of section 6.3 row by row, SMT modes, CPU rules, and what each KVM answer decides.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluate, withHostCpu } from './decide.ts';
import type { HostProfile, KvmCapability, KvmProfile } from './host-profile.ts';
import { findProfile } from './named-profiles.ts';
import type { Request } from './request.ts';

function named(name: string): KvmProfile {
  const profile = findProfile(name);
  assert.ok(profile?.accelerator === 'kvm', name);
  return profile;
}

function engine(): HostProfile {
  const profile = findProfile('engine');
  assert.ok(profile !== undefined);
  return profile;
}

/** A host that can give everything of a POWER9, less the capabilities that are named. */
function without(...missing: KvmCapability[]): KvmProfile {
  const host = named('power9-hv-6.1');
  const kvm = Object.fromEntries(Object.entries(host.kvm).filter(([name]) => !missing.some((gone) => gone === name)));
  return { ...host, kvm };
}

const codes = (request: Request, host: HostProfile) => evaluate(request, host).reasons.map((reason) => reason.code);
const warnings = (request: Request, host: HostProfile) =>
  evaluate(request, host).warnings.map((warning) => warning.code);

test('section 6.3: who models the controllers, for each ic-mode, kernel-irqchip and kind of host', () => {
  const hosts: Readonly<Record<string, HostProfile>> = {
    T: engine(),
    X: named('power9-hv-6.1'),
    N: without('PPC_IRQ_XIVE'),
    B: { ...without('PPC_IRQ_XIVE'), xicsReconnect: false },
    // KVM without any in-kernel controller.
    O: without('PPC_IRQ_XIVE', 'IRQ_XICS'),
  };
  /** Row of the matrix; ic-mode; kernel-irqchip; hosts; at boot, XICS and XIVE (K kernel, E emulated, w with a warning), or the code. */
  const rows: readonly (readonly [number, string, string, string, string])[] = [
    [1, 'dual', '', 'T', 'E E E'],
    [1, 'dual', 'off', 'T', 'E E E'],
    [2, 'xics', '', 'T', 'E E -'],
    [2, 'xics', 'off', 'T', 'E E -'],
    [3, 'xive', '', 'T', 'E - E'],
    [4, 'dual', 'on', 'T', 'E_IRQCHIP_NO_KVM'],
    [4, 'xics', 'on', 'T', 'E_IRQCHIP_NO_KVM'],
    [4, 'xive', 'split', 'T', 'E_IRQCHIP_SPLIT'],
    [5, 'dual', '', 'X', 'K K K'],
    [6, 'dual', 'off', 'XNBO', 'E E E'],
    [7, 'dual', 'on', 'X', 'K K K'],
    [8, 'xics', '', 'XNB', 'K K -'],
    [8, 'xics', 'on', 'XNB', 'K K -'],
    [9, 'xics', 'off', 'XNB', 'E E -'],
    [10, 'xive', '', 'X', 'K - K'],
    [10, 'xive', 'on', 'X', 'K - K'],
    [11, 'xive', 'off', 'XNB', 'E - E'],
    [12, 'xive', '', 'NB', 'E - E w'],
    [13, 'xive', 'on', 'NB', 'E_IRQCHIP_XIVE'],
    [14, 'dual', '', 'N', 'K K E w'],
    [15, 'dual', '', 'B', 'K K E w'],
    [16, 'dual', 'on', 'N', 'E_IRQCHIP_XIVE'],
    [17, 'dual', 'on', 'B', 'E_IRQCHIP_DUAL'],
    [19, 'xics', 'on', 'O', 'E_IRQCHIP_XICS'],
    [20, 'xics', '', 'O', 'E E - w'],
    [21, 'dual', 'split', 'XNBO', 'E_IRQCHIP_SPLIT'],
  ];
  const letters = { kernel: 'K', emulated: 'E', none: '-' } as const;
  for (const [row, mode, chip, kinds, expected] of rows) {
    for (const kind of kinds) {
      const host = hosts[kind];
      assert.ok(host !== undefined);
      const decision = evaluate({ cpu: 'power9', 'ic-mode': mode, 'kernel-irqchip': chip }, host);
      const { interruptController: chips } = decision.provision ?? {};
      const falls = decision.warnings.filter((warning) => warning.code === 'W_IRQCHIP_FALLBACK').length;
      assert.ok(falls <= 1, 'one warning at most');
      const outcome =
        chips === undefined
          ? decision.reasons.map((reason) => reason.code).join(' ')
          : [letters[chips.beforeCas], letters[chips.xics], letters[chips.xive], ...(falls === 1 ? ['w'] : [])].join(
              ' ',
            );
      assert.equal(outcome, expected, `row ${row}, host ${kind}, ic-mode=${mode} kernel-irqchip=${chip}`);
    }
  }
});

test('section 6.3, rows 18 to 20: below level power9 there is only XICS, in the kernel if possible', () => {
  const request = { cpu: 'power9', 'max-cpu-compat': 'power8' };
  const { provision } = evaluate(request, named('power9-hv-6.1'));
  assert.deepEqual(provision?.interruptController, {
    beforeCas: 'kernel',
    xics: 'kernel',
    xive: 'none',
    xicsReturns: true,
    mayFallBack: true,
  });
  const none = without('IRQ_XICS', 'PPC_IRQ_XIVE');
  assert.deepEqual(codes({ ...request, 'kernel-irqchip': 'on' }, none), ['E_IRQCHIP_XICS']);
  assert.deepEqual(warnings(request, none), ['W_IRQCHIP_FALLBACK']);
});

test('each capability of KVM that is missing refuses just what needs it', () => {
  const cpu = 'power9';
  const needs: readonly (readonly [KvmCapability, Request, string[]])[] = [
    ['PPC_HTM', { cpu, 'cap-htm': 'on' }, []],
    ['PPC_FWNMI', { cpu }, ['E_FWNMI']],
    ['PPC_FWNMI', { cpu, 'cap-fwnmi': 'off' }, []],
    ['PPC_AIL_MODE_3', { cpu }, ['E_AIL3']],
    ['PPC_NESTED_HV', { cpu, 'cap-nested-hv': 'on' }, ['E_NESTED']],
    ['PPC_NESTED_HV', { cpu }, []],
    ['PPC_RPT_INVALIDATE', { cpu, 'cap-rpt-invalidate': 'on' }, ['E_RPT']],
    ['PPC_ENABLE_HCALL', { cpu, 'cap-rpt-invalidate': 'on' }, ['E_RPT']],
    ['SPAPR_RESIZE_HPT', { cpu }, ['E_RESIZE_HPT']],
    ['SPAPR_RESIZE_HPT', { cpu, 'resize-hpt': 'disabled' }, []],
    ['PPC_MMU_HASH_V3', { cpu }, ['E_MMU']],
    ['PPC_MMU_HASH_V3', { cpu, 'mmu-offer': 'radix' }, []],
    ['PPC_MMU_HASH_V3', { cpu, 'mmu-offer': 'hash' }, ['E_MMU']],
    ['PPC_MMU_RADIX', { cpu, 'mmu-offer': 'hash' }, []],
    ['PPC_MMU_RADIX', { cpu }, ['E_MMU']],
    ['PPC_IRQ_LEVEL', { cpu }, ['E_KVM_CAP']],
    ['PPC_PAPR', { cpu }, ['E_KVM_CAP']],
  ];
  for (const [missing, request, expected] of needs) {
    assert.deepEqual(codes(request, without(missing)), expected, `${missing} ${JSON.stringify(request)}`);
  }
});

test('transactional memory of the CPU counts on HV kernels that are older than its capability, never on PR', () => {
  const request = { cpu: 'power9', 'cap-htm': 'on' };
  assert.deepEqual(codes(request, { ...without('PPC_HTM'), transactionalMemory: false }), ['E_HTM']);
  assert.deepEqual(codes(request, { ...without('PPC_HTM'), transactionalMemory: true }), []);
  const host = without('PPC_HTM');
  assert.deepEqual(codes(request, { ...host, kvm: { ...host.kvm, PPC_GET_PVINFO: 1 } }), ['E_HTM']);
});

test('the large decrementer must have the width of the model', () => {
  const host = named('power9-hv-6.1');
  assert.deepEqual(codes({ cpu: 'power9' }, { ...host, largeDecrementerBits: 48 }), ['E_LARGE_DECR']);
  assert.deepEqual(codes({ cpu: 'power9' }, { ...host, largeDecrementerBits: 0 }), ['E_LARGE_DECR']);
  assert.deepEqual(codes({ cpu: 'power9', 'cap-large-decr': 'off' }, { ...host, largeDecrementerBits: 0 }), []);
});

test('a host that has switched the count cache off needs no help in flushing it', () => {
  const host = named('power9-hv-6.1');
  const security = (ibs: number, ccfAssist: number) => ({ ...host, security: { cfpc: 1, sbbc: 1, ibs, ccfAssist } });
  assert.deepEqual(codes({ cpu: 'power9' }, security(1, 0)), ['E_SEC(ccf)']);
  assert.deepEqual(codes({ cpu: 'power9' }, security(3, 0)), []);
  assert.deepEqual(codes({ cpu: 'power9' }, security(0, 1)), ['E_SEC(ibs)']);
  assert.deepEqual(codes({ cpu: 'power9', 'cap-ibs': 'fixed-na' }, security(3, 0)), ['E_SEC(ibs)']);
  assert.deepEqual(codes({ cpu: 'power9', 'cap-ibs': 'fixed-na' }, security(4, 1)), []);
});

test('HV gives its own class of CPU, PR that or an older one', () => {
  const hv = named('power9-hv-6.1');
  const pr = named('power9-pr-5.18');
  const has = (cpu: string, host: HostProfile) => !codes({ cpu }, host).includes('E_CPU_HOST');
  assert.deepEqual(
    [has('power8', hv), has('power9', hv), has('power9_v2.0', hv), has('power10', hv)],
    [false, true, true, false],
  );
  assert.deepEqual([has('power8', pr), has('power9', pr), has('power10', pr)], [true, true, false]);
});

test('what no host of a kind can avoid is recorded: the revision under HV, user instructions under PR', () => {
  const hv = evaluate({ cpu: 'power9' }, named('power9-hv-6.1')).provision;
  assert.deepEqual([hv?.pvr, hv?.deviations.map((deviation) => deviation.name)], ['0x004e1203', ['pvr']]);
  const options = { 'cap-fwnmi': 'off', 'cap-ail-mode-3': 'off', 'mmu-offer': 'hash' };
  const pr = evaluate({ cpu: 'power8', ...options }, named('power9-pr-5.18'));
  assert.deepEqual([pr.provision?.pvr, pr.warnings.map((warning) => warning.code)], ['0x004d0200', ['W_PR_APPROX']]);
  const same = evaluate({ cpu: 'power8', ...options }, named('power8-pr-5.10'));
  assert.deepEqual([same.provision?.deviations, same.warnings], [[], []]);
});

test('cpu=host is resolved on a host that has a CPU, and refused on the engine', () => {
  assert.equal(withHostCpu({ cpu: 'host' }, named('power9dd21-hv-6.1')).cpu, 'power9_v2.0');
  assert.equal(withHostCpu({ cpu: 'host' }, named('power9-hv-6.1')).cpu, 'power9_v2.2');
  assert.deepEqual(codes(withHostCpu({ cpu: 'host' }, engine()), engine()), ['E_CPU_HOST']);
});

test('the virtual SMT mode is set where the host can, carried with a warning where it fits, else refused', () => {
  const host = named('power9-hv-6.1');
  const fixed = (mode: number): KvmProfile => ({
    ...host,
    kvm: { ...host.kvm, PPC_SMT: mode, PPC_SMT_POSSIBLE: mode },
  });
  const smt = (request: Request, on: KvmProfile) => {
    const { provision, reasons, warnings: warned } = evaluate({ cpu: 'power9', ...request }, on);
    return [provision?.smtMode, ...reasons.map((reason) => reason.code), ...warned.map((warning) => warning.code)];
  };
  assert.deepEqual(smt({ vsmt: '8' }, host), [8]);
  assert.deepEqual(smt({}, host), [undefined]);
  assert.deepEqual(smt({ cpus: '4', threads: '4' }, host), [4]);
  assert.deepEqual(smt({ vsmt: '8' }, fixed(4)), [undefined, 'W_VSMT']);
  assert.deepEqual(smt({ vsmt: '6' }, fixed(4)), [undefined, 'E_VSMT']);
  assert.deepEqual(smt({ cpus: '8', threads: '8' }, fixed(4)), [undefined, 'E_VSMT']);
  assert.deepEqual(smt({}, fixed(4)), [undefined, 'E_VSMT']);
});

test('the engine has up to 8 threads in a core, more than one from level power8 on', () => {
  assert.deepEqual(codes({ cpu: 'power9', cpus: '16', threads: '16' }, engine()), ['E_THREADS']);
  assert.deepEqual(codes({ cpu: 'power9', cpus: '8', threads: '8' }, engine()), []);
  assert.deepEqual(codes({ cpu: 'power7', cpus: '2', threads: '2' }, engine()), ['E_THREADS']);
  assert.deepEqual(codes({ cpu: 'power9', 'max-cpu-compat': 'power7', cpus: '2', threads: '2' }, engine()), [
    'E_THREADS',
  ]);
});

test('kvm-type, timebase and nested KVM are checked against the host', () => {
  const host = named('power9-hv-6.1');
  assert.deepEqual(codes({ cpu: 'power9', 'kvm-type': 'HV' }, host), []);
  assert.deepEqual(codes({ cpu: 'power9', 'kvm-type': 'pr' }, host), ['E_KVM_TYPE']);
  assert.deepEqual(codes({ 'kvm-type': 'hv' }, engine()), ['E_KVM_TYPE']);
  assert.deepEqual(codes({ 'kvm-type': 'auto' }, engine()), []);
  const both = evaluate({ cpu: 'power9', 'kvm-type': 'auto' }, { ...host, kvmTypes: ['pr', 'hv'] });
  assert.equal(both.provision?.kvmType, 'hv');
  assert.deepEqual(codes({ cpu: 'power9' }, { ...host, timebaseFrequency: 500_000_000 }), ['E_TIMEBASE']);
  assert.deepEqual(codes({ cpu: 'power9', 'cap-nested-papr': 'on' }, host), ['E_NESTED']);
  assert.deepEqual(codes({ cpu: 'power9', 'cap-nested-papr': 'on' }, engine()), []);
  const older = { cpu: 'power9', 'max-cpu-compat': 'power8', 'cap-nested-hv': 'on' };
  assert.deepEqual(codes(older, host), ['E_NESTED']);
});

test('no cause is reported twice, and reasons stand in the order of the checks', () => {
  const request = {
    cpu: 'power10',
    'kvm-type': 'pr',
    'kernel-irqchip': 'split',
    'max-cpu-compat': 'power7',
    'mmu-offer': 'radix',
    'cap-ail-mode-2': 'on',
    'cap-htm': 'on',
    'cap-vsx': 'maybe',
    threads: '3',
  };
  const found = codes(request, named('power8-pr-5.10'));
  assert.deepEqual(found, [
    'E_CAP_VALUE',
    'E_THREADS',
    'E_CPU_HOST',
    'E_MMU',
    'E_IRQCHIP_SPLIT',
    'E_FWNMI',
    'E_AIL2',
    'E_AIL2_KVM',
    'E_COMPAT_KVM',
  ]);
});
