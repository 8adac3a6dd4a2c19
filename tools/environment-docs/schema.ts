// The published JSON schemas of the commands about the guest environment and of host profiles, made from the code's tables.
import {
  capabilityRows,
  codes,
  cpuModels,
  functionSetRows,
  hypercallRows,
  levels,
  machineTypes,
  rtasRows,
} from '../../src/environment/index.ts';
import {
  commonProfileRules,
  kvmProfileRules,
  type ProfileRule,
  type ProfileRules,
} from '../../src/environment/profile-check.ts';

/** A JSON schema (draft 2020-12), as far as it is used here. */
export type Schema = Readonly<Record<string, unknown>>;

const draft = 'https://json-schema.org/draft/2020-12/schema';
const text: Schema = { type: 'string' };
const flag: Schema = { type: 'boolean' };
const count: Schema = { type: 'integer', minimum: 0 };
const byte: Schema = { type: 'integer', minimum: 0, maximum: 255 };
const hex: Schema = { type: 'string', pattern: '^0x[0-9a-f]+$' };
const oneOf = (words: readonly (string | number)[]): Schema => ({ enum: words });
const list = (items: Schema): Schema => ({ type: 'array', items });

/** An object whose members are all known; those named in `optional` may be missing. */
function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required, additionalProperties: false };
}

const plainCodes = Object.keys(codes);
const ofKind = (...kinds: string[]) =>
  Object.entries(codes)
    .filter(([, row]) => kinds.includes(row.kind))
    .map(([code]) => code);

function reason(allowed: readonly string[]): Schema {
  return object({ code: oneOf(allowed), option: text, message: text, fix: text }, ['fix']);
}

const platformSupport = object({ '23': byte, '24': byte, '25': byte, '26': byte });
const levelNames = levels.map((level) => level.name);
const numbersByName = (names: readonly string[]) =>
  object(Object.fromEntries(names.map((name) => [name, count])), names);

const environment = object({
  machineType: oneOf(machineTypes.map((type) => type.name)),
  cpu: object(
    {
      model: oneOf(cpuModels.map((model) => model.name)),
      class: text,
      pvr: hex,
      level: oneOf(levelNames),
      logicalPvr: hex,
      pcr: hex,
      maxCompat: oneOf(levelNames),
      rawAllowed: flag,
      nodeName: text,
      slbEntries: count,
      l1DataCache: count,
      l1InstructionCache: count,
      cacheLine: count,
      hostThreads: count,
    },
    ['maxCompat'],
  ),
  levels: list(
    object({
      name: oneOf([...levelNames, 'raw']),
      logicalPvr: hex,
      cpuVersion: hex,
      pcr: hex,
      threadsPerCore: count,
      paFeatures: list(byte),
      piFeatures: list(byte),
      platformSupport,
    }),
  ),
  capabilities: object(Object.fromEntries(capabilityRows.map((row) => [row.name, byte]))),
  interruptModes: object({
    offered: oneOf(['dual', 'xics', 'xive']),
    beforeCas: oneOf(['xics', 'xive']),
    legacy: flag,
    nrXirqs: count,
    msiCount: count,
    servers: count,
    ranges: object({ ipi: count, epow: count, hotplug: count, vio: count, pciLsi: count, msi: count }),
  }),
  platformSupport,
  ailModes: list(oneOf([0, 2, 3])),
  mmuOffer: oneOf(['either', 'radix', 'hash']),
  mmuModes: list(oneOf(['hash', 'radix'])),
  resizeHpt: oneOf(['disabled', 'enabled', 'required']),
  hypercalls: numbersByName(hypercallRows.map((row) => row.name)),
  hypertasFunctions: list(oneOf(functionSetRows.map((row) => row.name))),
  privateFunctions: list(text),
  rtas: numbersByName(rtasRows.map((row) => row.name)),
  smp: object({
    cpus: count,
    maxCpus: count,
    sockets: count,
    cores: count,
    threads: count,
    vsmt: count,
    servers: count,
  }),
  paFeatures: list(byte),
  piFeatures: list(byte),
  facilities: object({
    vmx: oneOf([1, 2]),
    dfp: flag,
    htm: flag,
    scv: flag,
    watchpoints: flag,
    dawr1: flag,
    nestedHv: flag,
    nestedPapr: flag,
    fwnmi: flag,
  }),
  pageSizes: object({
    hptMaxShift: count,
    segments: list(
      object({ shift: count, slbEncoding: count, pages: list(object({ shift: count, encoding: count })) }),
    ),
    ciLargePages: flag,
    radix: list(object({ shift: count, ap: count })),
  }),
  segmentSizes: list(count),
  memory: object({
    size: count,
    maximum: count,
    slots: count,
    blockSize: count,
    rmaLimit: count,
    hptShift: object({ initial: count, maximum: count }),
  }),
  decrementer: object({ bits: count, large: flag }),
  timebaseFrequency: count,
  clockFrequency: count,
  characteristics: object({ character: hex, behaviour: hex }),
  optionVector5: object({
    dynamicMemory: flag,
    form1Affinity: flag,
    form2Affinity: flag,
    hotplugEvents: flag,
    hptResize: flag,
    dynamicMemoryV2: flag,
    radixGtse: flag,
  }),
  traits: { type: 'object' },
  devices: list(text),
  warnings: list(reason(ofKind('warning'))),
  provenance: {
    type: 'object',
    additionalProperties: object({
      from: oneOf(['machine-type', 'cpu', 'option', 'constraint', 'platform']),
      detail: text,
    }),
  },
});

const controller = oneOf(['kernel', 'emulated', 'none']);
const provision = object(
  {
    host: text,
    accelerator: oneOf(['engine', 'kvm']),
    kvmType: oneOf(['hv', 'pr']),
    pvr: hex,
    interruptController: object({
      beforeCas: controller,
      xics: controller,
      xive: controller,
      xicsReturns: flag,
      mayFallBack: flag,
    }),
    smtMode: count,
    compat: oneOf(['pcr', 'register', 'none', 'ignored']),
    kernelHypercalls: list(oneOf(hypercallRows.map((row) => row.name))),
    setMode: oneOf(['machine', 'hv', 'pr', 'pr-advisory']),
    fscrLost: hex,
    deviations: list(object({ name: oneOf(['pvr', 'cpu-features']), message: text })),
    warnings: list(reason(ofKind('warning'))),
  },
  ['kvmType', 'smtMode'],
);

/** What `continuo explain --json` prints. */
export const decisionSchema: Schema = {
  $schema: draft,
  title: 'Decision of a start',
  description: 'What continuo explain --json prints. Register values are text in hexadecimal, all else plain numbers.',
  ...object(
    {
      verdict: oneOf(['provided', 'refused']),
      reasons: list(reason(ofKind('start'))),
      warnings: list(reason(ofKind('warning'))),
      fix: text,
      environment,
      provision,
    },
    ['fix', 'environment', 'provision'],
  ),
};

/** What `continuo check-migration --json` prints. */
export const migrationSchema: Schema = {
  $schema: draft,
  title: 'Decision of a migration',
  description: 'What continuo check-migration --json prints; dest: and source: mark reasons against a start at an end.',
  ...object({
    verdict: oneOf(['possible', 'refused']),
    reasons: list(
      reason([...ofKind('migration'), ...plainCodes.flatMap((code) => [`dest:${code}`, `source:${code}`])]),
    ),
    warnings: list(reason(ofKind('warning'))),
  }),
};

function fromRule(rule: ProfileRule): Schema {
  switch (rule.kind) {
    case 'text':
      return rule.pattern === undefined ? text : { type: 'string', pattern: rule.pattern.source };
    case 'number':
      return { type: 'integer', minimum: rule.minimum, maximum: rule.maximum };
    case 'flag':
      return flag;
    case 'word':
      return oneOf(rule.words);
    case 'list':
      return { type: 'array', items: oneOf(rule.words), minItems: rule.minimum };
    case 'members':
      return fromRules(rule.rules);
  }
}

function fromRules(rules: ProfileRules): Schema {
  const entries = Object.entries(rules);
  const optional = entries.filter(([, row]) => row.optional === true).map(([name]) => name);
  return object(Object.fromEntries(entries.map(([name, row]) => [name, fromRule(row.rule)])), optional);
}

/** A host profile. */
export const hostProfileSchema: Schema = {
  $schema: draft,
  title: 'Host profile',
  description: 'What a host answers, for --host FILE, --from, --to and fleet; continuo hosts NAME shows an example.',
  oneOf: [
    fromRules({ ...commonProfileRules, accelerator: { rule: { kind: 'word', words: ['engine'] } } }),
    fromRules({ ...kvmProfileRules, accelerator: { rule: { kind: 'word', words: ['kvm'] } } }),
  ],
};

/** The schemas by file name. */
export const schemas: Readonly<Record<string, Schema>> = {
  'decision.schema.json': decisionSchema,
  'migration.schema.json': migrationSchema,
  'host-profile.schema.json': hostProfileSchema,
};

/** @returns a schema as the text of its file. */
export function schemaText(schema: Schema): string {
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
