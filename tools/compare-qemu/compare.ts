// The differences between QEMU's answer to a request and ours: start or refusal, capability values, device tree.
import {
  type CapabilityName,
  capabilityRows,
  capabilityText,
  evaluate,
  findProfile,
  type Request,
} from '../../src/environment/index.ts';
import { buildDeviceTree } from '../../src/papr/device-tree/build.ts';
import { readFdt } from '../../src/papr/fdt/reader.ts';
import { type DeviceNode, type DeviceTree, nodesFrom } from '../../src/papr/fdt/tree.ts';
import { negotiatedAtReset } from '../../src/papr/negotiated.ts';
import { platformEnvironment } from '../../src/papr/platform-environment.ts';
import type { QemuAnswer } from './qemu.ts';

/** One difference. Equal `key`s are one kind of difference, to be reviewed once. */
export interface Difference {
  /** What differs: `start …`, `capability …`, `tree PATH PROPERTY …`. */
  readonly key: string;
  readonly ours: string;
  readonly theirs: string;
}

/** Tree values that are random or about this run. */
const ignored = /^(phandle|linux,phandle|rng-seed|vm,uuid|ibm,drc-(indexes|names|types|power-domains))$/;

/** The lists of connectors of a node as one value, in the order of their indices: the order in the lists says nothing. */
function connectors(node: DeviceNode): string | undefined {
  const property = (name: string) => Buffer.from(node.properties.get(`ibm,drc-${name}`) ?? new Uint8Array(0));
  const [indexes, domains] = [property('indexes'), property('power-domains')];
  // Both string lists begin with a cell that counts them.
  const [names, types] = [property('names'), property('types')].map((list) =>
    list.subarray(4).toString('latin1').split('\0'),
  );
  if (indexes.length < 4) return undefined;
  const entries = Array.from({ length: indexes.readUInt32BE(0) }, (_, at) =>
    [indexes, domains].map((list) => (list.length >= 4 * at + 8 ? list.readUInt32BE(4 * at + 4).toString(16) : '?')),
  );
  return entries
    .map(([index, domain], at) => `${index} ${names?.[at]} ${types?.[at]} ${domain}`)
    .sort()
    .join('; ');
}

/** Every node and property of a tree, by path. */
function valuesOf(tree: DeviceTree): Map<string, string> {
  const values = new Map<string, string>();
  for (const node of nodesFrom(tree.root)) {
    values.set(node.path, '');
    const list = connectors(node);
    if (list !== undefined) values.set(`${node.path} connectors`, list);
    for (const [name, value] of node.properties) {
      if (!ignored.test(name)) values.set(`${node.path} ${name}`, Buffer.from(value).toString('hex'));
    }
  }
  return values;
}

/** The name of a difference without what varies with the CPU model and number. */
function general(path: string): string {
  return path.replace(/PowerPC,POWER\d+@[0-9a-f]+/, 'PowerPC,POWER').replace(/memory@[0-9a-f]+/, 'memory@');
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}… (${text.length / 2} bytes)` : text;
}

function treeDifferences(ours: Map<string, string>, theirs: Map<string, string>): Difference[] {
  const differences: Difference[] = [];
  const missingNodes = new Set<string>();
  const inMissing = (path: string) =>
    [...missingNodes].some((node) => path.startsWith(`${node} `) || path.startsWith(`${node}/`));
  for (const path of [...new Set([...ours.keys(), ...theirs.keys()])].sort((a, b) => (a < b ? -1 : 1))) {
    const [our, their] = [ours.get(path), theirs.get(path)];
    if (our === their || inMissing(path)) continue;
    if (!path.includes(' ')) missingNodes.add(path);
    const kind = our === undefined ? 'only theirs' : their === undefined ? 'only ours' : 'differs';
    differences.push({
      key: `tree ${general(path)} ${kind}`,
      ours: shorten(our ?? '–'),
      theirs: shorten(their ?? '–'),
    });
  }
  return differences;
}

/** A capability's value of QMP as our number. */
function theirValue(name: string, value: unknown): string {
  const row = capabilityRows.find((candidate) => candidate.name === name);
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (row?.values.kind === 'size') return capabilityText(row, Math.round(Math.log2(Number(value))));
  return String(value);
}

/** @returns every difference for one request. */
export function differences(request: Request, theirs: QemuAnswer): Difference[] {
  const engine = findProfile('engine');
  if (engine === undefined) throw new Error('the engine has no profile');
  const ours = evaluate(request, engine);
  const codes = [...new Set(ours.reasons.map((reason) => reason.code))].join(' ');
  if ((ours.verdict === 'provided') !== theirs.starts) {
    const key = theirs.starts
      ? `start: only we refuse, ${codes}`
      : `start: only they refuse, ${theirs.error.replace(/\d+/g, 'N')}`;
    return [{ key, ours: codes === '' ? 'starts' : codes, theirs: theirs.error === '' ? 'starts' : theirs.error }];
  }
  if (!theirs.starts) return [];
  const found: Difference[] = [];
  for (const row of capabilityRows) {
    const name = row.name as CapabilityName; // The names of the table are those of the type.
    if (!(name in theirs.capabilities)) continue;
    const [our, their] = [
      capabilityText(row, ours.environment.capabilities[name]),
      theirValue(name, theirs.capabilities[name]),
    ];
    if (our !== their) found.push({ key: `capability ${name}`, ours: our, theirs: their });
  }
  if (theirs.tree !== undefined) {
    const environment = platformEnvironment(ours.environment);
    const tree = buildDeviceTree({
      environment,
      boot: { kind: 'firmware', commandLine: '' },
      negotiated: negotiatedAtReset(environment),
      randomSeed: new Uint8Array(32),
      uuid: '00000000-0000-0000-0000-000000000000',
      taken: [],
    });
    found.push(...treeDifferences(valuesOf(tree), valuesOf(readFdt(theirs.tree))));
  }
  return found;
}
