// The laws of the promise as properties over random requests, good and bad: design, section 1, and specification A1 to A6.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseMachineOptions } from '../cli/options/machine-options.ts';
import { splitWords } from '../cli/words.ts';
import { type CapabilityRow, capabilityRows } from './capabilities.ts';
import { cpuModels, levels } from './cpu-models.ts';
import { decide, evaluate } from './decide.ts';
import { derive } from './environment.ts';
import { machineTypes } from './machine-types.ts';
import { checkMigration } from './migration.ts';
import { namedProfiles } from './named-profiles.ts';
import { reasonKey } from './order.ts';
import { examine } from './provide.ts';
import { codes } from './reasons.ts';
import { type OptionName, optionRows, type Request } from './request.ts';

/** Cases of each property: 10,000 where a CI system runs the tests (they set CI), fewer on a desk. */
const numRuns = Number(process.env.CONTINUO_PROPERTY_RUNS ?? (process.env.CI === undefined ? 1_000 : 10_000));

const profile = fc.constantFrom(...namedProfiles);

/** Values that an option can be given, most of them right. */
function valuesOf(name: OptionName): readonly string[] {
  if (name === 'machine') return ['pseries', ...machineTypes.map((type) => type.name), 'pseries-1.0'];
  if (name === 'cpu')
    return [...cpuModels.map((model) => model.aliases[0] ?? model.name), 'power9', 'power9', 'host', '970'];
  if (name === 'max-cpu-compat') return [...levels.map((level) => level.name), 'power12'];
  if (name === 'vsmt') return ['1', '2', '4', '8', '16', '3', '0', 'x'];
  if (name === 'cap-hpt-max-page-size') return ['4k', '64k', '16m', '16g', '1k', '70000', 'large'];
  if (name === 'memory' || name === 'maxmem') return ['512', '1G', '2048M', '4G', '300M', '0', 'much'];
  if (name === 'slots') return ['0', '4', '1000'];
  if (name === 'devices') return ['spapr-rng'];
  const row = optionRows.find((candidate) => candidate.name === name);
  return row?.choices === undefined ? ['1', '2', '4', '8', '16', '3', '0'] : [...row.choices, ...row.choices, 'wrong'];
}

const option = fc
  .constantFrom(...optionRows.map((row) => row.name))
  .chain((name) => fc.constantFrom(...valuesOf(name)).map((value) => [name, value] as const));

/** A request of up to eight options; machine type and CPU are given more often than not. */
const request = fc
  .tuple(
    fc.option(fc.constantFrom(...valuesOf('machine'))),
    fc.option(fc.constantFrom(...valuesOf('cpu'))),
    fc.array(option, { maxLength: 6 }),
  )
  .map(([machine, cpu, options]): Request => {
    const made: Record<string, string> = Object.fromEntries(options);
    if (machine !== null) made.machine = machine;
    if (cpu !== null) made.cpu = cpu;
    return made;
  });

/** Applies a way out as a user would: through the parser of the command line. */
function typed(asked: Request, fix: string): Request {
  const words = fix.startsWith('-') ? splitWords(fix) : ['-machine', fix];
  const parsed = parseMachineOptions(words);
  assert.deepEqual(parsed.problems, [], fix);
  assert.deepEqual(parsed.rest, [], fix);
  const result: Partial<Record<OptionName, string>> = { ...asked, ...parsed.request };
  for (const name of parsed.cleared) delete result[name];
  return result;
}

test('the environment is the same whichever host is asked', () => {
  fc.assert(
    fc.property(request, profile, profile, (asked, a, b) => {
      assert.deepEqual(evaluate(asked, a).environment, evaluate(asked, b).environment);
    }),
    { numRuns },
  );
});

test('a capability added to the newest type, or after it, changes no older type', () => {
  const row: CapabilityRow = {
    name: 'made-up',
    index: 16,
    values: { kind: 'boolean' },
    standard: 1,
    since: '10.1',
    section: 'made_up',
    code: 'E_HTM',
    summary: 'made up for this test',
  };
  fc.assert(
    fc.property(request, fc.constantFrom('10.1', '10.0'), (asked, since) => {
      const before = derive(asked).environment;
      const after = derive(asked, [...capabilityRows, { ...row, since }]).environment;
      const isNew = since === '10.0' && before.machineType === 'pseries-10.0';
      const { 'made-up': value, ...capabilities } = after.capabilities as Record<string, number>;
      const { 'capabilities.made-up': why, ...provenance } = after.provenance;
      assert.equal(value, isNew ? 1 : 0);
      assert.equal(why?.from, 'machine-type');
      assert.deepEqual({ ...after, capabilities, provenance }, before);
    }),
    { numRuns },
  );
});

test('a start and a move are refused alike: the same options can move exactly where they start', () => {
  let moved = 0;
  fc.assert(
    fc.property(request, profile, profile, (asked, from, to) => {
      if (evaluate(asked, from).verdict === 'refused') return;
      moved += 1;
      const start = examine(derive(asked).environment, to, asked);
      const move = checkMigration({ request: asked, host: from }, { request: asked, host: to });
      assert.equal(move.verdict === 'refused', start.reasons.length > 0);
      assert.deepEqual(
        move.reasons.map((reason) => reason.code),
        start.reasons.map((reason) => `dest:${reason.code}`),
      );
    }),
    { numRuns },
  );
  assert.ok(moved * 50 > numRuns, `only ${moved} of ${numRuns} requests start at the source`);
});

test('every way out that is offered starts, as typed, alone for one reason and all together', () => {
  fc.assert(
    fc.property(request, profile, (asked, host) => {
      const decision = decide(asked, host);
      if (decision.verdict === 'provided') return;
      assert.ok(decision.fix !== undefined, 'every refusal that these options can bring about has a way out');
      assert.deepEqual(evaluate(typed(asked, decision.fix), host).reasons, []);
      const together = decision.reasons.reduce((next, reason) => typed(next, reason.fix ?? ''), asked);
      assert.deepEqual(evaluate(together, host).reasons, []);
      const [only, second] = decision.reasons;
      if (second === undefined) assert.deepEqual(evaluate(typed(asked, only?.fix ?? ''), host).reasons, []);
    }),
    { numRuns },
  );
});

test('a refusal names every reason: fixing them one by one, in any order, uncovers no other', () => {
  fc.assert(
    fc.property(request, profile, fc.infiniteStream(fc.nat()), (asked, host, choices) => {
      let current = asked;
      let decision = decide(current, host);
      const named = new Set(decision.reasons.map(reasonKey));
      for (let step = 0; decision.verdict === 'refused' && step < 40; step++) {
        const fixable = decision.reasons.filter((reason) => reason.fix !== undefined);
        const chosen = fixable[(choices.next().value ?? 0) % Math.max(1, fixable.length)];
        assert.ok(chosen?.fix !== undefined, 'there is a next way out');
        current = typed(current, chosen.fix);
        decision = decide(current, host);
        for (const reason of decision.reasons) assert.ok(named.has(reasonKey(reason)), reasonKey(reason));
      }
      assert.equal(decision.verdict, 'provided');
    }),
    { numRuns },
  );
});

test('every code of a decision is in the table, and every part of an environment says where it comes from', () => {
  fc.assert(
    fc.property(request, profile, (asked, host) => {
      const { reasons, warnings, environment } = evaluate(asked, host);
      for (const { code } of [...reasons, ...warnings]) assert.ok(Object.hasOwn(codes, code), code);
      for (const member of Object.keys(environment)) {
        if (member === 'warnings' || member === 'provenance') continue;
        assert.ok(environment.provenance[member] !== undefined, member);
      }
      for (const name of Object.keys(environment.capabilities)) {
        assert.ok(environment.provenance[`capabilities.${name}`] !== undefined, name);
      }
    }),
    { numRuns },
  );
});
