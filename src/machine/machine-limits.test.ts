// What is not built is refused by name, and nothing else is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environment, isRefusal, type Request } from '../environment/index.ts';
import { machineLimits } from './machine-limits.ts';

function limited(request: Request): string[] {
  const answer = environment({ cpu: 'power9', ...request });
  assert.ok(!isRefusal(answer));
  return machineLimits(answer).map(({ option }) => option);
}

test('each part of an environment that is not built is named, all at once', () => {
  assert.deepEqual(limited({}), []);
  assert.deepEqual(limited({ machine: 'pseries-3.1' }), []);
  assert.deepEqual(limited({ cpu: 'power7', cpus: '16' }), []);
  assert.deepEqual(limited({ machine: 'pseries-3.0' }), []);
  assert.deepEqual(limited({ maxmem: '2G' }), ['maxmem']);
  assert.deepEqual(limited({ cpus: '1', maxcpus: '2048' }), []);
  assert.deepEqual(limited({ cpus: '1', maxcpus: '2049' }), ['maxcpus']);
  assert.deepEqual(limited({ cpus: '1', maxcpus: '257', vsmt: '8' }), ['maxcpus']);
  assert.deepEqual(limited({ 'cap-nested-hv': 'on' }), []);
  assert.deepEqual(limited({ 'cap-nested-papr': 'on' }), ['cap-nested-papr']);
  assert.deepEqual(limited({ cpu: 'power7', cpus: '17', memory: '4G', maxmem: '8G' }), ['memory', 'cpus', 'maxmem']);
});
