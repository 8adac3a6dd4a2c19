// Reads the values of options that the guest does not see: console, clock, log items, time limit.
import { type EngineKind, engineKinds } from '../../engine/engine-kind.ts';
import { nearest } from '../../environment/index.ts';
import { engineFromEnvironment, findEngineKind } from '../../host/engine-choice.ts';
import { type LogItem, logItems } from '../../machine/machine-api.ts';
import { notBuiltError, usageError } from './usage-error.ts';

/** Where the guest's console goes. `keys`: Ctrl-A commands are taken out even when no person types. */
export type ConsoleChoice =
  | { readonly kind: 'stdio'; readonly keys: boolean }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'null' };

/** Values are shown in messages, but not without end. */
function shown(value: string): string {
  return value.length > 60 ? `${value.slice(0, 60)}…` : value;
}

const otherCharacterDevices = [
  'pty',
  'vc',
  'con:',
  'tcp:',
  'telnet:',
  'websocket:',
  'udp:',
  'unix:',
  'pipe:',
  'chardev:',
  '/dev/',
];

/** @param option the option's name for messages */
export function parseSerial(option: string, value: string): ConsoleChoice {
  if (value === 'stdio') return { kind: 'stdio', keys: false };
  if (value === 'mon:stdio') return { kind: 'stdio', keys: true };
  if (value === 'null' || value === 'none') return { kind: 'null' };
  if (value.startsWith('file:') && value.length > 'file:'.length)
    return { kind: 'file', path: value.slice('file:'.length) };
  const base = value.replace(/^mon:/, '');
  if (otherCharacterDevices.some((prefix) => base.startsWith(prefix))) throw notBuiltError(`${option} ${shown(value)}`);
  throw usageError(`${option} ${shown(value)}: stdio, mon:stdio, file:PATH, null or none is expected`);
}

/** A value that can only be `none`, because nothing else is built. */
export function expectNone(option: string, value: string): void {
  if (value !== 'none') throw notBuiltError(`${option} ${shown(value)}`);
}

/** Splits `a=b,c=d`; two commas stand for one in a value, as in QEMU. */
export function parseProperties(
  value: string,
): readonly { readonly name: string; readonly value: string | undefined }[] {
  const parts = value.split(/,(?!,)(?<!,,)/).filter((part) => part !== '');
  return parts.map((part) => {
    const equals = part.indexOf('=');
    const text = part.replaceAll(',,', ',');
    if (equals < 0) return { name: text, value: undefined };
    return { name: part.slice(0, equals), value: part.slice(equals + 1).replaceAll(',,', ',') };
  });
}

const secondsPerDay = 86_400;

/**
 * -rtc: the guest's wall clock at start.
 * @param now the host's time in seconds since 1970
 * @param localOffset seconds that the host's local time is ahead of UTC
 * @returns seconds since 1970-01-01 UTC
 */
export function parseRtcBase(option: string, value: string, now: number, localOffset: number): number {
  let base = now;
  for (const { name, value: setting = '' } of parseProperties(value)) {
    if (name === 'base') base = parseBase(option, setting, now, localOffset);
    else if (name === 'clock') {
      if (!['host', 'rt', 'vm'].includes(setting))
        throw usageError(`${option} clock=${shown(setting)}: host, rt or vm is expected`);
    } else if (name === 'driftfix') {
      if (setting === 'slew') throw notBuiltError(`${option} driftfix=slew`);
      if (setting !== 'none') throw usageError(`${option} driftfix=${shown(setting)}: none is expected`);
    } else throw usageError(`${option}: unknown property ${shown(name)}; base=, clock= and driftfix= are known`);
  }
  return base;
}

function parseBase(option: string, text: string, now: number, localOffset: number): number {
  if (text === 'utc') return now;
  if (text === 'localtime') return now + localOffset;
  const match = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}:\d{2}))?$/.exec(text);
  const milliseconds = match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2] ?? '00:00:00'}Z`);
  // Date.parse takes 30 February for 2 March.
  const valid = !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString().startsWith(match?.[1] ?? '');
  if (!valid || milliseconds < -secondsPerDay * 1000) {
    throw usageError(`${option} base=${shown(text)}: utc, localtime, 2026-01-31 or 2026-01-31T12:00:00 is expected`);
  }
  return milliseconds / 1000;
}

/** QEMU's bound: 2^10 ns an instruction. */
const largestShift = 10;

/** -icount: nanoseconds of guest time an instruction, as a power of two. */
export function parseIcount(option: string, value: string): number {
  let shift: number | undefined;
  for (const { name, value: setting } of parseProperties(value)) {
    if (name === 'shift' || setting === undefined) {
      const text = setting ?? name;
      if (text === 'auto') throw notBuiltError(`${option} shift=auto`);
      shift = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
      if (!(shift <= largestShift))
        throw usageError(`${option} shift=${shown(text)}: a number from 0 to ${largestShift} is expected`);
    } else if ((name === 'align' && setting === 'off') || (name === 'sleep' && setting === 'on')) continue;
    else if (['align', 'sleep', 'rr', 'rrfile', 'rrsnapshot'].includes(name))
      throw notBuiltError(`${option} ${name}=${shown(setting)}`);
    else throw usageError(`${option}: unknown property ${shown(name)}; shift= is known`);
  }
  if (shift === undefined) throw usageError(`${option} needs shift=N`);
  return shift;
}

const otherLogItems = [
  ...[
    'out_asm',
    'op',
    'op_opt',
    'op_ind',
    'exec',
    'fpu',
    'mmu',
    'pcall',
    'cpu_reset',
    'page',
    'nochain',
    'plugin',
    'strace',
    'tid',
    'vpu',
  ],
];

/** --log and -d: names from the table of log items. */
export function parseLogItems(option: string, value: string): readonly LogItem[] {
  const names: readonly string[] = logItems.map(({ name }) => name);
  const asked = value.split(',').filter((name) => name !== '');
  if (asked.length === 0) throw usageError(`${option} needs one or more of ${names.join(', ')}`);
  for (const name of asked) {
    if (names.includes(name)) continue;
    if (otherLogItems.includes(name) || name.startsWith('trace:')) throw notBuiltError(`${option} ${shown(name)}`);
    const guess = nearest(name, names);
    throw usageError(
      `${option} ${shown(name)}: ${guess === undefined ? `one of ${names.join(', ')} is expected` : `did you mean ${guess}?`}`,
    );
  }
  return logItems.map(({ name }) => name).filter((name) => asked.includes(name));
}

/** --engine: how guest code is run. */
export function parseEngine(option: string, value: string): EngineKind {
  const kind = findEngineKind(value);
  if (kind === undefined) throw usageError(`${option} ${shown(value)}: one of ${engineKinds.join(', ')} is expected`);
  return kind;
}

/** What CONTINUO_ENGINE asks for; undefined when it is not set. */
export function engineOfHost(): EngineKind | undefined {
  try {
    return engineFromEnvironment();
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error));
  }
}

/** --timeout: seconds, fractions allowed. */
export function parseTimeout(option: string, value: string): number {
  const seconds = /^\d{1,7}(\.\d{1,3})?$/.test(value) ? Number(value) : 0;
  if (seconds > 0) return seconds;
  throw usageError(`${option} ${shown(value)}: a number of seconds above 0 is expected`);
}
