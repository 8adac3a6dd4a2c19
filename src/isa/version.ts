// Which edition of the Power ISA brought an instruction, in order of age.

/** Power ISA editions that matter here; `P1`…`2.05` are one step ("always there") for every CPU that Continuo models. */
export type IsaVersion = '2.05' | '2.06' | '2.07' | '3.0' | '3.1';

/** The editions from oldest to newest; order is by position, never by number. */
export const isaVersions: readonly IsaVersion[] = ['2.05', '2.06', '2.07', '3.0', '3.1'];

/** True when an edition is `since` or newer. */
export function isAtLeast(edition: IsaVersion, since: IsaVersion): boolean {
  return isaVersions.indexOf(edition) >= isaVersions.indexOf(since);
}
