// Status cells of RTAS calls. (PAPR, "RTAS return codes")

/** The first return cell. */
export const rtasStatus = {
  SUCCESS: 0,
  NO_EVENTS: 1,
  HARDWARE: -1,
  BUSY: -2,
  PARAMETER: -3,
  /** The call or the parameter is not there; PAPR gives it the code of a wrong parameter. */
  NOT_SUPPORTED: -3,
  NOT_AUTHORIZED: -9002,
  NOT_CONFIGURABLE: -9003,
  NOT_SUSPENDABLE: -9004,
} as const;
