// What the guest is asked to say about itself: a shell script for busybox, the probe program beside it, and how its answer is read.
import { gunzipSync } from 'node:zlib';
import { writeCpio } from '../../src/host/guest/cpio.ts';
import { execInitramfs } from '../../src/host/guest/initramfs.ts';
import { tarFiles } from '../../src/host/guest/tar.ts';
import { type ProbeMode, probeModes, probeProgram } from './probe.ts';

/** Marks the beginning of a part of the report. */
const mark = '@@@';

/** Where the program lies in the guest. */
const program = '/continuo/probe';

function probeLines(modes: readonly ProbeMode[]): string {
  return modes.map((mode) => `${program} ${probeModes[mode]} 2>/dev/null; echo "status.${mode} $?"`).join('\n');
}

const allModes = Object.keys(probeModes) as ProbeMode[]; // The keys of a constant object are its type's.

/** The script. Every part is read once; the calls are made on every CPU. */
function script(cpus: number): string {
  const eachCpu = Array.from({ length: cpus }, (_, cpu) => {
    const pinned = (mode: ProbeMode): string =>
      `taskset ${(1 << cpu).toString(16)} ${program} ${probeModes[mode]} 2>/dev/null; echo "status.${mode} $?"`;
    return `echo "${mark} cpu${cpu}"\n${pinned('systemCall')}\n${pinned('systemCallVectored')}`;
  });
  return `
dmesg -n 1 # messages about the probe's signals would stand between the lines
echo "${mark} log"
dmesg
echo "${mark} probe"
${probeLines(allModes)}
${eachCpu.join('\n')}
echo "${mark} vulnerabilities"
cd /sys/devices/system/cpu/vulnerabilities
grep . meltdown spectre_v1
echo "${mark} online"
cat /sys/devices/system/cpu/online
echo "${mark} cpuinfo"
cat /proc/cpuinfo
echo "${mark} interrupts"
cat /proc/interrupts
echo "${mark} tree"
tar c -C /proc/device-tree . | gzip -1 | base64
echo "${mark} end"`;
}

/**
 * The initial RAM disk of a guest that reports and powers off.
 * @param base the default guest's
 * @param cpus how many it has
 * @param nonce hexadecimal; frames the report on the console
 */
export function reportInitramfs(base: Uint8Array, cpus: number, nonce: string): Uint8Array {
  const disk = execInitramfs(base, script(cpus), nonce);
  const added = writeCpio([
    { kind: 'directory', path: 'continuo', mode: 0o700 },
    { kind: 'file', path: program.slice(1), mode: 0o700, content: probeProgram() },
  ]);
  const joined = new Uint8Array(disk.length + added.length);
  joined.set(disk);
  joined.set(added, disk.length);
  return joined;
}

/** What a guest said. */
export interface GuestReport {
  /** Lines of the kernel's log without time stamps. */
  readonly log: readonly string[];
  /** What the probe printed, and exit statuses as `status.MODE`; by name. */
  readonly probe: ReadonlyMap<string, string>;
  /** The auxiliary vector: values by type. */
  readonly auxiliary: ReadonlyMap<number, bigint>;
  /** Strings that the auxiliary vector points to, by type. */
  readonly auxiliaryStrings: ReadonlyMap<number, string>;
  /** The probe's calls, made on each CPU. */
  readonly perCpu: readonly ReadonlyMap<string, string>[];
  /** By name, as `/sys/devices/system/cpu/vulnerabilities` has them. */
  readonly vulnerabilities: ReadonlyMap<string, string>;
  readonly online: string;
  readonly cpuinfo: readonly string[];
  readonly interrupts: readonly string[];
  /** The properties of /proc/device-tree by path, without a leading slash. */
  readonly tree: ReadonlyMap<string, Uint8Array>;
}

function partsOf(text: string): Map<string, string[]> {
  const parts = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of text.replaceAll('\r', '').split('\n')) {
    if (line.startsWith(`${mark} `)) {
      lines = [];
      parts.set(line.slice(mark.length + 1), lines);
    } else lines.push(line);
  }
  return parts;
}

/** `name value` on each line. */
function pairs(lines: readonly string[], separator = ' '): Map<string, string> {
  return new Map(
    lines
      .filter((line) => line.includes(separator))
      .map((line) => {
        const at = line.indexOf(separator);
        return [line.slice(0, at), line.slice(at + 1)];
      }),
  );
}

/** Lines `word type rest` of the probe: the rest by type. */
function byType(lines: readonly string[], word: string): [number, string][] {
  return lines
    .filter((line) => line.startsWith(`${word} `))
    .map((line) => line.split(' '))
    .map(([, type = '', ...rest]) => [Number.parseInt(type, 16), rest.join(' ')]);
}

/**
 * Reads a report.
 * @param text what the guest's script printed
 * @throws Error when a part is missing
 */
export function readReport(text: string): GuestReport {
  const parts = partsOf(text);
  const part = (name: string): string[] => {
    const lines = parts.get(name);
    if (lines === undefined) throw new Error(`the guest's report has no part ${name}`);
    return lines;
  };
  part('end');
  const probe = part('probe');
  const archive = gunzipSync(Buffer.from(part('tree').join(''), 'base64'));
  return {
    log: part('log').map((line) => line.replace(/^\[ *[\d.]+\] /, '').trimEnd()),
    probe: pairs(probe.filter((line) => !/^(aux|string) /.test(line))),
    auxiliary: new Map(byType(probe, 'aux').map(([type, value]) => [type, BigInt(`0x${value}`)])),
    auxiliaryStrings: new Map(byType(probe, 'string')),
    perCpu: [...parts.keys()].filter((name) => /^cpu\d+$/.test(name)).map((name) => pairs(part(name))),
    vulnerabilities: pairs(part('vulnerabilities'), ':'),
    online: part('online').join('').trim(),
    cpuinfo: part('cpuinfo'),
    interrupts: part('interrupts'),
    tree: new Map([...tarFiles(archive)].map(({ path, content }) => [path, Uint8Array.from(content)])),
  };
}
