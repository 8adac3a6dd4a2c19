// The command lines of both programs: what is accepted means what it says, what is not is one line that names the option.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { exitStatus } from '../../host/exit-status.ts';
import { listFor } from '../list-help.ts';
import { planRun } from '../plan-run.ts';
import { planSystem } from '../plan-system.ts';
import { cliReference, optionsHelp } from './help-text.ts';
import { namesOf, optionRows } from './option-table.ts';
import { parseIcount, parseProperties, parseRtcBase } from './option-values.ts';
import { parseOptions } from './parse-options.ts';
import { CliError } from './usage-error.ts';

const time = { now: 1_800_000_000, localOffset: 3600 };

function system(line: string) {
  return planSystem(parseOptions(line.split(' ').filter(Boolean), 'system'), time);
}

function run(...words: string[]) {
  return planRun(parseOptions(words, 'run'), time);
}

function refusal(action: () => unknown): CliError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof CliError, String(error));
    assert.ok(!error.message.includes('\n'));
    return error;
  }
  return assert.fail('nothing was refused');
}

test("QEMU's usual line means what it means there", () => {
  const plan = system(
    '-M pseries-7.2,cap-htm=off -cpu power9 -smp 4,threads=2 -m 2G -nographic -nodefaults -serial stdio -kernel k -initrd i -append console=hvc0 -no-reboot -monitor none -rtc base=localtime -d int,guest_errors -D log',
  );
  assert.deepEqual(plan.request, {
    machine: 'pseries-7.2',
    'cap-htm': 'off',
    cpu: 'power9',
    cpus: '4',
    threads: '2',
    memory: '2G',
  });
  assert.deepEqual(plan.console, { kind: 'stdio', keys: false });
  assert.equal(plan.files.kernel?.path, 'k');
  assert.equal(plan.files.initrd?.path, 'i');
  assert.equal(plan.append, 'console=hvc0');
  assert.equal(plan.noReboot, true);
  assert.equal(plan.rtcBaseSeconds, time.now + time.localOffset);
  assert.deepEqual(plan.logItems, ['int', 'guest_errors']);
  assert.equal(plan.logFile?.path, 'log');
});

test('two dashes, repeated -machine and machine properties for files are accepted', () => {
  const plan = system('--machine type=pseries,accel=tcg,kernel=k --machine ic-mode=xics,dumpdtb=t --smp cpus=2');
  assert.deepEqual(plan.request, { machine: 'pseries', 'ic-mode': 'xics', cpus: '2' });
  assert.equal(plan.files.kernel?.path, 'k');
  assert.equal(plan.dumpDeviceTree?.path, 't');
});

test('the console follows -serial, then -nodefaults, then is the multiplexed one', () => {
  assert.deepEqual(system('-kernel k').console, { kind: 'stdio', keys: true });
  assert.deepEqual(system('-kernel k -nographic').console, { kind: 'stdio', keys: true });
  assert.deepEqual(system('-kernel k -nodefaults').console, { kind: 'null' });
  assert.deepEqual(system('-kernel k -nodefaults -serial mon:stdio').console, { kind: 'stdio', keys: true });
  assert.deepEqual(system('-kernel k -serial file:/a:b').console, { kind: 'file', path: '/a:b' });
  assert.deepEqual(system('-kernel k -serial null').console, { kind: 'null' });
});

test('`continuo run` has defaults, takes = and separate values, and needs no kernel', () => {
  const plan = run('--memory=2G', '--cpus', '2', '--append', 'a b', '--timeout', '1.5');
  assert.deepEqual(plan.request, { machine: 'pseries', cpu: 'power9', memory: '2G', cpus: '2' });
  assert.deepEqual(plan.defaultGuest, {});
  assert.equal(plan.append, 'a b');
  assert.equal(plan.timeoutSeconds, 1.5);
  assert.equal(run('--kernel', 'k').defaultGuest, undefined);
  assert.deepEqual(run('--ic-mode=xics', '--cap-htm', 'off', '--cpu', 'power8', '--memory=').request, {
    machine: 'pseries',
    cpu: 'power8',
    cpus: '1',
    'ic-mode': 'xics',
    'cap-htm': 'off',
  });
});

test('each wrong command line is refused with the documented status and names the option', () => {
  const cases: [() => unknown, number, RegExp][] = [
    [() => system('-kernle k'), exitStatus.usage, /-kernle: did you mean -kernel\?/],
    [() => system('-kernel'), exitStatus.usage, /-kernel needs a value: -kernel FILE/],
    [() => system('disk.img'), exitStatus.usage, /disk\.img/],
    [() => system('-nographic'), exitStatus.usage, /-kernel FILE or -bios FILE/],
    [() => system('-initrd i -bios b'), exitStatus.usage, /-initrd needs -kernel/],
    [() => system('-drive file=x'), exitStatus.refused, /-drive is not built yet/],
    [() => system('-enable-kvm'), exitStatus.refused, /-enable-kvm is not built yet/],
    [() => system('-kernel k -accel kvm'), exitStatus.refused, /-accel kvm is not built yet/],
    [() => system('-kernel k -M pseries,accel=xyz'), exitStatus.usage, /accel.*xyz/],
    [() => system('-kernel k -monitor stdio'), exitStatus.refused, /-monitor stdio/],
    [() => system('-kernel k -display gtk'), exitStatus.refused, /-display gtk/],
    [() => system('-kernel k -nic user'), exitStatus.refused, /-nic user/],
    [() => system('-kernel k -serial pty'), exitStatus.refused, /-serial pty/],
    [() => system('-kernel k -serial stdio -serial stdio'), exitStatus.refused, /second -serial/],
    [() => system('-kernel k -serial nowhere'), exitStatus.usage, /-serial nowhere/],
    [() => system('-kernel k -M pseries,ic-mod=xics'), exitStatus.usage, /-machine: .*ic-mod .*did you mean ic-mode\?/],
    [() => system('-kernel k -M pseries,x-vof=off'), exitStatus.refused, /x-vof=off/],
    [() => system('-kernel k -smp 2,dies=2'), exitStatus.usage, /dies/],
    [() => system('-kernel k -m 1G,foo=2'), exitStatus.usage, /-m: .*foo/],
    [() => system('-kernel k -cpu power9,vsx=off'), exitStatus.usage, /-cpu: .*vsx/],
    [() => system('-kernel k -icount shift=auto'), exitStatus.refused, /shift=auto/],
    [() => system('-kernel k -icount shift=11'), exitStatus.usage, /-icount shift=11/],
    [() => system('-kernel k -rtc base=tomorrow'), exitStatus.usage, /-rtc base=tomorrow/],
    [() => system('-kernel k -d in_asn'), exitStatus.usage, /did you mean in_asm\?/],
    [() => system('-kernel k -d exec'), exitStatus.refused, /-d exec/],
    [() => run('--exec', 'x', '--kernel', 'k'), exitStatus.usage, /--exec/],
    [() => run('--no-reboot=yes'), exitStatus.usage, /--no-reboot takes no value/],
    [() => run('--timeout', '0'), exitStatus.usage, /--timeout 0/],
    [() => run('-kernel', 'k'), exitStatus.usage, /-kernel: did you mean --kernel\?/],
  ];
  for (const [action, status, message] of cases) {
    const error = refusal(action);
    assert.match(error.message, message);
    assert.equal(error.status, status, error.message);
  }
});

test('every option that is known but not built is refused by its name', () => {
  for (const row of optionRows.filter(({ planned }) => planned === true)) {
    const [name = ''] = namesOf(row, 'system');
    const error = refusal(() => parseOptions([name, 'value'], 'system'));
    assert.equal(error.status, exitStatus.refused);
    assert.ok(error.message.includes(`${name} is not built yet`));
  }
});

test('option names are unique in each program, and each stands in help and reference', () => {
  for (const program of ['run', 'system'] as const) {
    const names = optionRows.flatMap((row) => namesOf(row, program));
    assert.equal(new Set(names).size, names.length);
    for (const row of optionRows.filter(({ planned }) => planned !== true)) {
      for (const name of namesOf(row, program)) assert.ok(optionsHelp(program).includes(name));
    }
    for (const name of names) assert.ok(cliReference().includes(name));
  }
});

test('lists are given for help values', () => {
  assert.match(listFor(['-M', 'help'], 'system') ?? '', /^pseries-7\.2 /m);
  assert.match(listFor(['-machine', 'pseries,help'], 'system') ?? '', /ic-mode=<value>/);
  assert.match(listFor(['-cpu', 'help'], 'system') ?? '', /power9/);
  assert.match(listFor(['--log=help'], 'run') ?? '', /in_asm/);
  assert.equal(listFor(['-kernel', 'help'], 'system'), undefined);
});

test('two commas stand for one in a property value', () => {
  assert.deepEqual(parseProperties('pseries,append=a,,b,kernel=k,,'), [
    { name: 'pseries', value: undefined },
    { name: 'append', value: 'a,b' },
    { name: 'kernel', value: 'k,' },
  ]);
});

test('a date is the guest clock in UTC', () => {
  const rtc = (value: string): number => parseRtcBase('-rtc', value, time.now, time.localOffset);
  assert.equal(rtc('base=utc'), time.now);
  assert.equal(rtc('base=2026-01-31T12:00:01'), Date.UTC(2026, 0, 31, 12, 0, 1) / 1000);
  assert.equal(rtc('base=2026-01-31,clock=vm'), Date.UTC(2026, 0, 31) / 1000);
  assert.match(refusal(() => rtc('base=2026-02-30')).message, /2026-02-30/);
});

test('-icount takes its shift with or without the name', () => {
  assert.equal(parseIcount('-icount', 'shift=7,align=off,sleep=on'), 7);
  assert.equal(parseIcount('-icount', '3'), 3);
});

test('any words are a plan or one line that says what is wrong', () => {
  const names = optionRows.flatMap((row) => [...namesOf(row, 'system'), ...namesOf(row, 'run')]);
  const value = fc.oneof(
    fc.string({ maxLength: 30, unit: 'binary' }),
    fc.constantFrom(
      'pseries',
      'pseries,',
      ',,',
      '=',
      'a=b,c',
      'stdio',
      '1G',
      '2',
      'shift=',
      'base=',
      'help',
      '-',
      '--',
      'type=',
    ),
  );
  const words = fc.array(fc.oneof(fc.constantFrom(...names), value), { maxLength: 8 });
  fc.assert(
    fc.property(words, fc.constantFrom('run', 'system'), (line, program) => {
      try {
        const options = parseOptions(line, program);
        if (program === 'run') planRun(options, time);
        else planSystem(options, time);
      } catch (error) {
        if (!(error instanceof CliError)) throw error;
        assert.ok(!error.message.includes('\n'));
      }
    }),
    { numRuns: 5000 },
  );
});
