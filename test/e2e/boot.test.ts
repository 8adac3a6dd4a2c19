// Debian's kernel boots to a shell in both programs, on one and two vCPUs, and ends as it should: what issue and README show.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { exitStatus } from '../../src/host/exit-status.ts';
import { type DefaultGuest, defaultGuest } from '../../src/host/guest/default-guest.ts';
import { streamProgress } from '../../src/host/progress.ts';
import { checkDeviceTreeFile } from '../../src/machine/loader/device-tree-file.ts';
import { PtySession, programPath, runChild, shellPrompt } from './program.ts';

let guest: DefaultGuest;
const sessions: PtySession[] = [];

before(async () => {
  guest = await defaultGuest({}, streamProgress(process.stderr));
});
after(() => {
  for (const session of sessions) session.close();
});

function start(command: string, args: readonly string[], size?: { cols: number; rows: number }): PtySession {
  const session = new PtySession(command, args, size);
  sessions.push(session);
  return session;
}

function systemArguments(...more: readonly string[]): string[] {
  const machine = ['-M', 'pseries', '-cpu', 'power9', '-m', '1G', '-nographic', '-nodefaults', '-serial', 'stdio'];
  const files = ['-kernel', guest.kernelPath, '-initrd', guest.initrdPath, '-append', 'console=hvc0'];
  return [...machine, ...files, ...more];
}

/** The commands of the demonstration, and what must stand in their output. */
async function checkShell(session: PtySession, cpus: number): Promise<void> {
  await session.expect(shellPrompt);
  const shown = await session.command('uname -a; cat /proc/cpuinfo; cat /proc/interrupts; free');
  assert.match(shown, /Linux continuo \S+-powerpc64le #1 SMP .* ppc64le/);
  assert.equal(shown.match(/^processor\s*: \d+/gm)?.length, cpus);
  assert.match(shown, /cpu\s*: POWER9 \(architected\), altivec supported/);
  assert.match(shown, /MMU\s*: Radix/);
  assert.match(shown, /XIVE/);
  assert.match(shown, /^Mem: +\d{6}/m);
}

for (const cpus of [1, 2]) {
  test(`continuo run reaches the prompt with ${cpus} vCPUs, and poweroff ends with 0`, async () => {
    const session = start(programPath('continuo'), ['run', '--cpus', `${cpus}`], { cols: 101, rows: 37 });
    await checkShell(session, cpus);
    assert.match(await session.command('stty size'), /^37 101\s*$/m);
    session.type('poweroff -f\r');
    assert.equal(await session.ended(), exitStatus.ok);
  });

  test(`continuo-system-ppc64 reaches the prompt with ${cpus} vCPUs, and poweroff ends with 0`, async () => {
    const session = start(programPath('continuo-system-ppc64'), systemArguments('-smp', `${cpus}`));
    await checkShell(session, cpus);
    session.type('poweroff -f\r');
    assert.equal(await session.ended(), exitStatus.ok);
  });
}

/** Processor seconds that a process and its threads have used (proc(5): utime and stime in ticks of 10 ms). */
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

test('the console keeps UTF-8 and large pastes, an idle guest sleeps, reboot starts again, Ctrl-A X ends', async (t) => {
  const session = start(programPath('continuo'), ['run']);
  await session.expect(shellPrompt);

  await t.test('UTF-8 comes back as it went in', async () => {
    assert.match(await session.command("echo 'größer als 1 €: ✓' | tr x x"), /^größer als 1 €: ✓\s*$/m);
  });
  await t.test('a paste of 100 kB arrives whole', async () => {
    const line = 'The quick brown fox jumps over the lazy dog 0123456789 äöü\n';
    const paste = line.repeat(1500);
    await session.command('stty -echo');
    session.type('cat > /tmp/paste; md5sum < /tmp/paste; wc -c < /tmp/paste\r');
    session.type(paste);
    session.type('\x04');
    const shown = await session.expect(shellPrompt);
    assert.match(shown, new RegExp(`^${Buffer.byteLength(paste)}\\s*$`, 'm'));
    await session.command('stty echo');
  });
  await t.test('an idle shell takes less than 5 % of a host core', { skip: process.platform !== 'linux' }, async () => {
    await new Promise((resolve) => setTimeout(resolve, 2000));
    // The least of a few spans: what else the machine does makes the same work take more processor time.
    let share = 1;
    for (let span = 0; span < 4 && share >= 0.05; span++) {
      const [processor, clock] = [processorSeconds(session.pid), performance.now()];
      await new Promise((resolve) => setTimeout(resolve, 6000));
      share = Math.min(share, (processorSeconds(session.pid) - processor) / ((performance.now() - clock) / 1000));
    }
    assert.ok(share < 0.05, `${(share * 100).toFixed(1)} % of a core`);
  });
  await t.test('reboot starts the guest from its first state', async () => {
    await session.command('touch /root/mark');
    session.type('reboot -f\r');
    await session.expect(shellPrompt);
    assert.match(await session.command('ls /root; uptime'), /up 0 min/);
    assert.doesNotMatch(await session.command('ls /root'), /mark\s*$/m);
  });
  await t.test('Ctrl-A H helps, Ctrl-A X ends with 0', async () => {
    session.type('\x01h');
    await session.expect('Ctrl-A X');
    session.type('\x01x');
    assert.equal(await session.ended(), exitStatus.ok);
  });
});

test('a command of --exec gives its output and its exit status, and nothing else', async () => {
  const result = await runChild(programPath('continuo'), [
    'run',
    '--exec',
    'echo out; echo err >&2; printf "\\001\\377"; exit 7',
  ]);
  assert.equal(result.status, 7, result.stderr);
  assert.deepEqual(result.stdout, Buffer.from('out\nerr\n\x01\xff', 'latin1'));
  assert.equal(result.stderr, '');
});

test('two threads of one core, and XICS instead of XIVE, are what the guest finds', async () => {
  const line = ['run', '--cpus', '2,threads=2', '--ic-mode', 'xics', '--exec', 'cat /proc/interrupts /proc/cpuinfo'];
  const result = await runChild(programPath('continuo'), line);
  assert.equal(result.status, exitStatus.ok, result.stderr);
  assert.match(result.stdout.toString(), /XICS/);
  assert.equal(result.stdout.toString().match(/^processor/gm)?.length, 2);
});

for (const [cpu, shown, cpus] of [
  ['power8', 'POWER8', 1],
  ['power10', 'POWER10', 1],
  // The newest level that this kernel knows.
  ['power11', 'POWER10', 16],
] as const) {
  test(`Debian's kernel finds ${cpus} CPUs of ${cpu}`, async () => {
    const line = ['run', '--cpu', cpu, '--cpus', `${cpus}`, '--exec', 'cat /proc/cpuinfo'];
    const result = await runChild(programPath('continuo'), line);
    assert.equal(result.status, exitStatus.ok, result.stderr);
    const rows = result.stdout.toString().match(new RegExp(`^cpu\\s*: ${shown} .*altivec supported`, 'gm'));
    assert.equal(rows?.length, cpus, result.stdout.toString());
  });
}

test('-d logs what was asked for to the file of -D', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'continuo-log-'));
  const path = join(folder, 'log');
  try {
    const line = ['run', '--log', 'int,in_asm', '--log-file', path, '--exec', 'true'];
    const result = await runChild(programPath('continuo'), line);
    assert.equal(result.status, exitStatus.ok, result.stderr);
    const log = readFileSync(path, 'utf8');
    assert.match(log, /^vCPU 0: H_SET_MODE\(.*\) gives 0$/m);
    assert.match(log, /^vCPU 0: system call vectored interrupt 0x3000 at [0-9a-f]{16}/m);
    assert.match(log, /^0x00400000: {2}[0-9a-f]{8} {2}b 0x400008$/m);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const slof = '/usr/share/qemu/slof.bin';
const withoutSlof = existsSync(slof) ? false : `${slof} is not installed`;

test('-bios enters a flat firmware image, which boots the kernel', { skip: withoutSlof }, async () => {
  const session = start(programPath('continuo-system-ppc64'), systemArguments('-bios', slof));
  await session.expect('SLOF');
  await session.expect('Detected RAM kernel at 400000');
  await session.expect(shellPrompt);
  session.type('poweroff -f\r');
  assert.equal(await session.ended(), exitStatus.ok);
});

test('a kernel panic ends with its own status', async () => {
  const result = await runChild(programPath('continuo'), ['run', '--append', 'rdinit=/none panic=0', '--no-reboot']);
  assert.match(result.stderr, /^continuo: the guest panicked: .*\n$/);
  assert.equal(result.status, exitStatus.guestPanic);
});

for (const [signal, status] of [
  ['SIGTERM', 143],
  ['SIGQUIT', 131],
] as const) {
  test(`${signal} ends a booting guest and gives the terminal back`, async () => {
    const shell = `before=$(stty -g); ${programPath('continuo')} run; echo "status $?"; [ "$before" = "$(stty -g)" ] && echo same`;
    const session = start('/bin/sh', ['-c', shell]);
    await session.expect('Linux');
    const children = readFileSync(`/proc/${session.pid}/task/${session.pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .map(Number);
    for (const child of children) process.kill(child, signal);
    await session.expect(`status ${status}`);
    await session.expect('same');
  });
}

test('a time limit ends a guest with its own status', async () => {
  const result = await runChild(programPath('continuo'), ['run', '--timeout', '1']);
  assert.equal(result.status, exitStatus.timeout);
  assert.equal(result.stderr, 'continuo: --timeout: the guest was ended after 1 s\n');
});

test('-machine dumpdtb writes a flattened tree, and -dtb boots with one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'continuo-tree-'));
  const path = join(folder, 'tree.dtb');
  try {
    const machine = ['-M', `pseries,dumpdtb=${path}`, '-cpu', 'power9', '-m', '1G'];
    const result = await runChild(programPath('continuo-system-ppc64'), machine);
    assert.equal(result.status, exitStatus.ok, result.stderr);
    const tree = readFileSync(path);
    assert.equal(checkDeviceTreeFile(tree).length, tree.length);
    // As long as the model of the tree, so that nothing else moves.
    const model = Buffer.from('IBM pSeries (emulated by qemu)');
    tree.write('A tree from a file'.padEnd(model.length), tree.indexOf(model), 'latin1');
    writeFileSync(path, tree);
    const session = start(programPath('continuo-system-ppc64'), systemArguments('-dtb', path));
    await session.expect(shellPrompt);
    assert.match(await session.command('cat /proc/device-tree/model'), /A tree from a file/);
    session.type('poweroff -f\r');
    assert.equal(await session.ended(), exitStatus.ok);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('with -icount a run repeats exactly', async () => {
  const line = [
    'run',
    '--icount',
    'shift=1',
    '--rtc',
    'base=2026-01-31',
    '--statistics',
    '--exec',
    'date; cat /proc/interrupts',
  ];
  const [first, second] = [
    await runChild(programPath('continuo'), line),
    await runChild(programPath('continuo'), line),
  ];
  assert.match(first.stdout.toString(), /^Sat Jan 31 00:00:\d\d UTC 2026$/m);
  assert.equal(first.stdout.toString(), second.stdout.toString());
  const instructions = (text: string): string | undefined => /(\d+) guest instructions/.exec(text)?.[1];
  assert.equal(instructions(first.stderr), instructions(second.stderr));
});
