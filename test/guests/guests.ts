// All test guests.
import { byteOrderGuest } from './byte-order.ts';
import { entryGuest } from './entry.ts';
import { facilityGuest } from './facilities.ts';
import type { Guest } from './guest-case.ts';
import { levelGuests } from './levels.ts';
import { allCpus, mainCpus } from './model.ts';
import { radixGuest } from './radix.ts';
import { scvGuest } from './scv.ts';
import { prHostGuest, setModeGuests } from './set-mode.ts';
import { sprGuest } from './spr.ts';
import { largePageGuests, translationGuest } from './translation.ts';
import { vectorGuest } from './vectors.ts';

/** CPUs with radix translation. */
const radixCpus = ['power9', 'power10'];

/** Every guest, made anew. */
export function allGuests(): readonly Guest[] {
  return [
    ...allCpus.map((cpu) => entryGuest(cpu)),
    entryGuest('power9', true),
    ...mainCpus.map((cpu) => vectorGuest(cpu)),
    ...radixCpus.map((cpu) => vectorGuest(cpu, true)),
    ...[scvGuest, facilityGuest, byteOrderGuest, translationGuest].flatMap((make) => mainCpus.map(make)),
    ...allCpus.map(sprGuest),
    ...allCpus.flatMap(levelGuests),
    ...setModeGuests(),
    ...radixCpus.map((cpu) => prHostGuest(cpu, true)),
    ...largePageGuests(),
    ...radixCpus.map(radixGuest),
  ];
}
