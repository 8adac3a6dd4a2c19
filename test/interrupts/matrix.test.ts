// Which controller a running guest finds, and who models it: at boot, after it has negotiated, after a reset; for every
// ic-mode, kernel-irqchip and class of host. (guest environment, sections 6.2, 6.3 and 6.4)
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluate, findProfile, type HostProfile, type KvmProfile, type Request } from '../../src/environment/index.ts';
import type { KernelHoldings } from '../../src/machine/host-model/kernel-devices.ts';
import { casRequestBytes } from '../../src/papr/cas-request-bytes.ts';
import { MachineEnded, Puppet } from './puppet.ts';
import { place } from './puppet-source.ts';

function kvmProfile(
  name: string,
  without: readonly (keyof KvmProfile['kvm'])[],
  more: Partial<KvmProfile>,
): KvmProfile {
  const base = findProfile('power9-hv-6.1');
  assert.ok(base?.accelerator === 'kvm');
  const kvm = Object.fromEntries(Object.entries(base.kvm).filter(([key]) => !without.some((gone) => gone === key)));
  return { ...base, name, kvm, ...more };
}

/** Classes of hosts as section 6.3 names them; `0` is a KVM without in-kernel XICS, which has no XIVE either. */
const hosts: Readonly<Record<string, HostProfile>> = {
  T: { ...kvmProfile('', [], {}), name: 'engine', accelerator: 'engine' },
  X: kvmProfile('with XIVE', [], {}),
  N: kvmProfile('without XIVE', ['PPC_IRQ_XIVE'], {}),
  B: kvmProfile('broken disconnect', ['PPC_IRQ_XIVE'], { xicsReconnect: false }),
  0: kvmProfile('without XICS', ['PPC_IRQ_XIVE', 'IRQ_XICS'], {}),
};

/** Active controller and who models it: `K` the host's kernel, `E` this program. */
type Finding = 'XICS K' | 'XICS E' | 'XIVE K' | 'XIVE E';

/** One row of section 6.3 for some classes of hosts. */
interface Row {
  readonly row: number;
  readonly icMode: 'dual' | 'xics' | 'xive' | undefined;
  readonly irqchip: readonly ('absent' | 'on' | 'off' | 'split')[];
  readonly hosts: string;
  /** Level 3.00 is not there. */
  readonly old?: true;
  /** Why the start is refused; nothing else is told then. */
  readonly refused?: string;
  readonly boot?: Finding;
  /** After a negotiation by a guest that asks for XIVE, and by one that does not; a code where the machine stops. */
  readonly asks?: Finding | 'E_CAS_IC';
  readonly asksNot?: Finding | 'E_CAS_IC';
  /** After a reset that follows the first of these, and after one that follows the second. */
  readonly reset?: readonly [Finding, Finding];
  /** Warnings of the start, of the run of the guest that asks, of the other. */
  readonly warnings?: readonly [number, number, number];
}

const rows: readonly Row[] = [
  {
    ...{ row: 1, icMode: 'dual', irqchip: ['absent', 'off'], hosts: 'T' },
    ...{ boot: 'XICS E', asks: 'XIVE E', asksNot: 'XICS E', reset: ['XICS E', 'XICS E'] },
  },
  {
    ...{ row: 2, icMode: 'xics', irqchip: ['absent', 'off'], hosts: 'T' },
    ...{ boot: 'XICS E', asks: 'E_CAS_IC', asksNot: 'XICS E', reset: ['XICS E', 'XICS E'] },
  },
  {
    ...{ row: 3, icMode: 'xive', irqchip: ['absent', 'off'], hosts: 'T' },
    ...{ boot: 'XIVE E', asks: 'XIVE E', asksNot: 'E_CAS_IC', reset: ['XIVE E', 'XIVE E'] },
  },
  { row: 4, icMode: 'dual', irqchip: ['on'], hosts: 'T', refused: 'E_IRQCHIP_NO_KVM' },
  { row: 4, icMode: 'xics', irqchip: ['on'], hosts: 'T', refused: 'E_IRQCHIP_NO_KVM' },
  { row: 4, icMode: 'xive', irqchip: ['on'], hosts: 'T', refused: 'E_IRQCHIP_NO_KVM' },
  { row: 4, icMode: 'dual', irqchip: ['split'], hosts: 'T', refused: 'E_IRQCHIP_SPLIT' },
  {
    ...{ row: 5, icMode: 'dual', irqchip: ['absent'], hosts: 'X' },
    ...{ boot: 'XICS K', asks: 'XIVE K', asksNot: 'XICS K', reset: ['XICS K', 'XICS K'] },
  },
  {
    ...{ row: 6, icMode: 'dual', irqchip: ['off'], hosts: 'XNB' },
    ...{ boot: 'XICS E', asks: 'XIVE E', asksNot: 'XICS E', reset: ['XICS E', 'XICS E'] },
  },
  {
    ...{ row: 7, icMode: 'dual', irqchip: ['on'], hosts: 'X' },
    ...{ boot: 'XICS K', asks: 'XIVE K', asksNot: 'XICS K', reset: ['XICS K', 'XICS K'] },
  },
  {
    ...{ row: 8, icMode: 'xics', irqchip: ['absent', 'on'], hosts: 'XNB' },
    ...{ boot: 'XICS K', asks: 'E_CAS_IC', asksNot: 'XICS K', reset: ['XICS K', 'XICS K'] },
  },
  {
    ...{ row: 9, icMode: 'xics', irqchip: ['off'], hosts: 'XNB' },
    ...{ boot: 'XICS E', asks: 'E_CAS_IC', asksNot: 'XICS E', reset: ['XICS E', 'XICS E'] },
  },
  {
    ...{ row: 10, icMode: 'xive', irqchip: ['absent', 'on'], hosts: 'X' },
    ...{ boot: 'XIVE K', asks: 'XIVE K', asksNot: 'E_CAS_IC', reset: ['XIVE K', 'XIVE K'] },
  },
  {
    ...{ row: 11, icMode: 'xive', irqchip: ['off'], hosts: 'XNB' },
    ...{ boot: 'XIVE E', asks: 'XIVE E', asksNot: 'E_CAS_IC', reset: ['XIVE E', 'XIVE E'] },
  },
  {
    ...{ row: 12, icMode: 'xive', irqchip: ['absent'], hosts: 'NB', warnings: [1, 0, 0] },
    ...{ boot: 'XIVE E', asks: 'XIVE E', asksNot: 'E_CAS_IC', reset: ['XIVE E', 'XIVE E'] },
  },
  { row: 13, icMode: 'xive', irqchip: ['on'], hosts: 'NB', refused: 'E_IRQCHIP_XIVE' },
  {
    ...{ row: 14, icMode: 'dual', irqchip: ['absent'], hosts: 'N', warnings: [1, 0, 0] },
    ...{ boot: 'XICS K', asks: 'XIVE E', asksNot: 'XICS K', reset: ['XICS K', 'XICS K'] },
  },
  {
    ...{ row: 15, icMode: 'dual', irqchip: ['absent'], hosts: 'B', warnings: [1, 1, 0] },
    ...{ boot: 'XICS K', asks: 'XIVE E', asksNot: 'XICS K', reset: ['XICS E', 'XICS K'] },
  },
  { row: 16, icMode: 'dual', irqchip: ['on'], hosts: 'N', refused: 'E_IRQCHIP_XIVE' },
  { row: 17, icMode: 'dual', irqchip: ['on'], hosts: 'B', refused: 'E_IRQCHIP_DUAL' },
  {
    ...{ row: 18, icMode: undefined, old: true, irqchip: ['absent'], hosts: 'XNB' },
    ...{ boot: 'XICS K', asks: 'E_CAS_IC', asksNot: 'XICS K', reset: ['XICS K', 'XICS K'] },
  },
  { row: 19, icMode: undefined, old: true, irqchip: ['on'], hosts: '0', refused: 'E_IRQCHIP_XICS' },
  {
    ...{ row: 20, icMode: undefined, old: true, irqchip: ['absent'], hosts: '0', warnings: [1, 0, 0] },
    ...{ boot: 'XICS E', asks: 'E_CAS_IC', asksNot: 'XICS E', reset: ['XICS E', 'XICS E'] },
  },
  { row: 21, icMode: 'dual', irqchip: ['split'], hosts: 'XNB0', refused: 'E_IRQCHIP_SPLIT' },
  { row: 21, icMode: 'xics', irqchip: ['split'], hosts: 'XNB0', refused: 'E_IRQCHIP_SPLIT' },
  { row: 21, icMode: 'xive', irqchip: ['split'], hosts: 'XNB0', refused: 'E_IRQCHIP_SPLIT' },
];

const hCppr = ['H_CPPR', [0xff]] as const;
const hIntGetSourceInfo = ['H_INT_GET_SOURCE_INFO', [0, 0x1000]] as const;

/** What a guest finds: which controller answers its calls. Until XIVE is negotiated it answers to none. */
function finding(puppet: Puppet): Finding {
  const { controller, holdings } = puppet.machine.statistics().host;
  const { active } = puppet.irq;
  assert.deepEqual(holdings, controller === 'kernel' ? held(puppet, active) : nothing);
  const xics = puppet.hypercall(...hCppr, 0).status;
  const xive = puppet.hypercall(...hIntGetSourceInfo, 0).status;
  const offered = puppet.environment.interruptModes.offered;
  if (active === 'xics') assert.deepEqual([xics, xive], [0n, -2n]);
  else assert.equal(xics, offered === 'xive' ? -2n : -1n);
  const token = puppet.rtas('ibm,get-xive', [0x1000], 0)[0];
  // Where XICS is not offered the calls do not exist.
  assert.equal(token, active === 'xics' ? 0 : offered === 'xive' ? -3 : -1);
  return `${active === 'xics' ? 'XICS' : 'XIVE'} ${controller === 'kernel' ? 'K' : 'E'}`;
}

const nothing: KernelHoldings = {
  ...{ device: undefined, presenters: [], sources: [], tokens: [], mappings: [], flags: [] },
};

/** All that a machine holds of a kernel that models its controller. */
function held({ servers, machine }: Puppet, mode: 'xics' | 'xive'): KernelHoldings {
  return {
    device: mode,
    presenters: servers,
    sources: machine.statistics().host.holdings.sources,
    tokens: mode === 'xics' ? ['ibm,set-xive', 'ibm,get-xive', 'ibm,int-off', 'ibm,int-on'] : [],
    mappings: mode === 'xive' ? ['ESB', 'TIMA'] : [],
    flags: ['irqchip-in-kernel', 'direct-msi', 'irqfd'],
  };
}

/** Lets the guest negotiate; the code by which the machine stops, if it does. */
function negotiate(puppet: Puppet, xive: number): string | undefined {
  // A guest of the level before 3.00 knows the hash MMU alone.
  const mmu = puppet.environment.platformSupport['24'] === 0 ? { mmu: 0, gtse: 0 } : {};
  puppet.memory.writeBytes(place.request, casRequestBytes({ xive, ...mmu }));
  try {
    assert.equal(puppet.hypercall('H_CAS', [place.request, place.tree, 0x4_0000], 0).status, 0n);
    return undefined;
  } catch (error) {
    if (!(error instanceof MachineEnded)) throw error;
    return /E_CAS_IC\b/.exec(error.message)?.[0] ?? error.message;
  }
}

function life(options: ConstructorParameters<typeof Puppet>[0], row: Row, asks: boolean): void {
  const warnings: string[] = [];
  const hostParts = { warn: (code: string) => warnings.push(code) };
  const puppet = new Puppet({ ...options, hostParts, alone: true });
  assert.equal(finding(puppet), row.boot, 'at boot');
  const due = asks ? row.asks : row.asksNot;
  const stopped = negotiate(puppet, asks ? 0x40 : 0);
  if (due === 'E_CAS_IC') {
    assert.equal(stopped, due);
    return;
  }
  assert.equal(finding(puppet), due, 'negotiated');
  if (due?.startsWith('XIVE')) assert.equal(puppet.hypercall(...hIntGetSourceInfo, 0).status, 0n);
  const [afterAsked, afterNot] = row.reset ?? [];
  puppet.reboot();
  assert.equal(finding(puppet), asks ? afterAsked : afterNot, 'after a reset');
  // What the first negotiation gave the second gives, too, and no reset loses anything more.
  assert.equal(negotiate(puppet, asks ? 0x40 : 0), undefined);
  assert.equal(finding(puppet), due, 'negotiated again');
  puppet.reboot();
  assert.equal(finding(puppet), asks ? afterAsked : afterNot, 'after another reset');
  const expected = row.warnings?.[asks ? 1 : 2] ?? 0;
  assert.deepEqual(warnings, new Array<string>(expected).fill('W_IRQCHIP_FALLBACK'));
}

for (const row of rows) {
  const mode = row.icMode ?? 'unspecified, level below 3.00';
  test(`row ${row.row}: ic-mode ${mode}, kernel-irqchip ${row.irqchip.join(' or ')}, hosts ${row.hosts}`, () => {
    for (const irqchip of row.irqchip) {
      for (const name of row.hosts) {
        const host = hosts[name];
        assert.ok(host !== undefined);
        const request: Request = {
          ...{ cpu: 'power9', memory: '256', cpus: '2' },
          ...(row.icMode === undefined ? {} : { 'ic-mode': row.icMode }),
          ...(row.old ? { 'max-cpu-compat': 'power8' } : {}),
        };
        const constraints = irqchip === 'absent' ? {} : { 'kernel-irqchip': irqchip };
        const { reasons, warnings } = evaluate({ ...request, ...constraints }, host);
        const codes = reasons.map(({ code }) => code);
        assert.deepEqual(codes, row.refused === undefined ? [] : [row.refused], `host ${name}, ${irqchip}`);
        const told = warnings.filter(({ code }) => code === 'W_IRQCHIP_FALLBACK').length;
        assert.equal(told, row.refused === undefined ? (row.warnings?.[0] ?? 0) : told, `host ${name}, ${irqchip}`);
        if (row.refused !== undefined) continue;
        for (const asks of [true, false]) life({ request, host, constraints }, row, asks);
      }
    }
  });
}

test('every row of the outcome matrix is here', () => {
  assert.deepEqual(
    [...new Set(rows.map(({ row }) => row))],
    Array.from({ length: 21 }, (_, n) => n + 1),
  );
});

test('a guest that negotiates a thousand times, XIVE and XICS in turn, leaves nothing behind', () => {
  for (const [host, kernel, times] of [
    ['X', 'kernel', 1000],
    ['T', 'emulated', 100],
  ] as const) {
    const profile = hosts[host];
    assert.ok(profile !== undefined);
    const puppet = new Puppet({ request: { cpus: '2' }, host: profile, alone: true });
    const first = puppet.irq.snapshot();
    for (let n = 0; n < times; n++) {
      // Something waits in each controller when the other one comes.
      if (n % 2 === 0) {
        puppet.hypercall('H_IPI', [1, 3], 0);
        puppet.rtas('ibm,set-xive', [0x1000, 0, 5], 0);
        puppet.irq.pulse(0x1000);
      } else puppet.store(0, 0x6_0302_031a_0812n, 1, 3n);
      assert.equal(negotiate(puppet, n % 2 === 0 ? 0x40 : 0), undefined);
      assert.equal(puppet.machine.statistics().host.controller, kernel);
      for (const { server } of [{ server: 0 }, { server: 1 }])
        assert.equal(puppet.irq.isExternalAsserted(server), false);
    }
    const { holdings } = puppet.machine.statistics().host;
    assert.deepEqual(holdings, kernel === 'kernel' ? held(puppet, 'xics') : nothing);
    puppet.reboot();
    assert.deepEqual(puppet.irq.snapshot(), first);
  }
});

test('whichever step of a switch fails, the guest has its XIVE and nothing of the kernel is held', () => {
  const profile = hosts.X;
  assert.ok(profile !== undefined);
  let asked = 0;
  let failing = -1;
  const steps: string[] = [];
  const request = { cpus: '3' };
  const hostParts = {
    hostFault: (step: string) => {
      // Levels have a test of their own.
      if (step.startsWith('level')) return false;
      if (failing === -1) steps.push(step);
      return asked++ === failing;
    },
    warn: () => {},
  };
  const counting = new Puppet({ request, host: profile, alone: true, hostParts });
  const atBoot = steps.length;
  assert.equal(negotiate(counting, 0x40), undefined);
  assert.equal(finding(counting), 'XIVE K');
  const inAll = steps.length;
  assert.ok(inAll > atBoot + 5, steps.join());
  for (let n = atBoot; n < inAll; n++) {
    asked = 0;
    failing = n;
    const puppet = new Puppet({ request, host: profile, alone: true, hostParts });
    assert.equal(finding(puppet), 'XICS K');
    assert.equal(negotiate(puppet, 0x40), undefined);
    assert.equal(finding(puppet), 'XIVE E', steps[n]);
    puppet.reboot();
    assert.equal(finding(puppet), 'XICS K', 'the kernel is asked again');
    asked = 0;
    const strict = new Puppet({
      request,
      host: profile,
      constraints: { 'kernel-irqchip': 'on' },
      alone: true,
      hostParts,
    });
    assert.match(negotiate(strict, 0x40) ?? '', /E_IRQCHIP_XIVE/);
    assert.deepEqual(strict.machine.statistics().host.holdings, nothing);
  }
});
