// The numbered scenarios of the guest-environment specification (section 11), by number, through the public commands.
// Scenarios that need a running guest are listed with the open issue that they belong to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from '../src/cli/command.ts';
import { checkMigrationCommand } from '../src/cli/commands/check-migration.ts';
import { explainCommand } from '../src/cli/commands/explain.ts';
import { type Environment, findProfile, type Provision, type Reason } from '../src/environment/index.ts';
import { exitStatus } from '../src/host/exit-status.ts';

interface Answer {
  readonly verdict: string;
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Reason[];
  readonly fix?: string;
  readonly environment: Environment;
  readonly provision: Provision;
}

/** Runs a command as a user would and reads its JSON. */
async function answer(command: Command, args: readonly string[]): Promise<Answer> {
  let out = '';
  let err = '';
  const io = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
    colour: false,
  };
  const status = await command.run([...args, '--json'], io);
  assert.equal(err, '');
  const parsed = JSON.parse(out) as Answer;
  assert.equal(status, parsed.verdict === 'refused' ? exitStatus.refused : exitStatus.ok);
  return parsed;
}

const classes: Readonly<Record<number, string>> = { 63: 'power7', 77: 'power8', 78: 'power9', 128: 'power10' };

/** The CPU of a host's class, which a scenario means where it names none. */
function hostCpu(host: string): string {
  const profile = findProfile(host);
  assert.ok(profile !== undefined, `there is a profile ${host}`);
  return profile.accelerator === 'engine' ? 'power10' : (classes[Number(profile.pvr) >>> 16] ?? '');
}

/** `explain` on a host; options as one text. */
function explain(host: string, options = ''): Promise<Answer> {
  const words = options.split(' ').filter((word) => word !== '');
  const cpu = words.includes('-cpu') ? [] : ['-cpu', hostCpu(host)];
  return answer(explainCommand, [...cpu, ...words, '--host', host]);
}

/** `check-migration` between two hosts. */
function migrate(from: string, to: string, options: string, ...more: string[]): Promise<Answer> {
  const words = options.split(' ').filter((word) => word !== '');
  const cpu = words.includes('-cpu') ? [] : ['-cpu', hostCpu(from)];
  return answer(checkMigrationCommand, ['--from', from, '--to', to, ...cpu, ...words, ...more]);
}

const codes = (reasons: readonly Reason[]) => reasons.map((reason) => reason.code);

async function starts(host: string, options = ''): Promise<Answer> {
  const result = await explain(host, options);
  assert.deepEqual(codes(result.reasons), [], `${host} ${options}`);
  assert.equal(result.verdict, 'provided');
  return result;
}

/** Refused for exactly these reasons, in this order; and what is offered as a way out does start. */
async function refused(host: string, options: string, ...expected: string[]): Promise<Answer> {
  const result = await explain(host, options);
  assert.deepEqual(codes(result.reasons), expected, `${host} ${options}`);
  assert.equal(result.verdict, 'refused');
  return result;
}

const lowered = '--cap-cfpc=broken --cap-sbbc=broken --cap-ibs=broken --cap-ccf-assist=off --cap-ail-mode-3=off';
const ailOff = '--cap-ail-mode-3=off';
const guestIssue = 'What the environment says is what running guests see';

/** One scenario: what is decided without a guest, and the issue that the rest belongs to. */
interface Scenario {
  readonly number: number;
  readonly run?: () => Promise<void>;
  readonly rest?: string;
}

const scenarios: readonly Scenario[] = [
  {
    number: 1,
    async run() {
      const { environment, warnings } = await starts('engine');
      assert.deepEqual(codes(warnings), ['W_SEC', 'W_SEC', 'W_SEC', 'W_SEC']);
      assert.deepEqual(
        warnings.map((warning) => warning.option),
        ['cap-cfpc', 'cap-sbbc', 'cap-ibs', 'cap-ccf-assist'],
      );
      const caps = environment.capabilities;
      for (const name of ['ail-mode-3', 'large-decr', 'fwnmi', 'dawr1'] as const) assert.equal(caps[name], 1, name);
      for (const name of ['htm', 'rpt-invalidate', 'nested-hv', 'nested-papr'] as const)
        assert.equal(caps[name], 0, name);
    },
  },
  {
    number: 2,
    async run() {
      const { fix } = await refused('engine', '-M pseries-2.11 -cpu power8', 'E_HTM');
      assert.equal(fix, 'cap-htm=off');
      await starts('engine', `-M pseries-2.11,${fix} -cpu power8`);
    },
  },
  {
    number: 3,
    async run() {
      const { environment } = await starts('engine', '-M pseries-2.12-sxxm -cpu power9');
      assert.equal(environment.capabilities.ibs, 3);
      assert.notEqual(BigInt(environment.characteristics.character) & (1n << (63n - 7n)), 0n);
    },
  },
  {
    number: 4,
    async run() {
      const { capabilities: caps } = (await starts('engine', '-cpu power7')).environment;
      assert.deepEqual([caps['large-decr'], caps['ail-mode-3'], caps.dawr1, caps.cfpc, caps.sbbc], [0, 0, 0, 0, 1]);
    },
  },
  {
    number: 5,
    run: async () => assert.equal((await starts('engine', '-cpu power8')).environment.capabilities.sbbc, 1),
  },
  {
    number: 6,
    run: async () => void (await refused('engine', '-cpu power8 --cap-large-decr=on', 'E_LARGE_DECR')),
  },
  {
    number: 7,
    async run() {
      await refused('engine', '-cpu power9 --max-cpu-compat=power8 --cap-large-decr=on', 'E_LARGE_DECR');
      const { environment } = await starts('engine', '-cpu power9 --max-cpu-compat=power8');
      assert.deepEqual(environment.decrementer, { bits: 32, large: false });
    },
  },
  {
    number: 8,
    async run() {
      const { environment, warnings } = await starts('engine', '--cap-ibs=fixed-na');
      assert.ok(warnings.some((warning) => warning.code === 'W_SEC' && warning.option === 'cap-ibs'));
      const ibsCharacter = [1, 7, 9].reduce((word, bit) => word | (1n << BigInt(63 - bit)), 0n);
      assert.equal(BigInt(environment.characteristics.character) & ibsCharacter, 0n);
      assert.equal(BigInt(environment.characteristics.behaviour) & (1n << (63n - 5n)), 0n);
    },
    rest: guestIssue,
  },
  {
    number: 9,
    async run() {
      const small = await starts('engine', '--cap-hpt-max-page-size=4k');
      assert.ok(codes(small.warnings).includes('W_PAGE_SMALL'));
      await refused('engine', '--cap-hpt-max-page-size=1k', 'E_HPT_MIN');
      await refused('engine', '--cap-hpt-max-page-size=70000', 'E_CAP_POW2');
    },
  },
  {
    number: 10,
    // The second half (16 MiB host pages) is a profile of the user: see the test of profile files.
    run: async () => void (await refused('power9-hv-6.1', '--cap-hpt-max-page-size=16m', 'E_HPT_PAGE')),
  },
  { number: 11, run: async () => void (await starts('power8-hv-5.18')) },
  {
    number: 12,
    async run() {
      await refused('power9dd21-hv-6.1', `${ailOff} --mmu-offer=radix`, 'E_SEC(ccf)');
      await starts('power9dd21-hv-6.1', `${ailOff} --mmu-offer=radix --cap-ccf-assist=off`);
    },
  },
  {
    number: 13,
    async run() {
      const expected = ['E_SEC(cfpc)', 'E_SEC(sbbc)', 'E_SEC(ibs)', 'E_SEC(ccf)'];
      await refused('power9-hv-4.14-noxive', ailOff, ...expected);
    },
  },
  { number: 14, run: async () => void (await refused('power8-pr-5.10', '', 'E_FWNMI', 'E_AIL3')) },
  {
    number: 15,
    run: async () =>
      void (await refused('power9-pr-5.18', `${ailOff} --cap-fwnmi=off --mmu-offer=hash`, 'E_LARGE_DECR')),
  },
  {
    number: 16,
    async run() {
      await refused('engine', '-cpu power9 --cap-nested-hv=on -smp threads=2', 'E_NESTED');
      await refused('engine', '-cpu power9 --cap-nested-hv=on --cap-nested-papr=on', 'E_NESTED_EXCL');
    },
  },
  { number: 17, rest: guestIssue },
  { number: 18, rest: guestIssue },
  {
    number: 19,
    run: async () => assert.deepEqual((await starts('engine', ailOff)).environment.ailModes, [0]),
    rest: guestIssue,
  },
  {
    number: 20,
    run: async () =>
      assert.deepEqual((await starts('engine', '-cpu power9 --cap-ail-mode-2=on')).environment.ailModes, [0, 2, 3]),
    rest: guestIssue,
  },
  {
    number: 21,
    async run() {
      await refused('engine', '--cap-ail-mode-2=on', 'E_AIL2');
      await refused('power9-hv-6.1', '--cap-ail-mode-2=on', 'E_AIL2_KVM');
    },
  },
  { number: 22, rest: guestIssue },
  {
    number: 23,
    async run() {
      const { reasons } = await refused('power9-hv-5.15', '', 'E_AIL3');
      assert.equal(reasons[0]?.fix, 'cap-ail-mode-3=off');
      await starts('power9-hv-5.15', ailOff);
    },
    rest: guestIssue,
  },
  {
    number: 24,
    async run() {
      assert.ok(codes((await explain('power9dd21-hv-6.1')).reasons).includes('E_AIL3'));
      assert.ok(codes((await explain('power9dd21-hv-6.1', '--mmu-offer=hash')).reasons).includes('E_AIL3'));
    },
  },
  {
    number: 25,
    async run() {
      const options = `${ailOff} --cap-fwnmi=off --cap-large-decr=off --mmu-offer=hash`;
      assert.equal((await starts('power9-pr-5.18', options)).provision.setMode, 'pr');
    },
    rest: guestIssue,
  },
  { number: 26, rest: guestIssue },
  { number: 27, rest: guestIssue },
  { number: 28, rest: guestIssue },
  {
    number: 29,
    run: async () => assert.equal((await starts('engine', '-cpu power8')).environment.facilities.scv, false),
    rest: guestIssue,
  },
  { number: 30, rest: guestIssue },
  {
    number: 31,
    async run() {
      const { environment, provision } = await starts('engine', '-cpu power9');
      assert.equal(environment.platformSupport['23'], 0x80);
      const { beforeCas, xics, xive } = provision.interruptController;
      assert.deepEqual([beforeCas, xics, xive], ['emulated', 'emulated', 'emulated']);
      assert.equal(environment.interruptModes.beforeCas, 'xics');
    },
    rest: guestIssue,
  },
  {
    number: 32,
    async run() {
      const { provision, warnings } = await starts('power9-hv-6.1');
      assert.deepEqual([provision.interruptController.xics, provision.interruptController.xive], ['kernel', 'kernel']);
      assert.deepEqual(warnings, []);
    },
    rest: guestIssue,
  },
  {
    number: 33,
    async run() {
      const { provision, warnings } = await starts('power9-hv-5.15', `${ailOff} --ic-mode=dual --kernel-irqchip=off`);
      assert.equal(provision.interruptController.xive, 'emulated');
      assert.deepEqual(warnings, []);
    },
  },
  {
    number: 34,
    async run() {
      const off = `${lowered} --ic-mode=dual --kernel-irqchip=off`;
      const { environment, provision } = await starts('power9-hv-4.14-noxive', off);
      assert.equal(environment.interruptModes.offered, 'dual');
      assert.equal(provision.interruptController.xive, 'emulated');
    },
  },
  {
    number: 35,
    async run() {
      const { provision, warnings } = await starts('power9-hv-4.14-noxive', `${lowered} --ic-mode=dual`);
      assert.deepEqual(codes(warnings), ['W_IRQCHIP_FALLBACK']);
      const { beforeCas, xive, xicsReturns } = provision.interruptController;
      assert.deepEqual([beforeCas, xive, xicsReturns], ['kernel', 'emulated', false]);
    },
    rest: guestIssue,
  },
  {
    number: 36,
    async run() {
      const host = 'power9-hv-4.14-noxive';
      await refused(host, `${lowered} --ic-mode=dual --kernel-irqchip=on`, 'E_IRQCHIP_DUAL');
      await refused(host, `${lowered} --ic-mode=xive --kernel-irqchip=on`, 'E_IRQCHIP_XIVE');
      const { provision } = await starts(host, `${lowered} --ic-mode=xics --kernel-irqchip=on`);
      assert.equal(provision.interruptController.xics, 'kernel');
    },
  },
  {
    number: 37,
    async run() {
      await refused('power9-l1-6.1', '--mmu-offer=radix --ic-mode=dual --kernel-irqchip=on', 'E_IRQCHIP_DUAL');
      await starts('power9-l1-6.1', '--mmu-offer=radix --ic-mode=dual');
      for (const irqchip of ['', '--kernel-irqchip=on']) {
        assert.ok(codes((await explain('power9-l1-6.1', `--ic-mode=dual ${irqchip}`)).reasons).includes('E_MMU'));
      }
    },
  },
  {
    number: 38,
    async run() {
      const { environment, warnings } = await starts('engine', '-cpu power9 --max-cpu-compat=power8');
      assert.equal(environment.interruptModes.offered, 'xics');
      assert.equal(environment.platformSupport['23'], 0x00);
      assert.ok(codes(warnings).every((code) => code === 'W_SEC'));
    },
  },
  {
    number: 39,
    async run() {
      const power8 = '-cpu power9 --max-cpu-compat=power8';
      await refused('engine', `${power8} --ic-mode=dual`, 'E_IC_MODE_LEVEL');
      await refused('engine', `${power8} --ic-mode=xive`, 'E_IC_MODE_LEVEL');
      await starts('engine', `${power8} --ic-mode=xics`);
    },
  },
  { number: 40, run: async () => void (await refused('engine', '-cpu power8 --ic-mode=xive', 'E_IC_MODE_LEVEL')) },
  {
    number: 41,
    async run() {
      await refused('engine', '-M pseries-3.0,ic-mode=xics', 'E_IC_MODE_LEGACY');
      const { environment } = await starts('engine', '-M pseries-4.0');
      assert.equal(environment.interruptModes.offered, 'xics');
      assert.equal(environment.platformSupport['23'], 0x00);
    },
  },
  {
    number: 42,
    run: async () =>
      assert.equal((await starts('engine', '-cpu power9 --ic-mode=xive')).environment.platformSupport['23'], 0x40),
    rest: guestIssue,
  },
  { number: 43, rest: guestIssue },
  {
    number: 44,
    async run() {
      const { provision } = await starts('power8-pr-5.10', `${ailOff} --cap-fwnmi=off`);
      assert.equal(provision.compat, 'none');
    },
    rest: guestIssue,
  },
  {
    number: 45,
    async run() {
      const options = `${ailOff} --cap-fwnmi=off --max-cpu-compat=power8`;
      await refused('power8-pr-5.10', options, 'E_COMPAT_KVM');
      const { warnings, provision } = await starts('pr-compat-ignore', options);
      assert.deepEqual(codes(warnings), ['W_PR_APPROX']);
      assert.deepEqual(
        provision.deviations.map((deviation) => deviation.name),
        ['cpu-features'],
      );
    },
  },
  {
    number: 46,
    run: async () => assert.equal((await starts('power9-hv-6.1')).provision.compat, 'register'),
    rest: guestIssue,
  },
  { number: 47, rest: guestIssue },
  { number: 48, rest: guestIssue },
  {
    number: 49,
    async run() {
      await refused('engine', '-cpu power9 --max-cpu-compat=power10', 'E_COMPAT_CPU');
      const { environment } = await starts('engine', '-cpu power8 --max-cpu-compat=power7+');
      assert.equal(BigInt(environment.cpu.pcr), 0x2000000000000004n);
    },
  },
  {
    number: 50,
    async run() {
      const { levels } = (await starts('engine', '-cpu power9 -smp 8,threads=8')).environment;
      assert.equal(levels.find((view) => view.name === 'power7')?.threadsPerCore, 4);
      assert.equal(levels.find((view) => view.name === 'power8')?.threadsPerCore, 8);
    },
    rest: guestIssue,
  },
  {
    number: 51,
    async run() {
      for (const type of ['pseries-5.1', 'pseries']) {
        const { environment } = await starts('power9-hv-6.1', `-M ${type}`);
        assert.ok(!environment.hypertasFunctions.includes('hcall-rpt-invalidate'));
        assert.equal(environment.hypercalls.H_RPT_INVALIDATE, undefined);
      }
    },
    rest: guestIssue,
  },
  {
    number: 52,
    async run() {
      const { environment, provision } = await starts('power9-hv-6.1', '--cap-rpt-invalidate=on');
      assert.ok(environment.hypertasFunctions.includes('hcall-rpt-invalidate'));
      assert.equal(environment.hypercalls.H_RPT_INVALIDATE, 0x448);
      assert.ok(provision.kernelHypercalls.includes('H_RPT_INVALIDATE'));
    },
    rest: guestIssue,
  },
  {
    number: 53,
    async run() {
      const { environment } = await starts('power9-hv-6.1', '--cap-rpt-invalidate=on --cap-nested-hv=on');
      assert.equal(environment.hypercalls.H_TLB_INVALIDATE, 0xf808);
    },
    rest: guestIssue,
  },
  {
    number: 54,
    async run() {
      await refused('power8-hv-5.18', '--cap-rpt-invalidate=on', 'E_RPT_RADIX');
      const pr = await explain('power9-pr-5.18', '--mmu-offer=hash --cap-rpt-invalidate=on');
      assert.ok(codes(pr.reasons).includes('E_RPT_RADIX'));
      const old = await explain('power9-hv-5.4', '--cap-rpt-invalidate=on');
      assert.deepEqual(codes(old.reasons), ['E_RPT', 'E_AIL3']);
    },
  },
  {
    number: 55,
    async run() {
      const result = await migrate('power9-hv-6.1', 'power9-hv-5.15', '');
      assert.deepEqual(codes(result.reasons), ['dest:E_AIL3']);
    },
    rest: 'A machine can be saved, moved and looked into while it runs',
  },
  {
    number: 56,
    async run() {
      const result = await migrate('power9-hv-6.1', 'power9-hv-5.15', ailOff, '--state', 'irq=xive');
      assert.equal(result.verdict, 'possible');
      assert.deepEqual(result.warnings, []);
    },
  },
  {
    number: 57,
    async run() {
      const on = '--cap-rpt-invalidate=on';
      const off = '--cap-rpt-invalidate=off';
      const less = await migrate('power9-hv-6.1', 'power9-hv-6.1', on, '--to-options', off);
      assert.deepEqual(codes(less.reasons), ['E_MIG_CAP']);
      assert.match(less.reasons[0]?.message ?? '', /^rpt-invalidate 1 0\b/);
      const more = await migrate('power9-hv-6.1', 'power9-hv-6.1', off, '--to-options', on);
      assert.equal(more.verdict, 'possible');
      assert.deepEqual(codes(more.warnings), ['W_MIG_CAP']);
    },
  },
  {
    number: 58,
    async run() {
      const options = '-cpu power9 --max-cpu-compat=power8';
      const to = ['--to-options', '-cpu power10', '--state'];
      assert.equal((await migrate('engine', 'engine', options, ...to, 'level=power8')).verdict, 'possible');
      const raw = await migrate('engine', 'engine', options, ...to, 'level=raw');
      assert.deepEqual(codes(raw.reasons), ['E_MIG_PVR']);
    },
  },
  {
    number: 59,
    async run() {
      const from = '-cpu power9 --cap-ail-mode-2=on --cap-ail-mode-3=off';
      const to = '--cap-ail-mode-2=off --cap-ail-mode-3=on';
      const result = await migrate('engine', 'engine', from, '--to-options', to);
      assert.deepEqual(codes(result.reasons), ['E_MIG_CAP']);
      assert.match(result.reasons[0]?.message ?? '', /^ail-mode-2 1 0\b/);
    },
  },
  {
    number: 60,
    async run() {
      const options = `${ailOff} --cap-ccf-assist=on`;
      const fallback = await migrate('power9-hv-6.1', 'power9-hv-4.20-nested', options, '--state', 'irq=xive');
      assert.equal(fallback.verdict, 'possible');
      assert.deepEqual(codes(fallback.warnings), ['W_IRQCHIP_FALLBACK']);
      const hash = await migrate('power9-hv-6.1', 'power9-l1-6.1', ailOff);
      assert.deepEqual(codes(hash.reasons), ['dest:E_MMU']);
      const radix = await migrate('power9-hv-6.1', 'power9-l1-6.1', `${ailOff} --mmu-offer=radix`);
      assert.equal(radix.verdict, 'possible');
    },
  },
];

test('every scenario of section 11 is listed once, by number', () => {
  assert.deepEqual(
    scenarios.map((scenario) => scenario.number),
    Array.from({ length: 60 }, (_, i) => i + 1),
  );
});

for (const { number, run, rest } of scenarios) {
  if (run !== undefined) test(`scenario ${number}`, run);
  if (rest !== undefined) {
    const part = run === undefined ? '' : ', the part that needs a running guest';
    test(`scenario ${number}${part}`, { skip: `belongs to the open issue "${rest}"` }, () => {});
  }
}

test('section 9.3: what the newest type needs on each profile is what its ways out say', async () => {
  const needs: Readonly<Record<string, string>> = {
    engine: '',
    'power9-hv-6.1': '',
    'power10-hv-6.6': '',
    'power9-l1-6.1': 'mmu-offer=radix',
    'power10-l1v2-6.12': 'mmu-offer=radix',
    'power8-hv-5.18': '',
    'power9-hv-5.15': 'cap-ail-mode-3=off',
    'power9-hv-5.4': 'cap-ail-mode-3=off',
    'power9-hv-4.20-nested': 'cap-ail-mode-3=off',
    'power9dd21-hv-6.1': 'mmu-offer=radix,cap-ccf-assist=off,cap-ail-mode-3=off',
    'power9-hv-4.14-noxive': 'cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off,cap-ail-mode-3=off',
    'power8-pr-5.10': 'cap-fwnmi=off,cap-ail-mode-3=off',
    'power9-pr-5.18': 'mmu-offer=hash,cap-large-decr=off,cap-fwnmi=off,cap-ail-mode-3=off',
    'power8-hv-4.4':
      'resize-hpt=disabled,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off,cap-fwnmi=off,cap-ail-mode-3=off',
    'power7-hv-4.4': 'resize-hpt=disabled,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off,cap-fwnmi=off',
  };
  for (const [host, fix] of Object.entries(needs)) {
    const result = await explain(host);
    assert.equal(result.fix ?? '', fix, host);
    if (fix !== '') await starts(host, `-M pseries,${fix}`);
  }
});
