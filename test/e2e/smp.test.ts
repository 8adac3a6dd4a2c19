// Many vCPUs under Debian's kernel: their arrangement as it sees it, and CPUs that it takes offline and online again while
// programs run, on XIVE and on XICS.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitStatus } from '../../src/host/exit-status.ts';
import { programPath, runChild } from './program.ts';

/** Prints each CPU's core and the threads beside it; takes all but CPU 0 offline and online; complaints of the kernel. */
const rounds = (count: number): string => `
cd /sys/devices/system/cpu
for c in cpu[0-9]*; do [ -d $c/topology ] && echo "$c core $(cat $c/topology/core_id) threads $(cat $c/topology/thread_siblings_list)"; done
spin() { n=0; while [ $n -lt 3000 ]; do n=$((n+1)); done; }
r=0
while [ $r -lt ${count} ]; do
  spin & spin & spin &
  for c in cpu[1-9]*; do [ -f $c/online ] && { echo 0 > $c/online || echo "$c stays on"; }; done
  echo "online $(cat online)"
  for c in cpu[1-9]*; do [ -d $c/hotplug ] && { echo 1 > $c/online || echo "$c stays off"; }; done
  echo "online $(cat online)"
  wait
  r=$((r+1))
done
grep -E 'IPI|DBL' /proc/interrupts
dmesg | grep -iE 'stall|lockup|bug|oops|hung|not responding' || echo quiet
`;

async function run(machine: readonly string[], count: number): Promise<string> {
  const line = ['run', ...machine, '--exec', rounds(count)];
  const { status, stdout, stderr } = await runChild(programPath('continuo'), line);
  assert.equal(status, exitStatus.ok, stderr);
  const shown = stdout.toString();
  assert.match(shown, /^quiet$/m);
  assert.doesNotMatch(shown, /stays/);
  return shown;
}

/** The lines that say which CPUs are online. */
const online = (shown: string): string[] => [...shown.matchAll(/^online (.*)$/gm)].map(([, list = '']) => list);

/** Sum of a row of /proc/interrupts over all CPUs. */
function interrupts(shown: string, label: string): number {
  const row = shown.split('\n').find((line) => line.includes(label)) ?? '';
  return [...row.matchAll(/ (\d+)(?= )/g)].reduce((sum, [, count]) => sum + Number(count), 0);
}

test('sixteen CPUs of POWER9 on XIVE go offline and come back, twice', async () => {
  const shown = await run(['--cpus', '16'], 2);
  assert.deepEqual(online(shown), ['0', '0-15', '0', '0-15']);
  for (let cpu = 0; cpu < 16; cpu++) assert.match(shown, new RegExp(`^cpu${cpu} core ${cpu} threads ${cpu}$`, 'm'));
  assert.ok(interrupts(shown, 'XIVE-IPI') > 100, shown);
});

test('two cores of four threads of POWER8 on XICS, and doorbells between them', async () => {
  const shown = await run(['--cpu', 'power8', '--cpus', '8,threads=4'], 2);
  assert.deepEqual(online(shown), ['0', '0-7', '0', '0-7']);
  for (let cpu = 0; cpu < 8; cpu++) {
    const core = 4 * Math.floor(cpu / 4);
    assert.match(shown, new RegExp(`^cpu${cpu} core ${core} threads ${core}-${core + 3}$`, 'm'));
  }
  assert.ok(interrupts(shown, 'XICS') > 0 && interrupts(shown, 'Doorbell') > 100, shown);
});
