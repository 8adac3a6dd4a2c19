// Checks a host profile that comes from a file: every problem by path, with what was expected. The same rules as docs/schema/host-profile.schema.json.
import { type HostProfile, kvmCapabilities } from './host-profile.ts';
import { hypercallRows } from './hypercalls.ts';
import { nearest } from './text.ts';

/** One problem of a profile. */
export interface ProfileProblem {
  /** Where, such as `kvm.PPC_HTM`; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

/** What a member of a profile must be. */
export type ProfileRule =
  | { readonly kind: 'text'; readonly pattern?: RegExp; readonly form?: string }
  | { readonly kind: 'number'; readonly minimum: number; readonly maximum: number }
  | { readonly kind: 'flag' }
  | { readonly kind: 'word'; readonly words: readonly string[] }
  | { readonly kind: 'list'; readonly words: readonly string[]; readonly minimum: number }
  | { readonly kind: 'members'; readonly rules: ProfileRules };
/** The members of an object and their rules. */
export type ProfileRules = Readonly<Record<string, { readonly rule: ProfileRule; readonly optional?: true }>>;

const hex32: ProfileRule = {
  kind: 'text',
  pattern: /^0x[0-9a-f]{1,8}$/,
  form: '0x and up to 8 lower-case hexadecimal digits',
};
const hex64: ProfileRule = {
  kind: 'text',
  pattern: /^0x[0-9a-f]{1,16}$/,
  form: '0x and up to 16 lower-case hexadecimal digits',
};
const name: ProfileRule = {
  kind: 'text',
  pattern: /^[a-z0-9][a-z0-9._-]{0,63}$/,
  form: 'lower-case letters, digits, dot, dash',
};
const maximum32 = 0xffffffff;
const level = (maximum: number): ProfileRule => ({ kind: 'number', minimum: 0, maximum });

/** The rules of every profile; those of the engine have no more. */
export const commonProfileRules: ProfileRules = {
  name: { rule: name },
  description: { rule: { kind: 'text' } },
  accelerator: { rule: { kind: 'word', words: ['engine', 'kvm'] } },
  timebaseFrequency: { rule: { kind: 'number', minimum: 1, maximum: maximum32 } },
};

/** The rules of the profile of a KVM host. */
export const kvmProfileRules: ProfileRules = {
  ...commonProfileRules,
  kvmTypes: { rule: { kind: 'list', words: ['hv', 'pr'], minimum: 1 } },
  pvr: { rule: hex32 },
  cpuRule: { rule: { kind: 'word', words: ['class', 'up-to-class'] } },
  kvm: {
    rule: {
      kind: 'members',
      rules: Object.fromEntries(
        Object.keys(kvmCapabilities).map((key) => [
          key,
          { rule: { kind: 'number', minimum: 0, maximum: maximum32 }, optional: true },
        ]),
      ),
    },
  },
  transactionalMemory: { rule: { kind: 'flag' } },
  security: {
    optional: true,
    rule: {
      kind: 'members',
      rules: {
        cfpc: { rule: level(2) },
        sbbc: { rule: level(2) },
        ibs: { rule: level(4) },
        ccfAssist: { rule: level(1) },
      },
    },
  },
  cpuCharacteristics: {
    optional: true,
    rule: {
      kind: 'members',
      rules: {
        character: { rule: hex64 },
        characterMask: { rule: hex64 },
        behaviour: { rule: hex64 },
        behaviourMask: { rule: hex64 },
      },
    },
  },
  largeDecrementerBits: { rule: { kind: 'number', minimum: 0, maximum: 64 } },
  compatRegister: { rule: { kind: 'word', words: ['sets', 'refuses', 'ignores'] } },
  xicsReconnect: { rule: { kind: 'flag' } },
  kernelHypercalls: { rule: { kind: 'list', words: hypercallRows.map((row) => row.name), minimum: 0 } },
  setMode: { rule: { kind: 'word', words: ['hv', 'pr', 'pr-advisory'] } },
  fscrLost: { optional: true, rule: hex64 },
  ramPageSize: { rule: { kind: 'number', minimum: 4096, maximum: 2 ** 34 } },
  pageSizesReal: { rule: { kind: 'flag' } },
};

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Shows a value of the file in a message, cut short. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** @returns what is wrong with a single value, or undefined. */
function wrong(value: unknown, rule: Exclude<ProfileRule, { kind: 'members' }>): string | undefined {
  switch (rule.kind) {
    case 'text':
      if (typeof value !== 'string') return 'must be text';
      return rule.pattern?.test(value) === false ? `must be ${rule.form}` : undefined;
    case 'number': {
      const fits = Number.isSafeInteger(value) && Number(value) >= rule.minimum && Number(value) <= rule.maximum;
      return fits ? undefined : `must be a whole number from ${rule.minimum} to ${rule.maximum}`;
    }
    case 'flag':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
    case 'word': {
      if (typeof value === 'string' && rule.words.includes(value)) return undefined;
      return `must be one of ${rule.words.join(', ')}`;
    }
    case 'list': {
      if (!Array.isArray(value)) return 'must be a list';
      if (value.length < rule.minimum) return `must have at least ${rule.minimum} entry`;
      const bad: unknown = value.find((entry) => typeof entry !== 'string' || !rule.words.includes(entry));
      if (bad === undefined) return undefined;
      const near = typeof bad === 'string' ? nearest(bad, rule.words) : undefined;
      return `has an unknown entry ${shown(bad)}${near === undefined ? '' : ` (did you mean ${near}?)`}`;
    }
  }
}

function checkMembers(
  value: Record<string, unknown>,
  rules: ProfileRules,
  path: string,
  problems: ProfileProblem[],
): void {
  const known = Object.keys(rules);
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(rules, key)) continue;
    const near = nearest(key, known);
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    problems.push({ path: path + key.slice(0, 64), message: `is not known${hint}` });
  }
  for (const [key, { rule, optional }] of Object.entries(rules)) {
    const member = value[key];
    const at = path + key;
    if (member === undefined) {
      if (optional !== true) problems.push({ path: at, message: 'is missing' });
    } else if (rule.kind === 'members') {
      if (isRecord(member)) checkMembers(member, rule.rules, `${at}.`, problems);
      else problems.push({ path: at, message: 'must be an object' });
    } else {
      const message = wrong(member, rule);
      if (message !== undefined) problems.push({ path: at, message: `${message}, not ${shown(member)}` });
    }
  }
}

/**
 * Checks what was read from a profile file.
 * @param value parsed JSON
 * @returns the profile, or every problem
 */
export function checkProfile(
  value: unknown,
): { readonly profile: HostProfile } | { readonly problems: readonly ProfileProblem[] } {
  if (!isRecord(value)) return { problems: [{ path: '', message: 'a host profile is a JSON object' }] };
  const problems: ProfileProblem[] = [];
  checkMembers(value, value.accelerator === 'kvm' ? kvmProfileRules : commonProfileRules, '', problems);
  const { security, cpuCharacteristics, ramPageSize } = value;
  if (security !== undefined && cpuCharacteristics !== undefined) {
    problems.push({ path: 'security', message: 'stands beside cpuCharacteristics, which says the same; give one' });
  }
  if (typeof ramPageSize === 'number' && ramPageSize > 0 && !Number.isInteger(Math.log2(ramPageSize))) {
    problems.push({ path: 'ramPageSize', message: 'must be a power of two' });
  }
  if (problems.length > 0) return { problems };
  // Every member has been checked against the rules above, which are those of the type.
  return { profile: value as unknown as HostProfile };
}
