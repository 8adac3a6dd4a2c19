// The tables of machine types, CPUs and capabilities against the specification: sections 2, 3 and 7.1.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capabilityRows } from './capabilities.ts';
import {
  classSupports,
  cpuClass,
  cpuModels,
  findCpuModel,
  levelRank,
  levels,
  pcrFor,
  pvrMatches,
} from './cpu-models.ts';
import { environment } from './environment.ts';
import { functionSetRows, hypercallRows } from './hypercalls.ts';
import { findMachineType, machineRows, machineTypes } from './machine-types.ts';
import { isRefusal } from './reasons.ts';
import type { Request } from './request.ts';
import { rtasRows } from './rtas-calls.ts';
import { vcpuId } from './smp.ts';
import type { Environment } from './types.ts';

function seen(request: Request): Environment {
  const answer = environment(request);
  assert.ok(!isRefusal(answer), JSON.stringify(answer));
  return answer;
}

function codesOf(request: Request): string[] {
  const answer = environment(request);
  return isRefusal(answer) ? answer.reasons.map((reason) => reason.code) : [];
}

test('each CPU class has the PCR of section 7.1 in each level', () => {
  const expected: Readonly<Record<string, Readonly<Record<string, bigint>>>> = {
    POWER7: { power6: 0x4000000000000002n, power7: 0n, 'power7+': 0n },
    POWER8: { power6: 0x2000000000000006n, power7: 0x2000000000000004n, 'power7+': 0x2000000000000004n, power8: 0n },
    POWER9: { power6: 0xen, power7: 0xcn, 'power7+': 0xcn, power8: 0x8n, power9: 0n },
    POWER10: { power6: 0x1en, power7: 0x1cn, 'power7+': 0x1cn, power8: 0x18n, power9: 0x10n, power10: 0n },
    POWER11: { power6: 0x1en, power7: 0x1cn, power8: 0x18n, power9: 0x10n, power10: 0n, power11: 0n },
  };
  for (const model of cpuModels) {
    const row = cpuClass(model.class);
    assert.ok(row.pvrFamilies.includes(model.pvr >>> 16), model.name);
    for (const level of levels) {
      const pcr = expected[model.class]?.[level.name];
      if (pcr !== undefined) assert.equal(BigInt(pcrFor(row, level.name)), pcr, `${model.name} ${level.name}`);
      assert.equal(classSupports(row, level.name), levelRank(level.name) <= levelRank(row.newestLevel));
    }
  }
});

test('levels are ordered by the table, not by the logical PVR', () => {
  assert.ok(levelRank('power7+') > levelRank('power7') && levelRank('power7+') < levelRank('power8'));
});

test('a raw guest goes on only with a CPU of the same family and revision', () => {
  const v20 = findCpuModel('power9_v2.0')?.pvr ?? 0;
  const v22 = findCpuModel('POWER9')?.pvr ?? 0;
  const matches = (pvr: number) => [pvrMatches(pvr, v20), pvrMatches(pvr, v22)];
  assert.deepEqual(matches(0x004e1200), [true, false]);
  assert.deepEqual(matches(0x004e1201), [true, false]);
  assert.deepEqual(matches(0x004e1202), [false, true]);
  assert.deepEqual(matches(0x004e1203), [false, true]);
  assert.deepEqual(matches(0x004e0100), [false, false]);
  assert.deepEqual(matches(0x004d0200), [false, false]);
});

test('machine types carry the deltas of their own row and of all newer rows', () => {
  assert.equal(machineTypes.length, machineRows.length);
  const trait = (version: string) => findMachineType(`pseries-${version}`)?.traits;
  assert.deepEqual([trait('9.0')?.defaultCpu, trait('8.2')?.defaultCpu], ['power10_v2.0', 'power9_v2.2']);
  assert.deepEqual([trait('4.0')?.defaultCpu, trait('3.1')?.defaultCpu], ['power9_v2.2', 'power8_v2.0']);
  assert.deepEqual([trait('2.8')?.defaultCpu, trait('2.7')?.defaultCpu], ['power8_v2.0', 'power7_v2.3']);
  assert.deepEqual([trait('4.1')?.icMode, trait('4.0')?.icMode], ['dual', 'xics']);
  assert.deepEqual([trait('3.1')?.legacyIrq, trait('3.0')?.legacyIrq], [false, true]);
  assert.deepEqual([trait('4.2')?.vsmtMinimum, trait('4.1')?.vsmtMinimum], [0, 8]);
  assert.deepEqual([trait('2.10')?.resizeHpt, trait('2.9')?.resizeHpt], ['enabled', 'disabled']);
  assert.deepEqual([trait('6.2')?.form2Affinity, trait('6.1')?.form2Affinity], [true, false]);
  assert.deepEqual([trait('2.5')?.memoryHotplug, trait('2.4')?.memoryHotplug], [true, false]);
});

test('option vector 5 of a type that plugs no memory offers the second form of its list and not the list', () => {
  const offered = (version: string) => {
    const { optionVector5 } = seen({ machine: `pseries-${version}`, cpu: 'power8', 'cap-htm': 'off' });
    return [optionVector5.dynamicMemory, optionVector5.dynamicMemoryV2];
  };
  assert.deepEqual(offered('2.5'), [true, true]);
  assert.deepEqual(offered('2.4'), [false, true]);
});

test('the branch 2.12-sxxm has its own protections and hands them to no older type', () => {
  const caps = (version: string) => {
    const { cfpc, sbbc, ibs, htm } = seen({ machine: `pseries-${version}` }).capabilities;
    return [cfpc, sbbc, ibs, htm];
  };
  assert.deepEqual(caps('2.12'), [0, 0, 0, 0]);
  assert.deepEqual(caps('2.12-sxxm'), [1, 1, 3, 0]);
  assert.deepEqual(caps('2.11'), [0, 0, 0, 1]);
});

test('capability defaults fall with the CPU level, by class or by max-cpu-compat', () => {
  const names = ['dawr1', 'large-decr', 'ail-mode-3', 'cfpc', 'sbbc', 'vsx', 'dfp', 'ibs'] as const;
  const caps = (request: Request) => names.map((name) => seen(request).capabilities[name]);
  assert.deepEqual(caps({ cpu: 'power10' }), [1, 1, 1, 1, 1, 1, 1, 1]);
  assert.deepEqual(caps({ cpu: 'power10', 'max-cpu-compat': 'power9' }), [0, 1, 1, 1, 1, 1, 1, 1]);
  assert.deepEqual(caps({ cpu: 'power10', 'max-cpu-compat': 'power8' }), [0, 0, 1, 1, 1, 1, 1, 1]);
  assert.deepEqual(caps({ cpu: 'power10', 'max-cpu-compat': 'power7+' }), [0, 0, 0, 0, 1, 1, 1, 1]);
  assert.deepEqual(caps({ cpu: 'power10', 'max-cpu-compat': 'power7' }), [0, 0, 0, 0, 0, 1, 1, 1]);
  assert.deepEqual(caps({ cpu: 'power10', 'max-cpu-compat': 'power6' }), [0, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(caps({ machine: 'pseries-9.1', cpu: 'power10' })[0], 0);
});

test('capabilities are in the order of their indices, each once', () => {
  assert.deepEqual(
    capabilityRows.map((row) => row.index),
    capabilityRows.map((_, at) => at),
  );
  assert.equal(new Set(capabilityRows.map((row) => row.section)).size, capabilityRows.length);
});

test('names and numbers of hypercalls and RTAS calls are unique', () => {
  for (const rows of [hypercallRows, rtasRows]) {
    const numbers = rows.map((row) => ('number' in row ? row.number : row.token));
    assert.equal(new Set(numbers).size, rows.length);
    assert.equal(new Set(rows.map((row) => row.name)).size, rows.length);
    assert.deepEqual(
      numbers,
      [...numbers].sort((a, b) => a - b),
    );
  }
  assert.equal(new Set(functionSetRows.map((row) => row.name)).size, functionSetRows.length);
});

test('hypercalls and RTAS calls follow ic-mode, capabilities and resize-hpt', () => {
  const xive = seen({ cpu: 'power9', 'ic-mode': 'xive' });
  assert.equal(xive.hypercalls.H_XIRR, undefined);
  assert.equal(xive.rtas['ibm,set-xive'], undefined);
  assert.equal(xive.hypercalls.H_INT_ESB, 0x3c8);
  const xics = seen({ cpu: 'power9', 'ic-mode': 'xics', 'resize-hpt': 'disabled', 'cap-nested-hv': 'on' });
  assert.equal(xics.hypercalls.H_XIRR, 0x74);
  assert.equal(xics.hypercalls.H_INT_ESB, undefined);
  assert.equal(xics.hypercalls.H_RESIZE_HPT_COMMIT, undefined);
  assert.ok(!xics.hypertasFunctions.includes('hcall-hpt-resize'));
  assert.equal(xics.hypercalls.H_ENTER_NESTED, 0xf804);
  assert.equal(seen({}).hypercalls.H_RANDOM, undefined);
  assert.equal(seen({ devices: 'spapr-rng' }).hypercalls.H_RANDOM, 0x300);
});

test('interrupt numbers have their map, and stand one after the other on types with legacy allocation', () => {
  const numbers = (machine: string) => {
    const { ranges, msiCount } = seen({ machine, 'cap-htm': 'off' }).interruptModes;
    return [ranges.epow, ranges.hotplug, ranges.vio, ranges.pciLsi, msiCount];
  };
  assert.deepEqual(numbers('pseries-3.1'), [0x1000, 0x1001, 0x1100, 0x1200, 0xd00]);
  assert.deepEqual(numbers('pseries-3.0'), [0x1000, 0x1001, 0x1002, 0x1004, 0x400]);
  assert.deepEqual(numbers('pseries-2.7'), [0x1000, 0x1000, 0x1001, 0x1003, 0x400]);
});

test('H_GET_CPU_CHARACTERISTICS answers what a 7.2 machine does for its defaults', () => {
  const { characteristics } = seen({ machine: 'pseries-7.2', cpu: 'power9' });
  assert.deepEqual(characteristics, { character: '0xbc40000000000000', behaviour: '0xe400000000000000' });
});

test('each protection sets its own bits of the characteristics', () => {
  const broken = { 'cap-cfpc': 'broken', 'cap-sbbc': 'broken', 'cap-ibs': 'broken', 'cap-ccf-assist': 'off' };
  const words = (more: Request) => {
    const { character, behaviour } = seen({ cpu: 'power9', ...broken, ...more }).characteristics;
    return [BigInt(character), BigInt(behaviour)];
  };
  const bits = (...numbers: number[]) => numbers.reduce((word, bit) => word | (1n << BigInt(63 - bit)), 0n);
  assert.deepEqual(words({}), [bits(5), bits(0, 1, 2)]);
  assert.deepEqual(words({ 'cap-cfpc': 'workaround' }), [bits(5, 2, 3, 4), bits(0, 1, 2)]);
  assert.deepEqual(words({ 'cap-cfpc': 'fixed' }), [bits(5), bits(0, 2, 7, 8)]);
  assert.deepEqual(words({ 'cap-sbbc': 'workaround' }), [bits(5, 0), bits(0, 1, 2)]);
  assert.deepEqual(words({ 'cap-sbbc': 'fixed' }), [bits(5), bits(0, 1)]);
  assert.deepEqual(words({ 'cap-ibs': 'workaround' }), [bits(5), bits(0, 1, 2, 5)]);
  assert.deepEqual(words({ 'cap-ibs': 'workaround', 'cap-ccf-assist': 'on' }), [bits(5, 9), bits(0, 1, 2, 5)]);
  assert.deepEqual(words({ 'cap-ibs': 'fixed-ibs', 'cap-ccf-assist': 'on' }), [bits(5, 1), bits(0, 1, 2)]);
  assert.deepEqual(words({ 'cap-ibs': 'Fixed-CCD' }), [bits(5, 7), bits(0, 1, 2)]);
  assert.deepEqual(words({ 'cap-ibs': 'fixed-na' }), [bits(5), bits(0, 1, 2)]);
});

test('ibm,pa-features has the size and bits of its level', () => {
  const sizes = (request: Request) => seen(request).levels.map((view) => view.paFeatures[0] ?? 0);
  assert.deepEqual(sizes({ cpu: 'power10' }), [0, 6, 6, 24, 66, 74, 74]);
  const power9 = seen({ cpu: 'power9' }).paFeatures;
  assert.deepEqual(power9.slice(0, 8), [66, 0, 0xf6, 0x3f, 0xc7, 0xc0, 0x00, 0xf0]);
  assert.equal(power9[2 + 46], 0x80);
  assert.equal(power9[2 + 22], 0);
  assert.equal(seen({ cpu: 'power8', 'cap-htm': 'on' }).paFeatures[2 + 22], 0x80);
  assert.equal(seen({ cpu: 'power10' }).paFeatures[2 + 64], 0x80);
  assert.equal(seen({ cpu: 'power10', 'cap-dawr1': 'off' }).paFeatures[2 + 64], 0);
  assert.equal(seen({ cpu: 'power9', 'cap-hpt-max-page-size': '4k' }).paFeatures[3], 0x1f);
  assert.deepEqual(seen({ cpu: 'power8' }).piFeatures, [1, 0, 0]);
  assert.deepEqual(seen({ cpu: 'power9' }).piFeatures, [1, 0, 8]);
});

test('segment page sizes are filtered by cap-hpt-max-page-size', () => {
  const shifts = (size: string) =>
    seen({ 'cap-hpt-max-page-size': size }).pageSizes.segments.map((segment) => [
      segment.shift,
      ...segment.pages.map((page) => page.shift),
    ]);
  assert.deepEqual(shifts('4k'), [[12, 12]]);
  assert.deepEqual(shifts('64k'), [
    [12, 12],
    [16, 16],
  ]);
  assert.deepEqual(shifts('16m'), [
    [12, 12, 24],
    [16, 16, 24],
    [24, 24],
  ]);
  assert.equal(shifts('16g').length, 4);
});

test('the SMP shape is filled in as the machine type prefers', () => {
  const shape = (request: Request) => {
    const { cpus, maxCpus, sockets, cores, threads, vsmt, servers } = seen(request).smp;
    return [cpus, maxCpus, sockets, cores, threads, vsmt, servers];
  };
  assert.deepEqual(shape({}), [1, 1, 1, 1, 1, 1, 1]);
  assert.deepEqual(shape({ cpus: '4' }), [4, 4, 1, 4, 1, 1, 4]);
  assert.deepEqual(shape({ cpus: '4', machine: 'pseries-6.1' }), [4, 4, 4, 1, 1, 1, 4]);
  assert.deepEqual(shape({ cpus: '2', maxcpus: '8', threads: '2' }), [2, 8, 1, 4, 2, 2, 8]);
  assert.deepEqual(shape({ cpus: '2', machine: 'pseries-4.1' }), [2, 2, 2, 1, 1, 8, 16]);
  assert.deepEqual(shape({ sockets: '2', cores: '2', threads: '4' }), [16, 16, 2, 2, 4, 4, 16]);
  const { smp } = seen({ cpus: '4', threads: '2', vsmt: '8' });
  assert.deepEqual(
    [0, 1, 2, 3].map((index) => vcpuId(smp, index)),
    [0, 1, 8, 9],
  );
});

test('contradictory or impossible SMP shapes, memory sizes and values are refused, all at once', () => {
  assert.deepEqual(codesOf({ cpus: '5', sockets: '2', cores: '2' }), ['E_SMP']);
  assert.deepEqual(codesOf({ cpus: '4', maxcpus: '2' }), ['E_SMP']);
  assert.deepEqual(codesOf({ cpus: '5000' }), ['E_SMP']);
  assert.deepEqual(codesOf({ cpus: '3', threads: '3' }), ['E_THREADS']);
  assert.deepEqual(codesOf({ cpus: '4', threads: '4', vsmt: '2' }), ['E_VSMT']);
  assert.deepEqual(codesOf({ memory: '300M' }), ['E_MEMORY']);
  assert.deepEqual(codesOf({ memory: '300M', machine: 'pseries-2.4' }), []);
  assert.deepEqual(codesOf({ memory: '2G', maxmem: '1G' }), ['E_MEMORY']);
  const wrong = { 'cap-vsx': 'perhaps', 'ic-mode': 'both', 'max-cpu-compat': 'power5', vsmt: '-1', memory: '?' };
  assert.deepEqual(codesOf(wrong), ['E_IC_MODE_VALUE', 'E_MEMORY', 'E_CAP_VALUE', 'E_COMPAT_NAME', 'E_VSMT']);
});

test('an empty value takes an option back', () => {
  assert.deepEqual(environment({ 'max-cpu-compat': '', 'ic-mode': '' }), environment({}));
});

test('an environment is plain data: it survives JSON unchanged', () => {
  const value = seen({ machine: 'pseries-2.12-sxxm', cpu: 'power9', 'max-cpu-compat': 'power8' });
  assert.deepEqual(JSON.parse(JSON.stringify(value)), value);
});
