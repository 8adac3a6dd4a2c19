// All test guests.
import { entryGuest } from './entry.ts';
import type { Guest } from './guest-case.ts';
import { editionOf } from './model.ts';
import { scvGuest } from './scv.ts';
import { setModeGuests } from './set-mode.ts';
import { sprGuest } from './spr.ts';
import { vectorGuest } from './vectors.ts';

/** Guests that there is one of for each CPU. */
const perCpu = [entryGuest, vectorGuest, scvGuest, sprGuest];

/** Every guest, made anew. */
export function allGuests(): readonly Guest[] {
  const cpus = Object.keys(editionOf);
  return [...perCpu.flatMap((make) => cpus.map(make)), ...setModeGuests()];
}
