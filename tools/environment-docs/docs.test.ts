// The published schemas and the tables of docs/guest-environment.md are current, and what the commands print fits the schemas.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Command } from '../../src/cli/command.ts';
import { checkMigrationCommand } from '../../src/cli/commands/check-migration.ts';
import { explainCommand } from '../../src/cli/commands/explain.ts';
import { machineTypes, namedProfiles } from '../../src/environment/index.ts';
import { type Schema, schemas, schemaText } from './schema.ts';
import { tables, withTables } from './tables.ts';

const docs = fileURLToPath(new URL('../../../docs', import.meta.url));
const again = 'run "npm run docs:environment"';

test('the published schemas are those of the code', () => {
  for (const [name, schema] of Object.entries(schemas)) {
    assert.equal(readFileSync(join(docs, 'schema', name), 'utf8'), schemaText(schema), `${name}: ${again}`);
  }
});

test('the tables of docs/guest-environment.md are those of the code, and each stands there', () => {
  const page = readFileSync(join(docs, 'guest-environment.md'), 'utf8');
  assert.equal(page, withTables(page), again);
  for (const name of Object.keys(tables)) assert.ok(page.includes(`<!-- table: ${name} -->`), name);
});

/** The first way in which a value does not fit a schema of the kind used here, or undefined. */
function misfit(value: unknown, schema: Schema, path: string): string | undefined {
  const {
    type,
    enum: words,
    pattern,
    minimum,
    maximum,
    minItems,
    items,
    properties,
    required,
    additionalProperties,
  } = schema as {
    type?: string;
    enum?: readonly unknown[];
    pattern?: string;
    minimum?: number;
    maximum?: number;
    minItems?: number;
    items?: Schema;
    properties?: Readonly<Record<string, Schema>>;
    required?: readonly string[];
    additionalProperties?: false | Schema;
  };
  if (Array.isArray(schema.oneOf)) {
    const fits = (schema.oneOf as Schema[]).filter((one) => misfit(value, one, path) === undefined).length;
    return fits === 1 ? undefined : `${path} fits ${fits} of the alternatives`;
  }
  if (words !== undefined) return words.includes(value) ? undefined : `${path}: ${String(value)} is not listed`;
  const kind = Array.isArray(value)
    ? 'array'
    : Number.isInteger(value)
      ? 'integer'
      : value === null
        ? 'null'
        : typeof value;
  if (type !== undefined && type !== kind) return `${path} is ${kind}, not ${type}`;
  if (pattern !== undefined && !new RegExp(pattern).test(String(value))) return `${path}: ${String(value)}`;
  if (minimum !== undefined && Number(value) < minimum) return `${path} is below ${minimum}`;
  if (maximum !== undefined && Number(value) > maximum) return `${path} is above ${maximum}`;
  if (Array.isArray(value)) {
    if (minItems !== undefined && value.length < minItems) return `${path} is too short`;
    return value.map((item, at) => misfit(item, items ?? {}, `${path}[${at}]`)).find((found) => found !== undefined);
  }
  if (kind !== 'object') return undefined;
  const members = Object.entries(value as object);
  const missing = required?.find((name) => !members.some(([member]) => member === name));
  if (missing !== undefined) return `${path}.${missing} is missing`;
  for (const [name, member] of members) {
    const known = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (known === undefined && additionalProperties === false) return `${path}.${name} is not known`;
    const rule = known ?? (typeof additionalProperties === 'object' ? additionalProperties : {});
    const found = misfit(member, rule, `${path}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function json(command: Command, args: readonly string[]): Promise<unknown> {
  let out = '';
  const io = {
    out: (text: string) => {
      out += text;
    },
    err: () => {},
    colour: false,
  };
  await command.run([...args, '--json'], io);
  return JSON.parse(out);
}

test('what explain and check-migration print fits the schemas', async () => {
  const [decision, migration] = [schemas['decision.schema.json'], schemas['migration.schema.json']];
  assert.ok(decision !== undefined && migration !== undefined);
  for (const { name: host } of namedProfiles) {
    for (const cpu of ['power7', 'power8', 'power9', 'power10']) {
      const printed = await json(explainCommand, ['--host', host, '-cpu', cpu]);
      assert.equal(misfit(printed, decision, 'decision'), undefined, `${host} ${cpu}`);
      const moved = await json(checkMigrationCommand, ['--from', 'engine', '--to', host, '-cpu', cpu]);
      assert.equal(misfit(moved, migration, 'migration'), undefined, `${host} ${cpu}`);
    }
  }
  for (const { name } of machineTypes) {
    const printed = await json(explainCommand, ['-M', `${name},cap-htm=off`, '-smp', '4']);
    assert.equal(misfit(printed, decision, 'decision'), undefined, name);
  }
  const wrong = await json(explainCommand, ['-M', 'pseries,cap-ibs=x,vsmt=0', '-smp', 'threads=3']);
  assert.equal(misfit(wrong, decision, 'decision'), undefined);
});

test('the named profiles fit the schema of host profiles, and damaged ones do not', () => {
  const schema = schemas['host-profile.schema.json'];
  assert.ok(schema !== undefined);
  for (const profile of namedProfiles) {
    assert.equal(misfit(profile, schema, profile.name), undefined);
    assert.notEqual(misfit({ ...profile, extra: 1 }, schema, profile.name), undefined);
    assert.notEqual(misfit({ ...profile, timebaseFrequency: '512' }, schema, profile.name), undefined);
  }
});
