// All test guests.
import { byteOrderGuest } from './byte-order.ts';
import { entryGuest } from './entry.ts';
import { facilityGuest } from './facilities.ts';
import type { Guest } from './guest-case.ts';
import { levelGuests } from './levels.ts';
import { editionOf } from './model.ts';
import { radixGuest } from './radix.ts';
import { scvGuest } from './scv.ts';
import { setModeGuests } from './set-mode.ts';
import { sprGuest } from './spr.ts';
import { largePageGuests, translationGuest } from './translation.ts';
import { vectorGuest } from './vectors.ts';

/** Guests that there is one of for each CPU. */
const perCpu = [
  entryGuest,
  (cpu: string) => vectorGuest(cpu),
  scvGuest,
  facilityGuest,
  sprGuest,
  byteOrderGuest,
  translationGuest,
];

/** CPUs with radix translation. */
const radixCpus = ['power9', 'power10'];

/** Every guest, made anew. */
export function allGuests(): readonly Guest[] {
  const cpus = Object.keys(editionOf);
  return [
    ...perCpu.flatMap((make) => cpus.map(make)),
    ...cpus.flatMap(levelGuests),
    ...radixCpus.map((cpu) => vectorGuest(cpu, true)),
    ...setModeGuests(),
    ...largePageGuests(),
    ...['power9', 'power10'].map(radixGuest),
  ];
}
