// Runs a test guest on a machine of this program, on a clock that counts instructions.
import assert from 'node:assert/strict';
import { evaluate, findProfile } from '../../src/environment/index.ts';
import { engineFromEnvironment } from '../../src/host/engine-choice.ts';
import { loadEngineImages } from '../../src/host/engine-images.ts';
import { createMachine } from '../../src/machine/machine.ts';
import { outputOnly, quietHost } from '../quiet-host.ts';
import type { Guest } from './guest-case.ts';
import { type GuestOutput, readOutput } from './output.ts';

const engineImages = loadEngineImages();
/** Far more rounds of the scheduler than a guest needs: one that never ends is a failure, not a hang of the test. */
const mostTurns = 8_000;

/** Runs `elf` with the guest's options. */
export async function runOnContinuo({ name, options }: Guest, elf: Uint8Array): Promise<GuestOutput> {
  const host = findProfile('engine');
  assert.ok(host !== undefined);
  const { environment, provision, reasons } = evaluate({ memory: '256', ...options }, host);
  assert.ok(provision !== undefined, `${name}: ${reasons.map(({ message }) => message).join('; ')}`);
  let text = '';
  let turns = 0;
  const machine = createMachine(
    {
      environment,
      provision,
      boot: { kind: 'kernel', kernel: elf, commandLine: '' },
      rtcBaseSeconds: 0,
      icountShift: 1,
      noReboot: false,
      engine: engineFromEnvironment() ?? 'translator',
      logItems: [],
    },
    quietHost(engineImages, {
      console: outputOnly((bytes) => {
        text += String.fromCharCode(...bytes);
      }),
      stopRequested: () => ++turns > mostTurns,
    }),
  );
  const outcome = await machine.run();
  const output = readOutput(text);
  return outcome.kind === 'power-off' ? output : { ...output, complete: false, rest: `${output.rest} ${outcome.kind}` };
}
