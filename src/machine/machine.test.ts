// Whole machines with guests of a few instructions: output, ends, watchdogs, what a reset keeps, doorbells of a core.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environment, findProfile, isRefusal, provide, type Request } from '../environment/index.ts';
import { engineFromEnvironment } from '../host/engine-choice.ts';
import { loadEngineImages } from '../host/engine-images.ts';
import { assemble } from '../isa/assemble.ts';
import { createMachine } from './machine.ts';
import type { MachineOutcome } from './machine-api.ts';

const engineImages = loadEngineImages();
const engine = engineFromEnvironment();

/** Tokens and numbers for the guests. */
const symbols = {
  H_PUT_TERM_CHAR: 0x58n,
  H_CPPR: 0x68n,
  H_IPI: 0x6cn,
  H_CEDE: 0xe0n,
  H_WATCHDOG: 0x45cn,
  H_RTAS: 0xf000n,
  powerOff: 0x2003n,
  reboot: 0x2004n,
  queryCpu: 0x2005n,
  startCpu: 0x2006n,
  stopSelf: 0x2007n,
  fetch: 0x2012n,
  store: 0x2013n,
};

/** Subroutines of all guests: `print` writes the byte in r6, `rtas` calls with the cells at r4. */
const library = `
print:  sldi r6, r6, 56
        lis r4, 0x7100
        li r5, 1
        li r3, H_PUT_TERM_CHAR
        sc 1
        blr
rtas:   lis r3, 0
        ori r3, r3, H_RTAS
        sc 1
        blr
off:    .long powerOff, 2, 1, -1, -1, 0
again:  .long reboot, 0, 1, 0
stop:   .long stopSelf, 0, 1, 0
read:   .long fetch, 3, 2, 0x800, 0x8000, 1, 0, 0
write:  .long store, 3, 2, 0x800, 0x8004, 1, 0, 0
`;

interface Life {
  readonly outcome: MachineOutcome;
  readonly output: string;
  readonly idles: number;
}

/** Runs a guest that is entered at 0x100 in big-endian real mode, on a clock of instructions. */
async function run(source: string, request: Request = {}, noReboot = false): Promise<Life> {
  const code = assemble(source + library, { origin: 0x100n, littleEndian: false, symbols }).bytes;
  const firmware = new Uint8Array(0x100 + code.length);
  firmware.set(code, 0x100);
  const promised = environment({ cpu: 'power9', memory: '256', ...request });
  assert.ok(!isRefusal(promised));
  const profile = findProfile('engine');
  assert.ok(profile !== undefined);
  const provision = provide(promised, profile);
  assert.ok(!isRefusal(provision));
  let output = '';
  let turns = 0;
  const machine = createMachine(
    {
      environment: promised,
      provision,
      boot: { kind: 'firmware', firmware, commandLine: '' },
      rtcBaseSeconds: 0,
      icountShift: 10,
      noReboot,
      ...(engine === undefined ? {} : { engine }),
      logItems: [],
    },
    {
      engineImages,
      console: { read: () => 0, hasInput: () => false, write: (bytes) => (output += String.fromCharCode(...bytes)) },
      monotonicNanoseconds: () => 0,
      randomBytes: (into) => into.fill(1),
      idle: () => {},
      // A guest that never ends is a failure, not a hang of the test.
      stopRequested: () => ++turns > 200,
      log: () => {},
    },
  );
  const outcome = await machine.run();
  return { outcome, output, idles: machine.statistics().idles };
}

const end = 'li r4, off\n bl rtas\n b .\n';

test('a guest prints and powers off', async () => {
  const { outcome, output } = await run(`li r6, 'H'\n bl print\n li r6, 'i'\n bl print\n ${end}`);
  assert.deepEqual(outcome, { kind: 'power-off' });
  assert.equal(output, 'Hi');
});

test('a guest that stops its only CPU hangs', async () => {
  const { outcome } = await run('li r4, stop\n bl rtas\n b .\n');
  assert.equal(outcome.kind, 'guest-hang');
});

test('a watchdog ends a guest that sleeps for ever, and one that spins', async () => {
  const start = 'li r3, H_WATCHDOG\n li r4, 0x101\n li r5, 1\n li r6, 500\n sc 1\n';
  assert.deepEqual((await run(`${start} 1: li r3, H_CEDE\n sc 1\n b 1b\n`)).outcome, { kind: 'power-off' });
  assert.deepEqual((await run(`${start} b .\n`)).outcome, { kind: 'power-off' });
  const restart = start.replace('0x101', '0x102');
  assert.deepEqual((await run(`${restart} b .\n`, {}, true)).outcome, { kind: 'reset' });
});

test('a reset starts over and keeps the NVRAM', async () => {
  const { outcome, output } = await run(`
        li r6, 'x'
        bl print
        li r4, read
        bl rtas
        lis r9, 0
        ori r9, r9, 0x8000
        lbz r6, 0(r9)
        cmpwi r6, 0
        bne 1f
        li r6, 'k'
        stb r6, 4(r9)
        li r4, write
        bl rtas
        li r4, again
        bl rtas
        b .
1:      bl print
        ${end}`);
  assert.deepEqual(outcome, { kind: 'power-off' });
  assert.equal(output, 'xxk');
});

test('a doorbell wakes the other thread of the core', async () => {
  const { outcome, output } = await run(
    `
        li r4, start
        bl rtas
        li r3, H_CEDE
        sc 1
        b .
second: lis r5, 0x2800
        msgsndp r5
        b .
start:  .long startCpu, 3, 1, 1, second, 7, 0
        .balign 0x800
        nop
        .balign 0x200
        # 0xA00: directed privileged doorbell.
        li r6, 'w'
        bl print
        ${end}
`,
    { cpus: '2', threads: '2' },
  );
  assert.deepEqual(outcome, { kind: 'power-off' });
  assert.equal(output, 'w');
});

test('an interrupt that comes for a stopped CPU is taken when it is started again', async () => {
  const { outcome, output } = await run(
    `
        li r4, start
        bl rtas
1:      li r4, query
        bl rtas
        lis r9, 0
        ori r9, r9, query
        lwz r6, 20(r9)
        cmpwi r6, 0
        bne 1b
        li r3, H_IPI
        li r4, 1
        li r5, 4
        sc 1
        li r4, restart
        bl rtas
        li r3, H_CEDE
        sc 1
        b .
start:  .long startCpu, 3, 1, 1, second, 0, 0
restart: .long startCpu, 3, 1, 1, third, 0, 0
query:  .long queryCpu, 1, 2, 1, -1, -1
second: li r3, H_CPPR
        li r4, 0xff
        sc 1
        li r4, stop
        bl rtas
        b .
third:  mfmsr r3
        ori r3, r3, 0x8000
        mtmsrd r3
        b .
        .balign 0x400
        nop
        .balign 0x100
        # 0x500: external interrupt.
        li r6, 'i'
        bl print
        ${end}
`,
    { cpus: '2', 'ic-mode': 'xics' },
  );
  assert.deepEqual(outcome, { kind: 'power-off' });
  assert.equal(output, 'i');
});
