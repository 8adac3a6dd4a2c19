// The grammar of the machine options: what becomes a request, what is left over, what is wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitWords } from '../words.ts';
import { parseMachineOptions } from './machine-options.ts';

function request(...args: string[]): object {
  const { request: parsed, problems, rest } = parseMachineOptions(args);
  assert.deepEqual(problems, []);
  assert.deepEqual(rest, []);
  return parsed;
}

function problems(...args: string[]): string[] {
  return parseMachineOptions(args).problems.map(({ option, message }) => `${option}: ${message}`);
}

test('one dash or two, a blank or an equals sign: all spellings of an option are alike', () => {
  const expected = { machine: 'pseries-6.2', 'cap-htm': 'off' };
  assert.deepEqual(request('-M', 'pseries-6.2,cap-htm=off'), expected);
  assert.deepEqual(request('-machine', 'type=pseries-6.2,cap-htm=off'), expected);
  assert.deepEqual(request('--machine=pseries-6.2', '--cap-htm', 'off'), expected);
  assert.deepEqual(request('-M', 'cap-htm=off,type=pseries-6.2'), expected);
});

test('repeated options add up, and the later value counts', () => {
  assert.deepEqual(request('-M', 'pseries,ic-mode=xics,vsmt=8', '-M', 'ic-mode=dual'), {
    machine: 'pseries',
    'ic-mode': 'dual',
    vsmt: '8',
  });
});

test('an empty value takes an option back and is told of', () => {
  const parsed = parseMachineOptions(['-M', 'pseries,ic-mode=xics', '-M', 'ic-mode=']);
  assert.deepEqual([parsed.request, parsed.cleared], [{ machine: 'pseries' }, ['ic-mode']]);
  assert.deepEqual(parseMachineOptions(['--ic-mode=', '--ic-mode=xive']).cleared, []);
});

test('-smp and -m take their first value without a name', () => {
  assert.deepEqual(request('-smp', '8,sockets=2,cores=2,threads=2', '-m', '1G,slots=2,maxmem=4G'), {
    cpus: '8',
    sockets: '2',
    cores: '2',
    threads: '2',
    memory: '1G',
    slots: '2',
    maxmem: '4G',
  });
  assert.deepEqual(request('-smp', 'cpus=2,dies=1,clusters=1', '-m', 'size=512'), { cpus: '2', memory: '512' });
  assert.deepEqual(problems('-smp', '4,dies=2'), ['smp: a pseries machine has no dies; only dies=1 can be given']);
});

test('a property without a value is switched on, and the older compat= of -cpu is max-cpu-compat', () => {
  assert.deepEqual(request('-M', 'pseries,cap-nested-hv', '-cpu', 'POWER9,compat=power8'), {
    machine: 'pseries',
    'cap-nested-hv': 'on',
    cpu: 'POWER9',
    'max-cpu-compat': 'power8',
  });
});

test('accelerators are kept in order, and kernel-irqchip may stand with them', () => {
  const parsed = parseMachineOptions([
    '-accel',
    'kvm,kernel-irqchip=on',
    '-accel',
    'tcg,thread=single',
    '-M',
    'accel=kvm:tcg',
  ]);
  assert.deepEqual(parsed.problems, []);
  assert.deepEqual(parsed.accelerators, ['kvm', 'tcg', 'kvm', 'tcg']);
  assert.deepEqual(parsed.request, { 'kernel-irqchip': 'on' });
  assert.deepEqual(parseMachineOptions(['-enable-kvm', 'x']).rest, ['x']);
});

test('properties that no environment is made of are passed on, two commas standing for one', () => {
  const parsed = parseMachineOptions(['-M', 'pseries,kernel=a,,b,x-vof=on,usb=off', '-kernel', 'k']);
  assert.deepEqual(parsed.properties, { kernel: 'a,b', 'x-vof': 'on', usb: 'off' });
  assert.deepEqual(parsed.rest, ['-kernel', 'k']);
});

test('every wrong word of a line is told of at once, with the nearest known one', () => {
  assert.deepEqual(problems('-M', 'pseries-6.3,cap-vxs=on,vsmt=8', '-cpu', 'power9,pmu=on', '-m', '1G,max=2G'), [
    'machine: no machine type is called pseries-6.3; there are pseries and pseries-2.1 to pseries-10.0 (did you mean pseries-6.2?)',
    'machine: there is no property cap-vxs (did you mean cap-vsx?)',
    'cpu: a CPU has no property pmu; to hold it at a level use -machine max-cpu-compat=',
    'm: there is no max (did you mean maxmem?); known are size, maxmem, slots',
  ]);
  assert.deepEqual(problems('-cpu'), ['cpu: a value must follow']);
});

test('text is cut into words as a shell does', () => {
  assert.deepEqual(splitWords(`-M "pseries,append=a b" --cpu 'power9'  -m 1G`), [
    '-M',
    'pseries,append=a b',
    '--cpu',
    'power9',
    '-m',
    '1G',
  ]);
  assert.deepEqual(splitWords('  '), []);
  assert.deepEqual(splitWords(`a"b`), ['a"b']);
});
