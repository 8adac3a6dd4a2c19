// Why the default guest cannot be had, always with a way out.

/** What a person can do who has no default guest. */
export const ownGuestHint = 'give your own files with --kernel FILE --initrd FILE';

/** The default guest could not be fetched, unpacked or read. The message is one line. */
export class GuestFetchError extends Error {
  override readonly name = 'GuestFetchError';

  /**
   * @param cause what happened, without a final full stop
   * @param wayOut what the person can do about it
   */
  constructor(cause: string, wayOut: string) {
    super(`${cause.replaceAll(/\s*\n\s*/g, '; ')}: ${wayOut}`);
  }
}
